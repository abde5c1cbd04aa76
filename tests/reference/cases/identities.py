"""Rows of the suite `identities`: docs/spec/identity.md."""

from ..ed25519 import L, P, SMALL_ORDER, public_of
from ..ed25519 import sign as signature_of
from ..identity import base64url, claims_text, header_text, token_of
from ..wire import text
from . import edwards

SEED = bytes(range(32))
OTHER_SEED = bytes(range(32, 64))
NOW = 1_700_000_000_000

#: What the two examples of the page sign.
FACTS = {
    "iss": "https://gate.example", "aud": "orders", "sub": "owner_1", "key": "key_1", "tenant": "acme",
    "env": "live", "scopes": ["orders:read", "orders:write"], "plan": "pro",
}
JTI = bytes(range(16)).hex()
BINDING = {"jti": JTI, "method": "GET", "path": "/v1/orders/%41"}

#: An identifier with every kind of character, at its longest.
LONG_ID = "Az09._+-@" + "x" * 55

ORDER_1 = (1).to_bytes(32, "little")
ORDER_2 = (P - 1).to_bytes(32, "little")


def public_key(kid="k1", alg="EdDSA", x=None, seed=SEED) -> dict:
    return {"kid": kid, "alg": alg, "x": (x or public_of(seed)).hex()}


