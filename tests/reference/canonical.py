"""Canonical JSON (docs/spec/README.md): one spelling of every text, a strict reader and a writer."""

import re

INTEGER_MAX = 2**53

_INTEGER = re.compile(rb"[0-9]+")
_STRING = re.compile(rb'"([ !#-\[\]-~]*)"')
_IDENTIFIER = re.compile(r"[A-Za-z0-9._+@-]{1,64}")


class NotCanonical(Exception):
    """The text is not what a writer would have written."""


def is_identifier(value: str) -> bool:
    return _IDENTIFIER.fullmatch(value) is not None and value.count("@") <= 1


class Reader:
    """Reads a text from left to right; each method takes one thing or raises `NotCanonical`.

    The caller asks for the names of fields as literals, in the order of the page. So a missing, unknown,
    repeated or misplaced field, or a blank, is simply not what was asked for.
    """

    def __init__(self, data: bytes, at: int = 0):
        self.data = data
        self.at = at

    def sees(self, literal: str) -> bool:
        """Whether this literal comes next. Takes nothing."""
        return self.data.startswith(literal.encode("ascii"), self.at)

    def literal(self, literal: str):
        if not self.sees(literal):
            raise NotCanonical
        self.at += len(literal)

    def integer(self) -> int:
        """All the digits that follow, as one integer."""
        digits = self._match(_INTEGER).group()
        if len(digits) > 1 and digits.startswith(b"0"):
            raise NotCanonical
        if len(digits) > 16 or int(digits) > INTEGER_MAX:
            raise NotCanonical
        return int(digits)

    def string(self) -> str:
        return self._match(_STRING).group(1).decode("ascii")

    def null_or(self, read):
        """What `read` reads, or None for `null`."""
        if self.sees("null"):
            self.literal("null")
            return None
        return read()

    def list_of(self, read) -> list:
        """A list of what `read` reads."""
        self.literal("[")
        items = []
        while not self.sees("]"):
            if items:
                self.literal(",")
            items.append(read())
        self.literal("]")
        return items

    def end(self):
        if self.at != len(self.data):
            raise NotCanonical

    def _match(self, pattern):
        match = pattern.match(self.data, self.at)
        if match is None:
            raise NotCanonical
        self.at = match.end()
        return match


def written(value) -> str:
    """The canonical text of a value whose strings need no escape; fields stand as in the dict."""
    if value is None:
        return "null"
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return "[" + ",".join(written(item) for item in value) + "]"
    return "{" + ",".join(f'"{name}":{written(item)}' for name, item in value.items()) + "}"
