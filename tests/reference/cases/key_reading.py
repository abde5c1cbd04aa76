"""Rows about reading and proving keys."""

from ..key import base62, body_text, check_of, mac_of, number_of
from ..pepper import hmac_sha256
from ..wire import text
from .key_parts import (
    OTHER_PEPPER,
    OTHER_RANDOM,
    PEPPER,
    RANDOM,
    body,
    key,
    key_of_body,
    pepper,
    progression,
    put,
    with_groups,
)


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
    yield row("random bytes that are all zero are a matter of minting, not of reading",
              key_of_body(body(random=bytes(19))))

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
    yield row("a key taken to another prefix: the prefix is under the tag",
              key_of_body(body(), prefix="th"), prefix="th")
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
