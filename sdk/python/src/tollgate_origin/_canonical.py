"""Canonical JSON: one spelling of every text, and a reader that takes no other."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import TypeVar

INTEGER_MAX = 2**53

_INTEGER = re.compile(rb"[0-9]+")
_STRING = re.compile(rb'"([ !#-\[\]-~]*)"')
_BASE64URL = re.compile(rb"[A-Za-z0-9_-]*")
_IDENTIFIER = re.compile(r"[A-Za-z0-9._+@-]{1,64}")

T = TypeVar("T")


class NotCanonical(Exception):
    """The text is not what a writer would have written."""


def is_identifier(value: str) -> bool:
    return _IDENTIFIER.fullmatch(value) is not None and value.count("@") <= 1


def base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def from_base64url(symbols: bytes) -> bytes | None:
    """The bytes, or None if this is not how `base64url` would write them."""
    if _BASE64URL.fullmatch(symbols) is None or len(symbols) % 4 == 1:
        return None
    data = base64.urlsafe_b64decode(symbols + b"=" * (-len(symbols) % 4))
    return data if base64url(data) == symbols else None


class Reader:
    """Reads a text from left to right; each method takes one thing or raises `NotCanonical`.

    Names of fields are asked for as literals, in their order. So a missing, unknown, repeated or misplaced
    field, or a blank, is simply not what was asked for.
    """

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def sees(self, literal: bytes) -> bool:
        """Whether this comes next. Takes nothing."""
        return self._data.startswith(literal, self._at)

    def literal(self, literal: bytes) -> None:
        if not self.sees(literal):
            raise NotCanonical
        self._at += len(literal)

    def integer(self) -> int:
        """All the digits that follow, as one integer."""
        digits = self._match(_INTEGER).group()
        if len(digits) > 16 or (len(digits) > 1 and digits.startswith(b"0")):
            raise NotCanonical
        if int(digits) > INTEGER_MAX:
            raise NotCanonical
        return int(digits)

    def string(self) -> str:
        return self._match(_STRING).group(1).decode("ascii")

    def null_or(self, read: Callable[[], T]) -> T | None:
        if self.sees(b"null"):
            self.literal(b"null")
            return None
        return read()

    def list_of(self, read: Callable[[], T]) -> list[T]:
        self.literal(b"[")
        items: list[T] = []
        while not self.sees(b"]"):
            if items:
                self.literal(b",")
            items.append(read())
        self.literal(b"]")
        return items

    def end(self) -> None:
        if self._at != len(self._data):
            raise NotCanonical

    def _match(self, pattern: re.Pattern[bytes]) -> re.Match[bytes]:
        match = pattern.match(self._data, self._at)
        if match is None:
            raise NotCanonical
        self._at = match.end()
        return match
