"""Structured fields (RFC 9651): lists of items with parameters, as the RateLimit fields use them."""

import re

_NUMBER = re.compile(r"-?\d{1,15}(?!\d|\.)")
_STRING = re.compile(r'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_KEY = re.compile(r"[a-z*][a-z0-9_.*-]*")
_TOKEN = re.compile(r"[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]*")


class NotStructured(ValueError):
    """The text is no list of this syntax."""


class Token(str):
    """A bare word, which is not the same as a string."""


class _Reader:
    def __init__(self, text: str):
        self.text, self.at = text, 0

    def sees(self, mark: str) -> bool:
        return self.text.startswith(mark, self.at)

    def skip(self, marks: str):
        while self.at < len(self.text) and self.text[self.at] in marks:
            self.at += 1

    def match(self, pattern: re.Pattern) -> re.Match | None:
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found

    def bare(self):
        if found := self.match(_STRING):
            return re.sub(r"\\(.)", r"\1", found[1])
        if found := self.match(_NUMBER):
            return int(found[0])
        if found := self.match(_TOKEN):
            return Token(found[0])
        for text, value in (("?1", True), ("?0", False)):
            if self.sees(text):
                self.at += 2
                return value
        raise NotStructured(f"no item at {self.at} of {self.text!r}")

    def item(self):
        value, parameters = self.bare(), {}
        while self.sees(";"):
            self.at += 1
            self.skip(" ")
            found = self.match(_KEY)
            if not found:
                raise NotStructured(f"no parameter at {self.at} of {self.text!r}")
            parameters[found[0]] = True
            if self.sees("="):
                self.at += 1
                parameters[found[0]] = self.bare()
        return value, parameters


def list_of(text: str) -> list[tuple[object, dict]]:
    """The items of a list with their parameters."""
    reader, items = _Reader(text.strip(" ")), []
    while reader.at < len(reader.text):
        items.append(reader.item())
        reader.skip(" \t")
        if reader.at == len(reader.text):
            return items
        if not reader.sees(","):
            raise NotStructured(f"no comma at {reader.at} of {text!r}")
        reader.at += 1
        reader.skip(" \t")
        if reader.at == len(reader.text):
            raise NotStructured(f"a comma at the end of {text!r}")
    return items


def rate_policy(text: str) -> dict[str, dict]:
    """`RateLimit-Policy`: for each name its `q` and `w`."""
    return _rates(text, ("q",), ("w",))


def rate_left(text: str) -> dict[str, dict]:
    """`RateLimit`: for each name its `r` and `t`."""
    return _rates(text, ("r",), ("t",))


def _rates(text: str, needed: tuple, possible: tuple) -> dict[str, dict]:
    rates = {}
    for name, parameters in list_of(text):
        if isinstance(name, Token) or not isinstance(name, str):
            raise NotStructured(f"a name that is no string in {text!r}")
        if name in rates:
            raise NotStructured(f"{name!r} stands twice in {text!r}")
        for parameter in needed:
            if parameter not in parameters:
                raise NotStructured(f"{name!r} lacks {parameter} in {text!r}")
        for parameter in (*needed, *possible):
            value = parameters.get(parameter, 1)
            if type(value) is not int or value < (1 if parameter == "w" else 0):
                raise NotStructured(f"{parameter} of {name!r} is {value!r}")
        rates[name] = parameters
    return rates
