"""Requests, and what an origin must make of them."""

from .parts import (
    BINDING, BOUND_TEXT, FACTS, KEYS, NAME, NOW, OTHER_SEED, PLAIN_TEXT, TARGET, base64url, claims,
    claims_text, full, header_text, hs256, judged, public_key, refused, row, signed, text, with_header,
)

PLAIN = signed()
BOUND = signed(BOUND_TEXT)
GOOD = judged(PLAIN)

#: Names that some origin reads as the identity's. What only differs in `_` a CGI-like platform cannot tell.
FOLDED = [
    "Tollgate_Identity", "tollgate_identity", "TOLLGATE_IDENTITY", "Tollgate.Identity", "TollgateIdentity",
    "Tollgate--Identity", "Tollgate-Identity-", "_Tollgate-Identity", "Tollgate~Identity", "T-o-l-l-g-a-t-e-identity",
    "Tollgate!Identity", "Tollgate'Identity", "Tollgate Identity", "Tollgate\xadIdentity", "Tollgate\x00Identity",
]
#: Names that are somebody else's.
OTHERS = ["X-Tollgate-Identity", "Tollgate-Identity2", "Tollgate-Identit", "Tollgate", "Identity", "Tollgate-Identities"]


def good():
    yield row("good", "a token without binding", PLAIN)
    yield row("good", "a query is not bound", BOUND, target=TARGET + "?a=1?b")
    yield row("good", "a token with binding, for this request", BOUND)
    yield row("good", "a token with binding, where binding is demanded", BOUND, bound=True)
    yield row("good", "a key of the alg Ed25519", with_header(header_text("k2", "Ed25519"), seed=OTHER_SEED))
    yield row("good", "no scopes and no plan", signed(claims_text(claims(scopes=[], plan=None))))
    yield row("good", "scopes with wildcards", signed(claims_text(claims(scopes=["orders:*", "*:read"]))))
    yield row("good", "a token without binding goes with any method", PLAIN, method="DELETE", target="/x/y")
    for name in ("tollgate-identity", "TOLLGATE-IDENTITY", "tOLLGATE-iDENTITY"):
        yield full("good", f"the name in another case: {name}", [(name, text(PLAIN))], GOOD)
    for name in OTHERS:
        yield full("good", f"another's header beside it: {name}", [(NAME, text(PLAIN)), (name, "x")], GOOD)


def headers():
    plain, other = text(PLAIN), text(signed(claims_text(claims(tenant="evil"))))

    def one(why, pairs, reason, needs=(), wire=True):
        return full("headers", why, pairs, refused(reason), needs=needs, wire=wire)

    yield one("no header", [], "missing")
    yield one("an empty header", [(NAME, "")], "malformed", needs=["empty"])
    for name in OTHERS:
        yield one(f"a good token in another's header: {name}", [(name, plain)], "missing")
    yield one("a good token in Authorization", [("Authorization", "Bearer " + plain)], "missing")
    yield one("the same token twice", [(NAME, plain), (NAME, plain)], "ambiguous")
    yield one("two good tokens", [(NAME, plain), (NAME, other)], "ambiguous")
    yield one("a good token, and an empty header", [(NAME, plain), (NAME, "")], "ambiguous")
    yield one("an empty header, and a good token", [(NAME, ""), (NAME, plain)], "ambiguous")
    yield one("twice in different case", [(NAME, plain), (NAME.upper(), other)], "ambiguous")
    yield one("two tokens joined by a comma", [(NAME, f"{plain}, {other}")], "ambiguous")
    yield one("a comma behind a good token", [(NAME, plain + ",")], "ambiguous")
    for name in FOLDED:
        # A CGI-like platform sees the one name for all that differ in `_` and `-` alone.
        odd = ["odd-names"] if set(name) & set(" \xad") else []
        needs = ["names"] if name.upper().replace("_", "-") == NAME.upper() else odd
        wire = "\x00" not in name
        shown = name.encode("unicode_escape").decode()
        yield one(f"a good token under {shown} alone", [(name, plain)], "ambiguous", needs, wire)
        yield one(f"a good token, and another under {shown}", [(NAME, plain), (name, other)], "ambiguous", odd, wire)
        yield one(f"another under {shown} before a good token", [(name, other), (NAME, plain)], "ambiguous", odd, wire)
        yield one(f"a good token, and nothing under {shown}", [(NAME, plain), (name, "")], "ambiguous", odd, wire)


