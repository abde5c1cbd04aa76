"""Random cases about identities."""

from ..ed25519 import L, P, SMALL_ORDER, public_of
from ..ed25519 import sign as signature_of
from ..identity import claims_text, header_text
from ..wire import text
from .identity_parts import LONG_ID, NOW, ORDER_1, PLAIN_TEXT, SEED, public_key, signed

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
        "seed": rng.choice(_SEEDS if rng.random() < 0.98 else [bytes(32)]).hex(),
        "kid": _one(rng, ["k1", "k2", LONG_ID]),
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
        "path": request["path"] if rng.random() < 0.95 else rng.choice(_PATHS),
        "now_ms": now if now < 2**53 else str(now),
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
                   x=rng.randrange(200).to_bytes(32, "little") if rng.random() < 0.3 else None,
                   seed=rng.choice(_SEEDS))
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
