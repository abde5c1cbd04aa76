"""The signed identity (docs/spec/identity.md): key sets, signing, verifying, reuse."""

import base64
import re

from . import ed25519
from .canonical import INTEGER_MAX, NotCanonical, Reader, is_identifier, written
from .key import is_env
from .scope import is_scope
from .wire import Refused, integer, octets

ALGS = ("EdDSA", "Ed25519")
KEYS_MAX = 4
TOKEN_MAX = 2_048
SCOPES_MAX = 64
PATH_MAX = 1_024
LIFE_MAX_S = 30
BOUND_LIFE_MAX_S = 10
SKEW_MAX_MS = 60_000

_BASE64URL = re.compile(rb"[A-Za-z0-9_-]*")
_NAME = re.compile(r"[!#-\[\]-~]{1,128}")
_METHOD = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,32}")
_JTI = re.compile(r"[0-9a-f]{32}")


# Base64url


def base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def from_base64url(symbols: bytes) -> bytes | None:
    """The bytes, or None if this is not how `base64url` would write them."""
    if not _BASE64URL.fullmatch(symbols) or len(symbols) % 4 == 1:
        return None
    data = base64.urlsafe_b64decode(symbols + b"=" * (-len(symbols) % 4))
    return data if base64url(data) == symbols else None


# The syntax of claims


def is_name(value: str) -> bool:
    return _NAME.fullmatch(value) is not None


def is_method(value: str) -> bool:
    return _METHOD.fullmatch(value) is not None


def is_path(path: bytes) -> bool:
    return 1 <= len(path) <= PATH_MAX and b"?" not in path


def is_jti(value: str) -> bool:
    return _JTI.fullmatch(value) is not None and set(value) != {"0"}


def are_claims(claims: dict) -> bool:
    """Whether every value is within its syntax; times are judged elsewhere."""
    return (
        is_name(claims["iss"])
        and is_name(claims["aud"])
        and all(is_identifier(claims[name]) for name in ("sub", "key", "tenant"))
        and is_env(claims["env"])
        and len(claims["scopes"]) <= SCOPES_MAX
        and all(is_scope(scope) for scope in claims["scopes"])
        and (claims["plan"] is None or is_identifier(claims["plan"]))
        and (claims["binding"] is None or is_binding(claims["binding"]))
    )


def is_binding(binding: dict) -> bool:
    return is_jti(binding["jti"]) and is_method(binding["method"]) and is_path(binding["path"])


def life_max(binding: dict | None) -> int:
    return LIFE_MAX_S if binding is None else BOUND_LIFE_MAX_S


# The text of a token


def header_text(kid: str, alg: str) -> bytes:
    return written({"alg": alg, "kid": kid, "typ": "tg-identity+jwt"}).encode("ascii")


def claims_text(claims: dict) -> bytes:
    """The text of valid claims."""
    binding = claims["binding"]
    tg = {name: claims[name] for name in ("key", "tenant", "env", "scopes", "plan")}
    fields = {name: claims[name] for name in ("iss", "aud", "sub", "iat", "exp")}
    if binding is not None:
        fields["jti"] = binding["jti"]
        tg["method"] = binding["method"]
        tg["path"] = base64url(binding["path"]).decode("ascii")
    return written({**fields, "tg": tg}).encode("ascii")


def read_header(data: bytes) -> tuple[str, str]:
    """The kid and alg of a header."""
    reader = Reader(data)
    reader.literal('{"alg":')
    alg = reader.string()
    reader.literal(',"kid":')
    kid = reader.string()
    reader.literal(',"typ":"tg-identity+jwt"}')
    reader.end()
    if alg not in ALGS or not is_identifier(kid):
        raise NotCanonical
    return kid, alg


def read_claims(data: bytes) -> dict:
    """The claims that a text holds; their values are not judged yet."""
    reader = Reader(data)
    claims = {}

    def field(start, name, read):
        reader.literal(f'{start}"{name}":')
        claims[name] = read()

    field("{", "iss", reader.string)
    field(",", "aud", reader.string)
    field(",", "sub", reader.string)
    field(",", "iat", reader.integer)
    field(",", "exp", reader.integer)
    is_bound = reader.sees(',"jti":')
    if is_bound:
        reader.literal(',"jti":')
        jti = reader.string()
    reader.literal(',"tg":')
    field("{", "key", reader.string)
    field(",", "tenant", reader.string)
    field(",", "env", reader.string)
    field(",", "scopes", lambda: reader.list_of(reader.string))
    field(",", "plan", lambda: reader.null_or(reader.string))
    claims["binding"] = None
    if is_bound:
        reader.literal(',"method":')
        method = reader.string()
        reader.literal(',"path":')
        path = from_base64url(reader.string().encode("ascii"))
        if path is None:
            raise NotCanonical
        claims["binding"] = {"jti": jti, "method": method, "path": path}
    reader.literal("}}")
    reader.end()
    return claims


# Keys


def key_set(keys: list[dict]) -> list[dict]:
    """The keys as they are, if they form a key set."""
    if not keys:
        raise Refused("no_keys")
    if len(keys) > KEYS_MAX:
        raise Refused("too_many_keys")
    kids = []
    for key in keys:
        if not is_identifier(key["kid"]):
            raise Refused("bad_kid")
        if key["alg"] not in ALGS:
            raise Refused("bad_alg")
        if not ed25519.is_good_point(bytes.fromhex(key["x"])):
            raise Refused("bad_key")
        if key["kid"] in kids:
            raise Refused("duplicate_kid")
        kids.append(key["kid"])
    return keys


def require_signing_key(kid: str, alg: str, seed: bytes):
    if not is_identifier(kid):
        raise Refused("bad_kid")
    if alg not in ALGS:
        raise Refused("bad_alg")
    if len(set(seed)) == 1:
        raise Refused("bad_seed")