def algorithms():
    x = bytes.fromhex(KEYS[0]["x"])
    spki = bytes.fromhex("302a300506032b6570032100") + x
    secrets = {
        "its bytes": x, "base64url": base64url(x), "hexadecimal": x.hex().encode(), "DER": spki,
        "nothing": b"",
    }
    for name, secret in secrets.items():
        yield row("alg", f"HS256 with the public key as the secret: {name}", hs256(secret))
    for alg in ("none", "None", "NONE", "nOnE", "", "HS256", "HS512", "ES256", "RS256", "eddsa", "EDDSA", "Ed448", "ed25519"):
        header = b'{"alg":"%s","kid":"k1","typ":"tg-identity+jwt"}' % alg.encode()
        yield row("alg", f"the alg {alg or 'of no characters'}, signed", with_header(header))
        unsigned = base64url(header) + b"." + base64url(PLAIN_TEXT) + b"."
        yield row("alg", f"the alg {alg or 'of no characters'}, with no signature", unsigned)
    for alg in ("null", "true", "0", "[]", '["EdDSA"]', "{}"):
        header = b'{"alg":%s,"kid":"k1","typ":"tg-identity+jwt"}' % alg.encode()
        yield row("alg", f"an alg that is {alg}", with_header(header))
    yield row("alg", "Ed25519 under a key of EdDSA", with_header(header_text("k1", "Ed25519")))
    yield row("alg", "EdDSA under a key of Ed25519", with_header(header_text("k2", "EdDSA"), seed=OTHER_SEED))
    for why, more in {
        "crit": ',"crit":["x"]', "b64": ',"b64":false', "a key of its own": ',"jwk":{"kty":"OKP"}',
        "a place to fetch from": ',"jku":"https://evil.example/"', "a chain": ',"x5c":[]', "a second alg": ',"alg":"none"',
        "a second kid": ',"kid":"k2"', "zip": ',"zip":"DEF"', "cty": ',"cty":"JWT"',
    }.items():
        header = b'{"alg":"EdDSA","kid":"k1","typ":"tg-identity+jwt"%s}' % more.encode()
        yield row("alg", f"a header with {why}", with_header(header))
    for typ in ("JWT", "jwt", "at+jwt", "application/tg-identity+jwt", "TG-IDENTITY+JWT", ""):
        header = b'{"alg":"EdDSA","kid":"k1","typ":"%s"}' % typ.encode()
        yield row("alg", f"the typ {typ or 'of no characters'}", with_header(header))


def kids():
    for kid in ("k3", "K1", "k", "k11", "__proto__", "constructor", "toString", "hasOwnProperty", "0", "prototype"):
        yield row("kid", f"an unknown kid: {kid}", with_header(header_text(kid, "EdDSA")))
    yield row("kid", "a retired key, rightly signed", with_header(header_text("k0", "EdDSA"), seed=bytes(range(64, 96))))
    for kid in ("", "a b", "../k1", "k1\x00", "k1@@", "x" * 65, "k1\xe9", "k1\\u0000"):
        header = b'{"alg":"EdDSA","kid":"%s","typ":"tg-identity+jwt"}' % kid.encode("latin-1")
        yield row("kid", f"no kid: {kid.encode('unicode_escape').decode()}", with_header(header))
    for kid in ("null", "1", "true", '["k1"]', '{"k1":1}'):
        header = b'{"alg":"EdDSA","kid":%s,"typ":"tg-identity+jwt"}' % kid.encode()
        yield row("kid", f"a kid that is {kid}", with_header(header))
    yield row("kid", "signed with another key of the set", with_header(header_text("k2", "Ed25519")))
    yield row("kid", "signed with a key that nobody published", signed(seed=bytes(range(96, 128))))


def times():
    at = NOW // 1000

    def aged(issued, life, binding=None):
        return signed(claims_text(claims(binding, iat=at + issued, exp=at + issued + life)))

    for issued, life in ((5, 30), (6, 30), (60, 30), (-34, 30), (-35, 30), (-3600, 30), (0, 1), (0, 0), (0, -1),
                         (0, 31), (0, 3600), (-1, 30), (10**9, 30), (-at, 30)):
        yield row("times", f"signed {issued} s from now, for {life} s", aged(issued, life))
    for issued, life in ((0, 10), (0, 11), (-14, 10), (-15, 10), (5, 10), (6, 10)):
        yield row("times", f"bound, signed {issued} s from now, for {life} s", aged(issued, life, BINDING))
    for audience in ("Orders", "orders2", "order", "billing", "*", "orders/"):
        yield row("audience", f"for {audience}", signed(claims_text(claims(aud=audience))))
    for issuer in ("https://gate.example/", "http://gate.example", "https://GATE.example", "https://gate.example.evil", "gate"):
        yield row("issuer", f"of {issuer}", signed(claims_text(claims(iss=issuer))))


