"""How long a revoked key is still let through anywhere: `cd tests && python -m gate.revocation --binary FILE`.

Two gates are busy, others have not been asked for five seconds. A key is revoked by the command line, and timed is
from when its answer was read to when the last question was asked that was let through, on whatever gate. The clients ask all
the time, so that is the truth but for some milliseconds; a client that a busy machine keeps from reading its answer does not
count as a gate that gave it late.
"""

import argparse
import sys
import threading
import time
from pathlib import Path

from contract.driver_native import STORE_DEADLINE_MS, NativeHost
from contract.world import Key

from .deployed import Client, Crowd, Shared, drawn, verdict

ROUNDS, IN_A_ROUND = 4, 50
BUSY, IDLE = 2, 5
#: How long an idle gate has not been asked for at least.
IDLE_S = 5.0
#: From one revocation to the next: the keys in between are few, so that each is asked for often.
BETWEEN_S = 0.1
#: What busy clients leave to everything else, which runs on the same few cores.
BREATH_S = 0.001
#: What G4 promises: a second, and one read of the head, which fails when it takes longer than its deadline.
BOUND_S = 1.0 + STORE_DEADLINE_MS / 1_000
#: Nearly always the head is read in a moment: so many of all revocations are felt within the second.
USUAL, USUAL_S = 0.9, 1.0
#: For how long a revoked key is asked for.
WATCHED_S = BOUND_S + 0.5
REVOKED, UNAVAILABLE = (401, "key_revoked"), (503, "unavailable")
#: So few questions may have no verdict: a machine that does other things as well is late with a head now and then.
UNAVAILABLE_ONE_IN = 100


#: A key by its role, and its secret.
Known = tuple[str, bytes]


class Watch:
    """What became of each key, whoever asked."""

    def __init__(self):
        self.lock = threading.Lock()
        self.revoked: dict[str, float] = {}
        #: When the last question was asked that was let through.
        self.admitted: dict[str, float] = {}
        self.refused: dict[str, int] = {}
        #: What a key is answered after its end, if that is another answer.
        self.ends: dict[str, tuple[int, str]] = {}
        self.other: list[tuple[str, int, str]] = []
        self.asked = self.unavailable = 0

    def ask(self, client, role: str, secret: bytes, *path: str):
        """Asks once, and notes what became of it."""
        asked = time.monotonic()
        answer = client.ask(secret, *path)
        with self.lock:
            self.asked += 1
            if answer[0] == 200:
                self.admitted[role] = max(asked, self.admitted.get(role, 0.0))
            elif answer == self.ends.get(role, REVOKED):
                self.refused[role] = self.refused.get(role, 0) + 1
            elif answer == UNAVAILABLE:
                self.unavailable += 1
            else:
                self.other.append((role, *answer))

    def delays(self, of: str = "") -> list[float]:
        """In seconds, for every key that was revoked and whose name begins so."""
        return sorted(max(0.0, self.admitted.get(role, 0.0) - at) for role, at in self.revoked.items() if role.startswith(of))

    def faults(self) -> list[str]:
        """What is wrong, whatever was late."""
        faults = []
        if unrefused := [role for role in self.revoked if not self.refused.get(role)]:
            faults.append(f"never refused: {unrefused[:5]}")
        if not self.revoked.keys() <= self.admitted.keys():
            faults.append("a key was not let through before its end: nothing was timed")
        if self.other:
            faults.append(f"{len(self.other)} answers that are neither, such as {self.other[:3]}")
        if self.unavailable * UNAVAILABLE_ONE_IN > self.asked:
            faults.append(f"{self.unavailable} of {self.asked} questions had no verdict")
        return faults


def late(delays: list[float]) -> bool:
    """Whether something was let through for longer than it may be, or most of it for longer than usual."""
    return delays[-1] > BOUND_S or delays[int(USUAL * len(delays))] > USUAL_S


def asks(watch: Watch, gate, focus: list[Known], stays: Known):
    """Asks for the keys in focus in turn, and for one that stays."""
    client, at = Client(gate), 0

    def work():
        nonlocal at
        at += 1
        those = list(focus)
        watch.ask(client, *those[at % len(those)])
        if at % 16 == 0:
            watch.ask(client, *stays)
        time.sleep(BREATH_S)

    return work


