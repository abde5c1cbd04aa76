"""Rows of the suite `keys`: docs/spec/key.md."""

from ..key import SYMBOLS, base62, body_text, check_of, head_of, mac_of, minted, number_of
from ..pepper import hmac_sha256
from ..wire import text

#: The random bytes of the page's two examples.
RANDOM = bytes(range(0x64, 0x77))
OTHER_RANDOM = bytes(range(0x13, 0x00, -1))


def progression(start: int = 0, step: int = 1, length: int = 32) -> bytes:
    """A published pepper: rows use no other kind."""
    return bytes((start + step * at) % 256 for at in range(length))


PEPPER = progression()
OTHER_PEPPER = progression(0x40, 3)


def pepper(pepper_id: int, secret: bytes = PEPPER) -> dict:
    return {"id": pepper_id, "secret": secret.hex()}


def key(prefix="tg", env="live", pepper_id=0, secret=PEPPER, random=RANDOM) -> bytes:
    return minted(prefix, env, pepper_id, secret, random)[0]


def checked(without_check: bytes) -> bytes:
    """A text with its right check, whatever it says."""
    return without_check + check_of(without_check)


def key_of_body(body: bytes, prefix="tg", env="live") -> bytes:
    return checked(head_of(prefix, env) + body_text(body))


def body(first=0x10, random=RANDOM, tag=None, prefix="tg", env="live", secret=PEPPER) -> bytes:
    """32 bytes of a body; the tag is right unless given."""
    start = bytes([first]) + random
    return start + (mac_of(secret, prefix, env, start)[:12] if tag is None else tag)


def with_groups(*numbers: int) -> bytes:
    """A key with these numbers as its four groups, in range or not, and the right check."""
    return checked(b"tg_live_" + b"".join(base62(number, 11) for number in numbers))


def put(data: bytes, at: int, piece: bytes) -> bytes:
    """The text with some of its bytes replaced, from `at` on (negative: from the end)."""
    at %= len(data)
    return data[:at] + piece + data[at + len(piece) :]


def rows():
    yield from parse_rows()
    yield from prove_rows()
    yield from mint_rows()
    yield from brand_rows()
    yield from check_rows()
    yield from ring_rows()
    yield from derive_rows()
    yield from hmac_rows()