def bindings():
    yield row("binding", "a token without binding where it is demanded", PLAIN, bound=True)
    for method in ("POST", "HEAD", "DELETE", "OPTIONS", "GETS"):
        yield row("binding", f"another method: {method}", BOUND, method=method, needs=["method"] if method == "GETS" else [])
    for target in ("/v1/orders/A", "/v1/orders/%42", "/v1/orders/%41/", "/v1/orders", "/", "/v1/orders/%2541",
                   "/V1/orders/%41", "/v1/orders/%41%00", "/v1/orders/%41;x", "/v1/orders/%41%3Fx"):
        yield row("binding", f"another path: {target}", BOUND, target=target)
    for target in ("//v1/orders/%41", "/v1//orders/%41", "/v1/x/../orders/%41", "/v1/./orders/%41",
                   "/v1/orders/%41#x", "http://gate.example/v1/orders/%41"):
        yield row("binding", f"a path that some resolve to the one that was signed: {target}", BOUND, target=target,
                  needs=["target", "slashes"] if target.startswith("//") else ["target"])


def encodings():
    head, body, signature = PLAIN.split(b".")
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

    def spare(part):
        return part[:-1] + alphabet[alphabet.index(part[-1:]) | 1:][:1]

    for name, parts in {
        "the signature": lambda part: (head, body, part(signature)),
        "the claims": lambda part: (head, part(body), signature),
        "the header": lambda part: (part(head), body, signature),
    }.items():
        for why, change in {
            "padding": lambda part: part + b"=", "more padding": lambda part: part + b"==",
            "unused bits": spare, "a lone symbol": lambda part: part + b"A", "a blank": lambda part: part[:9] + b" " + part[9:],
            "a plus": lambda part: b"+" + part[1:], "a slash": lambda part: b"/" + part[1:],
            "a percent sign": lambda part: b"%41" + part[1:], "nothing": lambda part: b"",
            "a byte above ASCII": lambda part: part[:4] + b"\xff" + part[5:], "its half": lambda part: part[: len(part) // 2],
        }.items():
            token = b".".join(parts(change))
            if token != PLAIN:
                yield row("encoding", f"{why} in {name}", token)
    for symbol in (b"\x00", b"\n", b"\r\n", b"\t", b"\x0b", b"\x7f", b"\x80", b"\r\nTollgate-Identity: x"):
        shown = symbol.decode("latin-1").encode("unicode_escape").decode()
        wire = not set(symbol) & set(b"\x00\r\n")
        yield row("control", f"{shown} within the token", PLAIN[:80] + symbol + PLAIN[80:], wire=wire)
        # Blanks at the ends are the server's business, which takes them away.
        ends = {"needs": ["ends"] if symbol == b"\x0b" else [], "wire": wire and symbol != b"\t"}
        yield row("control", f"{shown} behind the token", PLAIN + symbol, **ends)
        yield row("control", f"{shown} before the token", symbol + PLAIN, **ends)
    yield row("encoding", "a scheme before the token", b"Bearer " + PLAIN)
    yield row("encoding", "quotes around the token", b'"' + PLAIN + b'"')
    yield row("encoding", "four parts", PLAIN + b".e30")
    yield row("encoding", "two parts", b".".join([head, body]))
    yield row("encoding", "dots", b"." * 40)


def sizes():
    for length in (2_048, 2_049, 4_096, 16_384):
        yield row("size", f"{length} bytes of nothing", b"A" * length)
    yield row("size", "16,000 dots", b"." * 16_000)
    yield row("size", "a good token and 4,096 bytes behind it", PLAIN + b"A" * 4_096)
    yield row("size", "claims that open 1,200 lists", signed(b"[" * 1_200))
    yield row("size", "65 scopes", signed(claims_text(claims(scopes=[f"{at}:r" for at in range(65)]))))
    yield row("size", "64 scopes", signed(claims_text(claims(scopes=[f"{at}:r" for at in range(64)]))))


FAMILIES = (good, headers, algorithms, kids, times, bindings, encodings, sizes)
__all__ = ["BOUND", "FACTS", "FAMILIES", "GOOD", "PLAIN", "public_key"]
