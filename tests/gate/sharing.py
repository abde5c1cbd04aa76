"""Several processes on one store."""

import contextlib
import threading
import time

from contract.world import Key, Limit

from .deployed import Client, Crowd, Shared, drawn, until

#: After the last token: for how long everybody goes on asking. So soon all is spent, unless tokens were lost.
AFTER_S, SPENT_S = 2.0, 30.0
#: Within an hour nothing is refilled.
HOUR_MS = 3_600_000


@contextlib.contextmanager
def deployed(host, name: str, keys: dict[str, Key], **more):
    """A deployment with these keys; ends with the block."""
    deployment = drawn(name)
    for role, key in keys.items():
        deployment.put(role, key)
    shared = Shared(host, deployment, **more)
    try:
        yield shared
    finally:
        shared.close()


def fixed(burst: int, scope: str = "key") -> tuple[Limit, ...]:
    return (Limit(burst, rate=1, period_ms=2**32 - 1, scope=scope),)


class Count:
    """What everybody was answered."""

    def __init__(self):
        self.lock = threading.Lock()
        self.answers: dict[tuple[int, str], int] = {}
        self.first = self.last = None

    def note(self, status: int, code: str):
        with self.lock:
            self.answers[status, code] = self.answers.get((status, code), 0) + 1
            if status == 200:
                self.last = time.monotonic()
                self.first = self.first or self.last

    @property
    def admitted(self) -> int:
        return self.answers.get((200, ""), 0)

    def only(self, *expected: tuple[int, str]):
        """Nothing else was answered."""
        others = {answer: times for answer, times in self.answers.items() if answer not in expected}
        assert not others, f"answered {others}"


def asking(crowd: Crowd, gates, keys: list[bytes], count: Count, each: int = 3, pause_s: float = 0.0):
    """Clients of every gate that ask for these keys in turn."""
    for gate in gates:
        for number in range(each):
            client, at = Client(gate), iter(range(number, 10**12))

            def work(client=client, at=at):
                count.note(*client.ask(keys[next(at) % len(keys)]))
                time.sleep(pause_s)

            crowd.add(work)


LIMITED, LATE = ((200, ""), (429, "rate_limited")), (503, "unavailable")
#: How often a limit is spent anew of which something was lost: to a store that answers after its deadline, which one does on a
#: machine that is busy.
PLAYS_MAX = 3


def spent(gates, keys: list[bytes], total: int) -> Count:
    """Lets clients of all gates ask until all is spent, and for a while longer."""
    count, crowd = Count(), Crowd()
    asking(crowd, gates, keys, count)
    try:
        end = time.monotonic() + SPENT_S
        while count.admitted < total and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(AFTER_S)
    finally:
        crowd.stop()
    return count


def all_of(host, name: str, keys: dict[str, Key], total: int) -> str:
    """Two gates admit N of N, and never more; less only where something was late."""
    for play in range(1, PLAYS_MAX + 1):
        with deployed(host, f"{name}-{total}-{play}", keys) as shared:
            count = spent([shared.start() for _ in range(2)], [shared.key(role) for role in keys], total)
        assert count.admitted <= total, f"{count.admitted} of a limit of {total} were admitted"
        count.only(*LIMITED, LATE)
        if count.admitted == total:
            return str(total) + (f" in play {play}" if play > 1 else "")
    raise AssertionError(f"only {count.admitted} of a limit of {total} were admitted, {PLAYS_MAX} times: {count.answers}")


def exactly(host) -> str:
    """However small or large N is."""
    told = [all_of(host, "sharing", {"limited": Key(limits=fixed(total))}, total) for total in (1, 7, 31, 32, 500, 3_000)]
    return f"N of {', '.join(told)}"


def of_an_owner(host) -> str:
    total = 400
    keys = {role: Key(tenant="t", owner="o", limits=fixed(total, "owner")) for role in ("one", "two")}
    return all_of(host, "owners", keys, total)


