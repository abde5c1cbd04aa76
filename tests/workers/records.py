"""How gates come by records: keys that are new, caches on the way, and how little is asked."""

import json
import time
from http.client import HTTPConnection

from contract.world import Key, Limit, Route
from gate.deployed import until

from .client import Client
from .faults import slow
from .fleet import PATIENT_MS, Fleet
from .hammer import hammer, request

#: For so long at most a gate that asked too early goes on saying that there is no such key.
ABSENT_S = 10.0
#: How many ask for one cold key at the same time; 2,000 may wait in one isolate, and who is one too many is told 503.
CROWDS = (200, 2_000, 10_000)
#: So often the smallest crowd may ask, each time for another key, until a machine was not too busy to answer it within the deadline.
TIMES_MAX = 3
#: KV takes so long to answer them.
SLOW_S = 0.3
#: So many requests in a row ask nobody; and in so many turns at least once.
IN_A_ROW, TURNS_MAX = 100, 50
#: A machine that is busy may take longer over them than a record may take: it is then asked for again, a few times in all.
READS_MAX = 8


def new_keys() -> str:
    """KV says for ever that there is no such key; the gates that did not ask for it know it at once."""
    slowest, rounds = 0.0, 5
    with Fleet("new", {f"new-{at}": Key() for at in range(rounds)}, create=False, deadline_ms=PATIENT_MS) as fleet:
        fleet.kv.manner = lambda _key: None
        asked = {}
        for at in range(rounds):
            role = f"new-{at}"
            early = Client(fleet.gates[at])
            answer = early.verdict(fleet.key(role))
            assert answer == (401, "key_invalid"), f"{role} is asked for too early: {answer}"
            asked[role] = early
            # What KV says of it is kept where it is kept: it has been asked, and goes on saying so.
            assert fleet.kv.reads >= at + 1
        for role in asked:
            fleet.create(role)
            made = time.monotonic()
            for gate in fleet.gates:
                if gate.address != asked[role].address:
                    client = Client(gate)
                    assert client.verdict(fleet.key(role)) == (200, ""), f"{role} does not work at once"
                    client.close()
            asked[role] = asked[role], made
        for role, (early, made) in asked.items():
            until(f"{role} works where it was asked for", lambda: early.ask(fleet.key(role)) == (200, ""), ABSENT_S + 1)
            slowest = max(slowest, time.monotonic() - made)
        assert slowest <= ABSENT_S + 1, slowest
    return f"{rounds} keys worked at once at {len(fleet.gates) - 1} gates each; the slowest after {slowest:.1f} s where it had been asked for"


def tenants() -> str:
    """A cache by URL stands before the origin, and the origin calls everything public."""
    keys = {"a": Key(tenant="ta", owner="anna"), "b": Key(tenant="tb", owner="bert")}
    routes = [Route("/shared/**", cache=True)]
    with Fleet("tenants", keys, gates=2, routes=routes, origin_port=9, cache=True, deadline_ms=PATIENT_MS) as fleet:
        for at in range(20):
            for gate in fleet.gates:
                client = Client(gate)
                for role, owner in (("a", "anna"), ("b", "bert")):
                    path = f"/page/{at % 3}"
                    assert client.verdict(fleet.key(role), path) == (200, "")
                    assert client.body == f"for {owner}".encode(), f"{owner} was shown what was {client.body}"
                    told = client.field("cache-control")
                    assert told and "private" in told and "public" not in told, f"a cache beyond the gate may keep it: {told}"
                    assert "x-api-key" in (client.field("vary") or "").lower()
                # Who has no key is shown nothing of it.
                assert client.ask(b"none", f"/page/{at % 3}") == (401, "key_invalid")
                client.close()
        seen = cache(fleet)
        assert seen["hits"] == 0 and not seen["kept"], seen
        # The cache is one: a route that opts in does use it.
        client = Client(fleet.gates[0])
        for _ in range(2):
            assert client.ask(fleet.key("a"), "/shared/page") == (200, "")
        assert cache(fleet)["hits"] == 1, cache(fleet)
        assert client.ask(b"none", "/shared/page") == (401, "key_invalid")
        client.close()
    return f"{seen['past']} answers went past the cache, none into it"