def parse_rows():
    def row(why, data, prefix="tg", envs=("live",)):
        data = text(data) if isinstance(data, bytes) else data
        return why, "key.parse", {"prefix": prefix, "envs": list(envs), "text": data}

    good = key()
    groups = [number_of(good[8 + at : 19 + at]) for at in (0, 11, 22, 33)]

    yield row("the first worked example is well-formed", good)
    yield row(
        "the second worked example: a prefix with a digit, and pepper id 7",
        key("acme2", "test", 7, PEPPER, OTHER_RANDOM), "acme2", ["test"],
    )
    yield row("the shortest key: a prefix of 2 and an env of 1", key("ab", "0"), "ab", ["0"])
    yield row("the longest key: a prefix of 12 and an env of 8",
              key("abcdefghijkl", "abcdefgh"), "abcdefghijkl", ["abcdefgh"])
    yield row("the last of eight accepted envs is accepted as the first is", key(env="h"),
              envs=["a", "b", "c", "d", "e", "f", "g", "h"])
    yield row("of two accepted envs of different lengths, the shorter", key(env="dev"), envs=["live", "dev"])
    yield row("pepper id 15 is the low nibble of byte 0", key_of_body(body(0x1F)))
    yield row("a key that nobody made is well-formed: reading uses no secret", key_of_body(body(tag=bytes(12))))
    yield row("random bytes that are all zero are a matter of minting, not of reading", key_of_body(body(random=bytes(19))))

    # Step 1: the length, in bytes.
    yield row("an empty text has the wrong length", b"")
    yield row("one byte has the wrong length", b"t")
    yield row("a head without body and check has the wrong length", b"tg_live_")
    yield row("the 50 last bytes without a head have the wrong length", good[8:])
    yield row("a key without its last byte", good[:-1])
    yield row("a key without its first byte", good[1:])
    yield row("a key with one symbol more", good + b"0")
    yield row("a key with one symbol more in front", b"0" + good)
    yield row("a length between those of two accepted envs is the length of neither",
              key(env="test2"), envs=["live", "live12"])
    yield row("64 KB are refused by their length alone", [text(good), {"repeat": "0", "times": 65536}])
    yield row("the length is that of the whole text: nothing is cut off at a NUL", good + b"\x00")
    yield row("two keys, one behind the other", good + good)
    yield row("a blank before the key is not trimmed", b" " + good)
    yield row("a blank after the key is not trimmed", good + b" ")
    yield row("a tab after the key is not trimmed", good + b"\t")
    yield row("a line feed after the key is not trimmed", good + b"\n")
    yield row("carriage return and line feed after the key are not trimmed", good + b"\r\n")
    yield row("a byte order mark before the key is not skipped", b"\xef\xbb\xbf" + good)
    yield row("a zero-width space after the key is not skipped", good + "\u200b".encode())
    yield row("the name of an HTTP scheme is no part of a key", b"Bearer " + good)
    yield row("a percent-encoded underscore is not decoded, so the text is too long", good.replace(b"_", b"%5F", 1))
    yield row("a quoted key is too long", b'"' + good + b'"')
    yield row("a text with 58 characters but 59 bytes: bytes are counted", good[:-1] + "é".encode())
    yield row("a wrong length comes before symbols outside the alphabet", b"tg_live_" + b"!" * 49)
    yield row("a wrong length comes before a wrong brand", b"xx_live_" + good[8:] + b"0")

    # Step 2: the alphabet.
    for symbol, name in [
        (b"/", "the neighbour below 0"), (b":", "the neighbour above 9"), (b"@", "the neighbour below A"),
        (b"[", "the neighbour above Z"), (b"`", "the neighbour below a"), (b"{", "the neighbour above z"),
        (b"+", "a symbol of base64"), (b"-", "a symbol of base64url"), (b"_", "the separator"),
        (b"=", "padding"), (b" ", "a blank"), (b",", "a comma"), (b"\x00", "a NUL"), (b"\x1f", "a control character"),
        (b"\x7f", "DEL"), (b"\xff", "a byte that is no UTF-8"), (b"\xb0", "the digit 0 with its top bit set"),
    ]:
        yield row(f"inside the body, {name} is no base62 symbol", put(good, 20, symbol))
    yield row("the first byte of the body is in the alphabet too", put(good, 8, b"-"))
    yield row("the last byte of the check is in the alphabet too", put(good, -1, b"-"))
    yield row("the first byte of the check is in the alphabet too", put(good, -6, b"="))
    yield row("a Cyrillic lookalike inside the body, at the right length in bytes", put(good, 30, "а".encode()))
    yield row("a full-width digit inside the body, at the right length in bytes", put(good, 30, "１".encode()))
    yield row("a percent-encoded symbol inside the body, at the right length", put(good, 30, b"%41"))
    yield row("an underscore that has moved from the head into the body: the body is read from the end",
              b"tg_live" + good[8:20] + b"_" + good[20:])
    yield row("a symbol outside the alphabet comes before a wrong brand", b"xx_live_" + put(good, 30, b"!")[8:])
    yield row("a symbol outside the alphabet comes before a group out of range",
              put(b"tg_live_" + b"z" * 50, -1, b"!"))

    # Step 3: the brand.
    yield row("an upper-case prefix", b"TG_live_" + good[8:])
    yield row("an upper-case letter in the env", b"tg_livE_" + good[8:])
    yield row("another prefix of the same length, with a right check", key("th"))
    yield row("an env that is not accepted, of the length of one that is, with a right check", key(env="test"))
    yield row("a genuine key of a longer prefix and a shorter env, of the same length together",
              key("tgl", "ive"))
    yield row("an accepted env and two underscores, at the length of another accepted env's key",
              b"tg_dev__" + good[8:], envs=["live", "dev"])
    yield row("a hyphen in the place of the first underscore", put(good, 2, b"-"))
    yield row("a symbol in the place of the second underscore", put(good, 7, b"0"))
    yield row("an empty env between two underscores", b"tglive__" + good[8:])
    yield row("prefix and env change places", b"live_tg_" + good[8:])
    yield row("a blank in the place of the prefix's first letter", put(good, 0, b" "))
    yield row("a NUL in the place of the prefix's last letter", put(good, 1, b"\x00"))
    yield row("a Cyrillic lookalike in the env, at the right length in bytes", put(good, 4, "і".encode()))
    yield row("bytes that are no UTF-8 in the place of the head", b"\xff" * 8 + good[8:])
    yield row("a wrong brand comes before a group out of range", b"xx_live_" + b"z" * 50)
    yield row("a wrong brand comes before a wrong check", b"tg_test_" + put(good, 30, b"0")[8:])

    # Step 4: ranges.
    for at, name in enumerate(["first", "second", "third", "fourth"]):
        over = list(groups)
        over[at] = 2**64
        yield row(f"the {name} group is 2^64, with a right check", with_groups(*over))
    for at, name in enumerate(["second", "third", "fourth"], start=1):
        most = list(groups)
        most[at] = 2**64 - 1
        yield row(f"the {name} group is 2^64 - 1, the largest", with_groups(*most))
    yield row("a group of eleven z, far above 2^64", with_groups(groups[0], groups[1], groups[2], 62**11 - 1))
    yield row("groups of zero keep their eleven symbols", with_groups(groups[0], 0, 0, 0))
    yield row("a group of 1 is padded on the left, not on the right", with_groups(groups[0], 1, 1, 1))
    yield row("the check is 2^32, one above the largest", good[:-6] + b"4gfFC4")
    yield row("the check is 2^32 - 1, the largest, and wrong", good[:-6] + b"4gfFC3")
    yield row("the check is six z", good[:-6] + b"zzzzzz")
    yield row("a group out of range comes before a wrong check",
              with_groups(groups[0], groups[1], groups[2], 2**64)[:-6] + b"000000")
    yield row("a group out of range comes before an unsupported version", with_groups(2**64, 0, 0, 0))

    # Step 5: the check.
    yield row("the last symbol of the check is another", put(good, -1, b"6"))
    yield row("the first symbol of the check is another", put(good, -6, b"3"))
    yield row("one symbol of the body is another", put(good, 30, b"0"))
    yield row("two neighbours in the body have changed places", good[:31] + good[32:33] + good[31:32] + good[33:])
    yield row("a letter of the body in the other case", put(good, 9, good[9:10].swapcase()))
    yield row("the check of the body alone, without the head", good[:-6] + check_of(good[8:-6]))
    yield row("the check of another brand's key with the same body", good[:-6] + key("th")[-6:])
    yield row("the last two symbols of the check have changed places", good[:-2] + good[:-3:-1])
    yield row("a check of zero, when the CRC is not", good[:-6] + b"000000")
    yield row("the CRC of everything but its final exclusive-or",
              good[:-6] + base62(number_of(check_of(good[:-6])) ^ 0xFFFFFFFF, 6))
    yield row("a wrong check comes before an unsupported version", put(key_of_body(body(0x20)), -1, b"0"))
    small, padded = _keys_with_padded_checks()
    yield row("a check that starts with 0, as the CRC is small", small)
    yield row("a check that starts with 00, as the CRC is very small", padded)

    # Step 6: the version.
    for version in (0, 2, 9, 15):
        yield row(f"format version {version}, with a right check", key_of_body(body(version << 4)))
    yield row("version 1 stands in the high nibble: 0x01 is version 0", key_of_body(body(0x01)))
    yield row("the largest first group is a body that starts with 0xff: version 15", with_groups(2**64 - 1, 0, 0, 0))


