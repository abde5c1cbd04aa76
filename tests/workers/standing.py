"""A process that stands still while the others go on, and then goes on itself: it has missed all that happened."""

import time

from contract.world import Key, Limit
from gate.deployed import Crowd, until

from .apart import Apart, frozen
from .client import Client
from .fleet import PATIENT_MS, Fleet
from .hammer import hammer, over, request

#: For so long it stands still: within what a gate may decide without the head, and beyond it (10 s).
STANDS_S = (4.0, 13.0)
#: For so long a head may be old, and a lease lives.
STALENESS_S, LEASE_S = 10.0, 5.0
UNAVAILABLE = (503, "unavailable")
#: What is said of a key that is revoked: of all answers so many at most may be late, where a machine is kept busy.
REFUSED, LATE_MAX = (401, "key_revoked"), 0.05
#: What waits for it when it goes on: so many connections to each gate, each with one request.
WAITING = 8
#: A bucket that is full again before the longer one ends, whatever was leased and spent before.
BURST, RATE = 400, 40
#: For how long everybody asks at once.
ASKING_S = 1.0
BREATH_S = 0.002


def revoked() -> str:
    """A key that is revoked meanwhile is refused in the first answers, also in those to requests that were waiting."""
    keys = {"good": Key(), **{f"gone-{at}": Key() for at in range(len(STANDS_S))}}
    told = []
    with Fleet("standing", keys, gates=1, deadline_ms=PATIENT_MS) as fleet, Apart(fleet, "stays") as stays, Apart(fleet, "stops", 2) as stops:
        for at, seconds in enumerate(STANDS_S):
            told.append(f"{stood(fleet, stays, stops, fleet.key(f'gone-{at}'), fleet.id(f'gone-{at}'), seconds)} after {seconds:.0f} s")
        for apart in (stays, stops):
            fleet.no_secret_told(apart.log_path)
    return f"requests that all were refused as revoked: {', '.join(told)}"


def stood(fleet: Fleet, stays: Apart, stops: Apart, key: bytes, name: str, seconds: float) -> int:
    everybody = [*fleet.gates, *stays.gates, *stops.gates]
    answers, crowd = [], Crowd()
    for gate in everybody:
        until("the key is known", lambda client=Client(gate): client.ask(key) == (200, ""))
    for gate in stops.gates:

        def work(client=Client(gate)):
            sent = time.monotonic()
            answers.append((sent, client.ask(key)))
            time.sleep(BREATH_S)

        crowd.add(work)
    until("it is asked for", lambda: len(answers) > 100)
    with stops.frozen() as begun:
        fleet.did("keys", "revoke", name)
        revoked = time.monotonic()
        waiting = [Client(gate) for gate in stops.gates for _ in range(WAITING)]
        for client in waiting:
            client.send(request(key))
        other = Client(stays.gates[0])
        until("the others know", lambda: other.ask(key) == REFUSED)
        assert other.verdict(fleet.key("good")) == (200, "")
        # Time has to pass: it is what this is about.
        time.sleep(max(0.0, begun + seconds - time.monotonic()))
    first = [client.answer() for client in waiting]
    assert REFUSED in first and set(first) <= {REFUSED, UNAVAILABLE}, f"after {seconds} s the first answers are {sorted(set(first))}"
    until("it is asked for again", lambda: sum(sent > revoked for sent, _ in answers) > 100)
    crowd.stop()
    later = [answer for sent, answer in answers if sent > revoked]
    assert set(later) <= {REFUSED, UNAVAILABLE}, f"after {seconds} s the answers are {sorted(set(later))}"
    late = later.count(UNAVAILABLE)
    assert late <= LATE_MAX * len(later), f"after {seconds} s {late} of {len(later)} answers were late"
    before = {answer for sent, answer in answers if sent <= revoked}
    assert (200, "") in before, before
    for gate in everybody:
        assert Client(gate).verdict(fleet.key("good")) == (200, "")
    return len(first) + len(later)


