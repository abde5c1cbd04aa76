"""Rows about minting, brands, checks, peppers and MACs."""

from .key_parts import OTHER_PEPPER, OTHER_RANDOM, PEPPER, RANDOM, pepper, progression


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
    yield row("an env that repeats another than the first", envs=("live", "test", "test"))
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