def _keys_with_padded_checks() -> tuple[bytes, bytes]:
    """The first keys whose checks start with `0`, and with `00`."""
    found = {}
    counter = 0
    while len(found) < 2:
        data = key_of_body(bytes([0x10]) + counter.to_bytes(31, "big"))
        zeros = 2 if data[-6:].startswith(b"00") else 1 if data[-6:].startswith(b"0") else 0
        if zeros:
            found.setdefault(zeros, data)
        counter += 1
    return found[1], found[2]


def prove_rows():
    def row(why, data, peppers=None, issuing=0, prefix="tg", envs=("live",)):
        return why, "key.prove", {
            "prefix": prefix, "envs": list(envs), "text": text(data),
            "peppers": peppers or [pepper(0)], "issuing": issuing,
        }

    start = bytes([0x10]) + RANDOM
    mac = mac_of(PEPPER, "tg", "live", start)

    def tagged(tag):
        return key_of_body(start + tag)

    def flipped(at, bit):
        return mac[:at] + bytes([mac[at] ^ bit]) + mac[at + 1 : 12]

    yield row("the first worked example is genuine", key())
    yield row("the second worked example is genuine", key("acme2", "test", 7, PEPPER, OTHER_RANDOM),
              [pepper(7)], 7, "acme2", ["test"])
    yield row("a key under a pepper that no longer issues is genuine",
              key(), [pepper(0), pepper(1, OTHER_PEPPER)], issuing=1)
    yield row("each key is proved under its own pepper, in whatever order the ring is given",
              key(pepper_id=3, secret=OTHER_PEPPER), [pepper(9), pepper(3, OTHER_PEPPER), pepper(0)], issuing=9)
    yield row("pepper id 15 of a full ring", key(pepper_id=15, secret=progression(15, 5)),
              [pepper(at, progression(at, 5)) for at in range(16)])
    yield row("the shortest key is genuine", key("ab", "0"), prefix="ab", envs=["0"])
    yield row("the longest key is genuine: a message of 46 bytes",
              key("abcdefghijkl", "abcdefgh"), prefix="abcdefghijkl", envs=["abcdefgh"])
    for length, name in [(33, "33 bytes"), (64, "64 bytes, exactly a block"), (65, "65 bytes, which is hashed first"),
                         (255, "255 bytes")]:
        secret = progression(1, 1, length)
        yield row(f"a pepper of {name}", key(secret=secret), [pepper(0, secret)])

    yield row("the highest bit of the tag's first byte is wrong", tagged(flipped(0, 0x80)))
    yield row("the lowest bit of the tag's first byte is wrong", tagged(flipped(0, 0x01)))
    yield row("one bit in the middle of the tag is wrong", tagged(flipped(6, 0x10)))
    yield row("the lowest bit of the tag's last byte is wrong", tagged(flipped(11, 0x01)))
    yield row("two bytes of the tag have changed places", tagged(mac[1:2] + mac[0:1] + mac[2:12]))
    yield row("a tag of zeros", tagged(bytes(12)))
    yield row("the first 11 bytes of the tag are right and the last is zero", tagged(mac[:11] + b"\x00"))
    yield row("MAC[4..16] is no tag", tagged(mac[4:16]))
    yield row("MAC[16..28], the start of the lookup id, is no tag", tagged(mac[16:28]))
    yield row("one random bit is another, with a right check", key_of_body(start[:-1] + b"\x77" + mac[:12]))
    yield row("a key taken to another accepted env: the env is under the tag",
              key_of_body(body(), env="test"), envs=["live", "test"])
    yield row("a key taken to another prefix: the prefix is under the tag", key_of_body(body(), prefix="th"), prefix="th")
    yield row("a key taken to another pepper id of the ring that has the same pepper: the id is under the tag",
              key_of_body(bytes([0x11]) + body()[1:]), [pepper(0), pepper(1)])
    yield row("a tag made with another pepper of the ring than the id says",
              key(secret=OTHER_PEPPER), [pepper(0), pepper(1, OTHER_PEPPER)])
    yield row("a tag made with the pepper in reverse order", key(secret=PEPPER[::-1]))
    yield row("another pepper now stands under the id", key(), [pepper(0, OTHER_PEPPER)])
    yield row("a tag over a message without tgk1",
              tagged(hmac_sha256(PEPPER, b"tg_live_" + start)[:12]))
    yield row("a tag over a message without the head", tagged(hmac_sha256(PEPPER, b"tgk1" + start)[:12]))
    yield row("a tag over a head without its last underscore", tagged(hmac_sha256(PEPPER, b"tgk1tg_live" + start)[:12]))
    yield row("a tag over the text of the random bytes instead of the bytes",
              tagged(hmac_sha256(PEPPER, b"tgk1tg_live_" + body_text(start + bytes(12))[:28])[:12]))

    yield row("the pepper was retired", key(), [pepper(1, OTHER_PEPPER)], issuing=1)
    yield row("a pepper id that the ring never had, and a wrong tag: the id is looked at first",
              key_of_body(body(0x1F, tag=bytes(12))))
    yield row("a malformed key is refused as such, even where its pepper is unknown and its tag wrong",
              put(key_of_body(body(0x1F, tag=bytes(12))), -1, b"!"))
    yield row("an unsupported version is refused before its tag, which is right",
              key_of_body(body(0x20)))
    yield row("a wrong check is refused before a right tag", put(key(), -1, b"6"))
    yield row("a wrong length is refused before anything is hashed", key()[:-1])


