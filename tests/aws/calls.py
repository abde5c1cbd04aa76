"""What is asked of the store: nothing for a warm key, the head once after a thaw, and three calls in a row for a cold key.

An event that took as long as a message is waited for may have asked for the same twice, and is judged by what it asked for.
"""

import asyncio
import statistics

from contract.world import Key, Limit

from .environments import PASSES, UNAVAILABLE, Answer, Environment
from .hot import LATE_FOR_S, LATE_S
from .table import Table, event

PROCESSES = 16
WARM_EVENTS = 4_000
#: A head that was read so long ago at most is not read again: half a second, less what the clocks may differ.
YOUNG_S = 0.48
#: Unless the wall clock was set forward meanwhile.
EARLY_MAX = 1
#: A process stands still for longer than a head may be old; and for longer than tokens are on lease.
STILL_S, LONG_STILL_S = 1.2, 6.0
THAWS, COLD_KEYS, MANY_LIMITS = 7, 120, 3
TRIES_MAX, PAUSE_S = 20, 0.02
HEAD, RECORD, READ, WRITE = "GetItem of the head", "BatchGetItem", "GetItem", "UpdateItem"
#: Tokens of it are leased ahead; what is left of them goes back with a later event, which then asks twice more. Of the other
#: none are.
AMPLE, SCARCE = Limit(10_000, 10_000, 1_000), Limit(20, 20, 1_000)


class Calls:
    """The processes, and what each kind of event asks."""

    def __init__(self, table: Table):
        self.table, self.made = table, 0
        #: When a process has waited for something that was late.
        self.late: dict[str, float] = {}

    async def run(self) -> str:
        self.environments = await self.table.start(PROCESSES)
        first = [await self._passes(environment, self._key(SCARCE)) for environment in self.environments]
        cold = [await self._passes(self._some(at), self._key(SCARCE)) for at in range(COLD_KEYS)]
        leased = self._key(AMPLE)
        told = [
            await self._warm(), await self._thawed("after a thaw", self._key(), STILL_S, THAWS, [HEAD]),
            judged("first event of a process, a key with a limit", first, [RECORD, READ, WRITE]),
            judged("a cold key with a limit", cold, [RECORD, READ, WRITE]), await self._many_limits(), await self._warm_limited(leased),
            await self._thawed("after a thaw, a key with tokens on lease", leased, STILL_S, 1, [HEAD], [HEAD, READ, WRITE]),
            await self._thawed("after a thaw, the same key when they have ended", leased, LONG_STILL_S, 1, [HEAD, READ, WRITE],
                               [HEAD, READ, WRITE, READ, WRITE]),
            self._round_trips(),
        ]
        self.table.end(self.environments)
        return "\n  ".join(told)

    def _some(self, at: int) -> Environment:
        return self.environments[at % PROCESSES]

    def _key(self, *limits: Limit):
        """What is asked about a key that nobody has seen."""
        self.made += 1
        return event(self.table.put(f"counted-{self.made}", Key(tenant=f"t{self.made}", limits=limits)).text.decode())

    async def _passes(self, environment: Environment, asked) -> Answer:
        """Who was told too late that nothing could be told asks again, as clients do."""
        for _ in range(TRIES_MAX):
            if (answer := await environment.ask(asked)).code == PASSES:
                return answer
            if answer.seconds >= LATE_S:
                self.late[environment.name] = answer.ended
            late = answer.ended - self.late.get(environment.name, float("-inf")) <= LATE_FOR_S
            assert answer.code == UNAVAILABLE and late, f"refused as {answer.code}"
            await asyncio.sleep(PAUSE_S)
        raise AssertionError(f"nothing could be told {TRIES_MAX} times")

    async def _warm(self) -> str:
        environment, asked = self._some(0), self._key()
        # The head comes with the record, or by itself later.
        while not (read := await self._passes(environment, asked)).calls:
            await asyncio.sleep(PAUSE_S)
        answers, silent = [await self._passes(environment, asked) for _ in range(WARM_EVENTS)], []
        early = []
        for answer in answers:
            if names := kinds(answer):
                early += [answer.ended - read.begun] if answer.ended - read.begun <= YOUNG_S else []
                assert set(names) == {HEAD}, f"a warm key asked {names}"
                read = answer
            else:
                silent.append(answer)
        assert silent, "every event asked something"
        assert len(early) <= EARLY_MAX, f"the head was read again {len(early)} times too soon, such as {early[0]:.3f} s after it was read"
        return f"warm: {len(silent)} of {WARM_EVENTS} events asked nothing, {ms(silent)}; {WARM_EVENTS - len(silent)} found the head half a second old"

    async def _warm_limited(self, asked) -> str:
        environment = self._some(1)
        answers = [await self._passes(environment, asked) for _ in range(WARM_EVENTS)]
        silent = [answer for answer in answers if not answer.calls]
        calls = [call for answer in answers for call in answer.calls]
        exchanges = sum(call.name == WRITE for call in calls)
        return (f"warm, a key with a limit: {len(silent)} of {WARM_EVENTS} events asked nothing, {ms(silent)}; the others made {len(calls)} calls, "
                f"{exchanges} exchanges among them")

    async def _thawed(self, what: str, asked, still_s: float, times: int, *expected: list[str]) -> str:
        """Each is handed an event while it stands still."""
        answers = []
        for _ in range(times):
            for environment in self.environments:
                await self._passes(environment, asked)
            for environment in self.environments:
                environment.freeze()
            await asyncio.sleep(still_s)
            for environment in self.environments:
                waiting = environment.put(asked)
                environment.thaw()
                answers.append(await waiting)
        return judged(what, answers, *expected)

    async def _many_limits(self) -> str:
        """The store answers the reads of all buckets when all have been asked for, and so the writes: else nothing would pass."""
        environment = self._some(2)
        for name in (READ, WRITE):
            environment.way.together(name, MANY_LIMITS)
        limits = [Limit(20, 20, 1_000, name=f"l{at}") for at in range(MANY_LIMITS)]
        answers = [await self._passes(environment, self._key(*limits)) for _ in range(PROCESSES)]
        environment.way.gathered.clear()
        return judged(f"a cold key with {MANY_LIMITS} limits, in three round trips", answers, [RECORD, *[READ] * MANY_LIMITS, *[WRITE] * MANY_LIMITS])

    def _round_trips(self) -> str:
        calls = [call.answered - call.asked for environment in self.environments for call in environment.way.calls if call.answered]
        return f"{len(calls)} calls were answered after p50 {statistics.median(calls) * 1_000:.1f} ms"


