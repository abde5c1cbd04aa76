"""Lists, filters, usage and changes among many keys of one tenant: `cd tests && python -m control.many --keys 20000`.

The command serves a store that the bench `lists` has filled, and is asked over HTTP, one request at a time, each on a connection of its
own. What it answers is compared with the table of what was made. How long it takes is told, and bounded so that a busy
machine keeps it: what is slower is not slow but broken.
"""

import argparse
import csv
import heapq
import itertools
import json
import random
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from gate.deployed import verdict

from .deployed import Answer, Deployment

FILL = ("bench", "--locked", "-q", "-p", "tollgate-store-sqlite", "--bench", "lists", "--")
FILL_S = 3_600
TENANT = "acme"
HOUR_MS = 3_600_000
HOURS = 24
#: One in so many keys is used, in each of these hours.
USED_ONE_IN = 100
PAGE, PAGE_MAX = 50, 200
#: How often what is no walk is asked.
ROUNDS = 20
#: The most requests of a walk that need not come to its end.
STEPS = 40
SEED = 6
#: Whoever turns pages loses the thread when one takes longer than a second. What the store has no index for reads 2,000 keys
#: for a page; and after ten seconds people and their clients have given up. In milliseconds.
CHOSEN_MS, LOOKED_FOR_MS, MAX_MS = 1_000, 3_000, 10_000


class Wrong(Exception):
    """An answer is not what it should be."""


class Key(NamedTuple):
    """A key as it was made."""

    id: str
    name: str
    owner: str
    env: str
    state: str
    created: int
    expires: int
    scopes: str
    labels: str
    count: int
    #: The lines that it has in the audit.
    audited: int


@dataclass
class Case:
    """A list: what is asked, what it has, and in which order."""

    query: str
    has: object
    sort: str = "id"
    #: Whether an index of the store finds it.
    chosen: bool = True
    whole: bool = False

    def expected(self, keys: list[Key], most: int | None) -> list[str]:
        down, by = self.sort.startswith("-"), self.sort.lstrip("-")
        found = (key for key in keys if self.has(key))
        pick = heapq.nlargest if down else heapq.nsmallest
        place = ORDERS[by]
        return [key.id for key in (sorted(found, key=place, reverse=down) if most is None else pick(most, found, place))]


#: What does not end comes last.
ORDERS = {
    "id": lambda key: key.id,
    "created": lambda key: (key.created, key.id),
    "name": lambda key: (key.name, key.id),
    "expires": lambda key: (key.expires or 1 << 53, key.id),
}