def mint_rows():
    def row(why, prefix="tg", env="live", peppers=None, issuing=0, random=RANDOM):
        return why, "key.mint", {
            "prefix": prefix, "env": env, "peppers": peppers or [pepper(0)], "issuing": issuing,
            "random": random.hex(),
        }

    yield row("minting gives the first worked example")
    yield row("minting gives the second worked example", "acme2", "test", [pepper(7)], 7, OTHER_RANDOM)
    yield row("the issuing pepper is used, not the first of the ring",
              peppers=[pepper(0), pepper(15, OTHER_PEPPER)], issuing=15)
    yield row("the issuing pepper is used, not the last of the ring",
              peppers=[pepper(0), pepper(15, OTHER_PEPPER)], issuing=0)
    yield row("the largest draw, 19 bytes of ff", random=b"\xff" * 19)
    yield row("a draw with a single bit set, the last, is not weak", random=bytes(18) + b"\x01")
    yield row("a draw with a single bit set, the first, is not weak", random=b"\x80" + bytes(18))
    yield row("minting with a prefix of 2", prefix="ab")
    yield row("minting with a prefix of 12", prefix="a23456789012")
    yield row("minting with an env of 1", env="0")
    yield row("minting with an env of 8", env="a2345678")
    yield row("minting refuses a prefix of 1", prefix="a")
    yield row("minting refuses a prefix of 13", prefix="a234567890123")
    yield row("minting refuses an env of 9", env="a23456789")
    yield row("minting refuses an empty env", env="")
    yield row("a draw of 18 bytes is short", random=RANDOM[:18])
    yield row("a draw of 20 bytes is not 19 either", random=RANDOM + b"\x77")
    yield row("an empty draw is short", random=b"")
    yield row("a draw of 19 zeros is weak", random=bytes(19))
    yield row("a draw of 18 zeros is short, not weak", random=bytes(18))
    yield row("a wrong prefix comes before a wrong env", prefix="T", env="Live")
    yield row("a wrong env comes before a short draw", env="Live", random=b"")
    yield row("a wrong prefix comes before a weak draw", prefix="T", random=bytes(19))


