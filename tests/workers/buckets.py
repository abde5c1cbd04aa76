"""What many gates admit of one bucket, and how often they ask for it."""

import time

from contract.world import Key, Limit
from gate.deployed import Crowd
from gate.sharing import LIMITED, Count, fixed

from .client import Client
from .fleet import PATIENT_MS, Fleet
from .hammer import exact, hammer, over, request

TOTALS = (1, 7, 31, 32, 500, 3_000)
#: Clients of each gate.
EACH = 3
#: So soon all is spent, unless tokens were lost; and so often at most somebody may lose some.
SPENT_S, TIMES_MAX = 15.0, 3
#: After the last token: for how long everybody goes on asking.
AFTER_S = 1.5
#: For how long a hot key is asked for.
HOT_S = 8.0
#: The aim for one bucket, whoever asks for it.
CALLS_MAX = 100
#: Of what one exact bucket would admit.
SHARE_MIN = 0.95
STATUSES = {200, 429, 503}
#: A machine that is kept this busy answers some too late; of all, so many at most.
LATE, LATE_MAX = (503, "unavailable"), 0.02


def spent(fleet: Fleet, role: str, total: int) -> Count:
    """Lets clients of all gates ask until all is spent, and for a while longer."""
    count, crowd = Count(), Crowd()
    for gate in fleet.gates * EACH:

        def work(client=Client(gate)):
            count.note(*client.ask(fleet.key(role)))

        crowd.add(work)
    try:
        end = time.monotonic() + SPENT_S
        while count.admitted < total and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(AFTER_S)
    finally:
        crowd.stop()
    return count


def exactly() -> str:
    """However small or large N is. Never more; and less only where the machine was so busy that a message came too late."""
    keys = {f"limited-{total}-{at}": Key(limits=fixed(total)) for total in TOTALS for at in range(TIMES_MAX)}
    short = 0
    with Fleet("exactly", keys, deadline_ms=PATIENT_MS) as fleet:
        for total in TOTALS:
            for at in range(TIMES_MAX):
                count = spent(fleet, f"limited-{total}-{at}", total)
                assert count.admitted <= total, f"{count.admitted} of a limit of {total} were admitted"
                count.only(*LIMITED, LATE)
                assert count.answers.get(LATE, 0) <= LATE_MAX * sum(count.answers.values()), count.answers
                if count.admitted == total:
                    break
                short += 1
            assert count.admitted == total, f"only {count.admitted} of a limit of {total} were admitted, {TIMES_MAX} times: {count.answers}"
        fleet.no_secret_told()
    return f"N of {', '.join(map(str, TOTALS))} over {len(fleet.gates)} gates with {EACH} clients each, {short} times after one that fell short"


def hot() -> str:
    """As fast as gates answer: below the limit, and far above it."""
    with Fleet("hot", {"unlimited": Key()}, deadline_ms=PATIENT_MS) as fleet:
        rate_of(fleet, "unlimited", 1.0)
        reach = rate_of(fleet, "unlimited", 3.0)
        told = [f"{reach:.0f} requests/s without a limit"]
        # Demand is held a little below what is reached, so that it is what it is said to be; and then let loose.
        demand = 0.8 * reach
        for name, rate, pace in (("half", 2 * demand, demand), ("ten-times", demand / 10, demand), ("far-more", reach / 10, None)):
            rate = int(rate)
            fleet.deployment.put(name, Key(limits=(Limit(rate, rate=rate, period_ms=1_000),)))
            fleet.create(name)
            before, begun = fleet.objects()["Bucket"], time.monotonic()
            asked = hammer(fleet.gates, [request(fleet.key(name))], HOT_S, rate=pace)
            took = time.monotonic() - begun
            calls = (fleet.objects()["Bucket"] - before) / took
            told.append(judged(asked, rate, calls, took))
        fleet.no_secret_told()
    return "; ".join(told)


def rate_of(fleet: Fleet, role: str, seconds: float) -> float:
    asked = hammer(fleet.gates, [request(fleet.key(role))], seconds)
    late = sum(one.status == 503 for one in asked)
    assert {one.status for one in asked} <= {200, 503} and late <= LATE_MAX * len(asked), {one.status for one in asked}
    return len(asked) / seconds


def judged(asked, rate: int, calls: float, took: float) -> str:
    admitted = sum(one.status == 200 for one in asked)
    share = admitted / exact(asked, rate, rate)
    above, windows = over(asked, rate, rate)
    told = (f"{len(asked) / took / rate:.1f} times the limit of {rate}/s: {len(asked) / took:.0f} asked and {admitted / took:.0f} "
            f"admitted a second, {calls:.0f} authority calls/s, {share:.1%} of one exact bucket, the fullest of {windows} windows {above:+.0f}")
    assert above <= 0, f"over the bucket: {told}"
    others = {one.status for one in asked} - STATUSES
    assert not others, f"answered {others}: {told}"
    late = sum(one.status == 503 for one in asked) / len(asked)
    assert late <= LATE_MAX, f"{late:.1%} were answered too late: {told}"
    assert calls <= CALLS_MAX, f"too many calls: {told}"
    assert share >= SHARE_MIN, f"too few: {told}"
    return told


CASES = {"a limit of N over many gates admits N": exactly, "a hot key keeps to its bucket, and asks seldom": hot}
