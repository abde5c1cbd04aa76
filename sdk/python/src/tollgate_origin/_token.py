"""The token: its one spelling, and what a verifier checks, in the order of the specification.

Reasons are the codes of docs/spec/identity.md, "Verifying".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ._canonical import NotCanonical, Reader, from_base64url, is_identifier
from ._ed25519 import SIGNATURE_BYTES, PublicKey
from ._scopes import sides
from .identity import Binding, Identity

ALGS = ("EdDSA", "Ed25519")
KEYS_MAX = 4
TOKEN_MAX = 2_048
SCOPES_MAX = 64
PATH_MAX = 1_024
LIFE_MAX_S = 30
BOUND_LIFE_MAX_S = 10
SKEW_MAX_MS = 60_000

_NAME = re.compile(r"[!#-\[\]-~]{1,128}")
_ENV = re.compile(r"[a-z0-9]{1,8}")
_METHOD = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,32}")
_JTI = re.compile(r"[0-9a-f]{32}")


class Bad(Exception):
    """Something is not as it must be; `reason` says what, and nothing of what it was."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def is_name(value: str) -> bool:
    return _NAME.fullmatch(value) is not None


# Keys


@dataclass(frozen=True)
class Key:
    """A key that identities are signed with."""

    kid: str
    alg: str
    public: PublicKey

    @property
    def mark(self) -> tuple[str, str, bytes]:
        """What makes it this key and no other."""
        return self.kid, self.alg, self.public.x


class KeySet:
    """What a verifier trusts: 1 to 4 keys by their names."""

    __slots__ = ("_keys",)

    def __init__(self, keys: Sequence[tuple[str, str, bytes]]) -> None:
        if not keys:
            raise Bad("no_keys")
        if len(keys) > KEYS_MAX:
            raise Bad("too_many_keys")
        self._keys: dict[str, Key] = {}
        for kid, alg, x in keys:
            if not is_identifier(kid):
                raise Bad("bad_kid")
            if alg not in ALGS:
                raise Bad("bad_alg")
            try:
                public = PublicKey(x)
            except ValueError:
                raise Bad("bad_key") from None
            if kid in self._keys:
                raise Bad("duplicate_kid")
            self._keys[kid] = Key(kid, alg, public)

    def find(self, kid: str) -> Key | None:
        return self._keys.get(kid)

    @property
    def kids(self) -> tuple[str, ...]:
        return tuple(self._keys)


# Reading


@dataclass(frozen=True)
class Parts:
    """A token whose form is right, and of which nothing is believed yet."""

    kid: str
    alg: str
    signed: bytes
    signature: bytes
    claims: bytes


def parts_of(token: bytes) -> Parts:
    """Steps 1 and 2."""
    if len(token) > TOKEN_MAX:
        raise Bad("too_long")
    parts = token.split(b".")
    decoded = [from_base64url(part) for part in parts]
    if len(decoded) != 3:
        raise Bad("malformed")
    header, claims, signature = decoded
    if header is None or claims is None or signature is None:
        raise Bad("malformed")
    try:
        kid, alg = _header(header)
    except NotCanonical:
        raise Bad("malformed") from None
    if len(signature) != SIGNATURE_BYTES:
        raise Bad("malformed")
    return Parts(kid, alg, parts[0] + b"." + parts[1], signature, claims)


def identity_of(keys: KeySet, parts: Parts) -> Identity:
    """Steps 3 to 6: nothing in the claims is read before the signature holds."""
    key = keys.find(parts.kid)
    if key is None:
        raise Bad("unknown_kid")
    if key.alg != parts.alg:
        raise Bad("wrong_alg")
    if not key.public.is_valid(parts.signed, parts.signature):
        raise Bad("bad_signature")
    try:
        return _claims(parts.claims, parts.kid)
    except NotCanonical:
        raise Bad("bad_claims") from None


def _header(data: bytes) -> tuple[str, str]:
    reader = Reader(data)
    reader.literal(b'{"alg":')
    alg = reader.string()
    reader.literal(b',"kid":')
    kid = reader.string()
    reader.literal(b',"typ":"tg-identity+jwt"}')
    reader.end()
    if alg not in ALGS or not is_identifier(kid):
        raise NotCanonical
    return kid, alg


def _must(holds: bool) -> None:
    if not holds:
        raise NotCanonical


def _claims(data: bytes, kid: str) -> Identity:
    reader = Reader(data)

    def text(literal: bytes) -> str:
        reader.literal(literal)
        return reader.string()

    def integer(literal: bytes) -> int:
        reader.literal(literal)
        return reader.integer()

    issuer, audience, owner = text(b'{"iss":'), text(b',"aud":'), text(b',"sub":')
    issued_at, expires_at = integer(b',"iat":'), integer(b',"exp":')
    jti = text(b',"jti":') if reader.sees(b',"jti":') else None
    key, tenant, env = text(b',"tg":{"key":'), text(b',"tenant":'), text(b',"env":')
    reader.literal(b',"scopes":')
    scopes = reader.list_of(reader.string)
    reader.literal(b',"plan":')
    plan = reader.null_or(reader.string)
    binding = None
    if jti is not None:
        method = text(b',"method":')
        path = from_base64url(text(b',"path":').encode("ascii"))
        binding = Binding(jti, method, b"" if path is None else path)
    reader.literal(b"}}")
    reader.end()
    _must(is_name(issuer) and is_name(audience))
    _must(all(is_identifier(name) for name in (owner, key, tenant)))
    _must(_ENV.fullmatch(env) is not None)
    _must(len(scopes) <= SCOPES_MAX and all(sides(scope) for scope in scopes))
    _must(plan is None or is_identifier(plan))
    _must(binding is None or _is_binding(binding))
    return Identity(
        key, owner, tenant, env, tuple(scopes), plan, issuer, audience, issued_at, expires_at, kid, binding
    )


def _is_binding(binding: Binding) -> bool:
    return (
        _JTI.fullmatch(binding.jti) is not None
        and set(binding.jti) != {"0"}
        and _METHOD.fullmatch(binding.method) is not None
        and 1 <= len(binding.path) <= PATH_MAX
        and b"?" not in binding.path
    )


# Whether it may be used


def require_life(identity: Identity) -> None:
    """Step 7."""
    life_max = LIFE_MAX_S if identity.binding is None else BOUND_LIFE_MAX_S
    if not 1 <= identity.expires_at - identity.issued_at <= life_max:
        raise Bad("bad_life")


def require_for(identity: Identity, issuer: str, audience: str) -> None:
    """Steps 8 and 9."""
    if identity.issuer != issuer:
        raise Bad("wrong_issuer")
    if identity.audience != audience:
        raise Bad("wrong_audience")


def require_time(identity: Identity, skew_ms: int, now_ms: int) -> None:
    """Steps 10 and 11."""
    if now_ms + skew_ms < identity.issued_at * 1000:
        raise Bad("not_yet_valid")
    if now_ms >= identity.expires_at * 1000 + skew_ms:
        raise Bad("expired")


def require_request(identity: Identity, binding: bool, method: bytes, path: bytes) -> None:
    """Steps 12 to 14."""
    bound = identity.binding
    if bound is None:
        if binding:
            raise Bad("unbound")
        return
    if bound.method.encode("ascii") != method:
        raise Bad("wrong_method")
    if bound.path != path:
        raise Bad("wrong_path")