def restarted(host) -> str:
    """However often gates end while others serve, the limit admits no more than it did; and at most a lease less each time."""
    total, restarts, count = 600, 4, Count()
    with deployed(host, "restarts", {"limited": Key(limits=fixed(total)), "other": Key()}) as shared:
        stays = shared.start()
        for _ in range(restarts):
            gate, crowd, goal = shared.start(), Crowd(), min(total, count.admitted + 60)
            asking(crowd, [gate, stays], [shared.key("limited")], count, each=2)
            until(f"{goal} admissions", lambda goal=goal: count.admitted >= goal)
            crowd.stop()
            gate.stop()
        crowd = Crowd()
        asking(crowd, [shared.start(), stays], [shared.key("limited")], count)
        time.sleep(8)
        crowd.stop()
        assert count.admitted <= total, f"{count.admitted} of {total}"
        least = total - restarts * (total // 8 + 1)
        assert count.admitted >= least, f"only {count.admitted} of {total}: {count.answers}"
        count.only(*LIMITED, (0, "no_answer"))
    return f"{count.admitted} of {total} over {restarts} restarts, at least {least}"


def changed(host) -> str:
    """What one process changes every other one heeds: the command line is a process of its own."""
    with deployed(host, "changes", {"one": Key()}) as shared:
        clients = [Client(shared.start()) for _ in range(2)]
        everywhere = lambda key, expected: all(client.ask(key) == expected for client in clients)
        assert everywhere(shared.key("one"), (200, ""))
        for words, expected in (("disable", (401, "key_disabled")), ("enable", (200, "")), ("revoke", (401, "key_revoked"))):
            shared.did("keys", words, shared.id("one"))
            until(f"{words}", lambda expected=expected: everywhere(shared.key("one"), expected))
        made = shared.did("keys", "create", "--tenant", "t", "--owner", "o", "--env", "live", "--unlimited")
        assert everywhere(made["secret"].encode(), (200, "")), "a new key does not work at once"
    return "disabled, enabled, revoked, made"


#: How often gates are told to stop anew where one could not hand back all: a lease is lost to a store that answers after
#: its deadline, which a busy disk does, and then that one play says nothing.
ENDINGS_MAX = 5


def ended(host) -> str:
    """A gate that is told to stop hands back what it holds: over restarts exactly N of a limit that never refills."""
    total, restarts = 600, 6
    for play in range(1, ENDINGS_MAX + 1):
        with deployed(host, f"endings-{play}", {"limited": Key(limits=fixed(total))}) as shared:
            if all_handed_back(shared, total, restarts):
                return f"{total} over {restarts} restarts" + (f", in play {play}" if play > 1 else "")
    raise AssertionError(f"leases were left in each of {ENDINGS_MAX} plays")


def all_handed_back(shared, total: int, restarts: int) -> bool:
    """Whether nothing was left at any stop; that no more is admitted than there is holds in any case."""
    count, left = Count(), 0
    for restart in range(1, restarts + 1):
        gate, crowd, goal = shared.start(), Crowd(), restart * 40
        asking(crowd, [gate], [shared.key("limited")], count, each=2)
        until(f"{goal} admissions", lambda goal=goal: count.admitted >= goal)
        # Half of them end in the middle of it.
        if restart % 2:
            crowd.stop()
        gate.ask_to_stop()
        gate.stop()
        crowd.stop()
        stopped = [event for event in gate.events() if event["event"] == "stopped"]
        assert len(stopped) == 1, stopped
        left += stopped[0]["leases_left"]
    last = spent([shared.start()], [shared.key("limited")], 0)
    assert count.admitted + last.admitted <= total, f"{count.admitted} + {last.admitted} of {total}"
    last.only(*LIMITED)
    count.only(*LIMITED, (0, "no_answer"))
    assert left or count.admitted + last.admitted == total, f"{count.admitted} + {last.admitted} of {total}"
    return left == 0