def brand_rows():
    def row(why, prefix="tg", envs=("live",)):
        return why, "key.brand", {"prefix": prefix, "envs": list(envs)}

    yield row("the usual brand")
    yield row("a prefix of 2 and one of its symbols a digit", "t0")
    yield row("a prefix of 12", "tollgate0123")
    yield row("a prefix of 1 is too short", "t")
    yield row("an empty prefix", "")
    yield row("a prefix of 13 is too long", "tollgate01234")
    yield row("a prefix that starts with a digit", "0g")
    yield row("a prefix with an upper-case letter", "tG")
    yield row("a prefix with an underscore", "t_g")
    yield row("a prefix with a hyphen", "t-g")
    yield row("a prefix with a letter outside ASCII", "té")
    yield row("a prefix with a digit outside ASCII", "t٣")
    yield row("a prefix with a line feed at its end", "tg\n")
    yield row("no env", envs=[])
    yield row("eight envs, given back in their order", envs=["h", "g", "f", "e", "d", "c", "b", "a"])
    yield row("nine envs are too many", envs=["a", "b", "c", "d", "e", "f", "g", "h", "i"])
    yield row("an env of 1, a digit", envs=["7"])
    yield row("an env of 8, beginning with a digit", envs=["0staging"])
    yield row("an env of 9 is too long", envs=["staging01"])
    yield row("an empty env", envs=["live", ""])
    yield row("an env with an upper-case letter", envs=["Live"])
    yield row("an env with an underscore", envs=["li_ve"])
    yield row("an env with a letter outside ASCII", envs=["prød"])
    yield row("an env with a line feed at its end", envs=["live\n"])
    yield row("an env twice, not side by side", envs=["live", "test", "live"])
    yield row("an env that starts like another is another", envs=["live", "live2"])
    yield row("a wrong prefix comes before no env", "T", [])
    yield row("too many envs come before a wrong env", envs=["a", "b", "c", "d", "e", "f", "g", "h", "I"])
    yield row("a wrong env comes before an earlier env twice", envs=["a", "a", "B"])
    yield row("too many envs come before an env twice", envs=["a"] * 9)


