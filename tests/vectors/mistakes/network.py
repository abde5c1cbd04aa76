"""Mistakes about addresses, blocks and countries (docs/spec/record.md)."""

from . import mistakes_of

MISTAKES = mistakes_of(
    "network",
    ('_DECIMAL = r"(?:0|[1-9][0-9]{0,2})"', '_DECIMAL = r"[0-9]{1,3}"', "leading zeros"),
    ("if bits >> 32 == MAPPED_PREFIX:", "if False:", "a mapped address stays IPv6"),
    ("if bits >> 32 == MAPPED_PREFIX:", "if bits >> 32 in (0, MAPPED_PREFIX):", "IPv4-compatible addresses are IPv4"),
    ("return address.family == self.family and address.bits >> rest == self.bits >> rest",
     "return address.bits >> rest == self.bits >> rest", "an IPv4 block holds IPv6 addresses"),
    ("COUNTED_BITS = 64", "COUNTED_BITS = 128", "an IPv6 address is counted by itself"),
    ("COUNTED_BITS = 64", "COUNTED_BITS = 56", "an IPv6 address is counted by its /56"),
    ("if length < 2:", "if length < 1:", "a single zero group is shortened"),
    ("if length > best[1]:", "if length >= best[1]:", "the last of two equal runs is shortened"),
    ("if (gap and missing < 1) or (not gap and missing != 0):",
     "if (gap and missing < 0) or (not gap and missing != 0):",
     "a run of no group"),
    ("if not slash or address is None or text_of(address) != address_text:", "if not slash or address is None:",
     "a block in any spelling, mapped ones too"),
    ("if address.bits % 2 ** (WIDTHS[address.family] - length) != 0:", "if False:", "bits after the length may be set"),
    ("if not known or in_deny:", "if in_deny:", "an unknown address is not refused where some are denied"),
    ("if not known or in_deny:", "if not known or in_deny and not in_allow:", "allow wins"),
    ("return in_allow or not allow", "return in_allow", "an empty allow list allows nothing"),
    ('_COUNTRY = re.compile(r"[A-Z][A-Z0-9]")', '_COUNTRY = re.compile(r"[A-Z][A-Z]")', "a country is two letters"),
    ('is not None and text != "XX"', "is not None", "XX is a country"),
    ('return "ip_denied"', 'return country_passes(country, **countries) and "ip_denied" or "country_denied"',
     "countries are judged before addresses"),
)
