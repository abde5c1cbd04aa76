"""Stores at their worst, one after the other: what is let through stays within what may be, and comes back by itself."""

import random
import time

from contract.world import Key, Limit
from gate.deployed import Crowd, until
from gate.sharing import fixed

from .client import Client
from .fleet import Fleet
from .hammer import hammer, over, request

#: A limit without refill, and one with.
N, RATE = 60, 200
#: For how long everybody asks while something is wrong.
WRONG_S, HOT_S = 1.5, 1.5
KEYS = {"good": Key(), "revoked": Key(), "limited": Key(limits=fixed(N)), "hot": Key(limits=(Limit(RATE, rate=RATE, period_ms=1_000),))}
UNAVAILABLE = (503, "unavailable")
#: What may be said of each, whatever is wrong.
MAY = {
    "good": {(200, ""), UNAVAILABLE},
    "revoked": {(401, "key_revoked"), UNAVAILABLE},
    "limited": {(200, ""), (429, "rate_limited"), UNAVAILABLE},
    "forged": {(401, "key_invalid")},
}


def slow(seconds: float):
    """KV that takes its time, and then says what it has."""

    def manner(fleet: Fleet):
        def read(key):
            time.sleep(seconds)
            return fleet.kv.values.get(key)

        return read

    return manner


def of_another(fleet: Fleet):
    """Whoever is asked for, it is the record of a key that may everything."""
    return lambda _key: fleet.kv.values[fleet.place_of("everybody")]


def bytes_wrong(fleet: Fleet):
    drawn = random.Random(7)

    def read(key):
        value = bytearray(fleet.kv.values.get(key) or b"{}")
        value[drawn.randrange(len(value))] ^= 1 << drawn.randrange(8)
        return bytes(value)

    return read


def before_it_was_revoked(fleet: Fleet):
    return fleet.before.get


#: What KV does, and whether a good key passes all the same.
KV = {
    "stale": (before_it_was_revoked, True), "slow": (slow(0.2), True), "slower than the deadline": (slow(0.8), True),
    "of wrong bytes": (bytes_wrong, True), "another key's": (of_another, True), "silent": (lambda _: "silent", True),
    "broken": (lambda _: "broken", True), "a megabyte": (lambda _: lambda _key: b"x" * 1_000_000, True),
}
#: What objects do, to which of them, and to every so manieth question.
OBJECTS = (
    ("overloaded", "", 1), ("overloaded", "Bucket", 2), ("broken", "Ledger", 1), ("broken", "Relay", 1), ("silent", "Bucket", 2),
    ("silent", "Relay", 1), ("slow", "", 1), ("cut", "", 2), ("unheard", "Bucket", 2), ("reset", "Bucket", 3), ("reset", "", 5),
)


def keys(number: int) -> dict[str, Key]:
    return {f"{name}-{number}": key for name, key in KEYS.items()}


def fleet_of(name: str, times: int) -> Fleet:
    """Keys for each turn, none of which any gate has seen."""
    fleet = Fleet(name, {"everybody": Key(), **{role: key for at in range(times) for role, key in keys(at).items()}}, gates=4)
    until("KV is told", lambda: all(fleet.place_of(role) in fleet.kv.values for role in fleet.deployment.keys if role != "admin"))
    fleet.before = dict(fleet.kv.values)
    for at in range(times):
        fleet.did("keys", "revoke", fleet.id(f"revoked-{at}"))
    until("KV is told", lambda: b'"revoked"' in fleet.kv.values[fleet.place_of(f"revoked-{times - 1}")])
    return fleet


