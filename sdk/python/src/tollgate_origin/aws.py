"""API Gateway: the identity that the authorizer has put into the context of an event.

A Lambda proxy integration maps no header, so what a client sends in `Tollgate-Identity` arrives there as it was
sent. Here nothing but `requestContext.authorizer` is read.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ._token import Bad
from .identity import Identity
from .problem import Refused
from .settings import Settings
from .verifier import Verifier

Handler = Callable[[Any, Any, Identity], Any]


def token_of_event(event: Any) -> bytes:
    """The token in the context of the authorizer, of a REST or an HTTP API."""
    authorizer = _member(_member(event, "requestContext"), "authorizer")
    nested = _member(authorizer, "lambda")
    token = _member(authorizer if nested is None else nested, "identity")
    if token is None or token == "":
        raise Bad("missing")
    if not isinstance(token, str) or not token.isascii():
        raise Bad("malformed")
    return token.encode("ascii")


def target_of(event: Any, base_path: str = "") -> tuple[bytes, bytes | None]:
    """Method and path as the gate has signed them; what is not there matches no binding."""
    context = _member(event, "requestContext")
    http = _member(context, "http")
    stage = _member(context, "stage")
    if http is not None:
        method, path = _member(http, "method"), _member(event, "rawPath")
    else:
        method, path = _member(event, "httpMethod"), _member(event, "path")
    # An HTTP API's path starts with its stage, a REST API's does not.
    has_stage = http is not None or _member(event, "version") == "1.0"
    if has_stage and isinstance(stage, str) and isinstance(path, str) and stage != "$default" and _is_own_domain(context):
        path = _without(path, f"/{stage}")
    # Under a domain of one's own it starts with what the mapping has, of whatever kind the API is.
    base = base_path.strip("/")
    if base and isinstance(path, str) and not _is_own_domain(context):
        path = _without(path, f"/{base}")
    return _octets(method) or b"", _octets(path)


def _is_own_domain(context: Any) -> bool:
    """Whether the request came under the domain that every API has: only there the stage is in the path."""
    domain, api = _member(context, "domainName"), _member(context, "apiId")
    if not isinstance(domain, str):
        return True
    return isinstance(api, str) and domain.startswith(f"{api}.execute-api.")


def _without(path: str, segment: str) -> str:
    """The path without what it begins with, if that is this and does not only begin like it."""
    if path == segment:
        return "/"
    return path.removeprefix(segment) if path.startswith(f"{segment}/") else path


def handler(**settings: Any) -> Callable[[Handler], Callable[[Any, Any], Any]]:
    """Makes a Lambda handler of `(event, context, identity)`; who is refused gets the gate's answer.

        @handler(issuer="https://gate.example", audience="orders")
        def orders(event, context, identity): ...
    """
    verifier = Verifier(Settings(source="api-gateway", **settings))

    def wrap(inner: Handler) -> Callable[[Any, Any], Any]:
        @functools.wraps(inner)
        def outer(event: Any, context: Any) -> Any:
            try:
                return inner(event, context, verifier.admit_event(event))
            except Refused as refused:
                return _proxied(verifier, refused, target_of(event)[0].decode("latin-1"))

        return outer

    return wrap


def _proxied(verifier: Verifier, refused: Refused, method: str) -> dict[str, Any]:
    answer = verifier.answer(refused, [], method)
    return {
        "statusCode": answer.status,
        "headers": dict(answer.fields),
        "body": answer.body.decode("ascii"),
        "isBase64Encoded": False,
    }


def _member(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _octets(value: Any) -> bytes | None:
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else None