def check_rows():
    def row(why, data):
        return why, "key.check", {"text": data}

    yield row("the check value of the CRC in common use: of 123456789 it is cbf43926", "123456789")
    yield row("the CRC of nothing is zero", "")
    yield row("the check of the first worked example", "tg_live_1PFomxVvHxK9DoPCchyGyQ9uYxJ7rLoXE5C7u22zYyp5")
    yield row("a single zero byte", {"hex": "00"})
    yield row("leading zero bytes count", {"hex": "0000000000000000"})
    yield row("four bytes of ff: the CRC is ffffffff, the largest check", {"hex": "ffffffff"})
    yield row("any bytes have a check, also those that are no UTF-8", {"hex": "80ff00c3"})
    yield row("a text outside ASCII is taken as its UTF-8 bytes", "schlüssel")
    yield row("a long text, in two parts", [{"repeat": "tollgate", "times": 4096}, "."])


def ring_rows():
    def row(why, peppers, issuing=0):
        return why, "pepper.ring", {"peppers": peppers, "issuing": issuing}

    yield row("a ring without peppers", [])
    yield row("pepper id 16 is too high", [pepper(16)], 16)
    yield row("pepper id 256 is too high and not taken for 0", [pepper(256)])
    yield row("a pepper of 31 bytes is short", [pepper(0, progression(length=31))])
    yield row("an empty pepper is short", [pepper(0, b"")])
    yield row("32 zeros are weak, not only published", [pepper(0, bytes(32))])
    yield row("32 bytes of ff are weak", [pepper(0, b"\xff" * 32)])
    yield row("31 zeros are short before they are weak", [pepper(0, bytes(31))])
    yield row("64 equal bytes are weak", [pepper(0, b"A" * 64)])
    yield row("the pepper of the worked examples is published", [pepper(0)])
    yield row("a falling progression is published", [pepper(0, progression(0xFF, -1))])
    yield row("a progression that wraps around is published", [pepper(0, progression(0xF0, 7))])
    yield row("a progression by 128, two bytes in turn, is published", [pepper(0, progression(1, 128))])
    yield row("a published pepper of 64 bytes", [pepper(0, progression(9, 9, 64))])
    yield row("pepper id 15 is allowed, so its pepper is looked at", [pepper(15)], 15)
    yield row("a wrong pepper id comes before a short pepper", [pepper(16, b"")], 16)
    yield row("all rules are put to one pepper before the next: published, then a wrong id",
              [pepper(0), pepper(16)])
    yield row("all rules are put to one pepper before the next: a short one, then a published one",
              [pepper(1, b"\x01"), pepper(0)])
    yield row("peppers are looked at in the order given, not of their ids", [pepper(5, b""), pepper(2)])
    yield row("a published pepper comes before a missing issuing pepper", [pepper(3)], 4)
    yield row("an empty ring comes before a missing issuing pepper", [], 3)


def derive_rows():
    def row(why, secret, label):
        return why, "pepper.derive", {"pepper": secret.hex(), "label": label}

    yield row("the record key of the first published pepper", PEPPER, "tollgate record 1")
    yield row("the head key of the first published pepper", PEPPER, "tollgate head 1")
    yield row("the record key of another pepper", OTHER_PEPPER, "tollgate record 1")
    yield row("one symbol more in the label is another key", PEPPER, "tollgate record 11")
    yield row("an empty label", PEPPER, "")
    yield row("a label of 100 symbols", PEPPER, "a" * 100)
    yield row("deriving from a pepper of 64 bytes", progression(length=64), "tollgate record 1")
    yield row("deriving from a pepper of 65 bytes", progression(length=65), "tollgate record 1")
    yield row("deriving from nothing", b"", "tollgate head 1")
    yield row("deriving from one zero byte differs from deriving from nothing", b"\x00", "tollgate head 1")