def judged(what: str, answers: list[Answer], *expected: list[str]) -> str:
    """Each asked exactly one of these, in this order. Who waited for a message that was late may have sent it again, or found the
    head old."""
    late = [answer for answer in answers if answer.seconds >= LATE_S]
    lost = [answer for answer in late if answer.code == UNAVAILABLE]
    assert len(lost) < len(answers), f"{what}: nothing could be told"
    for answer in answers:
        is_late = answer.seconds >= LATE_S
        names = kinds(answer, once=is_late)
        again = is_late and (answer.code == UNAVAILABLE or any(set(one) <= set(names) <= {*one, HEAD} for one in expected))
        right = answer.code == PASSES and names in expected
        assert right or again, f"{what}: {answer.code or 'passes'} after {names}, not {' or '.join(map(str, expected))}"
    times = [sum(kinds(answer) == one for answer in answers) for one in expected]
    calls = ", ".join(f"{plural(len(one), 'call')} {plural(count, 'time')}" for one, count in zip(expected, times))
    return f"{what}: {calls}, {len(late)} with a message that may have been late, {ms(answers)}"


def plural(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def kinds(answer: Answer, once: bool = False) -> list[str]:
    """What was asked, in its order; what was asked again is left out, if once will do."""
    calls = {(call.name, call.item): call for call in answer.calls}.values() if once else answer.calls
    return [HEAD if (call.name, call.item) == (READ, "head") else call.name for call in calls]


def ms(answers: list[Answer]) -> str:
    ordered = sorted(answer.seconds * 1_000 for answer in answers)
    return f"p50 {statistics.median(ordered):.2f} ms, p99 {ordered[int(len(ordered) * 0.99)]:.2f} ms"
