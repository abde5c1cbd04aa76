"""`python -m aws thaw --authorizer BINARY`: an environment that stood still, directed.

Between two events the process is stopped (SIGSTOP) and goes on later. Once its monotonic clock stands still meanwhile, as that of a
machine does that is put to sleep: then the two clocks disagree. Once both clocks go on, as they do for a process alone: then what
was leased is over by its age.
"""

import argparse
import base64
import struct
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from contract.world import Key, Limit
from reference import stored

from .runtime_api import DEADLINE_S, Function
from .stand import Stand, Wrong, failed, of, passes, played
from .way import LATE_S, Way

#: Long enough that clocks that disagree are noticed, and shorter than any lease lives.
STOOD_S = 2.0
#: A lease lives five seconds at most.
LEASE_S = 5.0
#: How often a case is played again in which the store took too long for an answer.
AGAIN_MAX = 10
HEAD, LEASE = ["GetItem"], "UpdateItem"
#: So many events make a holder ask for more than it needs at once.
BUSY = 100
#: How many spend from one bucket at a time, on DynamoDB.
HOLDERS_MAX = 128


class Late(Exception):
    """The store took too long for an answer: what was asked then is not what would have been."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="thaw")
    parser.add_argument("--authorizer", type=Path, required=True)
    binary = parser.parse_args(arguments).authorizer.resolve()
    keys = {f"free-{at}": Key() for at in range(AGAIN_MAX)} | {
        f"limited-{at}": Key(limits=(Limit(burst=10_000, rate=1_000, period_ms=1_000),)) for at in range(AGAIN_MAX)
    }
    with Stand("thaw", **keys) as stand:
        return played(Thaw(stand, binary).cases(), at_once=1)


class Thaw:
    """One run."""

    def __init__(self, stand: Stand, binary: Path):
        self.stand, self.binary = stand, binary
        self.clock = stand.folder / "standing_clock.so"
        source = Path(__file__).with_name("standing_clock.c")
        subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-Wall", "-Werror", "-o", self.clock, source], check=True)

    def cases(self) -> dict:
        return {name: partial(self.on_time, case) for name, case in {
            "after a thaw a free key costs one call, which is for the head": self.one_call,
            "after a thaw no lease of before is spent, by a holder of another name": self.no_lease_of_before,
            "after a thaw without a store nothing of before is spent": self.nothing_without_a_store,
            "what was leased is over by its age where both clocks went on": self.over_by_age,
            "where both clocks went on and the store is away, keys go on for a while and leases do not": self.goes_on_for_a_while,
        }.items()}

    def on_time(self, case: Callable):
        """Plays a case, and again where the store was late: a call that takes too long is made twice."""
        for at in range(AGAIN_MAX):
            # Every time with keys of its own.
            try:
                return self.alone(case, at)
            except Late:
                continue
        raise Wrong(f"the store was late {AGAIN_MAX} times")

    def alone(self, case: Callable, at: int):
        way, stood = Way(self.stand.local.port), self.stand.folder / "stood"
        stood.write_bytes(bytes(8))
        function = self.stand.function(self.binary, AWS_ENDPOINT_URL_DYNAMODB=way.endpoint, LD_PRELOAD=str(self.clock),
                                       TOLLGATE_TEST_STOOD=str(stood))
        begun, environment = time.monotonic(), Environment(function, way, stood, self.stand, at)
        try:
            function.wait_until_polled()
            return case(environment)
        except Wrong:
            if environment.slow or way.late_since(begun):
                raise Late from None
            raise
        finally:
            function.stop()
            way.stop()

    def one_call(self, environment: "Environment"):
        environment.warm("free")
        environment.stands_still(STOOD_S)
        environment.passes("free", HEAD)
        environment.has_renewed(1)

    def no_lease_of_before(self, environment: "Environment"):
        # What is asked for doubles as it is spent, and is asked for when half is spent: tokens are left.
        for _ in range(BUSY):
            environment.ask("limited")
        environment.warm("limited")
        before = environment.holders()
        environment.stands_still(STOOD_S)
        calls = environment.passes("limited", None)
        if calls[:1] != HEAD or calls.count(LEASE) != 1:
            raise Wrong(f"not the head and then one lease: {calls}")
        environment.has_renewed(1)
        after = environment.holders()
        if len(after - before) != 1:
            raise Wrong(f"no other holder in the bucket: {before} {after}")

    def nothing_without_a_store(self, environment: "Environment"):
        for role in ("free", "limited"):
            environment.warm(role)
        environment.way.away()
        environment.stands_still(STOOD_S)
        # How old the head is nobody can tell, so not even a key without limits passes.
        for role in ("limited", "free"):
            failed(environment.ask(role))
        environment.way.back()
        for role in ("limited", "free"):
            environment.warm(role)
        environment.has_renewed(1)

    def goes_on_for_a_while(self, environment: "Environment"):
        for role in ("free", "limited"):
            environment.warm(role)
        environment.way.away()
        with environment.function.frozen():
            time.sleep(LEASE_S)
        failed(environment.ask("limited"))
        if not passes(answered := environment.ask("free")):
            raise Wrong(f"a key without limits does not go on for a while: {answered}")
        if not of(environment.function, "decided_from_before"):
            raise Wrong("it was decided without the head, and is not flagged")

    def over_by_age(self, environment: "Environment"):
        environment.warm("limited")
        with environment.function.frozen():
            time.sleep(LEASE_S)
        calls = environment.passes("limited", None)
        # What was due meanwhile is done as well, so there may be a message more.
        if calls[:1] != HEAD or LEASE not in calls:
            raise Wrong(f"not the head and then a lease: {calls}")
        environment.has_renewed(0)


class Environment:
    """One environment, its way to the store, and the clock that stood still."""

    def __init__(self, function: Function, way: Way, stood: Path, stand: Stand, at: int):
        self.function, self.way, self.stood, self.stand, self.at, self.slow = function, way, stood, stand, at, False

    def ask(self, role: str):
        return self.function.invoke(self.stand.event(f"{role}-{self.at}"))

    def warm(self, role: str):
        """Until a key passes without a call."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            before = len(self.way.calls)
            if passes(self.ask(role)) and len(self.way.calls) == before:
                return
            if time.monotonic() > deadline:
                raise Wrong("it never passes without a call")

    def passes(self, role: str, expected: list[str] | None) -> list[str]:
        """It passes, after these calls."""
        before = len(self.way.calls)
        if not passes(answered := self.ask(role)):
            raise Wrong(f"a good key does not pass: {answered} {self.function.logs()!r}")
        calls = self.way.calls[before:]
        # A message that waits for so long is sent again.
        self.slow = self.slow or answered.seconds > LATE_S
        if expected is not None and calls != expected:
            raise Wrong(f"other calls: {calls}")
        return calls

    def stands_still(self, seconds: float):
        with self.function.frozen():
            begun = time.monotonic_ns()
            time.sleep(seconds)
            with self.stood.open("r+b") as file:
                file.write(struct.pack("<q", time.monotonic_ns() - begun))

    def has_renewed(self, times: int):
        if len(of(self.function, "holder_renewed")) != times:
            raise Wrong(f"not renewed {times} times: {self.function.logs()!r}")

    def holders(self) -> set[str]:
        """Who holds leases of the bucket."""
        key = self.stand.keys[f"limited-{self.at}"]
        told = self.stand.local.call("Scan", {"TableName": f"{self.stand.name}-buckets", "ConsistentRead": True})
        states = [base64.b64decode(one["s"]["B"]) for one in told["Items"] if key.id in one["pk"]["S"]]
        authorities = [stored.read(state, HOLDERS_MAX)[0] for state in states]
        return {holder for authority in authorities for holder in authority.entries}