def cache(fleet: Fleet) -> dict:
    connection = HTTPConnection("127.0.0.1", fleet.ports["outbound"], timeout=20)
    connection.request("GET", "/-/cache")
    try:
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def stampede() -> str:
    """All ask one gate for one key that it does not know, before KV has said a word."""
    told, crowds = [], [(CROWDS[0], at) for at in range(TIMES_MAX)] + [(many, 0) for many in CROWDS[1:]]
    keys = {"warm": Key(), **{f"cold-{many}-{at}": Key() for many, at in crowds}}
    with Fleet("stampede", keys, gates=1, deadline_ms=PATIENT_MS) as fleet:
        until("KV is told", lambda: len(fleet.kv.values) >= len(keys))
        done = set()
        for many, at in crowds:
            if many in done:
                continue
            first = Client(fleet.gates[0])
            assert first.ask(fleet.key("warm")) == (200, "")
            first.close()
            fleet.kv.manner = slow(SLOW_S)(fleet)
            before, reads, begun = fleet.objects()["Ledger"], fleet.kv.reads, time.monotonic()
            answers = fleet.objects(f"/crowd/{many}", {"X-API-Key": fleet.key(f"cold-{many}-{at}").decode()})
            took = time.monotonic() - begun
            reads, ledger = fleet.kv.reads - reads, fleet.objects()["Ledger"] - before
            passed, others = answers.pop("200", 0), answers.pop("503", 0)
            told.append(f"{many} at once within {took:.1f} s: {passed} passed, {others} were one too many, {reads} reads of KV, {ledger} of the ledger")
            assert not answers and passed + others == many, told
            # What a machine that is too busy for thousands at once does not answer in time is asked for again: for who comes
            # later, and for who waited while the isolate stood still, twice at most.
            exactly = reads == 1 and passed == many
            assert exactly or reads <= READS_MAX and (many, at) != (CROWDS[0], TIMES_MAX - 1), told
            if exactly or many > CROWDS[0]:
                done.add(many)
    return "; ".join(told)


def warm() -> str:
    """A key that is held, a head that is young, tokens that are leased: nobody is asked anything."""
    keys = {"free": Key(), "limited": Key(limits=(Limit(1_000_000, rate=1_000_000, period_ms=60_000),))}
    with Fleet("warm", keys, gates=1, deadline_ms=PATIENT_MS) as fleet:
        told = []
        for role in keys:
            hammer(fleet.gates, [request(fleet.key(role))], 0.2, each=1)
            client, asked, answers = Client(fleet.gates[0]), 0, set()
            before, reads, begun = fleet.objects(), fleet.kv.reads, time.monotonic()
            while time.monotonic() - begun < 3:
                answers.add(client.ask(fleet.key(role)))
                asked += 1
            after, took = fleet.objects(), time.monotonic() - begun
            counted = {name: after[name] - before[name] for name in ("Relay", "Ledger", "Bucket")}
            client.close()
            assert fleet.kv.reads == reads, "KV was asked for a key that is held"
            assert answers == {(200, "")}, answers
            # The head is asked for by time, and tokens by lease: never by request.
            assert counted["Relay"] <= 2 * took / 0.5 + 2 and counted["Ledger"] <= 2 * took / 0.25 + 2, counted
            assert counted["Bucket"] <= (0 if role == "free" else 40), counted
            assert asked > 20 * sum(counted.values()), f"{asked} requests: {counted}"
            told.append(f"{role}: {asked} requests, KV 0, {', '.join(f'{name} {times}' for name, times in counted.items())}")
        # Within the half second in which a head is young, exactly nothing.
        told.append(f"{burst(fleet)} requests in a row on a young head asked nobody")
    return "; ".join(told)


def burst(fleet: Fleet) -> int:
    """So many requests in a row in which no store was asked anything. A machine that is busy may need several turns for that."""
    for _ in range(TURNS_MAX):
        client = Client(fleet.gates[0])
        client.ask(fleet.key("free"))
        before = fleet.asked()
        for _ in range(IN_A_ROW):
            assert client.ask(fleet.key("free")) == (200, "")
        asked = fleet.asked() - before
        client.close()
        if asked == 0:
            return IN_A_ROW
    raise AssertionError(f"every {IN_A_ROW} requests asked somebody something")


CASES = {
    "a key that is made after its absence was kept": new_keys,
    "two tenants and one URL that may be cached": tenants,
    "10,000 ask for one cold key": stampede,
    "a warm key asks nobody": warm,
}