def turn(fleet: Fleet, at: int, what: str) -> dict:
    """Everybody asks while something is wrong. Says what was answered how often."""
    forged = fleet.deployment.forged(fleet.key(f"good-{at}"))
    text = {name: fleet.key(f"{name}-{at}") for name in ("good", "revoked", "limited")} | {"forged": forged}
    answers = {name: {} for name in text}
    crowd = Crowd()
    for gate in fleet.gates:
        for name, key in text.items():

            def work(client=Client(gate), name=name, key=key):
                answer = client.ask(key)
                answers[name][answer] = answers[name].get(answer, 0) + 1
                time.sleep(0.002)

            crowd.add(work)
    time.sleep(WRONG_S)
    crowd.stop()
    for name, told in answers.items():
        assert told and set(told) <= MAY[name], f"{what}: {name} was answered {told}"
    admitted = answers["limited"].get((200, ""), 0)
    assert admitted <= N, f"{what}: {admitted} of a limit of {N}"
    asked = hammer(fleet.gates, [request(fleet.key(f"hot-{at}"))], HOT_S, each=2)
    above, _ = over(asked, RATE, RATE)
    assert above <= 0, f"{what}: {above:.0f} over the bucket"
    assert {one.status for one in asked} <= {200, 429, 503}, f"{what}: {({one.status for one in asked})}"
    return {"good": answers["good"].get((200, ""), 0), "limited": admitted, "hot": sum(one.status == 200 for one in asked)}


def well(fleet: Fleet, at: int, what: str, before: int):
    """Afterwards all is as it should be at every gate, and the limit has not been filled again."""
    count = 0
    for gate in fleet.gates:
        client = Client(gate)
        until(f"{what}: a good key passes again", lambda: client.ask(fleet.key(f"good-{at}")) == (200, ""))
        assert client.verdict(fleet.key(f"revoked-{at}")) == (401, "key_revoked"), what
        for _ in range(N):
            count += client.ask(fleet.key(f"limited-{at}"))[0] == 200
        client.close()
    assert before + count <= N, f"{what}: {before + count} of a limit of {N}"


def of_kv() -> str:
    told = []
    with fleet_of("kv", len(KV)) as fleet:
        for at, (name, (manner, passes)) in enumerate(KV.items()):
            with fleet.kv_is(manner(fleet)):
                done = turn(fleet, at, f"KV is {name}")
                assert done["good"] or not passes, f"KV is {name}: a good key never passed"
            well(fleet, at, f"KV was {name}", done["limited"])
            told.append(f"{name} {done['good']}")
        fleet.no_secret_told()
    return f"admissions of a good key while KV was {', '.join(told)}"


def of_objects() -> str:
    told = []
    with fleet_of("objects", len(OBJECTS)) as fleet:
        for at, (manner, of, every) in enumerate(OBJECTS):
            what = f"every {every}. question to {of or 'any object'} is {manner}"
            with fleet.objects_are(manner, of, every):
                done = turn(fleet, at, what)
            well(fleet, at, what, done["limited"])
            told.append(f"{manner} {of}/{every} {done['limited']}+{done['hot']}")
        fleet.no_secret_told()
    return f"admissions of a limit of {N} and of one of {RATE}/s: {', '.join(told)}"


def evicted() -> str:
    """Objects that are evicted know all that they have answered; gates that begin hold nothing."""
    total, restarts, gates, admitted = 600, 3, 2, 0
    with Fleet("evicted", {"limited": Key(limits=fixed(total)), "gone": Key(), "good": Key()}, gates=gates) as fleet:
        fleet.did("keys", "revoke", fleet.id("gone"))
        for _ in range(restarts):
            asked = hammer(fleet.gates, [request(fleet.key("limited"))], 0.15, each=1)
            admitted += sum(one.status == 200 for one in asked)
            fleet.restart()
            for gate in fleet.gates:
                client = Client(gate)
                for role, only in (("gone", (401, "key_revoked")), ("good", (200, ""))):
                    answer = client.ask(fleet.key(role))
                    assert answer in (only, UNAVAILABLE), f"{role}: {answer}"
                client.close()
        # What was leased to gates that are gone is not given out again.
        asked = hammer(fleet.gates, [request(fleet.key("limited"))], 8, each=1, rate=400)
        admitted += sum(one.status == 200 for one in asked)
        assert admitted <= total, f"{admitted} of {total}"
        # Each gate that was killed held a lease of an eighth at most.
        assert admitted >= total - restarts * gates * (total // 8 + 1), f"only {admitted} of {total}"
        fleet.no_secret_told()
    return f"{admitted} of {total} over {restarts} kills"


CASES = {
    "KV is stale, slow, wrong, another key's, silent": of_kv,
    "objects are overloaded, reset, silent, cut off": of_objects,
    "objects are evicted between requests": evicted,
}
