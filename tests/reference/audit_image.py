"""Images of the audit log (docs/spec/audit.md, "Images"): how documents are written, and which texts are read."""

import hashlib
import re

from .canonical import INTEGER_MAX, NotCanonical, Reader

TEXT_MAX = 1_024
IMAGE_MAX = 32_768
DEPTH_MAX = 16

_WORD = re.compile(r"[A-Za-z0-9]{40,}")
_STRING = re.compile(rb'"((?:[ !#-\[\]-~]|\\u[0-9a-f]{4})*)"')
_UNIT = re.compile(r"\\u([0-9a-f]{4})")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def veiled_words(text: str) -> str:
    return _WORD.sub(lambda word: "veiled-" + sha256(word.group().encode())[:32], text)


def veiled(text: str) -> str:
    data = text.encode("utf-8")
    return f"sha256:{sha256(data)}" if len(data) > TEXT_MAX else veiled_words(text)


def is_plain(char: str) -> bool:
    return " " <= char <= "~" and char not in '"\\'


def spelled(text: str) -> str:
    """A string with its quotes."""
    units = (
        char if is_plain(char) else "".join(f"\\u{char.encode('utf-16-be')[at:at + 2].hex()}"
                                            for at in range(0, len(char.encode("utf-16-be")), 2))
        for char in text
    )
    return '"' + "".join(units) + '"'


def _value(value, depth: int) -> str:
    if value is None or value is True or value is False:
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return spelled(veiled(value))
    if isinstance(value, int) and -(2**63) <= value < 2**64:
        return str(value) if 0 <= value <= INTEGER_MAX else spelled(str(value))
    if isinstance(value, (int, float)):
        return spelled("(fraction)")
    if depth == DEPTH_MAX:
        return spelled("(too deep)")
    if isinstance(value, list):
        return "[" + ",".join(_value(item, depth + 1) for item in value) + "]"
    members = {spelled(veiled(name)): member for name, member in value.items()}
    return "{" + ",".join(f"{name}:{_value(members[name], depth + 1)}" for name in sorted(members)) + "}"


def image(document) -> str:
    text = _value(document, 0)
    if len(text) > IMAGE_MAX:
        return f'{{"bytes":{len(text)},"sha256":"{sha256(text.encode())}"}}'
    return text


# Reading


def _take_string(reader: Reader) -> bytes:
    """A string's spelling, if it is the one that its text has."""
    match = _STRING.match(reader.data, reader.at)
    if match is None:
        raise NotCanonical
    inner = match.group(1).decode("ascii")
    halves = _UNIT.sub(lambda unit: chr(int(unit.group(1), 16)), inner)
    try:
        text = halves.encode("utf-16-be", "surrogatepass").decode("utf-16-be")
    except UnicodeDecodeError:
        raise NotCanonical from None
    if spelled(text) != f'"{inner}"':
        raise NotCanonical
    reader.at = match.end()
    return match.group()


def _take_value(reader: Reader, depth: int):
    for word in ("null", "true", "false"):
        if reader.sees(word):
            return reader.literal(word)
    if reader.sees('"'):
        return _take_string(reader)
    if not reader.sees("[") and not reader.sees("{"):
        return reader.integer()
    if depth == DEPTH_MAX:
        raise NotCanonical
    if reader.sees("["):
        return reader.list_of(lambda: _take_value(reader, depth + 1))
    return _take_object(reader, depth)


def _take_object(reader: Reader, depth: int):
    reader.literal("{")
    before = b""
    while not reader.sees("}"):
        if before:
            reader.literal(",")
        name = _take_string(reader)
        if name <= before:
            raise NotCanonical
        before = name
        reader.literal(":")
        _take_value(reader, depth + 1)
    reader.literal("}")


def take_image(reader: Reader) -> str:
    """The image that comes next, as it is spelled."""
    start = reader.at
    _take_value(reader, 0)
    if reader.at - start > IMAGE_MAX:
        raise NotCanonical
    return reader.data[start : reader.at].decode("ascii")
