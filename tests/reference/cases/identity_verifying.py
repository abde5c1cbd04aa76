"""Rows about verifying, step by step."""

from ..ed25519 import L, P, SMALL_ORDER, public_of
from ..ed25519 import sign as signature_of
from ..identity import base64url, claims_text, header_text
from ..wire import text
from . import edwards
from .identity_parts import (
    BINDING,
    BOUND_TEXT,
    FACTS,
    HEADER,
    JTI,
    LONG_ID,
    NOW,
    ORDER_1,
    ORDER_2,
    OTHER_SEED,
    PLAIN_TEXT,
    SEED,
    changed,
    claims,
    long_facts,
    public_key,
    signed,
    with_parts,
)


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
    for length, facts in long_facts():
        body = claims_text(claims(iss=facts["iss"], scopes=facts["scopes"]))
        token = signed(body, header_text(facts["kid"], "EdDSA"))
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
    yield row("kids that differ in case are different, so only the token is wrong",
              [public_key("k1"), public_key("K1")])
    yield row("a key off the curve", [public_key(x=(2).to_bytes(32, "little"))])
    for y in sorted(SMALL_ORDER):
        yield row(f"a key set with a point of small order, {y.hex()[:8]}", [public_key(x=y)])
        yield row(f"a key set with a point of small order and its sign bit, {y.hex()[:8]}",
                  [public_key(x=y[:31] + bytes([y[31] | 0x80]))])
    yield row("a key whose y is not below p: p", [public_key(x=P.to_bytes(32, "little"))])
    yield row("a key whose y is not below p: p + 3, where 3 is the y of a point",
              [public_key(x=(P + 3).to_bytes(32, "little"))])
    yield row("a key whose y is 3, which is on the curve", [public_key(x=(3).to_bytes(32, "little"))])
    yield row("a key whose y is 2^255 - 1", [public_key(x=b"\xff" * 31 + b"\x7f")])
    yield row("a bad kid comes before a bad alg of the same key", [public_key("", "none")])
    yield row("a bad alg comes before a bad key", [public_key(alg="none", x=ORDER_1)])
    yield row("a bad key comes before its kid being there twice", [public_key("k1"), public_key("k1", x=ORDER_1)])
    yield row("keys are looked at in the order given: a bad key, then a bad kid",
              [public_key(x=ORDER_1), public_key("")])
    yield row("the fourth key is looked at too",
              [public_key("a"), public_key("b"), public_key("c"), public_key("d", x=ORDER_2)])
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
    yield row("empty claims, and a signature of others: the signature is looked at first",
              with_parts(header, b"", signature))
    yield row("empty claims, signed", signed(b""))
    for symbol, name in [(b"+", "a plus"), (b"/", "a slash"), (b"=", "padding"), (b" ", "a blank"),
                         (b"\n", "a line feed"), (b"\0", "a NUL"), (b"%", "a percent sign"), (b"\xff", "a byte that is no ASCII")]:
        yield row(f"{name} in the claims", with_parts(header, body[:9] + symbol + body[10:], signature))
    yield row("padding behind the header", with_parts(header + b"=", body, signature))
    yield row("padding behind the signature", good + b"==")
    yield row("a blank before the token", b" " + good)
    yield row("a line feed behind the token", good + b"\n")
    yield row("a scheme before the token", b"Bearer " + good)
    yield row("a comma and a second token", good + b"," + good)
    yield row("a header of a length of 1 modulo 4",
              with_parts(header + b"A" * ((1 - len(header)) % 4), body, signature))
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

    for why, header_words in [
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
        ("a place to fetch a key from",
         '{"alg":"EdDSA","kid":"k1","jku":"https://evil.example","typ":"tg-identity+jwt"}'),
        ("no closing brace", '{"alg":"EdDSA","kid":"k1","typ":"tg-identity+jwt"'),
        ("a list around it", '[{"alg":"EdDSA","kid":"k1","typ":"tg-identity+jwt"}]'),
        ("a letter outside ASCII", '{"alg":"EdDSA","kid":"ké","typ":"tg-identity+jwt"}'),
    ]:
        yield row(f"a header with {why}, signed", signed(header=header_words.encode()))
    yield row("a header that is no UTF-8, signed", signed(header=HEADER[:-2] + b'\xff"}'))
    yield row("malformed comes before an unknown kid: the signature has 63 bytes",
              with_parts(base64url(header_text("k9", "EdDSA")), body, base64url(raw[:63])))
    yield row("malformed comes before a bad signature: the claims have a bad symbol",
              with_parts(header, b"*", signature))


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
    yield row("one bit of the signature is another",
              with_parts(header, body, base64url(raw[:-1] + bytes([raw[-1] ^ 1]))))
    yield row("one claim was changed after signing",
              with_parts(header, base64url(changed("owner_1", "owner_2")), signature))
    yield row("the header of another key, with the signature of this one",
              with_parts(base64url(header_text("k2", "EdDSA")), body, signature),
              [public_key("k1"), public_key("k2", seed=OTHER_SEED)])
    yield row("the signature of other claims", with_parts(header, body, signed(BOUND_TEXT).split(b".")[2]))
    yield row("signed over the claims without the header",
              with_parts(header, body, base64url(signature_of(SEED, body))))
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
        ("claims in another order", '"iss":"https://gate.example","aud":"orders"',
         '"aud":"orders","iss":"https://gate.example"'),
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
        ("65 scopes in a token", '["orders:read","orders:write"]',
         "[" + ",".join(f'"{at}:r"' for at in range(65)) + "]"),
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
        ("a path of 1,025 bytes, whose token is too long before it has bad claims", "L3YxL29yZGVycy8lNDE",
         base64url(b"/" * 1025).decode()),
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
    yield row("a bound token is compared where binding is not demanded: the path",
              signed(BOUND_TEXT), path="/v1/orders/A")
    yield row("a method of other case", signed(BOUND_TEXT), method="get", require_binding=True)
    yield row("a method that starts like the bound one", signed(BOUND_TEXT), method="GETS")
    yield row("an empty method of the request", signed(BOUND_TEXT), method="")
    yield row("a method of bytes that are no UTF-8", signed(BOUND_TEXT), method={"hex": "474554ff"})
    yield row("a path with other case in its encoding",
              signed(claims_text(claims({**BINDING, "path": "/%2f"}, 10))), path="/%2F")
    yield row("a path that decodes to the same", signed(BOUND_TEXT), path="/v1/orders/A", require_binding=True)
    yield row("a path with a slash more", signed(BOUND_TEXT), path="/v1/orders/%41/")
    yield row("a path that normalises to the same", signed(BOUND_TEXT), path="/v1/./orders/%41")
    yield row("a request path with a query is another path: the caller cuts it off",
              signed(BOUND_TEXT), path="/v1/orders/%41?x=1")
    yield row("an empty path of the request", signed(BOUND_TEXT), path="")
    yield row("a wrong method comes before a wrong path", signed(BOUND_TEXT), method="PUT", path="/")
