"""How long a revoked key is still let through anywhere, where KV tells its old record for ever.

Some gates are busy, others have not been asked for five seconds. A key is revoked through the administration's door,
and timed is from when its answer was read to when the last question was asked that was let through, on whatever gate. Then the entries leave the head, and all is asked once more, by gates that
knew the keys and by gates that begin.
"""

import time

from contract.world import Key
from gate.deployed import Crowd, until
from gate.revocation import BOUND_S, BREATH_S, UNAVAILABLE, WATCHED_S, Watch, late

from .client import Client
from .fleet import PATIENT_MS, Fleet

ROUNDS, IN_A_ROUND = 2, 100
BUSY, IDLE = 3, 5
#: How long an idle gate has not been asked for at least.
IDLE_S = 5.0
#: From one revocation to the next: the keys in between are few, so that each is asked for often.
BETWEEN_S = 0.1
#: Of the refusals, so many at most are asked for again because a machine that is kept busy was late.
LATE_MAX = 0.01
#: Entries leave the head after a day.
LEFT_MS = 25 * 3_600_000


def timed() -> str:
    keys = {"stays": Key(), "later": Key()}
    for number in range(ROUNDS):
        keys |= {f"victim-{number}-{at}": Key(scopes=("orders:read",)) for at in range(IN_A_ROUND)}
    with Fleet("revocation", keys, gates=BUSY + IDLE, deadline_ms=PATIENT_MS) as fleet:
        old = frozen(fleet, keys)
        watch, probes = Watch(), 0
        for number in range(ROUNDS):
            probes += a_round(fleet, [f"victim-{number}-{at}" for at in range(IN_A_ROUND)], watch)
        told = judged(watch, probes)
        refused(fleet, watch, "at the end")
        assert all(fleet.kv.read(key) == value for key, value in old.items()), "KV has told something else"
        told += f"; {left(fleet, watch)} refusals once more after the entries had left the head"
        fleet.no_secret_told()
        return told


def busy_client(fleet: Fleet, gate, watch: Watch, focus: list[str]):
    """Asks for the keys in focus in turn, and for one that stays."""
    client, at = Client(gate), 0

    def work():
        nonlocal at
        roles = list(focus)
        at += 1
        role = roles[at % len(roles)] if at % 16 else "stays"
        watch.ask(client, role, fleet.key(role))
        time.sleep(BREATH_S)

    return work


def a_round(fleet: Fleet, roles: list[str], watch: Watch) -> int:
    """Revokes keys one after the other; idle gates are asked in between, each once. Says how many were asked in time."""
    busy, idle = fleet.gates[:BUSY], fleet.gates[BUSY:]
    # Every gate knows every key from now on: a key that it must ask the store for would bring it a younger head.
    # Then nobody asks the idle ones.
    for gate in fleet.gates:
        client = Client(gate)
        for role in roles:
            watch.ask(client, role, fleet.key(role))
        client.close()
    left_alone = time.monotonic()
    focus = roles[:1]
    crowd = Crowd()
    for gate in busy * 2:
        crowd.add(busy_client(fleet, gate, watch, focus))
    time.sleep(IDLE_S)
    probes, share = 0, len(roles) // len(idle)
    for at, role in enumerate(roles):
        focus[:] = [one for one in roles[: at + 2] if time.monotonic() - watch.revoked.get(one, time.monotonic()) < WATCHED_S]
        time.sleep(BETWEEN_S)
        fleet.did("keys", "revoke", fleet.id(role))
        watch.revoked[role] = time.monotonic()
        # Spread over the round: each idle gate is asked for the keys revoked since the one before it.
        if (at + 1) % share == 0:
            assert time.monotonic() - left_alone >= IDLE_S
            client = Client(idle[(at + 1) // share - 1])
            for revoked in reversed(roles[at + 1 - share : at + 1]):
                watch.ask(client, revoked, fleet.key(revoked))
                probes += 1
            client.close()
    time.sleep(WATCHED_S)
    crowd.stop()
    return probes


def frozen(fleet: Fleet, roles) -> dict[str, bytes]:
    """From now on KV tells what it has been told so far, for ever."""
    until("KV is told", lambda: all(fleet.place_of(role) in fleet.kv.values for role in roles))
    old = dict(fleet.kv.values)
    assert all(b'"state":"active"' in old[fleet.place_of(role)] for role in roles)
    fleet.kv.manner = old.get
    return old


def judged(watch: Watch, probes: int) -> str:
    delays = watch.delays()
    at = lambda share: delays[min(len(delays) - 1, int(share * len(delays)))]
    told = (f"{len(delays)} revocations, {watch.asked} questions to {BUSY} busy gates, {probes} of them to {IDLE} that had not been asked "
            f"for {IDLE_S:.0f} s; from the writer's answer to the last question that was let through anywhere p50 {at(0.5) * 1e3:.0f} ms, "
            f"p99 {at(0.99) * 1e3:.0f} ms, max {delays[-1] * 1e3:.0f} ms (bound {BOUND_S * 1e3:.0f} ms)")
    assert len(delays) >= 200, told
    assert not late(delays), told
    faults = watch.faults()
    assert not faults, f"{'; '.join(faults)}; {told}"
    return told


def refused(fleet: Fleet, watch: Watch, when: str) -> int:
    """Every gate refuses every one of them."""
    asked = lates = 0
    for gate in fleet.gates:
        client = Client(gate)
        until(f"a key that stays passes {when}", lambda client=client: client.ask(fleet.key("stays")) == (200, ""))
        for role in watch.revoked:
            # Who is late is asked again; nobody lets it through.
            while (answer := client.ask(fleet.key(role))) == UNAVAILABLE and lates < asked * LATE_MAX + 1:
                lates += 1
            assert answer == (401, "key_revoked"), f"{role} {when}: {answer}"
            asked += 1
        client.close()
    return asked


def left(fleet: Fleet, watch: Watch) -> int:
    """The objects' clock goes a day on: the head has no entry of any of them any more, and a floor instead."""
    epoch = fleet.administer({"op": "stamp"})["stamp"][1]
    fleet.objects(f"/ahead/{LEFT_MS}")
    # With the next change the ledger wakes, and tidies.
    fleet.did("keys", "disable", fleet.id("later"))
    until("entries leave the head", lambda: head(fleet)["floor"] >= epoch)
    entries = head(fleet)["entries"]
    assert len(entries) <= 1, entries
    asked = refused(fleet, watch, "after its entry had left the head")
    before = fleet.kv.reads
    fleet.restart()
    fleet.objects(f"/ahead/{LEFT_MS}")
    assert head(fleet)["floor"] >= epoch
    asked += refused(fleet, watch, "at gates that begin after its entry had left the head")
    assert fleet.kv.reads - before >= len(watch.revoked), "KV was not even asked"
    return asked


def head(fleet: Fleet) -> dict:
    return fleet.objects("/head")


CASES = {"200 keys are revoked while KV tells their old records": timed}