def claims(binding=None, life=30, **changes) -> dict:
    """Claims in the form in which the reference holds them."""
    made = {**FACTS, "iat": NOW // 1000, "exp": NOW // 1000 + life, **changes}
    if binding:
        binding = {**binding, "path": binding["path"].encode()}
        made.setdefault("exp", NOW // 1000 + min(life, 10))
    return {**made, "binding": binding}


PLAIN_TEXT = claims_text(claims())
BOUND_TEXT = claims_text(claims(BINDING, 10))
HEADER = header_text("k1", "EdDSA")


def signed(body=PLAIN_TEXT, header=HEADER, seed=SEED) -> bytes:
    """A token of any header and claims with a right signature."""
    return token_of(seed, header, body)


def with_parts(header: bytes, body: bytes, signature: bytes) -> bytes:
    return b".".join([header, body, signature])


def changed(old: str, new: str, body=PLAIN_TEXT) -> bytes:
    """The text of claims with one piece changed."""
    if body.count(old.encode()) != 1:
        raise ValueError(f"{old} stands {body.count(old.encode())} times in the claims")
    return body.replace(old.encode(), new.encode())


def rows():
    yield from public_rows()
    yield from signature_rows()
    yield from sign_rows()
    yield from verify_good_rows()
    yield from verifier_rows()
    yield from verify_form_rows()
    yield from verify_key_rows()
    yield from verify_claims_rows()
    yield from verify_use_rows()
    yield from jwks_rows()
    yield from reusable_rows()


def public_rows():
    def row(why, seed):
        return why, "identity.public", {"seed": seed.hex()}

    yield row("the public key of the page's seed", SEED)
    yield row("the public key of RFC 8032, test 1",
              bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))
    yield row("a seed of zeros has a public key, though no signing key is made of it", bytes(32))


# Signatures


def signature_rows():
    def row(why, x, message, signature):
        return why, "identity.signature", {"x": x.hex(), "message": message.hex(), "signature": signature.hex()}

    x, message = public_of(SEED), b"tollgate"
    good = signature_of(SEED, message)
    r, s = good[:32], int.from_bytes(good[32:], "little")

    def with_s(number):
        return r + number.to_bytes(32, "little")

    for number, seed, data in [(1, "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", b""),
                               (2, "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", b"\x72"),
                               (3, "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", b"\xaf\x82")]:
        seed = bytes.fromhex(seed)
        yield row(f"the signature of a message of {len(data)} bytes under the key of RFC 8032, test {number}",
                  public_of(seed), data, signature_of(seed, data))
    yield row("an honest signature", x, message, good)
    yield row("one bit of the message is another", x, b"tollgatf", good)
    yield row("the message is cut off", x, message[:-1], good)
    yield row("one bit of R is another", x, message, bytes([good[0] ^ 1]) + good[1:])
    yield row("one bit of S is another", x, message, good[:32] + bytes([good[32] ^ 1]) + good[33:])
    yield row("the sign of R is another", x, message, good[:31] + bytes([good[31] ^ 0x80]) + good[32:])
    yield row("another key's signature", x, message, signature_of(OTHER_SEED, message))
    yield row("the sign of the public key is another", x[:31] + bytes([x[31] ^ 0x80]), message, good)
    yield row("S + L is another spelling of S and refused", x, message, with_s(s + L))
    yield row("S = L", x, message, with_s(L))
    yield row("S with a high bit set", x, message, with_s(s + 2**255))
    yield row("a signature of zeros", x, message, bytes(64))

    for y in sorted(SMALL_ORDER):
        yield row(f"a key of small order, {y.hex()[:8]}, with R = S = nothing", y, message, ORDER_1 + bytes(32))
    order_8 = edwards.encoded(edwards.TORSION)
    nonce, r_of_nonce = _nonce_with(order_8, message, lambda k: k % 8 == 0)
    yield row("a key of order 8, and a good R for which the equation holds", order_8, message,
              edwards.signature(0, order_8, nonce, r_of_nonce, message))
    yield row("a key of small order with its sign bit set", ORDER_1[:31] + b"\x80", message, ORDER_1 + bytes(32))
    yield row("a key whose y is p, another spelling of 0", P.to_bytes(32, "little"), message, good)
    yield row("a key whose y is p + 1, another spelling of 1", (P + 1).to_bytes(32, "little"), message, ORDER_1 + bytes(32))
    yield row("a key of 32 bytes ff", b"\xff" * 32, message, good)
    yield row("a key whose y is on no point of the curve", (2).to_bytes(32, "little"), message, good)

    scalar = edwards.scalar_of(SEED)
    small_r = edwards.signature(scalar, x, 0, ORDER_1, message)
    yield row("R is the neutral point: the equation holds, and R is no good point", x, message, small_r)
    yield row("R is p + 1, another spelling of the neutral point", x, message,
              edwards.signature(scalar, x, 0, (P + 1).to_bytes(32, "little"), message))
    twisted_r = edwards.encoded(edwards.add(edwards.times(7, edwards.BASE), edwards.TORSION))
    yield row("R is off by a point of order 8: right only for those who multiply by the cofactor",
              x, message, edwards.signature(scalar, x, 7, twisted_r, message))
    mixed = edwards.encoded(edwards.add(edwards.decoded(x), edwards.TORSION))
    nonce, lucky_r = _nonce_with(mixed, message, lambda k: k % 8 == 0)
    yield row("a key that is off by a point of order 8 is a good point, and k happens to be a multiple of 8: valid",
              mixed, message, edwards.signature(scalar, mixed, nonce, lucky_r, message))
    nonce, plain_r = _nonce_with(mixed, message, lambda k: k % 8 == 4)
    yield row("a key that is off by a point of order 8, and k is none: right only with the cofactor",
              mixed, message, edwards.signature(scalar, mixed, nonce, plain_r, message))


def _nonce_with(public: bytes, message: bytes, is_wanted) -> tuple[int, bytes]:
    """The first nonce whose challenge is as wanted, and its R."""
    nonce = 1
    while True:
        r = edwards.encoded(edwards.times(nonce, edwards.BASE))
        if is_wanted(edwards.challenge(r, public, message)):
            return nonce, r
        nonce += 1


# Signing


def sign_rows():
    def row(why, seed=SEED, kid="k1", alg="EdDSA", binding=None, life_s=None, now_ms=NOW, **changes):
        life = life_s if life_s is not None else (10 if binding else 30)
        return why, "identity.sign", {
            "seed": seed.hex(), "kid": kid, "alg": alg, **FACTS, **changes, "binding": binding, "life_s": life,
            "now_ms": now_ms,
        }

    def bound(**changes):
        return {**BINDING, **changes}

    yield row("the page's first example")
    yield row("the page's second example", binding=BINDING, scopes=[], plan=None)
    yield row("the alg Ed25519 is written as it is set", alg="Ed25519")
    yield row("iat is rounded down to seconds", now_ms=NOW + 999)
    yield row("the instant may be a decimal string", now_ms=str(NOW))
    yield row("the first second there is", now_ms=999)

    yield row("a signing key without a kid", kid="")
    yield row("a kid with a quote", kid='k"1')
    yield row("a kid of 64 characters of every kind", kid=LONG_ID)
    yield row("a kid of 65 characters", kid="k" * 65)
    yield row("a signing key with an alg of other case", alg="eddsa")
    yield row("a signing key with the alg none", alg="none")
    yield row("a seed of zeros", seed=bytes(32))
    yield row("a seed of equal bytes that are not zero", seed=b"\x41" * 32)
    yield row("a seed of which one byte differs", seed=bytes(31) + b"\x01")
    yield row("a bad kid comes before a bad alg", kid="", alg="none", seed=bytes(32))
    yield row("a bad alg comes before a bad seed", alg="none", seed=bytes(32))
    yield row("a bad seed comes before bad claims", seed=bytes(32), sub="")

    yield row("an issuer of 128 characters, with what a name may hold and an identifier may not", iss="!#$%&'()*,/:;<=>?[]^`{|}~" + "i" * 103)
    yield row("an issuer of 129 characters", iss="i" * 129)
    yield row("an empty issuer", iss="")
    yield row("an issuer with a blank", iss="the gate")
    yield row("an issuer with a quote", iss='https://gate"')
    yield row("an issuer with a backslash", iss="https:\\\\gate")
    yield row("an issuer with a DEL", iss="gate\x7f")
    yield row("an issuer with a letter outside ASCII", iss="https://gäte.example")
    yield row("an issuer that is no UTF-8", iss={"hex": "67ff"})
    yield row("an audience of one character", aud="o")
    yield row("an empty audience", aud="")
    yield row("an audience with a line feed", aud="orders\n")
    yield row("an owner with a comma", sub="a,b")
    yield row("an owner with a quote and a brace, as for an injection", sub='a","tg":{"key":"b')
    yield row("an owner with a line feed", sub="a\nb")
    yield row("an owner with a NUL", sub="a\0b")
    yield row("an owner with a semicolon", sub="a;b")
    yield row("an owner that is an address", sub="ops@acme.example")
    yield row("an owner with two at signs", sub="ops@acme@example")
    yield row("an owner of 64 characters of every kind", sub=LONG_ID)
    yield row("an owner of 65 characters", sub="o" * 65)
    yield row("an empty key id", key="")
    yield row("a tenant with a slash", tenant="acme/eu")
    yield row("an empty env in the claims", env="")
    yield row("an env of 8 in the claims", env="abcdefg8")
    yield row("an env of 9 in the claims", env="abcdefg89")
    yield row("an env with an upper-case letter in the claims", env="Live")
    yield row("no plan", plan=None)
    yield row("an empty plan", plan="")
    yield row("a plan that is the word null is written with quotes", plan="null")
    yield row("a scope without an action in the claims", scopes=["orders"])
    yield row("a scope in upper case in the claims", scopes=["orders:read", "Orders:read"])
    yield row("a scope of 32 and 32 characters", scopes=["r" * 32 + ":" + "a" * 32])
    yield row("a scope of 33 characters on a side", scopes=["r" * 33 + ":a"])
    yield row("a scope twice: that is the record's business", scopes=["a:b", "a:b"])
    yield row("a scope of stars", scopes=["*:*"])
    yield row("64 scopes in the claims", scopes=[f"{at}:r" for at in range(64)])
    yield row("65 scopes in the claims", scopes=[f"{at}:r" for at in range(65)])
    yield row("scopes are written in the order of the record", scopes=["b:b", "a:a"])

    yield row("a jti of zeros", binding=bound(jti="00" * 16))
    yield row("a jti with one bit", binding=bound(jti="00" * 15 + "01"))
    yield row("a method of every odd kind of character", binding=bound(method="!#$%&'*+-.^_`|~"))
    yield row("a method in lower case is kept", binding=bound(method="get"))
    yield row("a method of 32 characters", binding=bound(method="M" * 32))
    yield row("a method of 33 characters", binding=bound(method="M" * 33))
    yield row("an empty method", binding=bound(method=""))
    yield row("a method with a blank", binding=bound(method="GET "))
    yield row("a method with a slash", binding=bound(method="GET/1"))
    yield row("a method with a letter outside ASCII", binding=bound(method="GÉT"))
    yield row("a path of one byte", binding=bound(path="/"))
    yield row("an empty path", binding=bound(path=""))
    yield row("a path of 1,024 bytes is within its syntax, but its token is too long", binding=bound(path={"repeat": "/", "times": 1024}))
    yield row("a path of 1,025 bytes", binding=bound(path={"repeat": "/", "times": 1025}))
    yield row("a path with a question mark", binding=bound(path="/a?b"))
    yield row("a path with a question mark at its end", binding=bound(path="/a?"))
    yield row("a path with an encoded question mark", binding=bound(path="/a%3f"))
    yield row("a path of bytes that are no UTF-8", binding=bound(path={"hex": "2fff00fe"}))
    yield row("a path that is not normalised is kept", binding=bound(path="/a/../b//c/./%2E"))
    yield row("a path without a slash is kept", binding=bound(path="*"))
    yield row("a path with a fragment sign is kept", binding=bound(path="/a#b"))

    yield row("a life of 1 s", life_s=1)
    yield row("a life of 0", life_s=0)
    yield row("a life of 31 s without binding", life_s=31)
    yield row("a life of 10 s with binding", binding=BINDING, life_s=10)
    yield row("a life of 11 s with binding", binding=BINDING, life_s=11)
    yield row("a life of 1 s with binding", binding=BINDING, life_s=1)
    yield row("a life of 0 with binding", binding=BINDING, life_s=0)
    yield row("a life of 2^32 + 1 s does not wrap around", life_s=2**32 + 1)
    yield row("bad claims come before a bad life", sub="", life_s=0)
    yield row("a bad binding is bad claims and comes before its life", binding=bound(method=""), life_s=30)

    last = (2**53 - 30) * 1000
    yield row("exp is 2^53, the last second", now_ms=str(last + 999))
    yield row("exp is 2^53 + 1", now_ms=str(last + 1000))
    yield row("iat is above 2^53, at the last instant", now_ms=str(2**64 - 1))
    yield row("a bad life comes before a bad time", life_s=31, now_ms=str(2**64 - 1))
    yield row("bad claims come before a bad time", aud="", now_ms=str(2**64 - 1))

    for length, facts in _long_facts():
        yield row(f"a token of {length:,} bytes", **facts)
    yield row("a token far too long: nothing is left out to make it fit",
              scopes=[f"{at:02}{'r' * 30}:{'a' * 32}" for at in range(64)])
    yield row("a long path makes a token too long", binding=bound(path={"repeat": "p", "times": 1024}),
              scopes=[f"scope-{at:02}:read" for at in range(20)])
    yield row("a bad time comes before too long", now_ms=str(2**64 - 1),
              scopes=[f"{at:02}{'r' * 30}:{'a' * 32}" for at in range(64)])


def _long_facts():
    """Facts of tokens that are just short enough, and just too long."""
    scopes = [f"{at:02}{'r' * 28}:{'a' * 30}" for at in range(18)]
    found = {}
    for kid_length in range(1, 5):
        for issuer_length in range(1, 129):
            kid, issuer = "k" * kid_length, "i" * issuer_length
            token = signed(claims_text(claims(iss=issuer, scopes=scopes)), header_text(kid, "EdDSA"))
            if 2047 <= len(token) <= 2049:
                found.setdefault(len(token), {"kid": kid, "iss": issuer, "scopes": scopes})
    return sorted(found.items())


# Verifying


def verify_row(why, token, keys=None, method="GET", path="/v1/orders/%41", **changes):
    argument = {
        "keys": keys if keys is not None else [public_key()], "iss": FACTS["iss"], "aud": FACTS["aud"],
        "skew_ms": 5000, "require_binding": False, "token": text(token) if isinstance(token, bytes) else token,
        "method": method, "path": path, "now_ms": NOW, **changes,
    }
    return why, "identity.verify", argument


def verify_good_rows():
    row = verify_row
    yield row("a token without binding", signed())
    yield row("a token with binding, for this request", signed(BOUND_TEXT))
    yield row("a token with binding, where binding is demanded", signed(BOUND_TEXT), require_binding=True)
    yield row("a token without binding goes with any request", signed(), method="DELETE", path="/x?y")
    yield row("no scopes and no plan", signed(claims_text(claims(scopes=[], plan=None))))
    yield row("a key of the alg Ed25519", signed(header=header_text("k1", "Ed25519")), [public_key(alg="Ed25519")])
    yield row("the last of four keys",
              signed(header=header_text("k4", "EdDSA")),
              [public_key(f"k{at}", seed=bytes([at]) * 31 + b"\x00") for at in (1, 2, 3)] + [public_key("k4")])
    yield row("the same public key under two kids, and the second is named",
              signed(header=header_text("k2", "EdDSA")), [public_key("k1"), public_key("k2")])
    yield row("the same public key under two kids of different alg",
              signed(header=header_text("k2", "Ed25519")), [public_key("k1"), public_key("k2", "Ed25519")])
    yield row("the instant of verifying may be a decimal string", signed(), now_ms=str(NOW))
    yield row("everything at its longest within a token",
              signed(claims_text(claims(sub=LONG_ID, key=LONG_ID, tenant=LONG_ID, plan=LONG_ID, env="abcdefgh",
                                        iss="i" * 128, aud="a" * 128)), header_text(LONG_ID, "EdDSA")),
              [public_key(LONG_ID)], iss="i" * 128, aud="a" * 128)
    yield row("64 scopes are read in their order",
              signed(claims_text(claims(scopes=[f"{at}:r" for at in reversed(range(64))]))))
    yield row("a scope twice is read twice", signed(claims_text(claims(scopes=["a:b", "a:b"]))))
    yield row("a path of 800 bytes is read",
              signed(claims_text({**claims(BINDING, 10), "binding": {**BINDING, "path": b"/" * 800}})),
              path={"repeat": "/", "times": 800})
    yield row("a path of bytes that are no UTF-8 is compared byte by byte",
              signed(claims_text({**claims(BINDING, 10), "binding": {**BINDING, "path": b"/\xff\x00"}})),
              path={"hex": "2fff00"})
    for length, facts in _long_facts():
        token = signed(claims_text(claims(iss=facts["iss"], scopes=facts["scopes"])), header_text(facts["kid"], "EdDSA"))
        yield row(f"a signed token of {length:,} bytes", token, [public_key(facts["kid"])], iss=facts["iss"])


def verifier_rows():
    """What is wrong with the verifier comes before everything that is wrong with the token."""
    def row(why, keys=None, **changes):
        return verify_row(why, "", keys, **changes)

    yield row("a verifier without keys", [])
    yield row("a verifier with five keys", [public_key(f"k{at}") for at in range(5)])
    yield row("five keys come before a bad kid", [public_key("")] * 5)
    yield row("a key with an empty kid", [public_key("")])
    yield row("a key with a kid that is no identifier", [public_key("k 1")])
    yield row("a key with the alg HS256", [public_key(alg="HS256")])
    yield row("a key with an empty alg", [public_key(alg="")])
    yield row("a kid twice", [public_key("k1"), public_key("k1", seed=OTHER_SEED)])
    yield row("a kid twice, with another alg", [public_key("k1"), public_key("k1", "Ed25519")])
    yield row("kids that differ in case are different, so only the token is wrong", [public_key("k1"), public_key("K1")])
    yield row("a key off the curve", [public_key(x=(2).to_bytes(32, "little"))])
    for y in sorted(SMALL_ORDER):
        yield row(f"a key set with a point of small order, {y.hex()[:8]}", [public_key(x=y)])
        yield row(f"a key set with a point of small order and its sign bit, {y.hex()[:8]}",
                  [public_key(x=y[:31] + bytes([y[31] | 0x80]))])
    yield row("a key whose y is not below p: p", [public_key(x=P.to_bytes(32, "little"))])
    yield row("a key whose y is not below p: p + 3, where 3 is the y of a point", [public_key(x=(P + 3).to_bytes(32, "little"))])
    yield row("a key whose y is 3, which is on the curve", [public_key(x=(3).to_bytes(32, "little"))])
    yield row("a key whose y is 2^255 - 1", [public_key(x=b"\xff" * 31 + b"\x7f")])
    yield row("a bad kid comes before a bad alg of the same key", [public_key("", "none")])
    yield row("a bad alg comes before a bad key", [public_key(alg="none", x=ORDER_1)])
    yield row("a bad key comes before its kid being there twice", [public_key("k1"), public_key("k1", x=ORDER_1)])
    yield row("keys are looked at in the order given: a bad key, then a bad kid", [public_key(x=ORDER_1), public_key("")])
    yield row("the fourth key is looked at too", [public_key("a"), public_key("b"), public_key("c"), public_key("d", x=ORDER_2)])
    yield row("a verifier with an empty issuer", iss="")
    yield row("a verifier with an issuer that has a blank", iss="the gate")
    yield row("a verifier with an audience of 129 characters", aud="a" * 129)
    yield row("a bad key set comes before a bad name", [], iss="")
    yield row("a skew of 60,000 ms is the most, so only the token is wrong", skew_ms=60_000)
    yield row("a skew of 60,001 ms", skew_ms=60_001)
    yield row("a bad name comes before a bad skew", aud="", skew_ms=60_001)


def verify_form_rows():
    """Steps 1 and 2."""
    row = verify_row
    good = signed()
    header, body, signature = good.split(b".")

    yield row("2,049 bytes of anything are too long", {"repeat": "x", "times": 2049})
    yield row("2,048 bytes of anything are malformed", {"repeat": "x", "times": 2048})
    yield row("dots alone are too long before they are malformed", {"repeat": ".", "times": 100_000})
    yield row("an empty token", b"")
    yield row("a token of one part", header)
    yield row("a token of two parts", header + b"." + body)
    yield row("a token that ends in its second dot", header + b"." + body + b".")
    yield row("a token of four parts", good + b"." + signature)
    yield row("a token with a dot behind it", good + b".")
    yield row("a token with a dot before it", b"." + good)
    yield row("two dots side by side", good.replace(b".", b"..", 1))
    yield row("two dots and nothing else", b"..")
    yield row("an empty header", with_parts(b"", body, signature))
    yield row("empty claims, and a signature of others: the signature is looked at first", with_parts(header, b"", signature))
    yield row("empty claims, signed", signed(b""))
    for symbol, name in [(b"+", "a plus"), (b"/", "a slash"), (b"=", "padding"), (b" ", "a blank"), (b"\n", "a line feed"),
                         (b"\0", "a NUL"), (b"%", "a percent sign"), (b"\xff", "a byte that is no ASCII")]:
        yield row(f"{name} in the claims", with_parts(header, body[:9] + symbol + body[10:], signature))
    yield row("padding behind the header", with_parts(header + b"=", body, signature))
    yield row("padding behind the signature", good + b"==")
    yield row("a blank before the token", b" " + good)
    yield row("a line feed behind the token", good + b"\n")
    yield row("a scheme before the token", b"Bearer " + good)
    yield row("a comma and a second token", good + b"," + good)
    yield row("a header of a length of 1 modulo 4", with_parts(header + b"A" * ((1 - len(header)) % 4), body, signature))
    yield row("claims of a length of 1 modulo 4", with_parts(header, b"A", signature))
    yield row("a signature part of a length of 1 modulo 4", with_parts(header, body, signature + b"AAA"))
    yield row("unused bits of the header are set", with_parts(_next_symbol(header), body, signature))
    head, middle, tail = signed(changed("owner_1", "owner_12")).split(b".")
    yield row("unused bits of the claims are set", with_parts(head, _next_symbol(middle), tail))
    yield row("unused bits of the signature are set", _next_symbol(good))
    raw = signature_of(SEED, header + b"." + body)
    yield row("a signature of 63 bytes", with_parts(header, body, base64url(raw[:63])))
    yield row("a signature of 65 bytes", with_parts(header, body, base64url(raw + b"\0")))
    yield row("a signature in hexadecimal", with_parts(header, body, raw.hex().encode()))

    for why, text in [
        ("the alg none", '{"alg":"none","kid":"k1","typ":"tg-identity+jwt"}'),
        ("the alg HS256", '{"alg":"HS256","kid":"k1","typ":"tg-identity+jwt"}'),
        ("an alg of other case", '{"alg":"EDDSA","kid":"k1","typ":"tg-identity+jwt"}'),
        ("an alg of null", '{"alg":null,"kid":"k1","typ":"tg-identity+jwt"}'),
        ("no alg", '{"kid":"k1","typ":"tg-identity+jwt"}'),
        ("no kid", '{"alg":"EdDSA","typ":"tg-identity+jwt"}'),
        ("an empty kid", '{"alg":"EdDSA","kid":"","typ":"tg-identity+jwt"}'),
        ("a kid that is a path", '{"alg":"EdDSA","kid":"../k1","typ":"tg-identity+jwt"}'),
        ("a kid of 65 characters in the header", '{"alg":"EdDSA","kid":"' + "k" * 65 + '","typ":"tg-identity+jwt"}'),
        ("an escaped kid", '{"alg":"EdDSA","kid":"\\u006b1","typ":"tg-identity+jwt"}'),
        ("no typ", '{"alg":"EdDSA","kid":"k1"}'),
        ("the typ JWT", '{"alg":"EdDSA","kid":"k1","typ":"JWT"}'),
        ("a typ in upper case", '{"alg":"EdDSA","kid":"k1","typ":"TG-IDENTITY+JWT"}'),
        ("another order", '{"typ":"tg-identity+jwt","alg":"EdDSA","kid":"k1"}'),
        ("a blank", '{"alg":"EdDSA", "kid":"k1","typ":"tg-identity+jwt"}'),
        ("a line feed at its end", '{"alg":"EdDSA","kid":"k1","typ":"tg-identity+jwt"}\n'),
        ("two kids", '{"alg":"EdDSA","kid":"k1","kid":"k1","typ":"tg-identity+jwt"}'),
        ("crit", '{"alg":"EdDSA","kid":"k1","typ":"tg-identity+jwt","crit":["exp"]}'),
        ("b64", '{"alg":"EdDSA","b64":false,"kid":"k1","typ":"tg-identity+jwt"}'),
        ("its own key", '{"alg":"EdDSA","jwk":{"kty":"OKP"},"kid":"k1","typ":"tg-identity+jwt"}'),
        ("a place to fetch a key from", '{"alg":"EdDSA","kid":"k1","jku":"https://evil.example","typ":"tg-identity+jwt"}'),
        ("no closing brace", '{"alg":"EdDSA","kid":"k1","typ":"tg-identity+jwt"'),
        ("a list around it", '[{"alg":"EdDSA","kid":"k1","typ":"tg-identity+jwt"}]'),
        ("a letter outside ASCII", '{"alg":"EdDSA","kid":"ké","typ":"tg-identity+jwt"}'),
    ]:
        yield row(f"a header with {why}, signed", signed(header=text.encode()))
    yield row("a header that is no UTF-8, signed", signed(header=HEADER[:-2] + b'\xff"}'))
    yield row("malformed comes before an unknown kid: the signature has 63 bytes",
              with_parts(base64url(header_text("k9", "EdDSA")), body, base64url(raw[:63])))
    yield row("malformed comes before a bad signature: the claims have a bad symbol", with_parts(header, b"*", signature))


def _next_symbol(encoded: bytes) -> bytes:
    """The same base64url, of a length that leaves unused bits, with one of them set."""
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return encoded[:-1] + alphabet[alphabet.index(encoded[-1]) + 1 :][:1]


def verify_key_rows():
    """Steps 3 to 5."""
    row = verify_row
    good = signed()
    header, body, signature = good.split(b".")
    raw = signature_of(SEED, header + b"." + body)

    yield row("an unknown kid", signed(header=header_text("k2", "EdDSA")))
    yield row("a kid of other case", signed(header=header_text("K1", "EdDSA")))
    yield row("a kid that starts like a known one", signed(header=header_text("k11", "EdDSA")))
    yield row("a retired key: it was removed from the set", good, [public_key("k2", seed=OTHER_SEED)])
    yield row("an unknown kid comes before a bad signature",
              with_parts(base64url(header_text("k2", "EdDSA")), body, signature))
    yield row("the alg Ed25519 under a key of EdDSA, signed", signed(header=header_text("k1", "Ed25519")))
    yield row("the alg EdDSA under a key of Ed25519", good, [public_key(alg="Ed25519")])
    yield row("a wrong alg comes before a bad signature",
              with_parts(base64url(header_text("k1", "Ed25519")), body, signature))
    yield row("an unknown kid comes before a wrong alg", signed(header=header_text("k2", "Ed25519")))

    yield row("signed with another key of the set than the kid says", signed(seed=OTHER_SEED),
              [public_key("k1"), public_key("k2", seed=OTHER_SEED)])
    yield row("a signature of zeros in a token", with_parts(header, body, base64url(bytes(64))))
    yield row("one bit of the signature is another", with_parts(header, body, base64url(raw[:-1] + bytes([raw[-1] ^ 1]))))
    yield row("one claim was changed after signing", with_parts(header, base64url(changed("owner_1", "owner_2")), signature))
    yield row("the header of another key, with the signature of this one",
              with_parts(base64url(header_text("k2", "EdDSA")), body, signature),
              [public_key("k1"), public_key("k2", seed=OTHER_SEED)])
    yield row("the signature of other claims", with_parts(header, body, signed(BOUND_TEXT).split(b".")[2]))
    yield row("signed over the claims without the header", with_parts(header, body, base64url(signature_of(SEED, body))))
    yield row("signed over header and claims before base64url",
              with_parts(header, body, base64url(signature_of(SEED, HEADER + b"." + PLAIN_TEXT))))
    yield row("signed without the dot", with_parts(header, body, base64url(signature_of(SEED, header + body))))
    s = int.from_bytes(raw[32:], "little") + L
    yield row("S + L in a token", with_parts(header, body, base64url(raw[:32] + s.to_bytes(32, "little"))))
    small = edwards.signature(edwards.scalar_of(SEED), public_of(SEED), 0, ORDER_1, header + b"." + body)
    yield row("R of small order in a token", with_parts(header, body, base64url(small)))
    yield row("a bad signature comes before bad claims", with_parts(header, base64url(b"{}"), signature))
    yield row("a bad signature comes before expired", with_parts(header, body, base64url(bytes(64))), now_ms=NOW * 2)


def verify_claims_rows():
    """Step 6: every text here is signed as it stands."""
    def row(why, body):
        return verify_row(why, signed(body))

    for why, old, new in [
        ("claims with a blank", ',"aud"', ', "aud"'),
        ("claims in another order", '"iss":"https://gate.example","aud":"orders"', '"aud":"orders","iss":"https://gate.example"'),
        ("iat and exp in the other order", '"iat":1700000000,"exp":1700000030', '"exp":1700000030,"iat":1700000000'),
        ("an unknown claim", '"exp":1700000030', '"exp":1700000030,"nbf":1700000000'),
        ("an unknown claim in tg", '"plan":"pro"', '"plan":"pro","admin":true'),
        ("an unknown claim at the end", '"plan":"pro"}', '"plan":"pro"},"x":1'),
        ("a claim twice", '"aud":"orders"', '"aud":"orders","aud":"orders"'),
        ("a claim twice in tg", '"env":"live"', '"env":"live","env":"live"'),
        ("claims without iss", '"iss":"https://gate.example",', ""),
        ("claims without aud", '"aud":"orders",', ""),
        ("claims without sub", '"sub":"owner_1",', ""),
        ("claims without iat", '"iat":1700000000,', ""),
        ("claims without exp", ',"exp":1700000030', ""),
        ("claims without a key id", '"key":"key_1",', ""),
        ("claims without a tenant", '"tenant":"acme",', ""),
        ("claims without an env", '"env":"live",', ""),
        ("claims without scopes", '"scopes":["orders:read","orders:write"],', ""),
        ("claims without a plan", ',"plan":"pro"', ""),
        ("an audience as a list", '"aud":"orders"', '"aud":["orders"]'),
        ("iat as a string", "1700000000", '"1700000000"'),
        ("iat with a fraction", "1700000000", "1700000000.0"),
        ("iat with an exponent", "1700000000", "17e8"),
        ("iat with a leading zero", "1700000000", "01700000000"),
        ("a negative iat", "1700000000", "-1700000000"),
        ("exp with a plus", "1700000030", "+1700000030"),
        ("exp above 2^53", "1700000030", "9007199254740993"),
        ("exp above 2^64", "1700000030", "18446744073709551616"),
        ("exp of null", "1700000030", "null"),
        ("an owner of null", '"owner_1"', "null"),
        ("an empty owner in a token", '"owner_1"', '""'),
        ("an escape in the owner", '"owner_1"', '"owner\\u005f1"'),
        ("an escaped slash in the issuer", "https://gate", "https:\\/\\/gate"),
        ("a line feed in the owner", '"owner_1"', '"owner\n1"'),
        ("a letter outside ASCII in the owner", '"owner_1"', '"öwner"'),
        ("an owner with two at signs in a token", '"owner_1"', '"a@b@c"'),
        ("a blank in the issuer", '"https://gate.example"', '"the gate"'),
        ("an issuer of 129 characters in a token", '"https://gate.example"', '"' + "i" * 129 + '"'),
        ("an env of 9 in a token", '"live"', '"livelivel"'),
        ("an env with an underscore in a token", '"live"', '"li_ve"'),
        ("an empty plan in a token", '"pro"', '""'),
        ("a plan of false", '"pro"', "false"),
        ("scopes as one string", '["orders:read","orders:write"]', '"orders:read orders:write"'),
        ("scopes of null", '["orders:read","orders:write"]', "null"),
        ("a scope of null", '"orders:read",', "null,"),
        ("a scope without an action in a token", '"orders:read"', '"orders"'),
        ("a scope in upper case in a token", '"orders:read"', '"Orders:read"'),
        ("a comma behind the last scope", '"orders:write"]', '"orders:write",]'),
        ("65 scopes in a token", '["orders:read","orders:write"]', "[" + ",".join(f'"{at}:r"' for at in range(65)) + "]"),
        ("jti alone", '"tg":{', f'"jti":"{JTI}","tg":{{'),
        ("method and path without jti", '"plan":"pro"', '"plan":"pro","method":"GET","path":"Lw"'),
        ("path alone", '"plan":"pro"', '"plan":"pro","path":"Lw"'),
        ("claims without their last brace", "}}", "}"),
        ("claims with a brace too many", "}}", "}}}"),
        ("tg as a list", '"tg":{', '"tg":[{'),
    ]:
        yield row(why, changed(old, new))
    for why, old, new in [
        ("a bound token without its method", '"method":"GET",', ""),
        ("a bound token without its path", ',"path":"L3YxL29yZGVycy8lNDE"', ""),
        ("a bound token with path before method", '"method":"GET","path":"L3YxL29yZGVycy8lNDE"',
         '"path":"L3YxL29yZGVycy8lNDE","method":"GET"'),
        ("a bound token with jti after tg", f'"jti":"{JTI}",', ""),
        ("a jti in upper case", "0a0b0c", "0A0B0C"),
        ("a jti of 31 digits", f'"{JTI}"', f'"{JTI[:-1]}"'),
        ("a jti of 33 digits", f'"{JTI}"', f'"{JTI}0"'),
        ("a jti of zeros in a token", JTI, "0" * 32),
        ("a jti of null", f'"{JTI}"', "null"),
        ("an empty method in a token", '"GET"', '""'),
        ("a method with a blank in a token", '"GET"', '"GE T"'),
        ("a method of 33 characters in a token", '"GET"', '"' + "M" * 33 + '"'),
        ("a method of null", '"GET"', "null"),
        ("an empty path in a token", "L3YxL29yZGVycy8lNDE", ""),
        ("a path of 1,025 bytes, whose token is too long before it has bad claims", "L3YxL29yZGVycy8lNDE", base64url(b"/" * 1025).decode()),
        ("a path with a question mark in a token", "L3YxL29yZGVycy8lNDE", base64url(b"/a?b").decode()),
        ("a path that is not base64url", "L3YxL29yZGVycy8lNDE", "/v1/orders"),
        ("a path with padding", "L3YxL29yZGVycy8lNDE", "L3YxL29yZGVycy8lNDE="),
        ("a path with unused bits set", "L3YxL29yZGVycy8lNDE", "L3YxL29yZGVycy8lNDF"),
        ("a path in hexadecimal of odd length, 1 modulo 4", "L3YxL29yZGVycy8lNDE", "2f763"),
        ("a path of null", '"L3YxL29yZGVycy8lNDE"', "null"),
    ]:
        yield row(why, changed(old, new, BOUND_TEXT))
    yield row("claims that are an empty object", b"{}")
    yield row("claims that are no JSON", b"claims")
    yield row("a blank before the claims", b" " + PLAIN_TEXT)
    yield row("claims twice", PLAIN_TEXT + PLAIN_TEXT)
    yield row("claims that are no UTF-8", PLAIN_TEXT.replace(b"owner_1", b"owner\xff"))
    yield row("bad claims of a token come before its bad life", changed("1700000030", "0", changed('"owner_1"', '""')))
    yield row("bad claims of a token come before its wrong issuer",
              changed("https://gate.example", "https://evil.example", changed('"live"', '""')))


def verify_use_rows():
    """Steps 7 to 14."""
    row = verify_row
    issued = NOW // 1000

    def lived(life, binding=None, **changes):
        return signed(claims_text(claims(binding, life, **changes)))

    yield row("a life of 1 s in a token", lived(1))
    yield row("a life of 0 in a token", lived(0))
    yield row("exp before iat", lived(-1))
    yield row("a life of 31 s in a token", lived(31))
    yield row("a life of 10 s in a bound token", lived(10, BINDING))
    yield row("a life of 11 s in a bound token", lived(11, BINDING))
    yield row("a life of 0 in a bound token", lived(0, BINDING))
    yield row("exp of 2^53 is an integer, but the life is too long", lived(0, exp=2**53))
    yield row("iat of 0 and exp of 30, at that time", lived(0, iat=0, exp=30), now_ms=0)
    yield row("a token of the last seconds", lived(0, iat=2**53 - 30, exp=2**53), now_ms=str((2**53 - 30) * 1000))
    yield row("a bad life comes before a wrong issuer", lived(31), iss="https://other.example")

    yield row("another issuer", signed(), iss="https://other.example")
    yield row("an issuer with a slash more", signed(), iss="https://gate.example/")
    yield row("an issuer of other case", signed(), iss="https://GATE.example")
    yield row("another audience", signed(), aud="invoices")
    yield row("an audience that starts like the expected one", signed(), aud="order")
    yield row("an audience of other case", signed(), aud="Orders")
    yield row("a wrong issuer comes before a wrong audience", signed(), iss="x", aud="y")
    yield row("a wrong issuer comes before expired", signed(), iss="x", now_ms=NOW * 2)
    yield row("a wrong audience comes before not yet valid", signed(), aud="y", now_ms=0)

    start, end = issued * 1000, (issued + 30) * 1000
    yield row("the last ms of a token, with skew", signed(), now_ms=end + 4999)
    yield row("expired by the ms, with skew", signed(), now_ms=end + 5000)
    yield row("the first ms of a token, with skew", signed(), now_ms=start - 5000)
    yield row("one ms too early, with skew", signed(), now_ms=start - 5001)
    yield row("the last ms of a token, without skew", signed(), skew_ms=0, now_ms=end - 1)
    yield row("expired by the ms, without skew", signed(), skew_ms=0, now_ms=end)
    yield row("the first ms of a token, without skew", signed(), skew_ms=0, now_ms=start)
    yield row("one ms too early, without skew", signed(), skew_ms=0, now_ms=start - 1)
    yield row("the last ms of a token, with the largest skew", signed(), skew_ms=60_000, now_ms=end + 59_999)
    yield row("expired by the ms, with the largest skew", signed(), skew_ms=60_000, now_ms=end + 60_000)
    yield row("the first ms of a token, with the largest skew", signed(), skew_ms=60_000, now_ms=start - 60_000)
    yield row("one ms too early, with the largest skew", signed(), skew_ms=60_000, now_ms=start - 60_001)
    yield row("a clock at zero", signed(), now_ms=0)
    yield row("a clock at the last instant", signed(), now_ms=str(2**64 - 1))
    yield row("an early token at a clock of zero, within the skew", lived(0, iat=5, exp=10), now_ms=0)
    yield row("an early token at a clock of zero, just beyond the skew", lived(0, iat=6, exp=10), now_ms=0)
    yield row("not yet valid comes before unbound", signed(), now_ms=0, require_binding=True)
    yield row("expired comes before unbound", signed(), now_ms=NOW * 2, require_binding=True)
    yield row("not yet valid comes before a wrong method", signed(BOUND_TEXT), now_ms=0, method="PUT")

    yield row("a token without binding where binding is demanded", signed(), require_binding=True)
    yield row("a bound token is compared where binding is not demanded: the method", signed(BOUND_TEXT), method="POST")
    yield row("a bound token is compared where binding is not demanded: the path", signed(BOUND_TEXT), path="/v1/orders/A")
    yield row("a method of other case", signed(BOUND_TEXT), method="get", require_binding=True)
    yield row("a method that starts like the bound one", signed(BOUND_TEXT), method="GETS")
    yield row("an empty method of the request", signed(BOUND_TEXT), method="")
    yield row("a method of bytes that are no UTF-8", signed(BOUND_TEXT), method={"hex": "474554ff"})
    yield row("a path with other case in its encoding", signed(claims_text(claims({**BINDING, "path": "/%2f"}, 10))), path="/%2F")
    yield row("a path that decodes to the same", signed(BOUND_TEXT), path="/v1/orders/A", require_binding=True)
    yield row("a path with a slash more", signed(BOUND_TEXT), path="/v1/orders/%41/")
    yield row("a path that normalises to the same", signed(BOUND_TEXT), path="/v1/./orders/%41")
    yield row("a request path with a query is another path: the caller cuts it off", signed(BOUND_TEXT), path="/v1/orders/%41?x=1")
    yield row("an empty path of the request", signed(BOUND_TEXT), path="")
    yield row("a wrong method comes before a wrong path", signed(BOUND_TEXT), method="PUT", path="/")


def jwks_rows():
    def row(why, keys):
        return why, "identity.jwks", {"keys": keys}

    yield row("the page's key set", [public_key()])
    yield row("four keys in the order of the set",
              [public_key(f"k{at}", seed=bytes([at]) * 31 + b"\x00") for at in (4, 3, 2, 1)])
    yield row("a key of the alg Ed25519 in the document", [public_key(alg="Ed25519")])
    yield row("the same public key twice in the document", [public_key("a"), public_key("b", "Ed25519")])
    yield row("a kid of 64 characters in the document", [public_key(LONG_ID)])
    yield row("a document without keys", [])
    yield row("a document of five keys", [public_key(f"k{at}") for at in range(5)])
    yield row("a document with a bad kid", [public_key('k"')])
    yield row("a document with a bad alg", [public_key(alg="ES256")])
    yield row("a document with a bad key", [public_key(x=bytes(32))])
    yield row("a document with a kid twice", [public_key("a"), public_key("b"), public_key("a")])


def reusable_rows():
    lookup = "2ccbc0e2728b2154939a868ede964808"
    issued = NOW // 1000

    def row(why, now_ms=NOW, iat=issued, exp=issued + 30, held=None, wanted=None):
        same = {"lookup": lookup, "as_of": [1, 42], "aud": "orders", "kid": "k1"}
        return why, "identity.reusable", {
            "held": {**same, "iat": iat, "exp": exp, **(held or {})}, "wanted": {**same, **(wanted or {})},
            "now_ms": now_ms,
        }

    start = issued * 1000
    yield row("a new token is used again")
    yield row("one ms more than half of its life is left", start + 14_999)
    yield row("just half of its life is left", start + 15_000)
    yield row("less than half of its life is left", start + 15_001)
    yield row("an odd life: one ms more than half is left", start + 2499, exp=issued + 5)
    yield row("an odd life: just half is left", start + 2500, exp=issued + 5)
    yield row("a life of 1 s, before its half", start + 499, exp=issued + 1)
    yield row("a life of 1 s, at its half", start + 500, exp=issued + 1)
    yield row("the clock has stepped back behind iat by one ms", start - 1)
    yield row("the clock stands at zero", 0)
    yield row("the token has expired", start + 30_000)
    yield row("the clock stands at the last instant", str(2**64 - 1))
    yield row("decimal strings are numbers too", str(start), str(issued), str(issued + 30))
    yield row("the last token there is", str((2**53 - 30) * 1000), 2**53 - 30, 2**53)
    yield row("another lookup id", wanted={"lookup": "7c9a2dfbc9a0b9665418e8b0c27b80dc"})
    yield row("a newer record", wanted={"as_of": [1, 43]})
    yield row("an older record", wanted={"as_of": [1, 41]})
    yield row("a record of another incarnation at the same epoch", wanted={"as_of": [2, 42]})
    yield row("another audience is asked for", wanted={"aud": "invoices"})
    yield row("another signing key", wanted={"kid": "k2"})


# Random cases

_SEEDS = [bytes(range(start, start + 32)) for start in range(6)]
_NAMES = ["https://gate.example", "orders", "i", "a" * 128]
_IDS = ["owner_1", "ops@acme.example", "a", LONG_ID]
_ODD_TEXTS = ["", "a@b@c", "a b", 'a"b', "ä", "x" * 130, "a\n", "a\\b"]
_SCOPES = ["orders:read", "*:*", "a:*", "r" * 32 + ":" + "a" * 32]
_METHODS = ["GET", "get", "POST", "M" * 32]
_PATHS = ["/", "/v1/orders/%41", "/a/../b", "*", "/" + "p" * 300]
_PIECES = [b'"', b",", b"[", b"]", b"}", b"0", b"1", b" ", b"null", b"\\", b":", b".", b"\xff", b"a", b'"x":1,']


def _one(rng, good, odd=_ODD_TEXTS):
    return rng.choice(odd) if rng.random() < 0.015 else rng.choice(good)


def _random_facts(rng) -> dict:
    return {
        "iss": _one(rng, _NAMES), "aud": _one(rng, _NAMES), "sub": _one(rng, _IDS), "key": _one(rng, _IDS),
        "tenant": _one(rng, _IDS), "env": _one(rng, ["live", "test", "a2345678"]),
        "scopes": [_one(rng, _SCOPES) for _ in range(rng.choice([0, 1, 2, 3, 16, 19, 22, 64, 65]))],
        "plan": _one(rng, [None, "pro"]),
    }


def _random_binding(rng):
    if rng.random() < 0.5:
        return None
    return {
        "jti": rng.randbytes(16).hex() if rng.random() < 0.98 else "00" * 16, "method": _one(rng, _METHODS),
        "path": _one(rng, _PATHS, ["", "/a?b", "ä", "p" * 1025]),
    }


def _random_sign(rng):
    now = rng.choice([0, 999, NOW, NOW + 999, str((2**53 - 30) * 1000), str((2**53 - 5) * 1000), str(2**64 - 1)]) \
        if rng.random() < 0.2 else NOW + rng.randrange(10**6)
    binding = _random_binding(rng)
    lives = [1, 2, 10, 10, 5] + ([] if binding else [30, 30])
    return "identity.sign", {
        "seed": rng.choice(_SEEDS if rng.random() < 0.98 else [bytes(32)]).hex(), "kid": _one(rng, ["k1", "k2", LONG_ID]),
        "alg": _one(rng, ["EdDSA", "Ed25519"], ["none", "eddsa"]), **_random_facts(rng), "binding": binding,
        "life_s": rng.choice(lives) if rng.random() < 0.95 else rng.choice([0, 11, 31]), "now_ms": now,
    }


def _spoiled(rng, data: bytes) -> bytes:
    at = rng.randrange(len(data) + 1)
    if rng.random() < 0.3:
        return data[:at] + data[at + rng.randint(1, 3) :]
    return data[:at] + rng.choice(_PIECES) + data[at + rng.choice([0, 1]) :]


def _random_verify(rng):
    seed, kid, alg = rng.choice(_SEEDS), rng.choice(["k1", "k2"]), rng.choice(["EdDSA", "Ed25519"])
    facts, binding = _random_facts(rng), _random_binding(rng)
    life = rng.choice([1, 5, 10]) if binding else rng.choice([1, 10, 30])
    if rng.random() < 0.04:
        life = rng.choice([0, -1, 11, 31])
    raw_binding = binding and {**binding, "path": binding["path"].encode()}
    issued = NOW // 1000 if rng.random() < 0.97 else rng.choice([0, 1, 2**53 - life, 2**53])
    made = {**facts, "iat": issued, "exp": issued + life, "binding": raw_binding}
    body, header = claims_text_of_any(made), header_text(kid, alg)
    if rng.random() < 0.15:
        body = _spoiled(rng, body)
    if rng.random() < 0.05:
        header = _spoiled(rng, header)
    token = signed(body, header, seed)
    if rng.random() < 0.12:
        token = _spoiled(rng, token)
    keys = [public_key(kid, alg, seed=seed)]
    if rng.random() < 0.3:
        keys.insert(rng.randint(0, 1), public_key("k3", seed=rng.choice(_SEEDS)))
    if rng.random() < 0.06:
        keys[0] = rng.choice([public_key("k9"), public_key(kid, "EdDSA"), public_key(kid, alg, seed=SEED),
                              public_key("k1", x=ORDER_1), public_key("k1", "none")])
    edge = 1000 * (issued + rng.choice([0, life]))
    now = max(0, edge + rng.choice([0, -1, 1, -5000, -5001, 4999, 5000, 400]))
    if rng.random() < 0.01:
        now = rng.choice([0, 2**63 - 1, 2**63, 2**64 - 1])
    request = binding or {"method": "GET", "path": "/"}
    return "identity.verify", {
        "keys": keys, "iss": facts["iss"] if rng.random() < 0.95 else rng.choice(_NAMES),
        "aud": facts["aud"] if rng.random() < 0.95 else rng.choice(_NAMES),
        "skew_ms": rng.choice([5000, 5000, 5000, 0, 1]) if rng.random() < 0.97 else 60_001,
        "require_binding": rng.random() < 0.3, "token": text(token),
        "method": request["method"] if rng.random() < 0.95 else rng.choice(_METHODS),
        "path": request["path"] if rng.random() < 0.95 else rng.choice(_PATHS), "now_ms": now if now < 2**53 else str(now),
    }


def claims_text_of_any(made: dict) -> bytes:
    """The text of claims whose values may be outside their syntax."""
    try:
        return claims_text(made)
    except UnicodeEncodeError:
        return PLAIN_TEXT.replace(b"owner_1", "öwner".encode())


def _random_signature(rng):
    seed = rng.choice(_SEEDS)
    message = rng.randbytes(rng.randrange(40))
    x, made = public_of(seed), signature_of(seed, message)
    kind = rng.randrange(8)
    if kind == 0:
        at = rng.randrange(64)
        made = made[:at] + bytes([made[at] ^ 1 << rng.randrange(8)]) + made[at + 1 :]
    elif kind == 1:
        made = made[:32] + (int.from_bytes(made[32:], "little") + L).to_bytes(32, "little")
    elif kind == 2:
        x = rng.choice(sorted(SMALL_ORDER))
    elif kind == 3:
        x = (rng.choice([0, P]) + rng.randrange(19)).to_bytes(32, "little")
    elif kind == 4:
        made = rng.choice(sorted(SMALL_ORDER)) + made[32:]
    return "identity.signature", {"x": x.hex(), "message": message.hex(), "signature": made.hex()}


def _random_jwks(rng):
    keys = [
        public_key(_one(rng, ["a", "b", "c", "d", "e"]), rng.choice(["EdDSA", "Ed25519"]),
                   x=(rng.randrange(200)).to_bytes(32, "little") if rng.random() < 0.3 else None, seed=rng.choice(_SEEDS))
        for _ in range(rng.randint(0, 5))
    ]
    return "identity.jwks", {"keys": keys}


def _random_reusable(rng):
    life = rng.randint(1, 30)
    held = {"lookup": "00" * 16, "as_of": [1, 42], "aud": "orders", "kid": "k1"}
    wanted = dict(held)
    if rng.random() < 0.3:
        wanted.update(rng.choice([{"lookup": "01" * 16}, {"as_of": [2, 42]}, {"aud": "order"}, {"kid": "K1"}]))
    now = NOW + rng.choice([0, -1, life * 500, life * 500 - 1, life * 500 + 1, rng.randrange(-2000, 32_000)])
    return "identity.reusable", {
        "held": {**held, "iat": NOW // 1000, "exp": NOW // 1000 + life}, "wanted": wanted, "now_ms": now,
    }


def random_case(rng):
    return rng.choices(
        [_random_verify, _random_sign, _random_signature, _random_jwks, _random_reusable], [50, 25, 12, 5, 8],
    )[0](rng)
