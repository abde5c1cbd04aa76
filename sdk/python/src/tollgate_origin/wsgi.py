"""The middleware for WSGI: Flask, Django, Pyramid and whatever else speaks it.

A WSGI server folds names of headers and joins headers of one name by commas before anybody sees them.
So a header in another spelling cannot be told apart here; two of them are refused for their comma, or
for a second name that folds to the same.
"""

from __future__ import annotations

import http
from collections.abc import Callable, Iterable
from typing import Any

from .identity import Identity
from .problem import Answer, Refused
from .settings import Settings
from .verifier import Verifier

Environ = dict[str, Any]
App = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

#: Where the application finds the identity in its environ.
KEY = "tollgate.identity"
#: Where `answer` finds whoever verified it.
BY = "tollgate.verifier"
#: Where adapters of Lambda put the event.
EVENTS = ("apig_wsgi.full_event", "serverless.event", "awsgi.event")
#: Where servers put the target as it was sent. No client can: its headers start with HTTP_.
TARGETS = ("REQUEST_URI", "RAW_URI")


class TollgateMiddleware:
    """Serves nobody whose identity the gate has not signed.

    `app.wsgi_app = TollgateMiddleware(app.wsgi_app, issuer="https://gate.example", audience="orders")`
    """

    def __init__(self, app: App, *, verifier: Verifier | None = None, **settings: Any) -> None:
        if verifier is not None and settings:
            raise TypeError("a verifier, or its settings")
        self.app = app
        self.verifier = verifier or Verifier(Settings(**settings))

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        # Whatever calls itself verified before this is not.
        environ.pop(KEY, None)
        environ[BY] = self.verifier
        try:
            environ[KEY] = self._admit(environ)
            return self.app(environ, start_response)
        except Refused as refused:
            return self._refuse(refused, environ, start_response)

    def _admit(self, environ: Environ) -> Identity | None:
        path = _path(environ)
        if self.verifier.is_public(path):
            return None
        if self.verifier.settings.source == "api-gateway":
            found = [environ[name] for name in EVENTS if name in environ]
            return self.verifier.admit_event(found[0] if found else None)
        return self.verifier.admit(_headers(environ), _octets(environ["REQUEST_METHOD"]), path)

    def _refuse(
        self, refused: Refused, environ: Environ, start_response: Callable[..., Any]
    ) -> Iterable[bytes]:
        told = answer(environ, refused)
        fields = list(told.fields)
        if told.body:
            fields.append(("content-length", str(len(told.body))))
        start_response(f"{told.status} {http.HTTPStatus(told.status).phrase}", fields)
        return [told.body]


def identity(environ: Environ) -> Identity:
    """The verified identity."""
    if KEY not in environ:
        raise RuntimeError("TollgateMiddleware is not there: nothing was verified")
    found = environ[KEY]
    if not isinstance(found, Identity):
        raise Refused("credential_missing", "missing")
    return found


def answer(environ: Environ, refused: Refused) -> Answer:
    """What the client is told, for frameworks that keep to themselves what a handler raises: Flask, Django."""
    verifier = environ.get(BY)
    if not isinstance(verifier, Verifier):
        raise RuntimeError("TollgateMiddleware is not there: nothing was verified")
    return verifier.answer(refused, _headers(environ), environ["REQUEST_METHOD"])


def _headers(environ: Environ) -> list[tuple[bytes, bytes]]:
    return [
        (_octets(name[5:].replace("_", "-")), _octets(value))
        for name, value in environ.items()
        if name.startswith("HTTP_") and isinstance(value, str)
    ]


def _path(environ: Environ) -> bytes | None:
    for name in TARGETS:
        if isinstance(environ.get(name), str):
            return _octets(environ[name].split("?", 1)[0])
    return None


def _octets(text: str) -> bytes:
    # Bytes as characters, as PEP 3333 has them; what is none matches nothing.
    return text.encode("latin-1", "replace")
