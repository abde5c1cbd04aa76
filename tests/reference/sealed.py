"""Sealed texts: what records and heads have in common (docs/spec/record.md, "The seal", "Opening").

A `Form` tells the two apart. Nothing between `k` and `mac` is read before the seal holds.
"""

import hmac
import re
from typing import NamedTuple

from .canonical import NotCanonical, Reader
from .pepper import derived_key, hmac_sha256
from .wire import Refused

VERSION = 1

_TAIL = re.compile(rb',"mac":"([0-9a-f]{64})"\}')
_TAIL_LENGTH = len(',"mac":""}') + 64


class Form(NamedTuple):
    """A kind of sealed text: the start of its error codes, its longest text, its key and its domain."""

    name: str
    text_max: int
    label: str
    domain: bytes

    def refused(self, what: str) -> Refused:
        return Refused(f"{self.name}_{what}")


def seal_of(form: Form, secret: bytes, body: bytes) -> str:
    """The mac of a text up to, not including, `,"mac":"`."""
    return hmac_sha256(derived_key(secret, form.label), form.domain + body).hex()


def seal(form: Form, secret: bytes, body: str) -> str:
    """The sealed text whose part before the mac is `body`."""
    return f'{body},"mac":"{seal_of(form, secret, body.encode("ascii"))}"}}'


def secrets_of(peppers: list[dict]) -> dict[int, bytes]:
    """The peppers of a ring by their ids."""
    return {pepper["id"]: bytes.fromhex(pepper["secret"]) for pepper in peppers}


def open_sealed(form: Form, peppers: list[dict], data: bytes) -> tuple[int, Reader]:
    """Steps 1 to 6: the pepper id, and a reader of the rest up to the mac."""
    if len(data) > form.text_max:
        raise form.refused("too_long")
    reader = Reader(data)
    try:
        reader.literal('{"v":')
        version = reader.integer()
    except NotCanonical:
        raise form.refused("malformed") from None
    if version != VERSION:
        raise form.refused("version")
    try:
        reader.literal(',"k":')
        pepper_id = reader.integer()
    except NotCanonical:
        raise form.refused("malformed") from None
    body, tail = data[:-_TAIL_LENGTH], _TAIL.fullmatch(data[-_TAIL_LENGTH:])
    if tail is None or len(body) < reader.at:
        raise form.refused("malformed")
    secret = secrets_of(peppers).get(pepper_id)
    if secret is None:
        raise form.refused("key_unknown")
    if not hmac.compare_digest(tail.group(1), seal_of(form, secret, body).encode("ascii")):
        raise form.refused("seal")
    return pepper_id, Reader(body, reader.at)