def leased() -> str:
    """Tokens that are held over it are void: the bucket has been filled again, and others spend it."""
    told = []
    keys = {f"limited-{at}": Key(limits=(Limit(BURST, rate=RATE, period_ms=1_000),)) for at in range(len(STANDS_S))}
    with Fleet("leased", keys, gates=1, deadline_ms=PATIENT_MS) as fleet, Apart(fleet, "stays") as stays, Apart(fleet, "stops", 2) as stops:
        for at, seconds in enumerate(STANDS_S):
            asked = [request(fleet.key(f"limited-{at}"))]
            # They come to hold as much as anybody may.
            all_asked = hammer(stops.gates, asked, ASKING_S, each=1, rate=BURST / 2)
            assert {200} <= {one.status for one in all_asked} <= {200, 503}, {one.status for one in all_asked}
            with stops.frozen() as begun:
                time.sleep(max(0.0, begun + seconds - time.monotonic()))
                # What there is of the bucket is spent elsewhere.
                all_asked += hammer([*fleet.gates, *stays.gates], asked, ASKING_S)
            all_asked += hammer([*stops.gates, *stays.gates], asked, ASKING_S)
            above, windows = over(all_asked, BURST, RATE)
            assert above <= 0, f"after {seconds} s {above:.0f} more than the bucket in the fullest of {windows} windows"
            assert {one.status for one in all_asked} <= {200, 429, 503}, {one.status for one in all_asked}
            told.append(f"{above:+.0f} after {seconds:.0f} s")
    return f"the fullest window of {BURST} and {RATE}/s: {', '.join(told)}"


def authority() -> str:
    """The objects stand still: what is known passes for as long as a head may be old, and from what is leased; then nothing."""
    keys = {"good": Key(), "unseen": Key(), "limited": Key(limits=(Limit(BURST, rate=RATE, period_ms=1_000),))}
    with Fleet("authority", keys, gates=1, deadline_ms=PATIENT_MS) as fleet, Apart(fleet, "asks", 2) as asks:
        answers, crowd = {"good": [], "limited": []}, Crowd()
        for gate in asks.gates:
            for role in answers:

                def work(client=Client(gate), role=role):
                    sent = time.monotonic()
                    answers[role].append((sent, client.ask(fleet.key(role))))
                    time.sleep(BREATH_S)

                crowd.add(work)
        until("all are let through", lambda: all(sum(answer == (200, "") for _, answer in told) > 20 for told in answers.values()))
        with frozen(fleet.process) as begun:
            until("the head is too old", lambda: time.monotonic() > begun + STALENESS_S, 2 * STALENESS_S)
            ended = len(answers["good"])
            until("it is asked for still", lambda: len(answers["good"]) > ended + 10)
            answer = Client(asks.gates[0]).ask(fleet.key("unseen"))
            assert answer == UNAVAILABLE, f"a key that nobody holds is answered {answer}"
        # Everything is as it was, once what was missed has been asked for.
        for gate in (*fleet.gates, *asks.gates):
            for role in keys:
                until(f"{role} passes again", lambda client=Client(gate), role=role: client.ask(fleet.key(role)) == (200, ""))
        crowd.stop()
        others = {answer for told in answers.values() for _, answer in told} - {(200, ""), (429, "rate_limited"), UNAVAILABLE}
        assert not others, others
        meanwhile = [(sent, answer) for sent, answer in answers["good"] if begun < sent < begun + STALENESS_S]
        passed = [sent for sent, answer in meanwhile if answer == (200, "")]
        assert passed and max(passed) > begun + 2, "what is known was not let through while its head was young enough"
        late = [answer for sent, answer in answers["good"][:ended + 10] if sent > begun + STALENESS_S]
        assert late and set(late) == {UNAVAILABLE}, f"with a head that is too old the answers are {set(late)}"
        leased = sum(answer == (200, "") for sent, answer in answers["limited"] if LEASE_S < sent - begun < STALENESS_S)
        assert not leased, f"{leased} were let through without a lease"
        fleet.no_secret_told(asks.log_path)
    return f"{len(passed)} of {len(meanwhile)} were let through within {STALENESS_S:.0f} s, none after, and none without a lease"


CASES = {
    "a key is revoked while a process stands still": revoked,
    "leases that are held over a standstill are void": leased,
    "the objects stand still": authority,
}