def hmac_rows():
    def row(why, secret, message):
        return why, "mac.hmac", {"key": secret.hex(), "message": message.hex()}

    yield row("RFC 4231, test case 1", b"\x0b" * 20, b"Hi There")
    yield row("RFC 4231, test case 2: a key shorter than the output", b"Jefe", b"what do ya want for nothing?")
    yield row("RFC 4231, test case 3: data of 50 bytes", b"\xaa" * 20, b"\xdd" * 50)
    yield row("RFC 4231, test case 4", bytes(range(1, 26)), b"\xcd" * 50)
    yield row("RFC 4231, test case 5, not truncated", b"\x0c" * 20, b"Test With Truncation")
    yield row("RFC 4231, test case 6: a key longer than a block", b"\xaa" * 131,
              b"Test Using Larger Than Block-Size Key - Hash Key First")
    yield row("RFC 4231, test case 7: a key and data longer than a block", b"\xaa" * 131,
              b"This is a test using a larger than block-size key and a larger than block-size data. "
              b"The key needs to be hashed before being used by the HMAC algorithm.")
    yield row("an empty key and an empty message", b"", b"")
    for length in (55, 56, 63, 64, 65, 119, 120, 128):
        yield row(f"a message of {length} bytes, at an edge of the padding", PEPPER, bytes(length))
    for length in (63, 64, 65):
        yield row(f"a key of {length} bytes, at the edge of the block", progression(3, 2, length), b"tollgate")
    yield row("a key of 64 zeros is the same as an empty key", bytes(64), b"")


# Random cases

_PREFIXES = ["tg", "acme2", "ab", "abcdefghijkl"]
_ENVS = ["live", "test", "dev", "0", "abcdefgh", "eu1"]
_ODD_BYTES = b"/:@[`{+-_= ,%.\x00\x1f\x7f\x80\xff"


def random_case(rng):
    return rng.choices(
        [_random_parse, _random_prove, _random_mint, _random_brand, _random_check, _random_ring, _random_derive,
         _random_hmac],
        [30, 30, 10, 6, 4, 12, 4, 4],
    )[0](rng)


def _random_key(rng, prefix, env, secrets) -> bytes:
    """A key that is right, or wrong in one or two ways that each pass most of the rules."""
    pepper_id = rng.choice(list(secrets))
    data = key(prefix, env, pepper_id, secrets[pepper_id], rng.randbytes(19))
    for _ in range(rng.choice([0, 0, 1, 1, 1, 2])):
        data = rng.choice(_SPOILERS)(rng, data)
    return data


def _recheck(_rng, data):
    return checked(data[:-6]) if len(data) > 6 else data


def _other_symbol(rng, data):
    return put(data, rng.randrange(len(data)), bytes([rng.choice(SYMBOLS)])) if data else data


def _other_symbol_checked(rng, data):
    return _recheck(rng, _other_symbol(rng, data))


def _odd_byte(rng, data):
    return put(data, rng.randrange(len(data)), bytes([rng.choice(_ODD_BYTES)])) if data else data


def _odd_head(rng, data):
    return put(data, rng.randrange(8), rng.choice([b"_", b"x", b"A", b"0"])) if len(data) > 8 else data


def _shorter(rng, data):
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[at + 1 :]


def _longer(rng, data):
    at = rng.randrange(len(data) + 1)
    return data[:at] + bytes([rng.choice(SYMBOLS + _ODD_BYTES)]) + data[at:]


def _large_group(rng, data):
    number = rng.choice([2**64 - 1, 2**64, 2**64 + rng.randrange(2**60), 62**11 - 1, 0])
    return _recheck(rng, put(data, -50 + 11 * rng.randrange(4), base62(number, 11))) if len(data) > 50 else data


def _large_check(rng, data):
    return data[:-6] + base62(rng.choice([2**32 - 1, 2**32, rng.randrange(62**6)]), 6)


def _other_first_byte(rng, data):
    if len(data) < 55 or not all(symbol in SYMBOLS for symbol in data[-50:-39]):
        return data
    low = number_of(data[-50:-39]) % 2**56
    first = rng.choice([0x00, 0x01, 0x11, 0x1F, 0x20, 0xF1, rng.randrange(256)])
    return _recheck(rng, put(data, -50, base62(first << 56 | low, 11)))


_SPOILERS = [
    _recheck, _other_symbol, _other_symbol_checked, _other_symbol_checked, _odd_byte, _odd_head, _shorter, _longer,
    _large_group, _large_check, _other_first_byte, _other_first_byte,
]