def jwks(argument):
    entries = [
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": base64url(bytes.fromhex(key["x"])).decode("ascii"),
            "kid": key["kid"],
            "alg": key["alg"],
            "use": "sig",
        }
        for key in key_set(argument["keys"])
    ]
    return {"jwks": written({"keys": entries})}


# Signing


def _text(given) -> str:
    """A text of any bytes; bytes that are no UTF-8 become a character that no rule allows."""
    return octets(given).decode("utf-8", "replace")


def token_of(seed: bytes, header: bytes, claims: bytes) -> bytes:
    signed = base64url(header) + b"." + base64url(claims)
    return signed + b"." + base64url(ed25519.sign(seed, signed))


def sign(argument):
    seed, kid, alg = bytes.fromhex(argument["seed"]), argument["kid"], argument["alg"]
    require_signing_key(kid, alg, seed)
    claims = {name: _text(argument[name]) for name in ("iss", "aud", "sub", "key", "tenant", "env")}
    claims["scopes"] = [_text(scope) for scope in argument["scopes"]]
    claims["plan"] = None if argument["plan"] is None else _text(argument["plan"])
    claims["binding"] = argument["binding"] and {
        "jti": argument["binding"]["jti"],
        "method": _text(argument["binding"]["method"]),
        "path": octets(argument["binding"]["path"]),
    }
    life = argument["life_s"]
    claims["iat"] = integer(argument["now_ms"]) // 1000
    claims["exp"] = claims["iat"] + life
    if not are_claims(claims):
        raise Refused("bad_claims")
    if not 1 <= life <= life_max(claims["binding"]):
        raise Refused("bad_life")
    if claims["exp"] > INTEGER_MAX:
        raise Refused("bad_time")
    token = token_of(seed, header_text(kid, alg), claims_text(claims))
    if len(token) > TOKEN_MAX:
        raise Refused("too_long")
    return {"token": token.decode("ascii")}


# Verifying


def require_verifier(argument):
    key_set(argument["keys"])
    if not is_name(_text(argument["iss"])) or not is_name(_text(argument["aud"])):
        raise Refused("bad_name")
    if argument["skew_ms"] > SKEW_MAX_MS:
        raise Refused("bad_skew")


def authentic_claims(keys: list[dict], token: bytes) -> tuple[str, dict]:
    """Steps 1 to 6: the kid, and claims that one of the keys has signed."""
    if len(token) > TOKEN_MAX:
        raise Refused("too_long")
    parts = token.split(b".")
    decoded = [from_base64url(part) for part in parts]
    if len(parts) != 3 or None in decoded:
        raise Refused("malformed")
    try:
        kid, alg = read_header(decoded[0])
    except NotCanonical:
        raise Refused("malformed") from None
    if len(decoded[2]) != 64:
        raise Refused("malformed")
    key = next((key for key in keys if key["kid"] == kid), None)
    if key is None:
        raise Refused("unknown_kid")
    if key["alg"] != alg:
        raise Refused("wrong_alg")
    if not ed25519.is_valid(bytes.fromhex(key["x"]), parts[0] + b"." + parts[1], decoded[2]):
        raise Refused("bad_signature")
    try:
        claims = read_claims(decoded[1])
    except NotCanonical:
        raise Refused("bad_claims") from None
    if not are_claims(claims):
        raise Refused("bad_claims")
    return kid, claims


def require_usable(claims: dict, argument):
    """Steps 7 to 14: whether the claims are for this verifier, this time and this request."""
    now, skew, binding = integer(argument["now_ms"]), argument["skew_ms"], claims["binding"]
    if not 1 <= claims["exp"] - claims["iat"] <= life_max(binding):
        raise Refused("bad_life")
    if claims["iss"] != _text(argument["iss"]):
        raise Refused("wrong_issuer")
    if claims["aud"] != _text(argument["aud"]):
        raise Refused("wrong_audience")
    if now + skew < claims["iat"] * 1000:
        raise Refused("not_yet_valid")
    if now >= claims["exp"] * 1000 + skew:
        raise Refused("expired")
    if binding is None:
        if argument["require_binding"]:
            raise Refused("unbound")
        return
    if binding["method"].encode("ascii") != octets(argument["method"]):
        raise Refused("wrong_method")
    if binding["path"] != octets(argument["path"]):
        raise Refused("wrong_path")


def verify(argument):
    require_verifier(argument)
    kid, claims = authentic_claims(argument["keys"], octets(argument["token"]))
    require_usable(claims, argument)
    binding = claims["binding"]
    return {
        "kid": kid,
        **claims,
        "binding": binding and {**binding, "path": binding["path"].hex()},
    }


def reusable(argument):
    held, wanted, now = argument["held"], argument["wanted"], integer(argument["now_ms"])
    issued, expires = integer(held["iat"]), integer(held["exp"])
    is_same = all(held[name] == wanted[name] for name in ("lookup", "as_of", "aud", "kid"))
    more_than_half_is_left = 2 * (expires * 1000 - now) > (expires - issued) * 1000
    return {"reusable": is_same and more_than_half_is_left and now >= issued * 1000}


def public(argument):
    return {"x": ed25519.public_of(bytes.fromhex(argument["seed"])).hex()}


def signature(argument):
    x, message, given = (bytes.fromhex(argument[name]) for name in ("x", "message", "signature"))
    return {"valid": ed25519.is_valid(x, message, given)}


OPS = {
    "identity.public": public,
    "identity.signature": signature,
    "identity.sign": sign,
    "identity.verify": verify,
    "identity.jwks": jwks,
    "identity.reusable": reusable,
}
