"""How long what the API has stopped is still let through anywhere: `cd tests && python -m control.felt`.

Two gates on one store are busy. Through the API of one of them keys are revoked, owners and tenants stopped, roles
narrowed. Timed is from when the answer of the API was read to when the last question was asked that was let through, on
whichever gate. The clients ask all the time, so that is the truth but for some milliseconds; a client that a busy machine
keeps from reading its answer does not count as a gate that gave it late.
"""

import argparse
import http.client
import json
import sys
import time
from pathlib import Path

from contract.driver_native import NativeHost
from contract.world import Config, Deployment, Key, Route
from gate.deployed import Crowd, Shared, until, verdict
from gate.revocation import BOUND_S, WATCHED_S, Watch, asks, late, once

EACH = 20
GATES = 2
PATH = "/orders"
#: From one change to the next: the keys in between are few, so that each is asked for often.
BETWEEN_S = 0.1
SCOPES = ("keys:*", "owners:*", "tenants:*", "roles:*")


class Api:
    """One connection to the management API."""

    def __init__(self, address: str, key: str):
        host, _, port = address.rpartition(":")
        self.connection, self.key = http.client.HTTPConnection(host, int(port), timeout=30), key

    def did(self, method: str, path: str, body=None) -> dict:
        """What it answers, where it must do what is asked."""
        fields = {"X-API-Key": self.key, "Content-Type": "application/json"}
        self.connection.request(method, path, None if body is None else json.dumps(body), fields)
        answer = self.connection.getresponse()
        text = answer.read()
        assert 200 <= answer.status < 300, f"{method} {path}: {answer.status} {text[:300]}"
        return json.loads(text)


def deployed(host: NativeHost, keys: dict[str, Key]) -> tuple[Shared, list, Api]:
    """Two gates that serve the API as well, with these keys, and an operator."""
    deployment = Deployment.drawn(Config("felt", routes=(Route(PATH, scopes=("orders:read",)),)))
    for role, key in keys.items():
        deployment.put(role, key)
    shared = Shared(host, deployment)
    try:
        settings = shared.place / "tollgate.toml"
        settings.write_text(f'{settings.read_text()}\n[control]\nlisten = "127.0.0.1:0"\n')
        words = [word for scope in SCOPES for word in ("--scope", scope)]
        admin = shared.did("keys", "create", "--tenant", "operators", "--owner", "admin", "--env", "live", "--unlimited", *words)
        gates = [shared.start() for _ in range(GATES)]
        return shared, gates, Api(listens(gates[0]), admin["secret"])
    except BaseException:
        shared.close()
        raise


def listens(gate) -> str:
    """Where the API of a gate is."""
    there = lambda: [event["address"] for event in gate.events() if event.get("listener") == "control" and event["event"] == "listening"]
    return until("the listener of the API", there)[0]


def victims(api: Api, watch: Watch) -> list[tuple[str, str, tuple]]:
    """The keys, each with its secret and with the request that ends it."""
    made = []

    def key(role: str, tenant: str, owner: str, more: dict, ends: tuple[int, str], request) -> None:
        body = {"owner": owner, "env": "live", "scopes": ["orders:read"], "limits": []} | more
        told = api.did("POST", f"/api/keys?tenant={tenant}", body)
        watch.ends[role] = ends
        made.append((role, told["secret"], request(told["key"]["id"])))

    def tenant(name: str):
        api.did("POST", "/api/tenants", {"id": name})

    def owner(of: str, name: str):
        api.did("POST", f"/api/owners?tenant={of}", {"id": name, "kind": "service"})

    tenant("acme")
    owner("acme", "shop")
    for number in range(EACH):
        key(f"revoked {number}", "acme", "shop", {}, (401, "key_revoked"), lambda id: ("DELETE", f"/api/keys/{id}", None))
        mine = f"shop-{number}"
        owner("acme", mine)
        key(f"owner {number}", "acme", mine, {}, (401, "owner_disabled"),
            lambda _, mine=mine: ("POST", f"/api/owners/{mine}/stop?tenant=acme", None))
        mine = f"acme-{number}"
        tenant(mine)
        owner(mine, "shop")
        key(f"tenant {number}", mine, "shop", {}, (401, "tenant_disabled"),
            lambda _, mine=mine: ("POST", f"/api/tenants/{mine}/stop", None))
        mine = f"reader-{number}"
        api.did("POST", "/api/roles?tenant=acme", {"name": mine, "scopes": ["orders:read"]})
        key(f"role {number}", "acme", "shop", {"scopes": [], "roles": [mine]}, (403, "scope_missing"),
            lambda _, mine=mine: ("PATCH", f"/api/roles/{mine}?tenant=acme", {"scopes": ["orders:write"]}))
    return made


def run(binary: Path) -> int:
    host = NativeHost(str(binary))
    shared = None
    try:
        shared, gates, api = deployed(host, {"stays": Key(scopes=("orders:read",))})
        watch = Watch()
        all_of_them = victims(api, watch)
        keys = [(role, secret.encode()) for role, secret, _ in all_of_them]
        # Every gate knows every key from now on.
        once(watch, gates, keys)
        focus, crowd = [keys[0]], Crowd()
        for gate in gates:
            for _ in range(2):
                crowd.add(asks(watch, gate, focus, ("stays", shared.key("stays"))))
        for at, (role, _, request) in enumerate(all_of_them):
            young = lambda one: time.monotonic() - watch.revoked.get(one, time.monotonic()) < WATCHED_S
            focus[:] = [one for one in keys[: at + 2] if young(one[0])]
            time.sleep(BETWEEN_S)
            api.did(*request)
            watch.revoked[role] = time.monotonic()
        time.sleep(WATCHED_S)
        crowd.stop()
        last = dict(watch.admitted)
        once(watch, gates, keys)
        return told(watch, [role for role, _ in keys if watch.admitted.get(role) != last.get(role)])
    finally:
        if shared:
            shared.close()
        host.close()


def told(watch: Watch, again: list[str]) -> int:
    faults = watch.faults()
    print(f"{len(watch.revoked)} changes through the API, {watch.asked} questions to {GATES} busy gates; from the API's answer to the "
          f"last question that was let through anywhere (bound {BOUND_S * 1e3:.0f} ms):")
    for kind in ("revoked", "owner", "tenant", "role"):
        delays = watch.delays(kind)
        print(f"  {kind:8} {len(delays)} times, p50 {delays[len(delays) // 2] * 1e3:.0f} ms, max {delays[-1] * 1e3:.0f} ms")
        if len(delays) != EACH or late(delays):
            faults.append(f"{kind}: {len(delays)} times, and one was let through {delays[-1]:.3f} s after its end")
    if again:
        faults.append(f"let through at the end: {again[:5]}")
    return verdict(faults, len(watch.revoked))


def main() -> int:
    parser = argparse.ArgumentParser(prog="control.felt", description=__doc__)
    parser.add_argument("--binary", help="the file that a user would deploy", default="../target/release/tollgate", type=Path)
    return run(parser.parse_args().binary)


if __name__ == "__main__":
    sys.exit(main())
