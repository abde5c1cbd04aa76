"""Rows of the suite `network`: docs/spec/record.md, "Network rules"."""

from ..network import Address, ipv6_text, text_of

NOTHING = {"allow": [], "deny": []}


def rows():
    yield from address_rows()
    yield from block_rows()
    yield from ip_rule_rows()
    yield from country_rule_rows()
    yield from both_rules_rows()


def address_rows():
    def row(why, address):
        return why, "net.address", {"text": address}

    # IPv4
    yield row("a plain IPv4 address is counted by itself", "192.0.2.1")
    yield row("the lowest IPv4 address", "0.0.0.0")
    yield row("the highest IPv4 address", "255.255.255.255")
    for position, address in enumerate(["256.0.2.1", "192.256.2.1", "192.0.256.1", "192.0.2.256"], start=1):
        yield row(f"256 as number {position} of an IPv4 address", address)
    yield row("a number of four digits", "192.0.2.1000")
    yield row("a leading zero", "192.0.2.01")
    yield row("two zeros for zero", "192.0.00.1")
    yield row("three numbers", "192.0.2")
    yield row("five numbers", "192.0.2.1.1")
    yield row("an empty number", "192..2.1")
    yield row("a dot after the address", "192.0.2.1.")
    yield row("one 32-bit number", "3221225985")
    yield row("hexadecimal numbers", "0xc0.0.2.1")
    yield row("a negative number", "192.0.2.-1")
    yield row("a plus before a number", "192.0.2.+1")
    yield row("a blank before the address", " 192.0.2.1")
    yield row("a line feed after the address", "192.0.2.1\n")
    yield row("digits outside ASCII", "192.0.2.١")
    yield row("a port behind an IPv4 address", "192.0.2.1:443")
    yield row("a block is no address", "192.0.2.0/24")
    yield row("an empty text is no address", "")
    yield row("a name is no address", "localhost")

    # IPv6
    yield row("an IPv6 address is counted by its /64", "2001:db8:1:2:3:4:5:6")
    yield row("the last group of the /64 is kept, the next is zero", "2001:db8:0:ffff:ffff::1")
    yield row("two addresses of one /64 are counted as one: the last bit differs", "2001:db8:0:ffff:ffff::")
    yield row("an address whose /64 is zero is counted as ::", "::1")
    yield row("the unspecified address", "::")
    yield row("the highest IPv6 address", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
    yield row("all groups written out are written short", "2001:0db8:0000:0000:0000:0000:0000:0001")
    yield row("upper case is written in lower case", "2001:DB8::ABCD")
    yield row("the longest run of zero groups is shortened, not the first", "2001:0:0:1:0:0:0:1")
    yield row("of two equal runs the first is shortened", "2001:db8:0:0:1:0:0:1")
    yield row("a single zero group is not shortened", "2001:db8::1:1:1:1:1")
    yield row("a single zero group at the end is not shortened", "1:2:3:4:5:6:7::")
    yield row("a single zero group at the start is not shortened", "::2:3:4:5:6:7:8")
    yield row("a run at the start", "0:0:0:1:2:3:4:5")
    yield row("a run at the end", "1:2:3:4:5:0:0:0")
    yield row("leading zeros of a group go, trailing ones stay", "0010:0100:1000::")
    yield row("the last group may be zero in the middle of the text form", "2001:db8::0:0:1")
    yield row("seven groups without a run", "1:2:3:4:5:6:7")
    yield row("nine groups", "1:2:3:4:5:6:7:8:9")
    yield row("eight groups and a run of none", "1:2:3:4::5:6:7:8")
    yield row("two runs", "2001::1::1")
    yield row("three colons", "2001:::1")
    yield row("a colon before the first group", ":1:2:3:4:5:6:7")
    yield row("a colon after the last group", "1:2:3:4:5:6:7:")
    yield row("a colon alone is no address", ":")
    yield row("a group of five digits", "2001:db8::00001")
    yield row("a letter after f", "2001:db8::g")
    yield row("a zone with a name", "fe80::1%eth0")
    yield row("a zone with a number", "fe80::1%1")
    yield row("an empty zone", "fe80::1%")
    yield row("an address in brackets", "[2001:db8::1]")
    yield row("an address in brackets with a port", "[2001:db8::1]:443")
    yield row("a blank inside an IPv6 address", "2001:db8:: 1")
    yield row("a sign inside an IPv6 address", "2001:db8::-1")
    yield row("a hexadecimal prefix inside an IPv6 address", "2001:db8::0x1")

    # The dotted end, and mapped addresses
    yield row("a mapped address, dotted, is the IPv4 address", "::ffff:192.0.2.1")
    yield row("a mapped address, in groups, is the IPv4 address", "::ffff:c000:201")
    yield row("a mapped address, written out and in upper case, is the IPv4 address", "0:0:0:0:0:FFFF:192.0.2.1")
    yield row("the lowest mapped address", "::ffff:0:0")
    yield row("the highest mapped address", "::ffff:ffff:ffff")
    yield row("one below the mapped addresses is IPv6", "::fffe:ffff:ffff")
    yield row("one above the mapped addresses is IPv6", "::1:0:0:0")
    yield row("ffff in the group before is not mapped", "::ffff:0:192.0.2.1")
    yield row("an IPv4-compatible address is IPv6, written in groups", "::192.0.2.1")
    yield row("a dotted end behind a network prefix is IPv6, written in groups", "64:ff9b::192.0.2.1")
    yield row("a dotted end behind six groups", "1:2:3:4:5:6:192.0.2.1")
    yield row("a dotted end behind a run of one group", "1:2:3:4:5::192.0.2.1")
    yield row("a dotted end behind seven groups", "1:2:3:4:5:6:7:192.0.2.1")
    yield row("a dotted end behind five groups", "1:2:3:4:5:192.0.2.1")
    yield row("a dotted part that is not the end", "::192.0.2.1:1")
    yield row("a dotted part before the run", "192.0.2.1::")
    yield row("a leading zero in a dotted end", "::ffff:192.0.2.01")
    yield row("256 in a dotted end", "::ffff:192.0.2.256")
    yield row("three numbers in a dotted end", "::ffff:192.0.2")
    yield row("a zone behind a dotted end", "::ffff:192.0.2.1%1")


def block_rows():
    def row(why, block):
        return why, "net.block", {"text": block}

    yield row("a plain IPv4 block", "192.0.2.0/24")
    yield row("a block of one IPv4 address", "192.0.2.1/32")
    yield row("all IPv4 addresses", "0.0.0.0/0")
    yield row("the upper half of IPv4", "128.0.0.0/1")
    yield row("an IPv4 block of length 33", "192.0.2.1/33")
    yield row("an IPv4 block of length 31, its last bit zero", "192.0.2.2/31")
    yield row("an IPv4 block of length 31 with its last bit set", "192.0.2.1/31")
    yield row("a bit just after the length is set", "192.0.3.0/23")
    yield row("the last bit before the length is set, and none after", "192.0.2.0/23")
    yield row("a bit is set in a block of length 0", "0.0.0.1/0")
    yield row("a plain IPv6 block", "2001:db8::/32")
    yield row("a block of one IPv6 address", "2001:db8::1/128")
    yield row("all IPv6 addresses", "::/0")
    yield row("an IPv6 block of length 129", "2001:db8::1/129")
    yield row("the lowest bit of an IPv6 block of length 127 is set", "2001:db8::1/127")
    yield row("a bit within a group is set just after the length", "2001:db8:8000::/32")
    yield row("a length within a group", "2001:db8:8000::/33")
    yield row("a block without a length is refused, even of one address", "192.0.2.1")
    yield row("an empty length", "192.0.2.0/")
    yield row("an empty address", "/24")
    yield row("an empty text is no block", "")
    yield row("a leading zero in the length", "192.0.2.0/024")
    yield row("a length of 00", "0.0.0.0/00")
    yield row("a plus before the length", "192.0.2.0/+24")
    yield row("a negative length", "192.0.2.0/-1")
    yield row("a length of 256 + 24 does not wrap around", "192.0.2.0/280")
    yield row("a length of 2^32 + 24 does not wrap around", "192.0.2.0/4294967320")
    yield row("a netmask instead of a length", "192.0.2.0/255.255.255.0")
    yield row("two lengths", "192.0.2.0/24/24")
    yield row("a blank before the slash", "192.0.2.0 /24")
    yield row("a blank after the length", "192.0.2.0/24 ")
    yield row("a line feed after the length", "192.0.2.0/24\n")
    yield row("digits of the length outside ASCII", "192.0.2.0/٢")
    yield row("an IPv4 block with a leading zero in its address", "192.0.02.0/24")
    yield row("a short IPv4 address", "10/8")
    yield row("an IPv6 block in upper case", "2001:DB8::/32")
    yield row("an IPv6 block with zeros written out", "2001:db8:0:0:0:0:0:0/32")
    yield row("an IPv6 block with leading zeros in a group", "2001:0db8::/32")
    yield row("an IPv6 block that shortens a single zero group", "1:2:3:4:5:6:7::/112")
    yield row("an IPv6 block with its single zero group written", "1:2:3:4:5:6:7:0/112")
    yield row("an IPv6 block that shortens the second of two equal runs", "1:0:0:2:3:4::/128")
    yield row("an IPv6 block that shortens the first of two equal runs", "1::2:3:4:0:0/128")
    yield row("an IPv6 block that shortens the shorter run", "1::2:0:0:0:3/128")
    yield row("an IPv6 block with a dotted end", "64:ff9b::192.0.2.0/120")
    yield row("an IPv6 block with a zone", "fe80::%1/64")
    yield row("a mapped block in groups", "::ffff:c000:200/120")
    yield row("a mapped block in dotted form", "::ffff:192.0.2.0/120")
    yield row("the block of all mapped addresses", "::ffff:0:0/96")
    yield row("a block that holds mapped addresses among others is of IPv6", "::/80")
    yield row("the block just above the mapped addresses is no mapped one", "::1:0:0:0/80")


def ip_rule_rows():
    def row(why, address, allow=(), deny=()):
        ips = {"allow": list(allow), "deny": list(deny)}
        return why, "net.check", {"address": address, "country": None, "ips": ips, "countries": NOTHING}

    yield row("no rules: everything passes", "192.0.2.1")
    yield row("no rules: an unknown address passes", None)
    yield row("an allowed IPv4 address", "192.0.2.1", ["192.0.2.0/24"])
    yield row("the first address of an allowed block", "192.0.2.0", ["192.0.2.0/24"])
    yield row("the last address of an allowed block", "192.0.2.255", ["192.0.2.0/24"])
    yield row("the address just before an allowed block", "192.0.1.255", ["192.0.2.0/24"])
    yield row("the address just after an allowed block", "192.0.3.0", ["192.0.2.0/24"])
    yield row("a length within a byte, and an address inside", "192.0.2.127", ["192.0.2.64/26"])
    yield row("a length within a byte, and an address outside", "192.0.2.128", ["192.0.2.64/26"])
    yield row("a block of one address holds it", "192.0.2.1", ["192.0.2.1/32"])
    yield row("a block of one address holds no neighbour", "192.0.2.0", ["192.0.2.1/32"])
    yield row("an unknown address where some are allowed", None, ["192.0.2.0/24"])
    yield row("an unknown address where all are allowed", None, ["0.0.0.0/0", "::/0"])
    yield row("an unknown address where some are denied", None, [], ["192.0.2.0/24"])
    yield row("a denied address", "192.0.2.1", [], ["192.0.2.0/24"])
    yield row("an address that is not denied, where nothing is listed as allowed", "192.0.3.1", [], ["192.0.2.0/24"])
    yield row("deny wins over a wider allow", "192.0.2.1", ["192.0.2.0/24"], ["192.0.2.1/32"])
    yield row("deny wins over a narrower allow", "192.0.2.1", ["192.0.2.1/32"], ["192.0.2.0/24"])
    yield row("deny wins over the same block", "192.0.2.1", ["192.0.2.0/24"], ["192.0.2.0/24"])
    yield row("allowed, and something else denied", "192.0.2.1", ["192.0.2.0/24"], ["198.51.100.0/24"])
    yield row("neither allowed nor denied, where both are listed", "203.0.113.1", ["192.0.2.0/24"], ["198.51.100.0/24"])
    yield row("the last of several allowed blocks", "203.0.113.9",
              ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"])
    yield row("the last of several denied blocks", "203.0.113.9", [],
              ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"])
    yield row("an IPv6 address in an IPv6 block", "2001:db8::1", ["2001:db8::/32"])
    yield row("an IPv6 address outside an IPv6 block, by its last bit before the length", "2001:db9::1",
              ["2001:db8::/32"])
    yield row("an IPv6 block of 127 bits holds both its addresses", "2001:db8::1", ["2001:db8::/127"])
    yield row("an IPv6 block of 127 bits holds no third", "2001:db8::2", ["2001:db8::/127"])
    yield row("an IPv6 address that differs in its upper half only", "2001:db8:1::1", ["2001:db8::1/128"])
    yield row("an IPv6 address that differs in its lower half only", "2001:db8::2", ["2001:db8::1/128"])
    yield row("0.0.0.0/0 holds every IPv4 address", "255.255.255.255", ["0.0.0.0/0"])
    yield row("0.0.0.0/0 holds no IPv6 address", "2001:db8::1", ["0.0.0.0/0"])
    yield row("0.0.0.0/0 does not hold the IPv6 address zero", "::", ["0.0.0.0/0"])
    yield row("::/0 holds every IPv6 address", "2001:db8::1", ["::/0"])
    yield row("::/0 holds no IPv4 address", "192.0.2.1", ["::/0"])
    yield row("a denied ::/0 denies no IPv4 address", "192.0.2.1", [], ["::/0"])
    yield row("a mapped address is held by an IPv4 block", "::ffff:192.0.2.1", ["192.0.2.0/24"])
    yield row("a mapped address in groups is denied by an IPv4 block", "::ffff:c000:201", [], ["192.0.2.0/24"])
    yield row("a mapped address is not held by an IPv6 block around it", "::ffff:192.0.2.1", ["::/80"])
    yield row("an IPv4-compatible address is not held by an IPv4 block", "::192.0.2.1", ["192.0.2.0/24"])
    yield row("32 denied blocks, the most, and the last denies", "192.0.2.31", [],
              [f"192.0.2.{at}/32" for at in range(32)])


def country_rule_rows():
    def row(why, country, allow=(), deny=()):
        countries = {"allow": list(allow), "deny": list(deny)}
        return why, "net.check", {"address": None, "country": country, "ips": NOTHING, "countries": countries}

    yield row("no rules: every country passes", "KP")
    yield row("an allowed country", "CH", ["CH", "DE"])
    yield row("the second of the allowed countries", "DE", ["CH", "DE"])
    yield row("a country that is not among the allowed", "FR", ["CH", "DE"])
    yield row("an unknown country where some are allowed", None, ["CH"])
    yield row("an unknown country where some are denied", None, [], ["KP"])
    yield row("a denied country", "KP", [], ["KP"])
    yield row("a country that is not denied, where none is listed as allowed", "CH", [], ["KP"])
    yield row("a country allowed and denied: deny wins", "CH", ["CH"], ["CH"])
    yield row("a country neither allowed nor denied, where both are listed", "FR", ["CH"], ["KP"])
    yield row("a code of a letter and a digit, as platforms have them", "T1", [], ["T1"])
    yield row("the same letters in another order are another country", "HC", ["CH"])


def both_rules_rows():
    def row(why, address, country, ips, countries):
        return why, "net.check", {"address": address, "country": country, "ips": ips, "countries": countries}

    allow_ip = {"allow": ["192.0.2.0/24"], "deny": []}
    allow_country = {"allow": ["CH"], "deny": []}
    yield row("both rules pass", "192.0.2.1", "CH", allow_ip, allow_country)
    yield row("both rules refuse: the address is judged first", "203.0.113.1", "FR", allow_ip, allow_country)
    yield row("only the country is refused", "192.0.2.1", "FR", allow_ip, allow_country)
    yield row("only the address is refused", "203.0.113.1", "CH", allow_ip, allow_country)
    yield row("neither is known, and both have rules", None, None, allow_ip, allow_country)
    yield row("the country is unknown, and only addresses have rules", "192.0.2.1", None, allow_ip, NOTHING)
    yield row("the address is unknown, and only countries have rules", None, "CH", NOTHING, allow_country)


# Random cases

_GROUPS = [0, 0, 0, 1, 0xDB8, 0x2001, 0xFFFF, 0x10, 0x8000]
_COUNTRIES = ["CH", "DE", "KP", "T1", "HC"]
_ODD = [".", ":", "::", "0", "00", "f", "F", "%1", "/", " ", "-", "g", "1.2.3.4", "256"]


def _random_address(rng) -> Address:
    kind = rng.random()
    if kind < 0.45:
        numbers = bytes(rng.choice([0, 1, 2, 127, 128, 192, 255, rng.randrange(256)]) for _ in range(4))
        return Address(4, int.from_bytes(numbers, "big"))
    if kind < 0.5:
        return Address(6, rng.choice([0xFFFE, 0x1FFFF, 0xFFFF0000, 0]) << 32 | rng.randrange(2**32))
    bits = 0
    for _ in range(8):
        bits = bits << 16 | rng.choice(_GROUPS + [rng.randrange(65536)])
    return Address(6, bits)


def _random_spelling(rng, address: Address) -> str:
    """One of the many ways to write an address."""
    if address.family == 4:
        text = text_of(address)
        group_form = f"{address.bits >> 16:x}:{address.bits & 0xFFFF:x}"
        return rng.choice([text] * 4 + ["::ffff:" + text, "::FFFF:" + group_form, "0:0:0:0:0:ffff:" + text])
    groups = [address.bits >> shift & 0xFFFF for shift in range(112, -16, -16)]
    words = [f"{group:0{rng.choice([1, 1, 4])}x}" for group in groups]
    if rng.random() < 0.3:
        words = [word.upper() for word in words]
    if rng.random() < 0.2:
        low = address.bits & 0xFFFFFFFF
        words[6:] = [text_of(Address(4, low))]
    zero_groups = [at for at in range(min(8, len(words))) if set(words[at]) == {"0"}]
    if zero_groups and rng.random() < 0.5:
        start = rng.choice(zero_groups)
        end = start
        while end in zero_groups and (end == start or rng.random() < 0.7):
            end += 1
        return ":".join(words[:start]) + "::" + ":".join(words[end:])
    return rng.choice([":".join(words), ipv6_text(address.bits)])


def _spoiled(rng, text: str) -> str:
    at = rng.randrange(len(text) + 1)
    piece = rng.choice(_ODD)
    return text[:at] + rng.choice(["", piece, piece]) + text[at + rng.choice([0, 1]) :]


def _random_block(rng, near: Address | None = None) -> str:
    address = near or _random_address(rng)
    width = 32 if address.family == 4 else 128
    length = rng.choice([0, 1, width // 4, width // 2, width - 8, width - 1, width, rng.randrange(width + 1)])
    kept = address.bits >> (width - length) << (width - length)
    if kept >> 32 == 0xFFFF and address.family == 6:
        return "2001:db8::/32"
    return f"{text_of(Address(address.family, kept))}/{length}"


def _random_blocks(rng, near: Address | None) -> list[str]:
    wanted = rng.choice([0, 0, 1, 2, 3])
    blocks = [_random_block(rng, near if rng.random() < 0.3 else None) for _ in range(wanted)]
    return list(dict.fromkeys(blocks))


def _random_check(rng):
    address = _random_address(rng) if rng.random() < 0.9 else None
    country = rng.choice(_COUNTRIES + [None])
    countries = NOTHING
    if rng.random() < 0.4:
        countries = {name: rng.sample(_COUNTRIES, rng.choice([0, 1, 2, 4])) for name in ("allow", "deny")}
    return "net.check", {
        "address": None if address is None else _random_spelling(rng, address),
        "country": country,
        "ips": {"allow": _random_blocks(rng, address), "deny": _random_blocks(rng, address)},
        "countries": countries,
    }


def _random_address_case(rng):
    text = _random_spelling(rng, _random_address(rng))
    return "net.address", {"text": _spoiled(rng, text) if rng.random() < 0.4 else text}


def _random_block_case(rng):
    if rng.random() < 0.5:
        text = _random_block(rng)
    else:
        text = f"{_random_spelling(rng, _random_address(rng))}/{rng.choice([0, 8, 24, 32, 64, 96, 120, 128])}"
    return "net.block", {"text": _spoiled(rng, text) if rng.random() < 0.3 else text}


def random_case(rng):
    return rng.choices([_random_check, _random_address_case, _random_block_case], [4, 3, 3])[0](rng)