def _random_envs(rng) -> list[str]:
    return rng.sample(_ENVS, rng.randint(1, 4))


def _random_secrets(rng) -> dict[int, bytes]:
    return {
        pepper_id: progression(rng.randrange(256), rng.randrange(1, 256), rng.choice([32, 32, 33, 64, 65, 100]))
        for pepper_id in rng.sample(range(16), rng.choice([1, 2, 3, 16]))
    }


def _random_parse(rng):
    prefix, envs = rng.choice(_PREFIXES), _random_envs(rng)
    made_for = rng.choice(envs) if rng.random() < 0.9 else rng.choice(_ENVS)
    data = _random_key(rng, prefix, made_for, {rng.randrange(16): PEPPER})
    return "key.parse", {"prefix": prefix, "envs": envs, "text": text(data)}


def _random_prove(rng):
    prefix, envs, secrets = rng.choice(_PREFIXES), _random_envs(rng), _random_secrets(rng)
    data = _random_key(rng, prefix, rng.choice(envs), secrets)
    known = list(secrets)
    if len(known) > 1 and rng.random() < 0.2:
        known.remove(rng.choice(known))
    return "key.prove", {
        "prefix": prefix, "envs": envs, "text": text(data),
        "peppers": [pepper(known_id, secrets[known_id]) for known_id in known], "issuing": rng.choice(known),
    }


def _random_name(rng, good: str, longest: int) -> str:
    length = rng.randint(1, longest) if rng.random() < 0.9 else rng.choice([0, longest + 1])
    name = "".join(rng.choice(good) for _ in range(length))
    return name if rng.random() < 0.9 else name + rng.choice("_-A é\n٣")


def _random_prefix(rng) -> str:
    start = rng.choice("abz") if rng.random() < 0.95 else "0"
    return start + _random_name(rng, "abyz0189", 11)


def _random_mint(rng):
    secrets = _random_secrets(rng)
    length = 19 if rng.random() < 0.85 else rng.choice([0, 18, 20, 32])
    random = bytes(length) if rng.random() < 0.05 else rng.randbytes(length)
    return "key.mint", {
        "prefix": _random_prefix(rng), "env": _random_name(rng, "abyz0189", 8),
        "peppers": [pepper(pepper_id, secret) for pepper_id, secret in secrets.items()],
        "issuing": rng.choice(list(secrets)), "random": random.hex(),
    }


def _random_brand(rng):
    return "key.brand", {
        "prefix": _random_prefix(rng),
        "envs": [_random_name(rng, "ab0", rng.choice([2, 8])) for _ in range(rng.choice([0, 1, 2, 3, 4, 8, 9]))],
    }


def _random_check(rng):
    return "key.check", {"text": text(rng.randbytes(rng.randrange(80)))}


def _random_ring(rng):
    """Rings of any peppers, also unpublished ones: no row may hold those, so only these cases show a good ring."""
    ids = rng.sample(range(16), rng.randint(0, 5))
    if ids and rng.random() < 0.1:
        ids.append(rng.choice(ids + [16, 255, 256]))
    peppers = []
    for pepper_id in ids:
        secret = rng.randbytes(rng.choice([32, 32, 33, 64]))
        fault = rng.random()
        if fault < 0.03:
            secret = progression(rng.randrange(256), rng.randrange(256), rng.choice([31, 32, 33, 48]))
        elif fault < 0.05:
            secret = rng.randbytes(rng.choice([0, 1, 31]))
        elif fault < 0.10:
            secret = put(progression(rng.randrange(256), rng.randrange(256)), rng.randrange(32), rng.randbytes(1))
        peppers.append(pepper(pepper_id, secret))
    issuing = rng.choice(ids) if ids and rng.random() < 0.9 else rng.randrange(16)
    return "pepper.ring", {"peppers": peppers, "issuing": issuing}


def _random_derive(rng):
    label = rng.choice(["tollgate record 1", "tollgate head 1", "", "x" * rng.randrange(90)])
    return "pepper.derive", {"pepper": rng.randbytes(rng.randrange(140)).hex(), "label": label}


def _random_hmac(rng):
    return "mac.hmac", {"key": rng.randbytes(rng.randrange(140)).hex(), "message": rng.randbytes(rng.randrange(200)).hex()}
