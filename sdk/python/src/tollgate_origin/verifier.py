"""The verifier: from what a platform hands it to an identity, or a refusal."""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import time
from collections.abc import Generator, Iterable
from typing import Any

from . import _token, problem
from ._memory import Remembered, Used
from ._token import Bad
from .identity import Identity
from .problem import Answer, Refused
from .settings import ConfigError, Settings

_LOG = logging.getLogger("tollgate_origin")

FIELD = b"tollgate-identity"
_FOLDED = b"tollgateidentity"
_KEPT = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_LEFT_OUT = bytes(byte for byte in range(256) if byte not in _KEPT)

#: Whoever reads the code reads "who calls is not known" in all of these; the reason is for operators.
_CODES = {
    "missing": "credential_missing",
    "ambiguous": "request_invalid",
    "no_keys": "unavailable",
    "replay_full": "unavailable",
}

_Flight = concurrent.futures.Future[None]


def is_identity_field(name: bytes) -> bool:
    """Whether some origin could read this as the name of the identity's header."""
    return len(name) >= len(_FOLDED) and name.translate(None, _LEFT_OUT).lower() == _FOLDED


def token_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The one identity header of a request. Two of them, or one in another spelling: refused."""
    found = [(name, value) for name, value in headers if is_identity_field(name)]
    if not found:
        raise Bad("missing")
    name, value = found[0]
    # Hosts that join two headers do so with a comma, which no token has.
    if len(found) > 1 or name.lower() != FIELD or b"," in value:
        raise Bad("ambiguous")
    return value


class Verifier:
    """Verifies identities by one set of settings. One is enough for a process; it is safe for threads."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._keys = settings.keys()
        self._remembered = Remembered(settings.remember_max)
        self._used = Used(settings.replay_max)

    def admit(self, headers: Iterable[tuple[bytes, bytes]], method: bytes, path: bytes | None) -> Identity:
        """The identity of a request whose headers are these, or `Refused`.

        `path` is the target as it was sent, before the first `?`; None if the platform does not say.
        """
        return self._run(self._of_headers(headers, method, path))

    async def admit_async(
        self, headers: Iterable[tuple[bytes, bytes]], method: bytes, path: bytes | None
    ) -> Identity:
        """The same, without blocking the loop."""
        return await self._run_async(self._of_headers(headers, method, path))

    def admit_event(self, event: Any) -> Identity:
        """The identity of an event of API Gateway: from the context of its authorizer, and nothing else."""
        return self._run(self._of_event(event))

    async def admit_event_async(self, event: Any) -> Identity:
        """The same, without blocking the loop."""
        return await self._run_async(self._of_event(event))

    def is_public(self, path: bytes | None) -> bool:
        """Whether this path, as it was sent, is served to anybody. One that the platform does not say never is."""
        return path is not None and path.decode("latin-1") in self.settings.public

    def answer(self, refused: Refused, headers: Iterable[tuple[bytes, bytes]], method: str) -> Answer:
        """What the client is told of a refusal."""
        if self.settings.on_refused is not None:
            self.settings.on_refused(refused.reason)
        _LOG.debug("refused: %s", refused.reason)
        ids = [value for name, value in headers if name.lower() == b"x-request-id"]
        request_id = ids[0] if len(ids) == 1 else None
        return problem.answer(refused, realm=self.settings.realm, request_id=request_id, method=method)

    # What is done with a token. A generator, so that waiting for keys is the only thing that differs.

    def _of_headers(
        self, headers: Iterable[tuple[bytes, bytes]], method: bytes, path: bytes | None
    ) -> Generator[_Flight, None, Identity]:
        if self.settings.source != "header":
            raise ConfigError("this verifier reads the context of an authorizer, and no header")
        return (yield from self._judge(token_of(headers), method, path))

    def _of_event(self, event: Any) -> Generator[_Flight, None, Identity]:
        if self.settings.source != "api-gateway":
            raise ConfigError("this verifier reads the header, and no event")
        from .aws import target_of, token_of_event

        return (yield from self._judge(token_of_event(event), *target_of(event, self.settings.base_path)))

    def _judge(self, token: bytes, method: bytes, path: bytes | None) -> Generator[_Flight, None, Identity]:
        settings = self.settings
        known = self._remembered.find(token)
        # Nothing is fetched for what is not even a token.
        parts = None if known else _token.parts_of(token)
        kid = known.kid if known else parts.kid if parts else ""
        keys, flight = self._keys.look(kid)
        if flight is not None:
            yield flight
            keys, _ = self._keys.look(kid)
        if keys is None:
            raise Bad("no_keys")
        if known is None or not self._remembered.holds(token, keys):
            self._remembered.forget(token)
            identity = _token.identity_of(keys, parts or _token.parts_of(token))
            _token.require_life(identity)
            _token.require_for(identity, settings.issuer, settings.audience)
        else:
            identity = known
        now_ms = settings.now_ms() if settings.now_ms else time.time_ns() // 1_000_000
        try:
            _token.require_time(identity, settings.skew_ms, now_ms)
        except Bad:
            self._remembered.forget(token)
            raise
        _token.require_request(identity, settings.require_binding, method, path or b"")
        self._used.take(identity, settings.skew_ms, now_ms)
        if identity is not known:
            self._remembered.keep(token, keys, identity)
        return identity

    def _run(self, steps: Generator[_Flight, None, Identity]) -> Identity:
        try:
            while True:
                concurrent.futures.wait([next(steps)], self.settings.deadline_s)
        except StopIteration as done:
            return _identity(done.value)
        except Bad as bad:
            raise _refused(bad) from None

    async def _run_async(self, steps: Generator[_Flight, None, Identity]) -> Identity:
        try:
            while True:
                await asyncio.wait([asyncio.wrap_future(next(steps))], timeout=self.settings.deadline_s)
        except StopIteration as done:
            return _identity(done.value)
        except Bad as bad:
            raise _refused(bad) from None


def _identity(value: object) -> Identity:
    if not isinstance(value, Identity):
        raise TypeError("no identity")
    return value


def _refused(bad: Bad) -> Refused:
    return Refused(_CODES.get(bad.reason, "key_invalid"), bad.reason)


__all__ = ["Verifier", "is_identity_field", "token_of"]
