"""Puts keys into the two DynamoDB tables, as `docs/spec/dynamodb.md` says a publisher leaves them."""

from aws.local import FIRST, Local, record_item

from .world import Deployment, Minted

STATES = ("active", "revoked", "tenant_disabled", "owner_disabled", "disabled")


def fill(local: Local, name: str, deployment: Deployment):
    """Puts every key of the deployment in that is not `absent`, each once."""
    done = set()
    for minted in deployment.keys.values():
        if minted.spec.state == "absent" or minted.spec.prefix or minted.lookup in done:
            continue
        done.add(minted.lookup)
        record, secret = record_of(deployment, minted), deployment.peppers[minted.pepper]
        text = None
        if minted.spec.damage is not None:
            record, text = damaged(record, secret, minted.spec.damage)
        local.put(f"{name}-ledger", record_item(record, secret, text))


def record_of(deployment: Deployment, minted: Minted) -> dict:
    """What a gate reads of a key, its fields in the order of the page."""
    spec = minted.spec
    instant = lambda offset: None if offset is None else deployment.now_ms + offset  # noqa: E731
    return {
        "v": 1, "k": minted.pepper, "as_of": FIRST, "lookup": minted.lookup, "key": minted.id, "tenant": minted.tenant,
        "owner": minted.owner, "env": spec.env, "state": spec.state, "not_before": instant(spec.not_before_ms),
        "expires": instant(spec.expires_ms), "plan": spec.plan, "scopes": list(spec.scopes),
        "limits": [{"name": one.name, "scope": one.scope, "burst": one.burst, "rate": one.rate, "period_ms": one.period_ms,
                    "changed": FIRST} for one in spec.limits],
        "quotas": [{"name": one.name, "scope": one.scope, "count": one.count, "each": one.each, "changed": FIRST}
                   for one in spec.quotas],
        "ips": {"allow": list(spec.ips_allowed), "deny": list(spec.ips_denied)},
        "countries": {"allow": list(spec.countries_allowed), "deny": list(spec.countries_denied)},
    }


LIMIT = {"name": "burst", "scope": "key", "burst": 5, "rate": 1, "period_ms": 1000, "changed": FIRST}
OF_LIMITS = {
    "a burst of zero": {"burst": 0}, "a rate of zero": {"rate": 0}, "a period of zero": {"period_ms": 0}, "a burst of 2^64": {"burst": 2**64},
    "a negative burst": {"burst": -1}, "a fraction as a burst": {"burst": 1.5}, "an unknown scope of a limit": {"scope": "planet"},
}
OF_RECORDS = {
    "a blank owner": {"owner": ""}, "an owner with two at signs": {"owner": "a@b@c"}, "an owner with a line feed": {"owner": "a\nb"},
    "a field of another type": {"scopes": "orders:read"}, "a limit without numbers": {"limits": [{"name": "burst", "scope": "key"}]},
    "two limits of one name": {"limits": [LIMIT, LIMIT]}, "nine limits": {"limits": [{**LIMIT, "name": f"l{at}"} for at in range(9)]},
    "an expiry of zero": {"expires": 0}, "a block with bits after its length": {"ips": {"allow": ["127.0.0.1/8"], "deny": []}},
    "a country that is none": {"countries": {"allow": [], "deny": ["Nowhere"]}}, "a scope that is none": {"scopes": ["orders"]},
    "65 scopes": {"scopes": [f"s{at}:read" for at in range(65)]}, "an unknown state": {"state": "enabled"},
    "an unknown field": {"admin": True}, "a megabyte of scopes": {"scopes": [f"s{at}:read" for at in range(20_000)]},
}


def damaged(record: dict, secret: bytes, damage: str) -> tuple[dict, str | None]:
    """The record with one thing wrong, under a seal that holds; or a text instead of it."""
    text = record_item(record, secret)["text"]
    by_text = {
        "nothing at all": " ", "cut off in the middle": text[: len(text) // 2], "cut off before its end": text[:-1], "no JSON": "not json",
        "a field twice": text.replace('{"v":1', '{"v":1,"v":1', 1),
        "deeply nested lists": text.replace('"scopes":[]', '"scopes":' + "[" * 20_000 + "]" * 20_000),
    }
    if damage in by_text:
        return record, by_text[damage]
    if damage in OF_LIMITS:
        return {**record, "limits": [{**LIMIT, **OF_LIMITS[damage]}]}, None
    if damage == "a missing field":
        return {name: value for name, value in record.items() if name != "limits"}, None
    if damage == "scopes that no identity holds":
        return {**record, "scopes": [f"{at:02}{'a' * 30}:{'b' * 32}" for at in range(64)]}, None
    return {**record, **OF_RECORDS[damage]}, None