def once(watch: Watch, gates: list, keys: list[Known]):
    """Asks every gate for every key."""
    for gate in gates:
        client = Client(gate)
        for role, secret in keys:
            watch.ask(client, role, secret)
        client.close()


def known(shared: Shared, roles: list[str]) -> list[Known]:
    return [(role, shared.key(role)) for role in roles]


def a_round(shared: Shared, number: int, busy: list, idle: list, watch: Watch) -> int:
    """Revokes keys one after the other; idle gates are asked in between, each once. Says how many were asked in time."""
    keys = known(shared, [f"victim-{number}-{at}" for at in range(IN_A_ROUND)])
    # Every gate knows every key from now on: a key that it must ask the store for would bring it a younger head.
    # Then nobody asks the idle ones.
    once(watch, [*busy, *idle], keys)
    left_alone = time.monotonic()
    focus, crowd = [keys[0]], Crowd()
    for gate in busy:
        for _ in range(2):
            crowd.add(asks(watch, gate, focus, *known(shared, ["stays"])))
    time.sleep(IDLE_S)
    probes = 0
    for at, (role, _) in enumerate(keys):
        young = lambda one: time.monotonic() - watch.revoked.get(one, time.monotonic()) < WATCHED_S
        focus[:] = [one for one in keys[: at + 2] if young(one[0])]
        time.sleep(BETWEEN_S)
        shared.did("keys", "revoke", shared.id(role))
        watch.revoked[role] = time.monotonic()
        # Spread over the round; the last one is asked for every key of it.
        if (at + 1) % (IN_A_ROUND // len(idle)) == 0:
            assert time.monotonic() - left_alone >= IDLE_S
            once(watch, [idle[(at + 1) // (IN_A_ROUND // len(idle)) - 1]], keys[at::-1])
            probes += at + 1
    time.sleep(WATCHED_S)
    crowd.stop()
    return probes


def run(binary: str) -> int:
    host = NativeHost(binary)
    shared = None
    try:
        deployment = drawn("revocation")
        deployment.put("stays", Key())
        for number in range(ROUNDS):
            for at in range(IN_A_ROUND):
                deployment.put(f"victim-{number}-{at}", Key(scopes=("orders:read",)))
        shared = Shared(host, deployment)
        busy = [shared.start() for _ in range(BUSY)]
        idle = [shared.start() for _ in range(IDLE)]
        watch, probes = Watch(), 0
        for number in range(ROUNDS):
            probes += a_round(shared, number, busy, idle, watch)
        # At the end every gate refuses every one of them.
        last = {role: watch.admitted.get(role) for role in watch.revoked}
        once(watch, [*busy, *idle], known(shared, list(watch.revoked)))
        again = [role for role in last if watch.admitted.get(role) != last[role]]
        return told(watch, probes, again)
    finally:
        if shared:
            shared.close()
        host.close()


def told(watch: Watch, probes: int, again: list[str]) -> int:
    delays = watch.delays()
    at = lambda share: delays[min(len(delays) - 1, int(share * len(delays)))]
    print(f"{len(delays)} revocations, {watch.asked} questions to {BUSY} busy gates, {probes} of them to {IDLE} that had "
          f"not been asked for {IDLE_S:.0f} s")
    print(f"from the writer's answer to the last question that was let through anywhere: p50 {at(0.5) * 1e3:.0f} ms, p99 {at(0.99) * 1e3:.0f} ms, "
          f"max {delays[-1] * 1e3:.0f} ms (bound {BOUND_S * 1e3:.0f} ms)")
    faults = watch.faults()
    if len(delays) < 200:
        faults.append(f"only {len(delays)} revocations")
    if late(delays):
        faults.append(f"a key was let through {delays[-1]:.3f} s after it was revoked, and {1 - USUAL:.0%} for {at(USUAL):.3f} s or more")
    if again:
        faults.append(f"let through at the end: {again[:5]}")
    return verdict(faults, len(delays))


def main() -> int:
    parser = argparse.ArgumentParser(prog="gate.revocation", description=__doc__)
    parser.add_argument("--binary", help="the file that a user would deploy", default="../target/release/tollgate", type=Path)
    return run(parser.parse_args().binary)


if __name__ == "__main__":
    sys.exit(main())
