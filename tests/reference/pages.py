"""The worked examples of docs/spec: what the reference computes must stand on the page, word for word."""

from pathlib import Path

from .suites import answer

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "spec"

_PEPPER = bytes(range(32)).hex()

_CLAIMS = {
    "seed": _PEPPER, "kid": "k1", "alg": "EdDSA", "iss": "https://gate.example", "aud": "orders", "sub": "owner_1",
    "key": "key_1", "tenant": "acme", "env": "live", "now_ms": 1_700_000_000_000,
}

_CHAIN = {
    "tenant": "acme", "n": 0, "hash": "baf952eed816d568cb6fca187168ba7037a3ec0bf2cfc8e0fd29ed683b198341", "at_ms": 0,
}
_AFTER = {
    **_CHAIN, "n": 1, "hash": "67aff5c6ba43d7f15c849ad4dc3772462f1cdaf7add2f816babba345152dd666",
    "at_ms": 1_700_000_000_000,
}
_SIGNED = {"seed": _PEPPER, "kid": "k1", "chain": _AFTER}

#: The page, the op, what it is asked, and the field of the answer that stands on the page.
EXAMPLES = [
    ("key.md", "key.mint", {
        "prefix": "tg", "env": "live", "peppers": [{"id": 0, "secret": _PEPPER}], "issuing": 0,
        "random": "6465666768696a6b6c6d6e6f70717273747576",
    }, ("key", "lookup")),
    ("key.md", "key.mint", {
        "prefix": "acme2", "env": "test", "peppers": [{"id": 7, "secret": _PEPPER}], "issuing": 7,
        "random": "131211100f0e0d0c0b0a090807060504030201",
    }, ("key", "lookup")),
    ("key.md", "pepper.derive", {"pepper": _PEPPER, "label": "tollgate record 1"}, ("key",)),
    ("key.md", "pepper.derive", {"pepper": _PEPPER, "label": "tollgate head 1"}, ("key",)),
    ("identity.md", "identity.sign", {
        **_CLAIMS, "scopes": ["orders:read", "orders:write"], "plan": "pro", "binding": None, "life_s": 30,
    }, ("token",)),
    ("identity.md", "identity.sign", {
        **_CLAIMS, "scopes": [], "plan": None, "life_s": 10,
        "binding": {"jti": "000102030405060708090a0b0c0d0e0f", "method": "GET", "path": "/v1/orders/%41"},
    }, ("token",)),
    ("identity.md", "identity.jwks", {
        "keys": [{
            "kid": "k1", "alg": "EdDSA", "x": "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8",
        }],
    }, ("jwks",)),
    ("audit.md", "audit.head", {"chain": _CHAIN}, ("line",)),
    ("audit.md", "audit.append", {"chain": _CHAIN, "entry": {
        "at_ms": 1_700_000_000_000, "actor": "key:key_1", "operation": "keys.create", "subject": "key_2", "before": None,
        "after": {"name": "CI"}, "from": "192.0.2.7", "request": "req_1",
    }}, ("line",)),
    ("audit.md", "audit.checkpoint", {**_SIGNED, "since": None, "now_ms": 1_700_000_030_000}, ("line",)),
    ("audit.md", "audit.checkpoint", {**_SIGNED, "since": _CHAIN, "now_ms": 1_700_000_060_000}, ("line",)),
]


def check(ops: dict) -> tuple[str, list[str]]:
    """One line about the examples, and those that are not on their page."""
    faults = []
    for page, op, argument, fields in EXAMPLES:
        out = answer(ops, op, argument)
        words = (FOLDER / page).read_text("utf-8")
        missing = [field for field in fields if str(out.get(field)) not in words]
        faults += [f"{page}: {op} gives another {field}: {out.get(field)}" for field in missing]
    return f"pages: {len(EXAMPLES)} worked examples, {'red' if faults else 'green'}", faults
