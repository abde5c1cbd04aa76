"""What tokens in rows are made of."""

from ..ed25519 import P, public_of
from ..identity import claims_text, header_text, token_of

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


def long_facts():
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
