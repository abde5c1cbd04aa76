"""Who calls, as the gate has signed it."""

from __future__ import annotations

from dataclasses import dataclass

from ._scopes import first_missing
from .problem import Refused


@dataclass(frozen=True)
class Binding:
    """The one request that an identity is for."""

    jti: str
    method: str
    path: bytes


@dataclass(frozen=True)
class Identity:
    """A verified identity. Only a verifier makes one."""

    key: str
    owner: str
    tenant: str
    env: str
    scopes: tuple[str, ...]
    plan: str | None
    issuer: str
    audience: str
    #: Seconds since the epoch.
    issued_at: int
    expires_at: int
    #: The signing key.
    kid: str
    binding: Binding | None = None

    def allows(self, *required: str) -> bool:
        """Whether the scopes held cover all of these. Covers nothing when none is held."""
        return first_missing(self.scopes, required) is None

    def require(self, *required: str) -> None:
        """Raises `Refused`, which a middleware answers with 403, unless all of these are covered."""
        if not self.allows(*required):
            raise Refused("scope_missing", "scope_missing", required)
