"""Documents of public keys, and events of API Gateway."""

import copy
import json

from reference.cases.identity_parts import ORDER_1, ORDER_2, P

from .parts import BINDING, DOCUMENT, base64url, claims, claims_text, judged, public_key, refused, signed
from .requests import BOUND, GOOD, PLAIN

ONE = DOCUMENT["keys"][0]


def changed(**members) -> dict:
    """A document of one key, with members in the place of its own; None takes one away."""
    key = {**copy.deepcopy(ONE), **members}
    return {"keys": [{name: value for name, value in key.items() if value is not None}]}


def documents():
    def doc(why, document, out):
        return {"why": why, "document": document if isinstance(document, str) else json.dumps(document), "out": out}

    def bad(why, document, error="no_jwks"):
        return doc(why, document, {"error": error})

    yield doc("as a gate publishes it", json.dumps(DOCUMENT, separators=(",", ":")), {"kids": ["k1", "k2"]})
    yield doc("with blanks and in another order", json.dumps(DOCUMENT, indent=2, sort_keys=True), {"kids": ["k1", "k2"]})
    yield doc("members that nobody knows", {**changed(more=1), "more": []}, {"kids": ["k1"]})
    yield bad("no document", "")
    yield bad("a page", "<html>Not found</html>")
    yield bad("half of it", json.dumps(DOCUMENT)[:60])
    yield bad("a list", "[]")
    yield bad("null", "null")
    yield bad("a number", "7")
    yield bad("something behind it", json.dumps(DOCUMENT) + " x")
    yield bad("two of them", json.dumps(DOCUMENT) * 2)
    yield bad("a number that JSON does not have", json.dumps({**changed(), "more": 0}).replace(": 0}", ": NaN}"))
    yield bad("its name in another case", {"Keys": [ONE]})
    yield bad("no keys member", "{}")
    yield bad("keys that are an object", '{"keys":{}}')
    yield bad("no key", '{"keys":[]}', "no_keys")
    yield bad("five keys", {"keys": [{**ONE, "kid": f"k{at}"} for at in range(5)]}, "too_many_keys")
    yield bad("one kid twice, with the same key", {"keys": [ONE, ONE]}, "duplicate_kid")
    yield bad("one kid twice, with different keys", {"keys": [ONE, {**DOCUMENT["keys"][1], "kid": "k1"}]}, "duplicate_kid")
    yield bad("a private key", changed(d="nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"))
    yield bad("a private key that is null", json.dumps(changed()).replace("}]", ', "d": null}]'))
    yield bad("a secret", {"keys": [{"kty": "oct", "kid": "k1", "alg": "HS256", "k": "AAAA", "use": "sig"}]})
    yield bad("an RSA key", {"keys": [{"kty": "RSA", "kid": "k1", "alg": "RS256", "n": "AQAB", "e": "AQAB", "use": "sig"}]})
    yield bad("a good key and a secret", {"keys": [ONE, {"kty": "oct", "kid": "k9", "k": "AAAA"}]})
    for name in ("kty", "crv", "use", "kid", "alg", "x"):
        yield bad(f"no {name}", changed(**{name: None}))
        yield bad(f"a {name} in another case", changed(**{name: None, name.upper(): ONE[name]}))
        yield bad(f"a {name} that is a number", changed(**{name: 7}))
        yield bad(f"a {name} that is a list", changed(**{name: [ONE[name]]}))
    yield bad("another curve", changed(crv="X25519"))
    yield bad("another use", changed(use="enc"))
    yield bad("another alg", changed(alg="HS256"), "bad_alg")
    yield bad("the alg none", changed(alg="none"), "bad_alg")
    yield bad("a kid that is none", changed(kid="a b"), "bad_kid")
    yield bad("a key with padding", changed(x=ONE["x"] + "="), "bad_key")
    yield bad("a key of 31 bytes", changed(x=base64url(b"\x01" * 31).decode()), "bad_key")
    yield bad("a key with unused bits", changed(x=ONE["x"][:-1] + "h"), "bad_key")
    yield bad("a key of small order", changed(x=base64url(ORDER_1).decode()), "bad_key")
    yield bad("another key of small order", changed(x=base64url(ORDER_2).decode()), "bad_key")
    yield bad("a key of zeros", changed(x=base64url(bytes(32)).decode()), "bad_key")
    yield bad("a key that is not reduced", changed(x=base64url((P + 3).to_bytes(32, "little")).decode()), "bad_key")
    yield bad("a key off the curve", changed(x=base64url((2).to_bytes(32, "little")).decode()), "bad_key")
    yield bad("16,385 bytes", json.dumps(DOCUMENT) + " " * (16_385 - len(json.dumps(DOCUMENT))), "jwks_too_long")
    yield bad("10,000 lists", "[" * 10_000)


