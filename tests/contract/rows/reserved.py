"""`/.well-known/tollgate/` belongs to the gate: answered exactly, and never forwarded."""

import json

from reference import ed25519
from reference.identity import jwks as canonical_jwks

from ..row import Row, allowed, denied, refused, request, row, x_api_key

F = "reserved"
JWKS = "/.well-known/tollgate/jwks.json"


def _key_set(stage):
    """The key set is the canonical text of the key that signs."""
    got = stage.ask(request(path=JWKS))
    deployment = stage.gate.deployment
    x = ed25519.public_of(deployment.seed).hex()
    wanted = canonical_jwks({"keys": [{"kid": deployment.kid, "alg": "EdDSA", "x": x}]})["jwks"]
    stage.expect(got.body == wanted.encode(), f"the key set is {got.body!r}, not {wanted!r}")
    stage.expect(json.loads(got.body)["keys"][0].keys() <= {"kty", "crv", "x", "kid", "alg", "use"}, "it shows more than public keys")
    stage.expect((got.one("content-type") or b"").startswith(b"application/"), "it has no type")
    stage.expect(got.one("cache-control") is not None, "nobody is told how long it may be kept")


def served(name: str, *fields, path=JWKS, method="GET") -> Row:
    return row(F, "O08", name, request(*fields, path=path, method=method), refused(200, fields={"set-cookie": None}))


def gone(path: str, method="GET", keyed=True) -> Row:
    name = f"{method} {path} is not forwarded" + ("" if keyed else ", without a key either")
    return row(F, "O08", name, request(*((x_api_key(),) if keyed else ()), path=path, method=method),
               refused(400, 401, 403, 404, 405, 501))


def ordinary(path: str) -> Row:
    return row(F, "O08", f"{path} is an ordinary path", request(path=path), denied("credential_missing"))


def forwarded(path: str) -> Row:
    return row(F, "O08", f"{path} with a key goes to the origin", request(x_api_key(), path=path), allowed())


ROWS = [
    Row(F, "the key set is served as the specification spells it", "O08", (_key_set,)),
    served("the key set needs no key"),
    served("the key set is the same with a key", x_api_key()),
    served("the key set is the same with a forged key", ("X-API-Key", "{key:usual|forge}")),
    served("the key set is the same with two keys", x_api_key(), ("Authorization", "Bearer {key:other}")),
    served("a HEAD of the key set", method="HEAD"),
    served("the key set with a query", path=JWKS + "?v=1"),
    served("the key set by an escaped spelling of its path", path="/.well-known/%74ollgate/jwks.json"),
    *(gone(path) for path in (
        "/.well-known/tollgate", "/.well-known/tollgate/", "/.well-known/tollgate/other", "/.well-known/tollgate/jwks", "/.well-known/tollgate/jwks.json/",
        "/.well-known/tollgate/jwks.json/x", "/.well-known/tollgate/JWKS.JSON", "/.well-known/tollgate/admin/keys",
        "/.well-known/%74ollgate/other", "/.well-known/tollgate/jwks.json%2f", "/.well-known/tollgate/../../orders/1",
        "/.well-known//tollgate/jwks.json", "/.well-known/./tollgate/jwks.json", "/x/../.well-known/tollgate/other")),
    *(gone("/.well-known/tollgate/other", keyed=keyed) for keyed in (False,)),
    *(gone(JWKS, method) for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS")),
    *(ordinary(path) for path in (
        "/.WELL-KNOWN/tollgate/jwks.json", "/.well-known/Tollgate/jwks.json", "/.well-known/tollgate2/jwks.json",
        "/.well-known/tollgatejwks.json", "/.well-known/openid-configuration", "/well-known/tollgate/jwks.json",
        "/x/.well-known/tollgate/jwks.json", "/healthz", "/readyz", "/metrics", "/health", "/status", "/admin", "/nginx", "/forward",
        "/envoy/public/1", "/decide", "/v1/keys", "/keys", "/debug/pprof", "/favicon.ico", "/robots.txt", "/jwks.json")),
    *(forwarded(path) for path in (
        "/.well-known/openid-configuration", "/.well-known/tollgate2/x", "/healthz", "/metrics", "/readyz", "/nginx", "/v1/keys")),
]
