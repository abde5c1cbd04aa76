"""The rows that all verifiers share."""

from __future__ import annotations

import json
import os
from pathlib import Path

# A broken copy lies elsewhere, and is put the same rows.
PROJECT = Path(os.environ.get("TOLLGATE_PROJECT") or Path(__file__).resolve().parents[3])
SHARED = json.loads((PROJECT / "tests/origins/adversarial.json").read_text("ascii"))
NOW = SHARED["now_ms"]
JWKS = SHARED["jwks"]

#: Rows that were judged, and lines that say what became of them: printed by the run.
TALLY = {"rows": 0}
LINES: list[str] = []


def vectors(suite: str) -> list[dict]:
    return json.loads((PROJECT / f"tests/vectors/{suite}.json").read_text("ascii"))["rows"]


def octets(text) -> bytes:
    """The bytes meant by a text of a vector."""
    if isinstance(text, str):
        return text.encode("utf-8")
    if isinstance(text, list):
        return b"".join(octets(part) for part in text)
    return bytes.fromhex(text["hex"]) if "hex" in text else text["repeat"].encode() * text["times"]


def settings(**more) -> dict:
    """What the shared rows expect of a verifier."""
    usual = {"issuer": SHARED["issuer"], "audience": SHARED["audience"], "jwks": JWKS}
    return {**usual, "skew_ms": SHARED["skew_ms"], "now_ms": lambda: NOW, **more}


def headers(row) -> list[tuple[bytes, bytes]]:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in row["request"]["headers"]]


def seen(identity) -> dict:
    """An identity as rows have it."""
    binding = identity.binding
    bound = binding and {"jti": binding.jti, "method": binding.method, "path": binding.path.hex()}
    return {
        "key": identity.key, "sub": identity.owner, "tenant": identity.tenant, "env": identity.env,
        "scopes": list(identity.scopes), "plan": identity.plan, "kid": identity.kid, "iss": identity.issuer,
        "aud": identity.audience, "iat": identity.issued_at, "exp": identity.expires_at, "binding": bound,
    }


def token(why: str) -> bytes:
    """The token of a row."""
    [row] = [row for row in SHARED["requests"] if row["why"] == why]
    return headers(row)[0][1]


PLAIN = token("a token without binding")
BOUND = token("a token with binding, for this request")
K2 = token("a key of the alg Ed25519")
PATH = b"/v1/orders/%41"
