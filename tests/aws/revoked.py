"""Keys that are revoked by the command while processes of the function go on being asked for them, and while one stands still.

Each process answers one event after the other. An event that is allowed was decided after it was handed over: so what was handed
over later than the bound after the command had ended, and was allowed, is a fault however slow the machine is.
"""

import asyncio
import time

from .environments import PASSES, UNAVAILABLE, Answer, Environment
from .table import STALENESS_S, STORE_DEADLINE_S, Table, event

KEYS = 220
COMMANDS = 3
#: For how long a key is asked for after it was revoked, and by then everybody has refused it.
WATCHED_S = 3.0
#: An end to asking, where somebody never refuses it.
GIVEN_UP_S = 20.0
#: What is left to everything else, which runs on the same few cores.
BREATH_S = 0.002
TRIES_MAX, PAUSE_S = 20, 0.05
STANDS_STILL_S = 60.0
#: What G4 promises: a second, and one read of the head, which fails when it takes longer than its deadline.
BOUND_S = 1.0 + STORE_DEADLINE_S
#: Where a read of the head has failed, a known key goes on for so long, and the log says so of each request.
FLAGGED, FLAGGED_BOUND_S = "decided_from_before", STALENESS_S + STORE_DEADLINE_S
REVOKED = "key_revoked"
#: Of all answers, so many at most were decided on an old head, or not at all: a machine that is kept busy is late now and then.
LATE_MAX = 0.1


class Watch:
    """What became of each key at each process."""

    def __init__(self):
        #: When the command that revoked a key had ended.
        self.revoked: dict[str, float] = {}
        self.asked = 0
        #: Of a key at a process, in their order.
        self.allowed: dict[tuple[str, str], list[Answer]] = {}
        self.refused: dict[tuple[str, str], Answer] = {}
        self.faults: list[str] = []
        self.late = 0
        self.flagged: set[str] = set()

    def note(self, at: Environment, role: str, answer: Answer):
        self.asked += 1
        place = role, at.name
        if answer.code == PASSES:
            self.allowed.setdefault(place, []).append(answer)
            if place in self.refused:
                self.faults.append(f"{role} passes at {at.name} after it was refused there")
        elif answer.code == REVOKED:
            self.refused.setdefault(place, answer)
        elif answer.code == UNAVAILABLE:
            self.late += 1
        else:
            self.faults.append(f"{role} at {at.name} is refused as {answer.code}")

    def refusals(self) -> list[float]:
        """From when each command had ended to when each process had refused, in seconds."""
        return sorted(max(0.0, answer.ended - self.revoked[role]) for (role, _), answer in self.refused.items() if role in self.revoked)

    def admissions(self, flagged: bool) -> list[float]:
        """From then to when what each process allowed last was handed over to it."""
        last = []
        for (role, _), answers in self.allowed.items():
            of_this = [answer.begun for answer in answers if (answer.id in self.flagged) == flagged]
            if role in self.revoked and of_this:
                last.append(max(0.0, of_this[-1] - self.revoked[role]))
        return sorted(last)

    def judge(self, names: list[str]):
        """Nothing passed later than it may, and every process has refused every key."""
        for flagged, bound in ((False, BOUND_S), (True, FLAGGED_BOUND_S)):
            slow = [seconds for seconds in self.admissions(flagged) if seconds > bound]
            assert not slow, f"{len(slow)} keys were let through for up to {max(slow):.3f} s, flagged: {flagged}"
        assert not self.faults, f"{len(self.faults)} faults, such as {self.faults[:3]}"
        for role in self.revoked:
            assert all((role, name) in self.allowed for name in names), f"{role} never passed: nothing was timed"
            assert all((role, name) in self.refused for name in names), f"{role} was never refused"
        late = (self.late + len(self.flagged)) / max(1, self.asked)
        assert late <= LATE_MAX, f"{late:.2%} of {self.asked} answers were late or decided on an old head"


