"""The document of public keys: how it is read, and how it is fetched within bounds."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time
from typing import Any
from urllib.parse import urlsplit

from ._canonical import from_base64url
from ._token import Bad, KeySet

#: The gate's own document has at most 1,024 bytes.
DOCUMENT_MAX = 16_384
_READ = 4_096


def key_set_of(document: bytes | str | dict[str, Any]) -> KeySet:
    """The keys of a document. A document with anything but good public keys of ours is none: `Bad`."""
    if not isinstance(document, dict):
        if len(document) > DOCUMENT_MAX:
            raise Bad("jwks_too_long")
        try:
            document = json.loads(document, parse_constant=_no_number)
        except (ValueError, RecursionError):
            raise Bad("no_jwks") from None
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise Bad("no_jwks")
    return KeySet([_key(entry) for entry in entries])


def _no_number(_: str) -> None:
    # NaN and Infinity, which Python alone takes for JSON.
    raise ValueError


def _key(entry: object) -> tuple[str, str, bytes]:
    if not isinstance(entry, dict) or "d" in entry:
        raise Bad("no_jwks")
    if (entry.get("kty"), entry.get("crv"), entry.get("use")) != ("OKP", "Ed25519", "sig"):
        raise Bad("no_jwks")
    kid, alg, x = entry.get("kid"), entry.get("alg"), entry.get("x")
    if not (isinstance(kid, str) and isinstance(alg, str) and isinstance(x, str) and x.isascii()):
        raise Bad("no_jwks")
    point = from_base64url(x.encode("ascii"))
    if point is None:
        raise Bad("bad_key")
    return kid, alg, point


def is_url(url: str, allow_http: bool) -> bool:
    """Whether keys may be fetched from there: over TLS, or from this machine, or as was said to be enough."""
    try:
        parts = urlsplit(url)
        if parts.port == 0 or not parts.hostname or parts.username is not None or parts.fragment:
            return False
    except ValueError:
        return False
    if any(not "!" <= symbol <= "~" for symbol in url):
        return False
    here = parts.hostname in ("127.0.0.1", "::1", "localhost")
    return parts.scheme == "https" or (parts.scheme == "http" and (here or allow_http))


def fetch(url: str, deadline_s: float) -> KeySet:
    """Fetches the document, all of it within the deadline. A redirect is no document."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(host, parts.port, timeout=deadline_s, context=context)
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=deadline_s)
    ends = time.monotonic() + deadline_s
    # A timeout of a socket is one of each read: whoever sends a byte now and then would be waited for for ever.
    guard = threading.Timer(deadline_s, _cut, [connection])
    guard.daemon = True
    guard.start()
    try:
        connection.connect()
        if time.monotonic() >= ends:
            # The guard has found nothing to cut, and will not come again.
            raise Bad("jwks_unreachable")
        path = parts.path or "/"
        connection.request("GET", f"{path}?{parts.query}" if parts.query else path)
        response = connection.getresponse()
        if time.monotonic() >= ends:
            # A head that was cut off reads like a whole one.
            raise Bad("jwks_unreachable")
        if response.status != 200:
            raise Bad("jwks_status")
        return key_set_of(_body(response, ends))
    except (OSError, http.client.HTTPException, ValueError):
        raise Bad("jwks_unreachable") from None
    finally:
        guard.cancel()
        connection.close()


def _body(response: http.client.HTTPResponse, ends: float) -> bytes:
    body = b""
    while piece := response.read1(_READ):
        body += piece
        if len(body) > DOCUMENT_MAX:
            raise Bad("jwks_too_long")
        if time.monotonic() > ends:
            raise Bad("jwks_unreachable")
    if response.length:
        raise Bad("jwks_unreachable")
    return body


def _cut(connection: http.client.HTTPConnection) -> None:
    held: socket.socket | None = getattr(connection, "sock", None)
    if held is not None:
        try:
            held.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
