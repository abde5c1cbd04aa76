"""Rows about signing, publishing keys and using a token again."""

from .identity_parts import BINDING, FACTS, LONG_ID, NOW, SEED, long_facts, public_key


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

    yield row("an issuer of 128 characters, with what a name may hold and an identifier may not",
              iss="!#$%&'()*,/:;<=>?[]^`{|}~" + "i" * 103)
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
    yield row("a path of 1,024 bytes is within its syntax, but its token is too long",
              binding=bound(path={"repeat": "/", "times": 1024}))
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

    for length, facts in long_facts():
        yield row(f"a token of {length:,} bytes", **facts)
    yield row("a token far too long: nothing is left out to make it fit",
              scopes=[f"{at:02}{'r' * 30}:{'a' * 32}" for at in range(64)])
    yield row("a long path makes a token too long", binding=bound(path={"repeat": "p", "times": 1024}),
              scopes=[f"scope-{at:02}:read" for at in range(20)])
    yield row("a bad time comes before too long", now_ms=str(2**64 - 1),
              scopes=[f"{at:02}{'r' * 30}:{'a' * 32}" for at in range(64)])


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