class Revocations:
    """Two processes that are asked all the time, and a third that stands still meanwhile."""

    def __init__(self, table: Table):
        self.table = table
        self.keys: dict[str, str] = {}
        self.watch, self.stopped = Watch(), 0.0
        #: Who is to be asked for now, and until when.
        self.focus: dict[str, float] = {}
        self.done = False

    async def begin(self):
        """Makes the keys with the command, and lets every process know them."""
        self.busy, self.still = (started := await self.table.start(3))[:2], started[2]
        await several(KEYS, self._create)
        for environment in (*self.busy, self.still):
            for role, key in self.keys.items():
                answer = await told(environment, key)
                assert answer.code == PASSES, f"{role} is new and not let through: {answer.code}"
                self.watch.note(environment, role, answer)

    async def _create(self, _):
        made = await self.table.did("keys", "create", "--tenant", "revoked", "--owner", "o", "--unlimited")
        self.keys[made["key"]["id"]] = made["secret"]
        self.table.minted.append(made["secret"].encode())

    async def in_use(self) -> str:
        """Every key is revoked while both processes are asked."""
        self.still.freeze()
        self.stopped = time.monotonic()
        self.still_calls = len(self.still.way.calls)
        askers = [asyncio.create_task(self._ask(environment)) for environment in self.busy]
        roles = list(self.keys)
        await several(len(roles), lambda at: self._revoke(roles[at]))
        while self.focus and not any(asker.done() for asker in askers):
            await asyncio.sleep(BREATH_S)
        self.done = True
        await asyncio.gather(*askers)
        for environment in self.busy:
            for role, key in self.keys.items():
                self.watch.note(environment, role, await environment.ask(event(key)))
            self.watch.flagged |= environment.logged(FLAGGED)
        return self._told()

    def _told(self) -> str:
        self.watch.judge([environment.name for environment in self.busy])
        assert len(self.watch.revoked) == KEYS >= 200
        refusals, admissions = self.watch.refusals(), self.watch.admissions(False)
        return (f"{KEYS} revocations, {self.watch.asked} events at {len(self.busy)} processes: from the end of the command to the first refusal "
                f"{spread(refusals)}, to when what was allowed last was handed over {spread(admissions)} (bound {BOUND_S:.0f} s); "
                f"{self.watch.late} answers that nothing could be told, {len(self.watch.flagged)} on an old head")

    async def _revoke(self, role: str):
        self.focus[role] = float("inf")
        await self.table.did("keys", "revoke", role)
        self.watch.revoked[role] = time.monotonic()
        self.focus[role] = self.watch.revoked[role] + WATCHED_S

    async def _ask(self, environment: Environment):
        """Asks for every key that is being revoked or was lately, in turn: until everybody has refused it, and for a while."""
        while not self.done:
            for role in list(self.focus):
                self.watch.note(environment, role, await environment.ask(event(self.keys[role])))
                over = time.monotonic() - self.focus.get(role, 0.0)
                everybody = all((role, one.name) in self.watch.refused for one in self.busy)
                if over > (0.0 if everybody else GIVEN_UP_S):
                    self.focus.pop(role, None)
                await asyncio.sleep(BREATH_S)
            await asyncio.sleep(BREATH_S)

    async def after_standing_still(self) -> str:
        """The process that stood still is handed an event before it runs again: its first answer to each key is a refusal."""
        while (stood := time.monotonic() - self.stopped) < STANDS_STILL_S:
            await asyncio.sleep(min(1.0, STANDS_STILL_S - stood))
        assert len(self.still.way.calls) == self.still_calls, "it did not stand still"
        first = self.still.put(event(next(iter(self.keys.values()))))
        self.still.thaw()
        answers = [await first]
        for role in list(self.keys)[1:]:
            answers.append(await self.still.ask(event(self.keys[role])))
        self.table.end([*self.busy, self.still])
        return f"{KEYS} keys after {stood:.0f} s: {judged_after(answers)}"


def judged_after(answers: list[Answer]) -> str:
    """What it answered first to each key, in its order."""
    others = {answer.code or "allowed" for answer in answers} - {REVOKED, UNAVAILABLE}
    assert not others, f"not every first answer is a refusal: {others}"
    late = sum(answer.code == UNAVAILABLE for answer in answers)
    assert late <= 1 + LATE_MAX * len(answers), f"of {late} keys nothing could be told"
    first, *rest = ([call.name for call in answer.calls] for answer in answers)
    assert first[:1] == ["GetItem"], f"the first event asked {first}: not the head before anything else"
    return (f"none let through, {late} of which nothing could be told; the first event asked {', '.join(first)}, "
            f"each other {sum(map(len, rest)) / len(rest):.2f} calls")


async def told(environment: Environment, key: str) -> Answer:
    """What it answers; who is told that nothing can be told asks again."""
    for _ in range(TRIES_MAX):
        answer = await environment.ask(event(key))
        if answer.code != UNAVAILABLE:
            break
        await asyncio.sleep(PAUSE_S)
    return answer


async def several(number: int, do):
    """Does it for each number below, a few at a time."""
    numbers = iter(range(number))

    async def work():
        for at in numbers:
            await do(at)

    await asyncio.gather(*(work() for _ in range(COMMANDS)))


def spread(seconds: list[float]) -> str:
    at = lambda share: seconds[min(len(seconds) - 1, int(share * len(seconds)))] * 1_000
    return f"p50 {at(0.5):.1f} ms, p99 {at(0.99):.1f} ms, max {seconds[-1] * 1_000:.1f} ms"
