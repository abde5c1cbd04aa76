"""Random cases about keys."""

from ..key import SYMBOLS, base62, number_of
from ..wire import text
from .key_parts import PEPPER, checked, key, pepper, progression, put

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
    secret, message = rng.randbytes(rng.randrange(140)), rng.randbytes(rng.randrange(200))
    return "mac.hmac", {"key": secret.hex(), "message": message.hex()}