def events():
    def rest(authorizer, place=None, **more):
        context = {"httpMethod": "GET", "path": "/prod/v1/orders/%41", "stage": "prod", "authorizer": authorizer, **(place or {})}
        return {"httpMethod": "GET", "path": "/v1/orders/%41", "requestContext": context, **more}

    own = {"domainName": "abc.execute-api.eu-west-1.amazonaws.com", "apiId": "abc"}
    other_domain = {"domainName": "api.example", "apiId": "abc"}

    def http(authorizer, place=None, stage="prod", **more):
        context = {"http": {"method": "GET"}, "stage": stage, "authorizer": authorizer, **(place or {})}
        return {"version": "2.0", "rawPath": "/prod/v1/orders/%41", "requestContext": context, **more}

    plain, bound = PLAIN.decode(), BOUND.decode()
    header = {"headers": {"Tollgate-Identity": plain, "tollgate-identity": plain}}
    late = signed(claims_text(claims(iat=1, exp=31)))
    other = signed(claims_text(claims({**BINDING, "path": "/v1/orders/B"}, 10)))
    staged = signed(claims_text(claims({**BINDING, "path": "/prod/v1/orders/%41"}, 10)))
    for why, event, out in (
        ("a REST API", rest({"identity": plain, "principalId": "key_1"}), GOOD),
        ("an HTTP API", http({"lambda": {"identity": plain}}), GOOD),
        ("a REST API, bound", rest({"identity": bound}), judged(BOUND)),
        ("an HTTP API, bound: its path without the stage", http({"lambda": {"identity": bound}}), judged(BOUND)),
        ("whatever the header says, the context holds", rest({"identity": plain}, headers={"Tollgate-Identity": "x", "tollgate_identity": "y"}), GOOD),
        ("a good token in the header alone", rest({"principalId": "key_1"}, **header), refused("missing")),
        ("a good token in the header, and a bad one in the context", rest({"identity": "x"}, **header), refused("malformed")),
        ("a good token in the header of an HTTP API", http({"lambda": {}}, **header), refused("missing")),
        ("a good token beside the context of an HTTP API", http({"lambda": {}, "identity": plain}), refused("missing")),
        ("a REST API, of whose authorizer lambda is null", rest({"lambda": None, "identity": plain}), GOOD),
        ("an HTTP API with payload 1.0", rest({"identity": bound}, version="1.0", path="/prod/v1/orders/%41"), judged(BOUND)),
        ("an HTTP API, bound, at the stage that needs no name", http({"lambda": {"identity": bound}}, rawPath="/v1/orders/%41", stage="$default"), judged(BOUND)),
        ("an HTTP API, bound to the path with the stage", http({"lambda": {"identity": staged.decode()}}), refused("wrong_path")),
        ("an HTTP API under its own domain", http({"lambda": {"identity": bound}}, own), judged(BOUND)),
        ("an HTTP API under a domain of one's own, where the path has no stage", http({"lambda": {"identity": bound}}, other_domain, rawPath="/v1/orders/%41", stage="v1"), judged(BOUND)),
        ("an HTTP API under a domain of one's own, where a segment is only called as the stage", http({"lambda": {"identity": bound}}, other_domain), refused("wrong_path")),
        ("an HTTP API, bound to a path that begins like its stage", http({"lambda": {"identity": bound}}, own, rawPath="/v1/orders/%41", stage="v"), judged(BOUND)),
        ("an authorizer in another case", {"requestContext": {"Authorizer": {"identity": plain}}}, refused("missing")),
        ("an identity in another case", rest({"Identity": plain}), refused("missing")),
        ("an identity that is null", rest({"identity": None}, **header), refused("missing")),
        ("an identity that is false", rest({"identity": False}, **header), refused("malformed")),
        ("an identity that is a list of one", rest({"identity": [plain]}, **header), refused("malformed")),
        ("an HTTP API, of whose authorizer lambda is a text", http({"lambda": plain}), refused("missing")),
        ("no authorizer", {"headers": header["headers"], "requestContext": {}}, refused("missing")),
        ("an authorizer that is no object", rest("x", **header), refused("missing")),
        ("an empty identity", rest({"identity": ""}), refused("missing")),
        ("an identity that is no text", rest({"identity": {"a": 1}}), refused("malformed")),
        ("an identity outside ASCII", rest({"identity": plain + "\xe9"}), refused("malformed")),
        ("no event", None, refused("missing")),
        ("a list", [], refused("missing")),
        ("an expired one", rest({"identity": late.decode()}), refused("expired")),
        ("one that is bound to another path", rest({"identity": other.decode()}), refused("wrong_path")),
        ("one that is bound to another method", {**rest({"identity": bound}), "httpMethod": "POST"}, refused("wrong_method")),
    ):
        yield {"why": why, "base_path": "", "event": event, "out": out}
    own_path, based = {"lambda": {"identity": bound}}, "/sales/eu/v1/orders/%41"
    with_base = signed(claims_text(claims({**BINDING, "path": based}, 10))).decode()
    good, bad = judged(BOUND), refused("wrong_path")
    for why, base, event, out in (
        ("a REST API behind a base path", "/sales/eu", rest({"identity": bound}, other_domain, path=based), good),
        ("an HTTP API behind a base path", "sales/eu/", http(own_path, other_domain, rawPath=based), good),
        ("an HTTP API with payload 1.0 behind a base path", "sales/eu", rest({"identity": bound}, other_domain, version="1.0", path=based), good),
        ("a base path that nobody has set", "", rest({"identity": bound}, other_domain, path=based), bad),
        ("a base path that nobody has set, and that the gate was not told of", "", rest({"identity": with_base}, other_domain, path=based), judged(with_base.encode(), path=based)),
        ("a base path that the gate was not told of", "/sales/eu", rest({"identity": with_base}, other_domain, path=based), bad),
        ("a path without the base path", "/sales/eu", rest({"identity": bound}, other_domain), good),
        ("a path that begins like the base path", "/v", rest({"identity": bound}, other_domain), good),
        ("a base path of which there is a part only", "/sales/eu", rest({"identity": bound}, other_domain, path="/sales/v1/orders/%41"), bad),
        ("a base path twice", "/sales/eu", rest({"identity": bound}, other_domain, path="/sales/eu" + based), bad),
        ("a base path within the path", "/orders", rest({"identity": bound}, other_domain, path="/v1/orders/orders/%41"), bad),
        ("the same segments under the API's own domain", "/sales/eu", rest({"identity": bound}, own, path=based), bad),
        ("the same segments where no domain is told", "/sales/eu", rest({"identity": bound}, path=based), bad),
        ("a base path, and the name of the stage behind it", "/sales/eu", http(own_path, other_domain, rawPath="/sales/eu/prod/v1/orders/%41"), bad),
        ("the stage under the API's own domain, where there is a base path as well", "/sales/eu", http(own_path, own), good),
    ):
        yield {"why": why, "base_path": base, "event": event, "out": out}


def bases():
    """What may be called a base path, of a verifier of events."""
    for path in ("", "v1", "/v1", "/v1/", "/sales/eu", "$-_.+!*'()"):
        yield {"path": path, "taken": True}
    for path in ("/", "//", "/v1?x", "/v%31", "/v1#", "/a b", "a\\b", "/h\xe9alth", "/v1\n"):
        yield {"path": path, "taken": False}


__all__ = ["bases", "documents", "events", "public_key"]
