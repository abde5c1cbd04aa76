"""Dependencies for FastAPI. They read what the middleware has verified; without it nothing is served."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import HTTPConnection

from ._scopes import first_missing
from .asgi import KEY
from .identity import Identity
from .problem import Refused


def identity(connection: HTTPConnection) -> Identity:
    """The verified identity: `Depends(identity)`."""
    if KEY not in connection.scope:
        raise RuntimeError("TollgateMiddleware is not there: nothing was verified")
    found = connection.scope[KEY]
    if not isinstance(found, Identity):
        # A public path has no identity, so whoever needs one there is told so.
        raise Refused("credential_missing", "missing")
    return found


def require_scope(*required: str) -> Callable[[HTTPConnection], Identity]:
    """The verified identity, if it covers all of these: `Depends(require_scope("orders:write"))`."""
    first_missing((), required)  # What is no scope is said where it is written, and not at the first request.

    def needed(connection: HTTPConnection) -> Identity:
        found = identity(connection)
        found.require(*required)
        return found

    return needed
