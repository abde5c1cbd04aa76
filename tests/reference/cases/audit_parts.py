"""What exports in rows are made of."""

import hashlib

from ..audit import append, begin, checkpoint, head
from ..ed25519 import public_of, sign

SEED = bytes(range(32))
OTHER_SEED = bytes(range(32, 64))
NOW = 1_700_000_000_000
FIRST = {
    "at_ms": NOW, "actor": "key:key_1", "operation": "keys.create", "subject": "key_2", "before": None,
    "after": {"name": "CI", "scopes": ["orders:read"]}, "from": "192.0.2.7", "request": "req_1",
}
PUBLIC = {"kid": "k1", "alg": "EdDSA", "x": public_of(SEED).hex()}
OTHER = {"kid": "k2", "alg": "Ed25519", "x": public_of(OTHER_SEED).hex()}


def chain_of(tenant="acme", **changes) -> dict:
    return {**begin({"tenant": tenant}), **changes}


def entry(**changes) -> dict:
    return {**FIRST, **changes}


def signed(chain, since=None, now=NOW + 100, seed=SEED, kid="k1") -> str:
    asked = {"seed": seed.hex(), "kid": kid, "chain": chain, "since": since, "now_ms": now}
    return checkpoint(asked)["line"]


class Export:
    """An export of a few entries: a checkpoint after the second, and the end."""

    def __init__(self, tenant="acme", entries=4, start=None):
        self.before = start or chain_of(tenant)
        self.chains = [self.before]
        self.lines = [head({"chain": self.before})["line"]]
        for number in range(entries):
            made = append({"chain": self.chains[-1], "entry": entry(at_ms=NOW + number, subject=f"key_{number}")})
            self.chains.append(made["chain"])
            self.lines.append(made["line"])
            if number == 1:
                self.lines.append(signed(made["chain"], now=NOW + 10))
        self.lines.append(signed(self.chains[-1], self.before))

    def argument(self, change=None, keys=(PUBLIC,), end="\n") -> dict:
        """The argument of a verification of the lines, changed."""
        lines = list(self.lines)
        if change:
            change(lines)
        return {"keys": list(keys), "text": "\n".join(lines) + end}


def hashed(line: str) -> str:
    """An entry's line with the hash that it comes to."""
    spelling = line[len('{"entry":') : -len(',"hash":"') - 66]
    found = hashlib.sha256(b"tollgate-audit-entry-v1:" + spelling.encode()).hexdigest()
    return f'{{"entry":{spelling},"hash":"{found}"}}'


def with_image(text: str) -> str:
    """The line of a first entry whose `after` is spelled so, with the right hash."""
    made = append({"chain": chain_of(), "entry": entry(after=None)})["line"]
    return hashed(made.replace('"after":null', f'"after":{text}'))


def resigned(line: str, word: str, seed=SEED) -> str:
    """A checkpoint's line with a signature under another word."""
    said = line[line.index(":{") + 1 : line.index(',"kid":')]
    signature = sign(seed, word.encode() + said.encode()).hex()
    return line[: line.index('"signature":"')] + f'"signature":"{signature}"}}'
