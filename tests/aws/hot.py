"""One key that is asked for as fast as processes of the function answer: what that costs its item, and whether anybody else notices.

The processes are asked without a pause, first for a key without a limit, which is the demand; then for one whose limit is
twice that, and for one whose limit is a tenth.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from contract.world import Key, Limit, Minted

from .environments import PASSES, UNAVAILABLE, Answer, Environment
from .limits import LIMITED
from .revoked import spread
from .table import Table, bucket, event

PROCESSES = 8
REACHING_S = 3.0
#: Until the first burst is spent and the processes have found their pace, and for how long is counted then.
SETTLING_S, COUNTED_S = 4.0, 8.0
#: One event in so many is about the key of another tenant, whose limit is far above that.
OTHERS_EVERY = 50
OTHERS_LIMIT = Limit(2_000, 2_000, 1_000)
#: Who is answered sooner has waited for no message that was late: those are waited for at least 100 ms.
LATE_S = 0.05
#: After such a one a process does without the store for a moment; then it asks again and again, and the item wishes to be left
#: alone by all of them.
LATE_FOR_S = 2.0
#: For two clocks that are read in turn.
CLOCKS_S = 0.02
#: What an item is written a second at most: its budget is 30, and holders that meet write again. The aim is 60.
WRITES_MAX = 90


@dataclass
class Heat:
    """What became of a hot key, and of another tenant's."""

    #: When each event that was let through was handed over, and when it was answered.
    admitted: list[tuple[float, float]] = field(default_factory=list)
    answers: dict[str, int] = field(default_factory=dict)
    others: list[Answer] = field(default_factory=list)
    #: From when to when each message was waited for that was late.
    late: list[tuple[float, float]] = field(default_factory=list)
    #: From when to when is counted.
    window: tuple[float, float] = (0.0, 0.0)
    demanded: int = 0
    writes: int = 0
    reads: int = 0

    def within(self, at: float) -> bool:
        return self.window[0] <= at < self.window[1]

    def is_explained(self, refused: Answer) -> bool:
        """Whether a message was late when this was decided, or shortly before: to whichever process."""
        waits = refused.code in (UNAVAILABLE, LIMITED)
        return waits and any(begun < refused.ended and refused.ended - ended < LATE_FOR_S for begun, ended in self.late)

    @property
    def seconds(self) -> float:
        return self.window[1] - self.window[0]

    @property
    def counted(self) -> int:
        """How many were let through while that was counted."""
        return sum(self.within(ended) for _, ended in self.admitted)

    def judge(self):
        """Nobody was refused for anything but the limit, and the other tenant for nothing."""
        strange = self.answers.keys() - {PASSES, LIMITED, UNAVAILABLE}
        assert not strange, f"the hot key was refused as {strange}"
        wrong = [answer.code for answer in self.others if answer.code != PASSES and not self.is_explained(answer)]
        assert not wrong, f"another tenant's key was refused {len(wrong)} times: {set(wrong)}"
        assert self.writes <= WRITES_MAX * self.seconds, f"{self.writes / self.seconds:.0f} writes a second"

    def told(self) -> str:
        refused = sum(answer.code != PASSES for answer in self.others)
        return (f"{self.writes / self.seconds:.0f} writes/s, {self.reads / self.seconds:.0f} reads/s; another tenant's key passed "
                f"{len(self.others) - refused} times of {len(self.others)}, {spread(sorted(answer.seconds for answer in self.others))}")


def most_over(admitted: list[tuple[float, float]], burst: int, rate: float) -> float:
    """By how much the worst window is over `burst + rate × length`; negative if none is.

    What was decided between two instants was handed over after the first and answered before the second. Counted is a little
    less than that for each window: all that was answered by its end, less all that was handed over before its begin.
    """
    begun, ended = sorted(begun for begun, _ in admitted), sorted(ended for _, ended in admitted)
    worst = most = float("-inf")
    at = 0
    for count, end in enumerate(ended, 1):
        while at < len(begun) and begun[at] <= end:
            most = max(most, rate * begun[at] - at)
            at += 1
        worst = max(worst, count - rate * end + most)
    return worst - burst


class Hot:
    """The processes, and whom they are asked for."""

    def __init__(self, table: Table):
        self.table = table

    async def run(self) -> str:
        self.environments = await self.table.start(PROCESSES)
        self.other = event(self.table.put("other", Key(tenant="elsewhere", limits=(OTHERS_LIMIT,))).text.decode())
        free = await self._heat(self.table.put("hot", Key(tenant="hot")), REACHING_S)
        free.judge()
        reached = free.demanded / free.seconds
        told = [f"{PROCESSES} processes answer {reached:.0f} events/s; {free.told()}"]
        for role, rate in (("half", 2 * reached), ("ten", reached / 10)):
            rate = max(32, round(rate, -1 if rate < 1_000 else -2))
            told.append(await self._limited(role, int(rate)))
        self.table.end(self.environments)
        return "\n  ".join(told)

    async def _limited(self, role: str, rate: int) -> str:
        before = time.time() - time.monotonic()
        heat = await self._heat(self.table.put(f"hot-{role}", Key(tenant="hot", limits=(Limit(rate, rate, 1_000),))), COUNTED_S)
        # The authority's clock is the wall clock: it may have been set meanwhile.
        set_s = max(0.0, time.time() - time.monotonic() - before)
        heat.judge()
        over = most_over(heat.admitted, rate, rate) - rate * (set_s + CLOCKS_S)
        assert over <= 0, f"a window of a limit of {rate}/s is over by {over:.0f}"
        demand = heat.demanded / heat.seconds
        share = heat.counted / (min(demand, rate) * heat.seconds)
        return (f"limit {rate}/s at {demand / rate:.2f} x: {heat.counted / heat.seconds:.0f} admitted/s, which is {share:.1%} of one exact "
                f"bucket, {heat.told()}, {heat.answers.get(UNAVAILABLE, 0)} messages late")

    async def _heat(self, minted: Minted, counted_s: float) -> Heat:
        heat, settled = Heat(), time.monotonic() + SETTLING_S
        heat.window = (settled, settled + counted_s)
        await asyncio.gather(*(self._ask(environment, event(minted.text.decode()), heat) for environment in self.environments))
        if minted.spec.limits:
            calls = [call for one in self.environments for call in one.way.calls if call.item == bucket(minted) and heat.within(call.asked)]
            heat.writes = sum(call.name == "UpdateItem" for call in calls)
            heat.reads = sum(call.name == "GetItem" for call in calls)
        return heat

    async def _ask(self, environment: Environment, hot: Callable[[str], bytes], heat: Heat):
        number, now = 0, 0.0
        while now < heat.window[1]:
            number += 1
            is_other = number % OTHERS_EVERY == 0
            answer = await environment.ask(self.other if is_other else hot)
            now = answer.ended
            if answer.seconds >= LATE_S:
                heat.late.append((answer.begun, now))
            if is_other:
                heat.others.append(answer)
                continue
            heat.answers[answer.code] = heat.answers.get(answer.code, 0) + 1
            heat.demanded += heat.within(now)
            if answer.code == PASSES:
                heat.admitted.append((answer.begun, now))
