"""The lines of an export of the audit log (docs/spec/audit.md): entries, checkpoints, ends, heads."""

import re

from . import ed25519
from .audit_image import image, sha256, take_image, veiled_words
from .canonical import NotCanonical, Reader, is_identifier, written
from .network import address_of, text_of

ENTRY = b"tollgate-audit-entry-v1:"
CHAIN = b"tollgate-audit-chain-v1:"
WORDS = {"checkpoint": b"tollgate-audit-checkpoint-v1:", "end": b"tollgate-audit-export-v1:"}

_HASH = re.compile(r"[0-9a-f]{64}")
_SIGNATURE = re.compile(r"[0-9a-f]{128}")


def first_hash(tenant: str | None) -> str:
    return sha256(CHAIN + (tenant or "").encode())


def entry_line(chain: dict, entry: dict) -> tuple[str, str]:
    """The line of the entry that comes after `chain`, and its hash."""
    veiled = {name: entry[name] and veiled_words(entry[name]) for name in ("subject", "request")}
    start = written({
        "n": chain["n"] + 1, "prev": chain["hash"], "at": entry["at"], "tenant": chain["tenant"],
        "actor": entry["actor"], "operation": entry["operation"], "subject": veiled["subject"],
    })
    images = f',"before":{image(entry["before"])},"after":{image(entry["after"])},'
    spelling = start[:-1] + images + written({"from": entry["from"], "request": veiled["request"]})[1:]
    line_hash = sha256(ENTRY + spelling.encode("ascii"))
    return f'{{"entry":{spelling},"hash":"{line_hash}"}}', line_hash


def head_line(chain: dict) -> str:
    return written({"tollgate_audit": 1, "tenant": chain["tenant"], "n": chain["n"], "hash": chain["hash"]})


def signed_line(seed: bytes, kid: str, chain: dict, since: dict | None, at: int) -> str:
    """A checkpoint, or the end of an export that begins after `since`."""
    kind = "checkpoint" if since is None else "end"
    begins = {} if since is None else {"since": since["n"], "since_hash": since["hash"]}
    said = written({"tenant": chain["tenant"], **begins, "n": chain["n"], "hash": chain["hash"], "at": at})
    signature = ed25519.sign(seed, WORDS[kind] + said.encode("ascii"))
    return f'{{"{kind}":{said},"kid":"{kid}","signature":"{signature.hex()}"}}'


# Reading


def _matched(reader: Reader, pattern) -> str:
    text = reader.string()
    if not pattern.fullmatch(text):
        raise NotCanonical
    return text


def _identifier(reader: Reader) -> str:
    text = reader.string()
    if not is_identifier(text):
        raise NotCanonical
    return text


def _actor(reader: Reader) -> str:
    text = reader.string()
    if text not in ("command", "system") and not (text.startswith("key:") and is_identifier(text[4:])):
        raise NotCanonical
    return text


def _address(reader: Reader) -> str:
    text = reader.string()
    address = address_of(text)
    if address is None or text_of(address) != text:
        raise NotCanonical
    return text


def _fields(reader: Reader, takes: list) -> dict:
    """An object of exactly these fields, in this order."""
    found = {}
    for name, take in takes:
        reader.literal(("," if found else "{") + f'"{name}":')
        found[name] = take(reader)
    reader.literal("}")
    return found


def _or_null(take):
    return lambda reader: reader.null_or(lambda: take(reader))


def _hash(reader: Reader) -> str:
    return _matched(reader, _HASH)


_TENANT = ("tenant", _or_null(_identifier))

_ENTRY_FIELDS = [
    ("n", Reader.integer), ("prev", _hash), ("at", Reader.integer), _TENANT, ("actor", _actor),
    ("operation", _identifier), ("subject", _identifier), ("before", take_image), ("after", take_image),
    ("from", _or_null(_address)), ("request", _or_null(_identifier)),
]
_POSITION = [("n", Reader.integer), ("hash", _hash), ("at", Reader.integer)]
_SIGNED_FIELDS = {
    "checkpoint": [_TENANT, *_POSITION],
    "end": [_TENANT, ("since", Reader.integer), ("since_hash", _hash), *_POSITION],
}


def read_head(line: bytes) -> dict | None:
    """The chain before the first entry, or None if the version is another."""
    reader = Reader(line)
    reader.literal('{"tollgate_audit":')
    if reader.integer() != 1:
        return None
    reader = Reader(line)
    found = _fields(reader, [("tollgate_audit", Reader.integer), _TENANT, *_POSITION[:2]])
    reader.end()
    return found


def read_line(line: bytes) -> tuple[str, dict]:
    """The kind of a line after the head, and what it says; `said` is the spelling of its inner object."""
    for kind in ("entry", "checkpoint", "end"):
        reader = Reader(line)
        if reader.sees(f'{{"{kind}":'):
            reader.literal(f'{{"{kind}":')
            start = reader.at
            found = _fields(reader, _ENTRY_FIELDS if kind == "entry" else _SIGNED_FIELDS[kind])
            found["said"] = line[start : reader.at]
            if kind == "entry":
                reader.literal(',"hash":')
                found["hash"] = _hash(reader)
            else:
                reader.literal(',"kid":')
                found["kid"] = _identifier(reader)
                reader.literal(',"signature":')
                found["signature"] = bytes.fromhex(_matched(reader, _SIGNATURE))
            reader.literal("}")
            reader.end()
            return kind, found
    raise NotCanonical


def has_own_hash(entry: dict) -> bool:
    return sha256(ENTRY + entry["said"]) == entry["hash"]
