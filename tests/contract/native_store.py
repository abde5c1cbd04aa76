"""Puts keys into the SQLite store of the native gate, as `crates/store-sqlite/src/schema.rs` documents it.

`tollgate keys create` draws the random part of a key itself; rows name theirs, so they are put in beside it.
"""

import json
import sqlite3
from pathlib import Path

from .world import Deployment, Minted

#: What `tollgate init` leaves: the numbers of limits were last changed then.
FIRST = [1, 1]


def fill(path: Path, deployment: Deployment):
    """Puts every key of the deployment in that is not `absent`, each once."""
    done = set()
    with sqlite3.connect(path) as store:
        for minted in deployment.keys.values():
            if minted.spec.state == "absent" or minted.spec.prefix or minted.id in done:
                continue
            done.add(minted.id)
            _put(store, deployment, minted)
    store.close()


def _put(store: sqlite3.Connection, deployment: Deployment, minted: Minted):
    spec = minted.spec
    state = spec.state if spec.state in ("active", "disabled", "revoked") else "active"
    settings = {
        "tenant": minted.tenant, "owner": minted.owner, "env": spec.env, "plan": spec.plan, "scopes": list(spec.scopes),
        "limits": [
            {"name": one.name, "scope": one.scope, "burst": one.burst, "rate": one.rate, "period_ms": one.period_ms,
             "changed": FIRST}
            for one in spec.limits
        ],
        "quotas": [
            {"name": one.name, "scope": one.scope, "count": one.count, "period": one.each, "changed": FIRST}
            for one in spec.quotas
        ],
        "ips_allowed": list(spec.ips_allowed), "ips_denied": list(spec.ips_denied),
        "countries_allowed": list(spec.countries_allowed), "countries_denied": list(spec.countries_denied),
        "not_before": _instant(deployment, spec.not_before_ms), "expires": _instant(deployment, spec.expires_ms),
    }
    document = {
        "id": minted.id, "name": None, "created_ms": deployment.now_ms, "state": state, "settings": settings,
        "secrets": [{"lookup": minted.lookup, "pepper": minted.pepper, "created_ms": deployment.now_ms, "ends_ms": None,
                     "revoked": False}],
    }
    text = json.dumps(document) if spec.damage is None else damaged(document, spec.damage)
    store.execute("INSERT INTO keys (id, tenant, owner, document) VALUES (?, ?, ?, ?)",
                  (minted.id, minted.tenant, minted.owner, text))
    store.execute("INSERT INTO secrets (lookup, key, pepper, ends_ms, revoked) VALUES (?, ?, ?, NULL, ?)",
                  (bytes.fromhex(minted.lookup), minted.id, minted.pepper, int(state == "revoked")))
    for numbers in (*spec.limits, *spec.quotas):
        shared = _object(minted, numbers.scope)
        if shared:
            store.execute("INSERT INTO shared (object, name, key) VALUES (?, ?, ?)", (shared, numbers.name, minted.id))
    if spec.state in ("owner_disabled", "tenant_disabled"):
        owner = minted.owner if spec.state == "owner_disabled" else ""
        store.execute("INSERT INTO stops (tenant, owner) VALUES (?, ?)", (minted.tenant, owner))


def damaged(document: dict, damage: str) -> str:
    """The document with one thing wrong."""
    settings, text = document["settings"], json.dumps(document)
    limit = {"name": "burst", "scope": "key", "burst": 5, "rate": 1, "period_ms": 1000, "changed": FIRST}
    by_text = {
        "nothing at all": "", "cut off in the middle": text[: len(text) // 2], "cut off before its end": text[:-1],
        "no JSON": "not json", "a field twice": text.replace('{"id"', '{"state": "active", "id"', 1),
    }
    if damage in by_text:
        return by_text[damage]
    limits = {
        "a burst of zero": {"burst": 0}, "a rate of zero": {"rate": 0}, "a period of zero": {"period_ms": 0}, "a burst of 2^64": {"burst": 2**64},
        "a negative burst": {"burst": -1}, "a fraction as a burst": {"burst": 1.5}, "an unknown scope of a limit": {"scope": "planet"},
    }
    if damage in limits:
        settings["limits"] = [{**limit, **limits[damage]}]
        return json.dumps(document)
    by_settings = {
        "a blank owner": {"owner": ""}, "an owner with two at signs": {"owner": "a@b@c"}, "an owner with a line feed": {"owner": "a\nb"},
        "a field of another type": {"scopes": "orders:read"}, "a limit without numbers": {"limits": [{"name": "burst", "scope": "key"}]},
        "two limits of one name": {"limits": [limit, limit]}, "nine limits": {"limits": [{**limit, "name": f"l{at}"} for at in range(9)]},
        "an expiry of zero": {"expires": 0},
        "a block with bits after its length": {"ips_allowed": ["127.0.0.1/8"]}, "a country that is none": {"countries_denied": ["Nowhere"]},
        "a scope that is none": {"scopes": ["orders"]}, "65 scopes": {"scopes": [f"s{at}:read" for at in range(65)]},
        "scopes that no identity holds": {"scopes": [f"{at:02}{'a' * 30}:{'b' * 32}" for at in range(64)]},
        "a megabyte of scopes": {"scopes": [f"s{at}:read" for at in range(100_000)]},
    }
    if damage == "an unknown field":
        document["admin"] = True
    elif damage == "a missing field":
        del settings["limits"]
    elif damage == "an unknown state":
        document["state"] = "enabled"
    elif damage == "deeply nested lists":
        return text.replace('"scopes": []', '"scopes": ' + "[" * 20_000 + "]" * 20_000)
    else:
        settings.update(by_settings[damage])
    return json.dumps(document)


def _instant(deployment: Deployment, offset: int | None) -> int | None:
    return None if offset is None else deployment.now_ms + offset


def _object(minted: Minted, scope: str) -> str | None:
    """What a limit of several keys belongs to."""
    return {"owner": f"{minted.tenant}/owner/{minted.owner}", "tenant": f"{minted.tenant}/tenant",
            "ip": f"{minted.tenant}/ip", "global": "*/global"}.get(scope)
