"""Refusals, and the answers that a client gets: the same bodies as the gate's own."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

_INSTANCE = re.compile(rb"[0-9a-f]{16}")
_TOKEN = 'error="invalid_token"'


@dataclass(frozen=True)
class _Face:
    status: int
    title: str
    detail: str
    #: What follows the realm in `WWW-Authenticate`; None: there is no such field.
    challenge: str | None = None


_FACES = {
    "request_invalid": _Face(
        400,
        "Request invalid",
        "The request has a header that an origin could take for Tollgate-Identity. Leave it out.",
        ', error="invalid_request"',
    ),
    "credential_missing": _Face(401, "Credential missing", "The request presents no API key.", ""),
    "key_invalid": _Face(401, "Key invalid", "The API key is not valid.", f", {_TOKEN}"),
    "scope_missing": _Face(
        403,
        "Scope missing",
        "The key lacks a scope that this request needs.",
        ', error="insufficient_scope", scope="',
    ),
    "unavailable": _Face(503, "Unavailable", "The request cannot be judged at the moment."),
}


class Refused(Exception):
    """A request that is not served: `code` is what the client is told, `reason` what an operator is.

    Neither holds a byte of what was presented.
    """

    def __init__(self, code: str, reason: str, required: Sequence[str] = ()) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason
        self.required = tuple(required)

    @property
    def status(self) -> int:
        return _FACES[self.code].status


@dataclass(frozen=True)
class Answer:
    """A status, fields and a body."""

    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes


def answer(refused: Refused, *, realm: str, request_id: bytes | None, method: str) -> Answer:
    """What the client is told. `request_id` is the gate's, if the request has it."""
    face = _FACES[refused.code]
    fields = []
    if face.challenge is not None:
        scopes = " ".join(refused.required) + '"' if refused.code == "scope_missing" else ""
        fields.append(("www-authenticate", f'Bearer realm="{realm}"{face.challenge}{scopes}'))
    if face.status == 503:
        fields.append(("retry-after", "1"))
    body = json.dumps(
        {
            "type": "about:blank",
            "title": face.title,
            "status": face.status,
            "detail": face.detail,
            "instance": f"urn:tollgate:request:{_instance(request_id)}",
            "code": refused.code,
        },
        separators=(",", ":"),
    )
    fields += [("content-type", "application/problem+json"), ("cache-control", "no-store")]
    return Answer(face.status, tuple(fields), b"" if method == "HEAD" else f"{body}\n".encode("ascii"))


def _instance(request_id: bytes | None) -> str:
    """The gate's name of the request, or one of our own: nothing else of the request is repeated."""
    if request_id is not None and _INSTANCE.fullmatch(request_id):
        return request_id.decode("ascii")
    return secrets.token_hex(8)
