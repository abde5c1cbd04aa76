"""Limits of one key that several processes spend from: never more than N of N, and exactly N where no message was late."""

import asyncio
import time

from contract.world import Key, Limit

from .environments import PASSES, UNAVAILABLE, Answer, Environment
from .table import Table, event

#: (processes, N): nothing comes back within an hour.
ROWS = tuple((processes, total) for processes in (2, 8) for total in (1, 7, 31, 32, 500))
NEVER_MS = 2**32 - 1
LIMITED = "rate_limited"
#: After the last token: for how long everybody goes on asking. Who was told to wait a moment has asked again by then.
AFTER_S = 2.0
#: An end to waiting, where a token never comes: whoever is refused for so long is refused for good.
GIVEN_UP_S = 10.0
#: A row that a late message has cost a token is played so often, each time with another key.
PLAYS_MAX = 2
#: What is left to everything else, which runs on the same few cores.
BREATH_S = 0.01


class Count:
    """What everybody was answered about one key."""

    def __init__(self, total: int):
        self.total, self.admitted, self.late = total, 0, 0
        #: When it began, and when anybody was told anything else last than that it is spent.
        self.begun = self.last = time.monotonic()
        self.others: set[str] = set()
        #: What passed before anybody was refused: so many of those that come at once.
        self.at_once: int | None = None

    def note(self, answer: Answer):
        if answer.code in (PASSES, UNAVAILABLE):
            self.last = answer.ended
            self.admitted += answer.code == PASSES
            self.late += answer.code == UNAVAILABLE
        elif answer.code == LIMITED:
            self.at_once = self.admitted if self.at_once is None else self.at_once
        else:
            self.others.add(answer.code)

    def is_over(self, now: float) -> bool:
        return now - self.last > (AFTER_S if self.admitted + self.late >= self.total else GIVEN_UP_S)

    def judge(self):
        """A message that was late is a request of which nothing could be told, and has cost one token."""
        assert not self.others, f"refused as {self.others}"
        assert self.admitted <= self.total, f"{self.admitted} of a limit of {self.total} were admitted"
        assert self.admitted >= self.total - self.late, f"only {self.admitted} of {self.total} were admitted, and {self.late} messages were late"


async def exactly(table: Table) -> str:
    """All rows at one time, each with a bucket of its own, again where a late message has cost a token."""
    environments, told, rows = await table.start(max(processes for processes, _ in ROWS)), {}, list(ROWS)
    for play in range(PLAYS_MAX):
        counts = await played(table, environments, rows, play)
        for count in counts.values():
            count.judge()
        told |= {row: count for row, count in counts.items()}
        rows = [row for row, count in counts.items() if count.admitted < count.total]
        if not rows:
            break
    table.end(environments)
    said = [f"{count.admitted} of {total} over {processes} ({count.at_once} before anybody was told to wait, in "
            f"{count.last - count.begun:.1f} s{f', {count.late} messages late' if count.late else ''})"
            for (processes, total), count in told.items()]
    return "; ".join(said)


async def played(table: Table, environments: list[Environment], rows: list, play: int) -> dict[tuple[int, int], Count]:
    keys, counts = {}, {}
    for row in rows:
        processes, total = row
        key = table.put(f"limited-{processes}-{total}-{play}", Key(limits=(Limit(total, 1, NEVER_MS),)))
        keys[row], counts[row] = event(key.text.decode()), Count(total)

    async def ask(at: int):
        mine = [row for row in rows if at < row[0]]
        while mine := [row for row in mine if not counts[row].is_over(time.monotonic())]:
            for row in mine:
                counts[row].note(await environments[at].ask(keys[row]))
            await asyncio.sleep(BREATH_S)

    await asyncio.gather(*(ask(at) for at in range(len(environments))))
    return counts
