"""Network rules (docs/spec/record.md, "Network rules"): addresses, blocks, countries."""

import re
from typing import NamedTuple

from .wire import Refused, octets

#: How many bits an address of each family has.
WIDTHS = {4: 32, 6: 128}

#: The first 96 bits of an IPv4-mapped IPv6 address.
MAPPED_PREFIX = 0xFFFF

#: A limit of scope `ip` counts an IPv6 address by this many of its bits.
COUNTED_BITS = 64

_DECIMAL = r"(?:0|[1-9][0-9]{0,2})"
_IPV4 = re.compile(rf"{_DECIMAL}(?:\.{_DECIMAL}){{3}}")
_GROUP = re.compile(r"[0-9a-fA-F]{1,4}")
_LENGTH = re.compile(_DECIMAL)
_COUNTRY = re.compile(r"[A-Z][A-Z0-9]")


class Address(NamedTuple):
    family: int
    bits: int


class Block(NamedTuple):
    """The addresses of one family that share the first `length` bits."""

    family: int
    bits: int
    length: int

    def contains(self, address: Address) -> bool:
        rest = WIDTHS[self.family] - self.length
        return address.family == self.family and address.bits >> rest == self.bits >> rest


# Reading


def ipv4_bits(text: str) -> int | None:
    if not _IPV4.fullmatch(text):
        return None
    numbers = [int(number) for number in text.split(".")]
    if max(numbers) > 255:
        return None
    return int.from_bytes(bytes(numbers), "big")


def _groups(text: str, dotted_end: bool) -> list[int] | None:
    """The 16-bit groups of one side of `::`; none for an empty side."""
    if text == "":
        return []
    groups = []
    parts = text.split(":")
    for at, part in enumerate(parts):
        is_last = at == len(parts) - 1
        if "." in part and is_last and dotted_end:
            bits = ipv4_bits(part)
            if bits is None:
                return None
            groups += [bits >> 16, bits & 0xFFFF]
        elif _GROUP.fullmatch(part):
            groups.append(int(part, 16))
        else:
            return None
    return groups


def ipv6_bits(text: str) -> int | None:
    """Any text form of RFC 4291, 2.2; zones are refused."""
    left, gap, right = text.partition("::")
    before = _groups(left, dotted_end=not gap)
    after = _groups(right, dotted_end=True)
    if before is None or after is None:
        return None
    missing = 8 - len(before) - len(after)
    if (gap and missing < 1) or (not gap and missing != 0):
        return None
    bits = 0
    for group in before + [0] * missing + after:
        bits = bits << 16 | group
    return bits


def address_of(text: str) -> Address | None:
    """The address that a text means, a mapped one already as IPv4; None if it means none."""
    bits = ipv4_bits(text)
    if bits is not None:
        return Address(4, bits)
    bits = ipv6_bits(text)
    if bits is None:
        return None
    if bits >> 32 == MAPPED_PREFIX:
        return Address(4, bits & 0xFFFFFFFF)
    return Address(6, bits)


# Writing


def _longest_zero_run(groups: list[int]) -> tuple[int, int]:
    """Start and length of the longest run of zero groups, the first of equals."""
    best = (0, 0)
    for start in range(8):
        length = 0
        while start + length < 8 and groups[start + length] == 0:
            length += 1
        if length > best[1]:
            best = (start, length)
    return best


def ipv6_text(bits: int) -> str:
    """The text of RFC 5952, without its dotted form."""
    groups = [bits >> shift & 0xFFFF for shift in range(112, -16, -16)]
    start, length = _longest_zero_run(groups)
    words = [f"{group:x}" for group in groups]
    if length < 2:
        return ":".join(words)
    return ":".join(words[:start]) + "::" + ":".join(words[start + length :])


def text_of(address: Address) -> str:
    if address.family == 4:
        return ".".join(str(byte) for byte in address.bits.to_bytes(4, "big"))
    return ipv6_text(address.bits)


def counted_as(address: Address) -> Address:
    """What a limit of scope `ip` counts: an IPv6 address by its /64."""
    if address.family == 4:
        return address
    rest = WIDTHS[6] - COUNTED_BITS
    return Address(6, address.bits >> rest << rest)


# Blocks and countries


def block_of(text: str) -> Block | None:
    """The block that a text means, or None: a block has one spelling."""
    address_text, slash, length_text = text.partition("/")
    address = address_of(address_text)
    if not slash or address is None or text_of(address) != address_text:
        return None
    if not _LENGTH.fullmatch(length_text) or int(length_text) > WIDTHS[address.family]:
        return None
    length = int(length_text)
    if address.bits % 2 ** (WIDTHS[address.family] - length) != 0:
        return None
    return Block(address.family, address.bits, length)


def is_country(text: str) -> bool:
    return _COUNTRY.fullmatch(text) is not None and text != "XX"


# The rule


def passes(known: bool, in_allow: bool, in_deny: bool, allow: list, deny: list) -> bool:
    """The one rule for addresses and countries. Deny wins."""
    if not allow and not deny:
        return True
    if not known or in_deny:
        return False
    return in_allow or not allow


def address_passes(address: Address | None, allow: list[str], deny: list[str]) -> bool:
    def contained(blocks):
        return address is not None and any(block_of(block).contains(address) for block in blocks)

    return passes(address is not None, contained(allow), contained(deny), allow, deny)


def country_passes(country: str | None, allow: list[str], deny: list[str]) -> bool:
    return passes(country is not None, country in allow, country in deny, allow, deny)


def denied(address: str | None, country: str | None, ips: dict, countries: dict) -> str | None:
    """The denial of a request, or None. Addresses are judged before countries."""
    known_address = None if address is None else address_of(address)
    if not address_passes(known_address, ips["allow"], ips["deny"]):
        return "ip_denied"
    if not country_passes(country, countries["allow"], countries["deny"]):
        return "country_denied"
    return None


def parse_address(argument):
    address = address_of(_text(argument["text"]))
    if address is None:
        raise Refused("address_invalid")
    return {"address": text_of(address), "counted_as": text_of(counted_as(address))}


def parse_block(argument):
    block = block_of(_text(argument["text"]))
    if block is None:
        raise Refused("block_invalid")
    return {"family": block.family, "length": block.length}


def check(argument):
    return {"denied": denied(argument["address"], argument["country"], argument["ips"], argument["countries"])}


def _text(given) -> str:
    """A text of any bytes; bytes that are no UTF-8 become a character that no rule allows."""
    return octets(given).decode("utf-8", "replace")


OPS = {"net.address": parse_address, "net.block": parse_block, "net.check": check}
