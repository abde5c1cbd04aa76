"""What the rows are made of: tokens, requests, and what the reference says of them."""

import hashlib
import hmac
import json

from reference.canonical import written
from reference.cases.identity_parts import (
    BINDING, BOUND_TEXT, FACTS, NOW, OTHER_SEED, PLAIN_TEXT, SEED, claims, public_key, signed,
)
from reference.identity import base64url, claims_text, header_text, jwks, verify
from reference.wire import Refused

NAME = "Tollgate-Identity"
TARGET = "/v1/orders/%41"
KEYS = [public_key("k1"), public_key("k2", "Ed25519", seed=OTHER_SEED)]
DOCUMENT = json.loads(jwks({"keys": KEYS})["jwks"])

#: What an origin answers for each of these reasons; for all others it is key_invalid.
CODES = {
    "missing": (401, "credential_missing"),
    "ambiguous": (400, "request_invalid"),
    "no_keys": (503, "unavailable"),
}


def refused(reason: str) -> dict:
    status, code = CODES.get(reason, (401, "key_invalid"))
    return {"status": status, "code": code, "reason": reason}


def judged(token: bytes, method="GET", path=TARGET, require_binding=False) -> dict:
    """What the reference says of a token."""
    argument = {
        "keys": KEYS, "iss": FACTS["iss"], "aud": FACTS["aud"], "skew_ms": 5000, "now_ms": NOW,
        "require_binding": require_binding, "token": {"hex": token.hex()}, "method": method, "path": path,
    }
    try:
        found = verify(argument)
    except Refused as why:
        return refused(why.code)
    names = ("key", "sub", "tenant", "env", "scopes", "plan", "kid", "iss", "aud", "iat", "exp", "binding")
    return {"status": 200, "identity": {name: found[name] for name in names}}


def request(headers, method="GET", target=TARGET) -> dict:
    return {"method": method, "target": target, "headers": [list(header) for header in headers]}


def text(token: bytes) -> str:
    """A value as rows have it: each character is one byte."""
    return token.decode("latin-1")


def row(group, why, token, *, method="GET", target=TARGET, bound=False, needs=(), wire=True) -> dict:
    """A request with one header whose value is this, and what the reference says of it."""
    path = target.split("?", 1)[0]
    # What a platform joins by commas and what it was sent so are the same to it.
    out = refused("ambiguous") if b"," in token else judged(token, method, path, bound)
    return full(group, why, [(NAME, text(token))], out, method, target, bound, needs, wire)


def full(group, why, headers, out, method="GET", target=TARGET, bound=False, needs=(), wire=True) -> dict:
    return {
        "group": group, "why": why, "bound": bound, "needs": list(needs), "wire": wire,
        "request": request(headers, method, target), "out": out,
    }


def with_header(header: bytes, body=PLAIN_TEXT, seed=SEED) -> bytes:
    return signed(body, header, seed)


def hs256(secret: bytes) -> bytes:
    """A token whose MAC is right, for those who take the public key for a secret."""
    header = b'{"alg":"HS256","kid":"k1","typ":"tg-identity+jwt"}'
    message = base64url(header) + b"." + base64url(PLAIN_TEXT)
    return message + b"." + base64url(hmac.new(secret, message, hashlib.sha256).digest())


__all__ = [
    "BINDING", "BOUND_TEXT", "DOCUMENT", "FACTS", "KEYS", "NAME", "NOW", "OTHER_SEED", "PLAIN_TEXT", "SEED",
    "TARGET", "base64url", "claims", "claims_text", "full", "header_text", "hs256", "judged", "public_key",
    "refused", "row", "signed", "text", "with_header", "written",
]
