"""What an origin says about the gate that it trusts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ._cache import Ages, Fixed, Keys
from ._jwks import fetch, is_url, key_set_of
from ._token import SKEW_MAX_MS, Bad, is_name

WELL_KNOWN = "/.well-known/tollgate/jwks.json"
REMEMBER_MAX = 65_536
REPLAY_MAX = 1_048_576
PUBLIC_MAX = 64
SOURCES = ("header", "api-gateway")

#: What a path may be sent as in one spelling only: nothing that is encoded, resolved or cut off.
_PLAIN = re.compile(r'/[!-"$&->@-\[\]-~]*')
_REALM = re.compile(r"[ !#-\[\]-~]{1,64}")


class ConfigError(ValueError):
    """Settings that cannot be meant."""


@dataclass(frozen=True)
class Settings:
    """All there is to set. Two are needed: the issuer, and the audience that stands for this origin.

    * `jwks`: where the keys are (a URL) or the document itself (a dict). Left out: below the issuer's URL.
    * `skew_ms`: how far the clocks of gate and origin may be apart.
    * `require_binding`: refuse tokens that are not for one method and path.
    * `replay_max`: how many used tokens are remembered, so that none is used twice by this process.
    * `source`: `header`, or `api-gateway`: the context of the authorizer, and nothing else.
    * `base_path`: what stands before the path under a domain of one's own, as `TOLLGATE_BASE_PATH` of the gate.
      Only with the source `api-gateway`.
    * `remember_max`: how many verified tokens are remembered until they expire.
    * `fresh_s`, `max_age_s`, `refetch_s`, `deadline_s`: of the keys; see the README.
    * `allow_http`: keys may be fetched without TLS also from another machine. Whoever sits between can then
      say who calls.
    * `public`: paths that are served to anybody, without an identity: those that are sent in this very spelling.
      Only with the source `header`.
    * `realm`: what `WWW-Authenticate` calls this origin.
    * `on_refused`: told the reason of each refusal. `now_ms`: the clock; both are for tests and metrics.
    """

    issuer: str
    audience: str
    jwks: str | dict[str, Any] | None = None
    skew_ms: int = 5_000
    require_binding: bool = False
    replay_max: int = 0
    source: str = "header"
    base_path: str = ""
    remember_max: int = 1_024
    fresh_s: float = 60.0
    max_age_s: float = 300.0
    refetch_s: float = 10.0
    deadline_s: float = 2.0
    allow_http: bool = False
    public: tuple[str, ...] = ()
    realm: str = "api"
    on_refused: Callable[[str], None] | None = None
    now_ms: Callable[[], int] | None = None

    def __post_init__(self) -> None:
        for name in ("issuer", "audience"):
            value = getattr(self, name)
            if not isinstance(value, str) or not is_name(value):
                raise ConfigError(f"{name}: 1 to 128 visible ASCII characters without \" and \\")
        self._whole("skew_ms", 0, SKEW_MAX_MS)
        self._whole("replay_max", 0, REPLAY_MAX)
        self._whole("remember_max", 0, REMEMBER_MAX)
        for name in ("require_binding", "allow_http"):
            if not isinstance(getattr(self, name), bool):
                raise ConfigError(f"{name}: True or False")
        if self.replay_max > 0 and not self.require_binding:
            raise ConfigError("replay_max: only together with require_binding")
        if self.source not in SOURCES:
            raise ConfigError("source: header or api-gateway")
        if not isinstance(self.realm, str) or _REALM.fullmatch(self.realm) is None:
            raise ConfigError("realm: 1 to 64 printable ASCII characters without \" and \\")
        self._ages()
        if not isinstance(self.public, tuple) or len(self.public) > PUBLIC_MAX:
            raise ConfigError(f"public: a tuple of at most {PUBLIC_MAX} paths")
        if not all(isinstance(path, str) and _PLAIN.fullmatch(path) for path in self.public):
            raise ConfigError("public: each starts with / and is visible ASCII without ?, %, # and \\")
        if self.public and self.source != "header":
            raise ConfigError("public: only with the source header; an event has an identity always")
        if not isinstance(self.base_path, str) or self.base_path and not _PLAIN.fullmatch(f"/{self.base_path}"):
            raise ConfigError("base_path: visible ASCII without ?, %, # and \\")
        if self.base_path and (self.source != "api-gateway" or not self.base_path.strip("/")):
            raise ConfigError("base_path: some segments of a path, and only with the source api-gateway")

    def keys(self) -> Keys | Fixed:
        """Where the keys come from."""
        if isinstance(self.jwks, dict):
            try:
                return Fixed(key_set_of(self.jwks))
            except Bad as bad:
                raise ConfigError(f"jwks: {bad.reason}") from None
        url = self.jwks if self.jwks is not None else self.issuer.rstrip("/") + WELL_KNOWN
        if not isinstance(url, str) or not is_url(url, self.allow_http):
            raise ConfigError("jwks: an https URL, or the document; without it the issuer must be an https URL")
        ages = self._ages()
        return Keys(lambda: fetch(url, ages.deadline_s), ages)

    def _ages(self) -> Ages:
        times = (self.fresh_s, self.max_age_s, self.refetch_s, self.deadline_s)
        if not all(isinstance(time, (int, float)) and not isinstance(time, bool) for time in times):
            raise ConfigError("fresh_s, max_age_s, refetch_s, deadline_s: numbers of seconds")
        if not 1 <= self.fresh_s < self.max_age_s <= 86_400:
            raise ConfigError("fresh_s, max_age_s: 1 <= fresh_s < max_age_s <= 86400")
        if not 1 <= self.refetch_s <= 3_600 or not 0.05 <= self.deadline_s <= 30:
            raise ConfigError("refetch_s: 1 to 3600; deadline_s: 0.05 to 30")
        return Ages(self.fresh_s, self.max_age_s, self.refetch_s, self.deadline_s)

    def _whole(self, name: str, least: int, most: int) -> None:
        value = getattr(self, name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise ConfigError(f"{name}: a whole number from {least} to {most}")
