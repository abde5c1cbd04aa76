"""Random records, and random damage to them."""

import copy

from ..canonical import INTEGER_MAX
from .key_parts import OTHER_PEPPER, PEPPER, pepper, progression
from .record_parts import LONG_NAME, LOOKUP, OTHER_LOOKUP, body_of, text_of

_RING = {0: PEPPER, 3: OTHER_PEPPER, 15: progression(7, 9, 65)}
_NAMES = ["a", "b", "ops@acme.example", "key_7Hq2", "A.B-c+d", LONG_NAME]
_ODD_NAMES = ["", "a@b@c", "a b", "x" * 65, "ä", "a/b"]
_NUMBERS = [1, 2, 60000, 2**31 - 1, 2**31, 2**31 + 1, 2**32 - 1]
_ODD_NUMBERS = [0, 2**32]
_SCOPE_TEXTS = ["orders:read", "orders:*", "*:*", "*:read", "a.b:c-d"]
_ODD_SCOPE_TEXTS = ["", "orders", "Orders:read", "a:b:c"]
_BLOCKS = ["10.0.0.0/8", "192.0.2.1/32", "::/0", "2001:db8::/32", "0.0.0.0/0"]
_ODD_BLOCKS = ["10.0.0.1/8", "::ffff:a00:0/104", "10.0.0.0", "2001:DB8::/32", "::/129"]
_COUNTRIES = ["CH", "KP", "T1", "XA"]
_ODD_COUNTRIES = ["XX", "ch", "1T", "CHE"]
_PIECES = ['"', ",", "[", "]", "{", "}", "0", "1", " ", "null", "\\", ":", "-", ".", "é", "\0", "a", ',"x":1']


def _one(rng, good, odd):
    return rng.choice(odd) if rng.random() < 0.01 else rng.choice(good)


def _some(rng, good, odd, most=4):
    items = [_one(rng, good, odd) for _ in range(rng.randint(0, most))]
    return items if rng.random() < 0.03 else list(dict.fromkeys(items))


def _random_stamp(rng, highest=45):
    return [rng.choice([1, 1, 2]), rng.randint(1, highest)] if rng.random() < 0.98 else rng.choice([[0, 1], [1, 0]])


def _random_limit(rng, name):
    return {
        "name": name, "scope": _one(rng, ["key", "owner", "tenant", "ip", "global"], ["plan"]),
        "burst": _one(rng, _NUMBERS, _ODD_NUMBERS), "rate": _one(rng, _NUMBERS, _ODD_NUMBERS),
        "period_ms": _one(rng, _NUMBERS, _ODD_NUMBERS), "changed": _random_stamp(rng, 43),
    }


def _random_quota(rng, name):
    return {
        "name": name, "scope": _one(rng, ["key", "owner", "tenant", "global"], ["ip"]),
        "count": _one(rng, _NUMBERS, _ODD_NUMBERS), "each": _one(rng, ["day", "month", "total"], ["hour"]),
        "changed": _random_stamp(rng, 43),
    }