class Times:
    """How long each kind of request took, and what was wrong."""

    def __init__(self):
        self.cases, self.faults = 0, []

    def tell(self, name: str, took: list[float], bound_ms: int, more: str = ""):
        self.cases += 1
        p50, longest = sorted(took)[len(took) // 2], max(took)
        print(f"{name:<58} {len(took):>5} times, p50 {p50:>8.1f} ms, max {longest:>8.1f} ms{more}", flush=True)
        if p50 > bound_ms or longest > MAX_MS:
            self.faults.append(f"{name}: p50 {p50:.0f} ms of {bound_ms}, max {longest:.0f} ms of {MAX_MS}: that is not promptly")


class Many:
    """The deployment with its keys, and whoever asks."""

    def __init__(self, deployment: Deployment, admin: str, keys: list[Key], hour: int):
        self.deployment, self.admin, self.keys, self.hour = deployment, admin, keys, hour
        self.times, self.random = Times(), random.Random(SEED)

    def ask(self, method: str, target: str, body=None) -> tuple[Answer, float]:
        """Asks once, which must succeed, and says for how many milliseconds."""
        text = None if body is None else json.dumps(body).encode()
        begun = time.monotonic()
        answer = self.deployment.ask(method, target, self.admin, text, {"Content-Type": "application/json"} if text else None)
        took = (time.monotonic() - begun) * 1_000
        if answer.status >= 300:
            raise Wrong(f"{method} {target}: {answer.status} {answer.body[:300]}")
        return answer, took

    def walk(self, case: Case, limit: int, most: int | None):
        """Turns pages to the end, or so many of them: each key once, in the order, and none that should not be there."""
        query = f"tenant={TENANT}&sort={case.sort}&limit={limit}" + (f"&{case.query}" if case.query else "")
        found, took, cursor = [], [], ""
        while cursor is not None and (most is None or len(took) < most):
            answer, ms = self.ask("GET", f"/api/keys?{query}{cursor}")
            page = answer.json()
            found += [key["id"] for key in page["keys"]]
            took.append(ms)
            cursor = None if page["next"] is None else f"&cursor={page['next']}"
        expected = case.expected(self.keys, None if cursor is None else len(found))
        if found != expected:
            raise Wrong(f"{query}: {len(found)} keys, {found[:3]}…, and not {len(expected)}, {expected[:3]}…")
        return took, f"  {len(found)} keys{'' if cursor is None else ' and more'}"

    def held(self, play) -> None:
        """Plays it; what is wrong is kept and ends nothing else."""
        try:
            play()
        except Wrong as wrong:
            self.times.faults.append(str(wrong))

    def listed(self, case: Case):
        limit = PAGE_MAX if case.query else PAGE
        took, found = self.walk(case, limit, None if case.whole else STEPS)
        bound = CHOSEN_MS if case.chosen else LOOKED_FOR_MS
        self.times.tell(f"{case.query or 'all'} by {case.sort}", took, bound, found)

    def everything(self):
        """Every key, page by page, by name: the last pages come as fast as the first."""
        took, found = self.walk(Case("", lambda key: True, "name"), PAGE_MAX, None)
        some = min(STEPS, len(took) // 2)
        self.times.tell(f"the first {some} pages of all by name", took[:some], CHOSEN_MS)
        self.times.tell(f"the last {some} pages of all by name", took[-some:], CHOSEN_MS, found)

    def repeated(self, name: str, ask, bound_ms: int = CHOSEN_MS):
        """Asks so often; `ask` says how long each took."""
        self.times.tell(name, [ask(turn) for turn in range(ROUNDS)], bound_ms)

    def used(self, name: str, target: str, count: int):
        def once(_) -> float:
            answer, took = self.ask("GET", target)
            counted = sum(row["count"] for row in answer.json()["rows"])
            if counted != count:
                raise Wrong(f"{target}: {counted} requests and not {count}")
            return took

        self.repeated(name, once)

    def usage(self):
        day = f"tenant={TENANT}&from={(self.hour - HOURS + 1) * HOUR_MS}&until={(self.hour + 1) * HOUR_MS}"
        one = next(key for key in self.keys if key.count)
        self.used("usage of a key in a day, beside it", f"/api/keys/{one.id}/usage?{day.split('&', 1)[1]}", one.count)
        self.used("usage of a key in a day", f"/api/usage?{day}&key={one.id}", one.count)
        owner = next(key.owner for key in self.keys if key.count and key.owner != "everybody")
        of_owner = sum(key.count for key in self.keys if key.owner == owner)
        self.used("usage of an owner in a day, by key", f"/api/usage?{day}&owner={owner}&by=key,code", of_owner)
        hour = f"tenant={TENANT}&from={self.hour * HOUR_MS}&until={(self.hour + 1) * HOUR_MS}"
        self.used("usage of the tenant in an hour", f"/api/usage?{hour}", sum(key.count for key in self.keys) // HOURS)

    def read(self):
        def once(_) -> float:
            key = self.random.choice(self.keys)
            answer, took = self.ask("GET", f"/api/keys/{key.id}")
            told = answer.json()
            if (told["id"], told["name"], told["owner"], told["state"]) != (key.id, key.name, key.owner, key.state):
                raise Wrong(f"{key} is told as {told}")
            return took

        self.repeated("a key is read", once)

    def audit(self):
        last = sum(key.audited for key in self.keys)

        def once(after: int) -> float:
            answer, took = self.ask("GET", f"/api/audit?tenant={TENANT}&limit={PAGE_MAX}&cursor={after}")
            numbers = [line["number"] for line in answer.json()["lines"]]
            if numbers != list(range(after + 1, min(after + PAGE_MAX, last) + 1)):
                raise Wrong(f"the audit after {after} of {last}: {numbers[:3]}…")
            return took

        self.repeated("a page of the audit, the first", lambda _: once(0))
        self.repeated("a page of the audit, somewhere", lambda _: once(self.random.randrange(last)))
        self.repeated("a page of the audit, the last", lambda _: once(last - PAGE))

    def changes(self):
        """Keys are made, given another secret, and ended: each is felt in what is listed."""
        made = deque()

        def listed(state: str) -> set:
            answer, _ = self.ask("GET", f"/api/keys?tenant={TENANT}&owner=fresh&state={state}")
            return {key["id"] for key in answer.json()["keys"]}

        def create(_) -> float:
            body = {"owner": "fresh", "env": "live", "scopes": ["orders:read"], "limits": []}
            answer, took = self.ask("POST", f"/api/keys?tenant={TENANT}", body)
            made.append(answer.json()["key"]["id"])
            return took

        def rotate(turn: int) -> float:
            answer, took = self.ask("POST", f"/api/keys/{made[turn]}/rotate", {"grace_ms": 60_000})
            if len(answer.json()["key"]["secrets"]) != 2:
                raise Wrong(f"{made[turn]} has another number of secrets after a rotation")
            return took

        self.repeated("a key is made", create)
        self.repeated("a key is rotated", rotate)
        before = listed("active")
        self.repeated("a key is revoked", lambda turn: self.ask("DELETE", f"/api/keys/{made[turn]}")[1])
        if not before == set(made) == listed("revoked") or listed("active"):
            raise Wrong(f"of {len(made)} new keys {len(before)} were listed, and then {len(listed('revoked'))} as revoked")


def cases(many: Many) -> list[Case]:
    """Each order, and each filter."""
    keys = many.keys
    owner, soon = keys[len(keys) // 2 // 4 * 4].owner, min(key.expires for key in keys if key.expires) + 500_000
    unused, word = keys[-1].created + 1, keys[len(keys) // 3].name.split(" ")[1]
    of = {key.id for key in keys if any(word in text.lower() for text in (key.id, key.name))}
    return [
        *(Case("", lambda key: True, sort) for by in ORDERS for sort in (by, f"-{by}")),
        Case(f"owner={owner}", lambda key: key.owner == owner, "name"),
        Case("owner=everybody", lambda key: key.owner == "everybody", "name"),
        Case("env=test", lambda key: key.env == "test", "-created"),
        Case("state=disabled", lambda key: key.state == "disabled", "name"),
        Case("state=revoked", lambda key: key.state == "revoked", "-created"),
        Case(f"expiring_before={soon}", lambda key: 0 < key.expires < soon, "expires"),
        Case(f"expiring_before={soon}", lambda key: 0 < key.expires < soon, "name"),
        Case("text=SERVICE", lambda key: "service" in key.name, "name", chosen=False),
        Case(f"text={word}", lambda key: key.id in of, chosen=False),
        Case("text=nowhere", lambda key: False, chosen=False),
        Case("scope=orders:read", lambda key: "orders:read" in key.scopes, chosen=False),
        Case("scope=reports:read", lambda key: "reports:read" in key.scopes, "name", chosen=False),
        Case("label=team", lambda key: key.labels.startswith("team:"), chosen=False),
        Case("label=team:ops", lambda key: key.labels == "team:ops", chosen=False, whole=True),
        Case(f"unused_since={unused}", lambda key: not key.count, chosen=False),
        Case(f"unused_since={unused}&owner={keys[0].owner}", lambda key: not key.count and key.owner == keys[0].owner),
    ]


def filled(deployment: Deployment, cargo: str, count: int, hour: int) -> list[Key]:
    """Fills the store, and says what is in it."""
    table, begun = deployment.place / "made.tsv", time.monotonic()
    store = deployment.place / "tollgate.db"
    words = [cargo, *FILL, "--fill", store, "--told", table, "--hour", hour, "--keys", count, "--used", count // USED_ONE_IN]
    subprocess.run([str(word) for word in words], cwd=Path(__file__).resolve().parents[2], check=True, stdout=subprocess.DEVNULL, timeout=FILL_S)
    took, size = time.monotonic() - begun, store.stat().st_size
    print(f"{count} keys made in {took:.0f} s; the store has {size / 1e6:.0f} MB, {size // count} bytes a key", flush=True)
    with table.open(newline="") as file:
        rows = itertools.islice(csv.reader(file, delimiter="\t"), 1, None)
        keys = [Key(id, name, sys.intern(owner), sys.intern(env), sys.intern(state), int(created), int(expires), sys.intern(scopes),
                    sys.intern(labels), int(used), int(audited))
                for id, name, owner, env, state, created, expires, scopes, labels, used, audited in rows]
    if len(keys) != count:
        raise RuntimeError(f"{len(keys)} keys were made, and not {count}")
    return keys


def run(binary: Path, cargo: str, count: int) -> int:
    deployment = Deployment(binary)
    try:
        hour = int(time.time() * 1_000) // HOUR_MS
        keys = filled(deployment, cargo, count, hour)
        _, admin = deployment.admin()
        begun = time.monotonic()
        deployment.start()
        print(f"it listens {(time.monotonic() - begun) * 1e3:.0f} ms after its start", flush=True)
        many = Many(deployment, admin, keys, hour)
        for case in cases(many):
            many.held(lambda case=case: many.listed(case))
        for play in (many.everything, many.read, many.usage, many.audit, many.changes):
            many.held(play)
        faults = many.times.faults
        if not deployment.alive() or "panicked" in deployment.log():
            faults.append("the command does not live, or has panicked")
    finally:
        deployment.close()
    return verdict(faults, many.times.cases)


def main() -> int:
    parser = argparse.ArgumentParser(prog="control.many", description=__doc__)
    parser.add_argument("--binary", help="the file that a user would deploy", default="../target/release/tollgate", type=Path)
    parser.add_argument("--cargo", help="what builds and runs the bench that fills the store", default="cargo")
    parser.add_argument("--keys", help="how many", default=20_000, type=int)
    arguments = parser.parse_args()
    return run(arguments.binary, arguments.cargo, arguments.keys)


if __name__ == "__main__":
    sys.exit(main())
