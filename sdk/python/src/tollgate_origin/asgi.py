"""The middleware for ASGI: FastAPI, Starlette, Litestar, Quart, Django and whatever else speaks it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from .identity import Identity
from .problem import Answer, Refused
from .settings import Settings
from .verifier import Verifier

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

#: Where the application finds the identity in its scope.
KEY = "tollgate.identity"
#: Where `answer` finds whoever verified it.
BY = "tollgate.verifier"
#: Where adapters of Lambda put the event.
EVENT = "aws.event"


class TollgateMiddleware:
    """Serves nobody whose identity the gate has not signed.

    `app.add_middleware(TollgateMiddleware, issuer="https://gate.example", audience="orders")`
    """

    def __init__(self, app: App, *, verifier: Verifier | None = None, **settings: Any) -> None:
        if verifier is not None and settings:
            raise TypeError("a verifier, or its settings")
        self.app = app
        self.verifier = verifier or Verifier(Settings(**settings))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = scope["type"]
        if kind == "lifespan":
            return await self.app(scope, receive, send)
        if kind not in ("http", "websocket"):
            raise RuntimeError(f"nothing is known about scopes of type {kind}")
        started = False

        async def noted(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            identity = await self._admit(scope)
            await self.app({**scope, KEY: identity, BY: self.verifier}, receive, noted)
        except Refused as refused:
            if started:
                raise
            await self._refuse(refused, scope, receive, send)

    async def _admit(self, scope: Scope) -> Identity | None:
        path = _path(scope)
        if self.verifier.is_public(path):
            return None
        if self.verifier.settings.source == "api-gateway":
            return await self.verifier.admit_event_async(scope.get(EVENT))
        method = scope.get("method", "GET").encode("latin-1")
        return await self.verifier.admit_async(scope["headers"], method, path)

    async def _refuse(self, refused: Refused, scope: Scope, receive: Receive, send: Send) -> None:
        told = answer({**scope, BY: self.verifier}, refused)
        prefix = "http"
        if scope["type"] == "websocket":
            if "websocket.http.response" not in (scope.get("extensions") or {}):
                # Before a connection is accepted this is a 403.
                return await send({"type": "websocket.close", "code": 1008, "reason": refused.code})
            prefix = "websocket.http"
        fields = [(name.encode(), value.encode("latin-1")) for name, value in told.fields]
        if told.body:
            fields.append((b"content-length", str(len(told.body)).encode()))
        await send({"type": f"{prefix}.response.start", "status": told.status, "headers": fields})
        await send({"type": f"{prefix}.response.body", "body": told.body})


def answer(scope: Scope, refused: Refused) -> Answer:
    """What the client is told, for frameworks that keep to themselves what a handler raises: Django, Quart, Litestar."""
    verifier = scope.get(BY)
    if not isinstance(verifier, Verifier):
        raise RuntimeError("TollgateMiddleware is not there: nothing was verified")
    return verifier.answer(refused, scope["headers"], scope.get("method", "GET"))


def _path(scope: Scope) -> bytes | None:
    raw = scope.get("raw_path")
    return raw.split(b"?", 1)[0] if isinstance(raw, bytes) else None