def _random_record(rng) -> dict:
    start = {
        "v": 1, "k": rng.choice(list(_RING)), "as_of": [2, 42] if rng.random() < 0.9 else _random_stamp(rng),
        "lookup": rng.choice([LOOKUP, OTHER_LOOKUP]) if rng.random() < 0.98 else LOOKUP.upper(),
    }
    if rng.random() < 0.15:
        return {**start, "absent": True}
    names = [f"n{at}" for at in range(12)]
    rng.shuffle(names)
    if rng.random() < 0.05:
        names[0] = names[3]
    return {
        **start,
        **{name: _one(rng, _NAMES, _ODD_NAMES) for name in ("key", "tenant", "owner")},
        "env": _one(rng, ["live", "test", "a2345678"], ["Live", "", "a23456789"]),
        "state": _one(rng, ["active", "revoked", "tenant_disabled", "owner_disabled", "disabled"], ["on"]),
        "not_before": rng.choice([None, 1, 1798761599999, 1798761600000]) if rng.random() < 0.3 else None,
        "expires": rng.choice([None, 2, 1798761600000, INTEGER_MAX]),
        "plan": rng.choice([None, _one(rng, _NAMES, _ODD_NAMES)]),
        "scopes": _some(rng, _SCOPE_TEXTS, _ODD_SCOPE_TEXTS),
        "limits": [_random_limit(rng, names.pop()) for _ in range(rng.choice([0, 1, 1, 2]))],
        "quotas": [_random_quota(rng, names.pop()) for _ in range(rng.choice([0, 0, 1, 2]))],
        "ips": {name: _some(rng, _BLOCKS, _ODD_BLOCKS, 2) for name in ("allow", "deny")},
        "countries": {name: _some(rng, _COUNTRIES, _ODD_COUNTRIES, 2) for name in ("allow", "deny")},
    }


def _overfilled(rng, record: dict) -> dict:
    """The same record with one of its lists at its bound, or one above."""
    above = rng.choice([0, 1])
    letters = "ABCDEFGH"
    lists = {
        "scopes": [f"r{at}:read" for at in range(64 + above)],
        "limits": [_random_limit(rng, f"l{at}") for at in range(8 + above)],
        "quotas": [_random_quota(rng, f"q{at}") for at in range(4 + above)],
        "ips": {"allow": [f"10.{at}.0.0/16" for at in range(32 + above)], "deny": []},
        "countries": {"allow": [], "deny": [f"{one}{two}" for one in letters for two in letters + "9"][: 64 + above]},
    }
    name = rng.choice(list(lists))
    return {**record, name: lists[name]} if "absent" not in record else record


def _spoiled(rng, body: str) -> str:
    at = rng.randrange(len(body))
    kind = rng.random()
    if kind < 0.4:
        return body[:at] + rng.choice(_PIECES) + body[at + rng.choice([0, 1]) :]
    if kind < 0.6:
        return body[:at] + body[at + rng.randint(1, 3) :]
    if kind < 0.8:
        commas = [place for place, symbol in enumerate(body) if symbol == ","]
        one, other = sorted(rng.choices(commas, k=2))
        return body[:one] + rng.choice(["", body[one:other] * 2]) + body[other:]
    return body.replace(rng.choice(["[]", "null", "1", '"active"', '":"']), rng.choice(["null", "0", "[[]]", "01"]), 1)


def random_case(rng):
    record = _random_record(rng)
    if rng.random() < 0.04:
        record = _overfilled(rng, record)
    peppers = [pepper(pepper_id, secret) for pepper_id, secret in _RING.items()]
    if rng.random() < 0.3:
        fields = list(copy.deepcopy(record).items())
        rng.shuffle(fields)
        return "record.seal", {"peppers": peppers, "record": dict(fields)}
    body = body_of(record)
    if rng.random() < 0.4:
        body = _spoiled(rng, body)
    secret = _RING[record["k"]] if rng.random() < 0.97 else PEPPER
    data = text_of(body, secret)
    data = data if isinstance(data, str) else data.decode()
    if rng.random() < 0.15:
        data = _spoiled(rng, data)
    if rng.random() < 0.05:
        data = data[: rng.randrange(len(data))]
    if rng.random() < 0.01:
        data = [data, {"repeat": rng.choice(["x", " "]), "times": rng.choice([1, 20_000])}]
    lookup = record["lookup"] if rng.random() < 0.95 else OTHER_LOOKUP
    env = record.get("env", "live") if rng.random() < 0.95 else "test"
    return "record.open", {
        "peppers": peppers if rng.random() < 0.95 else peppers[:1],
        "text": data,
        "lookup": lookup if len(lookup) == 32 and lookup.islower() else LOOKUP,
        "env": env if env and len(env) <= 8 and env.islower() else "live",
    }
