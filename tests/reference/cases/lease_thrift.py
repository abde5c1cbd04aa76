"""Inputs of `lease.holder` without background, where what lies in a purse would be missed for long."""

from .lease_holders import answer, asks, at, holding, spend, void
from .lease_sizes import limit, quota

MILLION = quota(1_000_000, "month")
TRIP_MS = 10


class Story:
    """A holder of a large quota that asks for one request after the other, and is given what it asks for."""

    def __init__(self, numbers=MILLION, left=900_000):
        self.events, self.now, self.seq = [], 0, 0
        self.numbers, self.left = numbers, left

    def one(self, ahead=0, after_ms=10, pause_ms=300, cost=1):
        """A request that asks, its answer, and the request again."""
        self.now += after_ms
        self.seq += 1
        self.events.append(asks(self.now, cost))
        self.now += TRIP_MS
        told = answer(self.seq, cost, ahead, limit=self.numbers, left=self.left, ask_after_ms=pause_ms)
        self.events += [at(self.now, receive=told), spend(self.now, cost)]
        return self

    def spends(self, cost, after_ms=1):
        self.now += after_ms
        self.events.append(spend(self.now, cost))
        return self

    def asks(self, queued=0, after_ms=1):
        self.now += after_ms
        self.events.append(asks(self.now, queued))
        return self

    def void(self):
        self.events.append(void(self.now))
        return self

    def grown(self, times):
        """Has spent a thousand, and was told so often that it asks too often."""
        self.one(cost=1_000, pause_ms=0)
        for time in range(times):
            self.one(2**time - 1).spends(2**time - 1)
        return self

    def row(self, why):
        return holding(why, *self.events, numbers=self.numbers, background=False)


def growing_rows():
    yield Story().one().one().one().one().asks(1).row("asked too often, and four spent: one ahead")
    yield Story().one().one().one().asks(1).row("asked too often, and three spent: none ahead")
    yield Story().one(cost=1_000, pause_ms=0).one(pause_ms=0).asks(1).row("asked seldom enough it takes none ahead")
    for times in (1, 2, 3, 5):
        yield Story().grown(times).asks(1).row(f"told {times} times that it asks too often")
    for count in (7, 8, 12, 20):
        story = Story()
        for _ in range(count):
            story.one()
        yield story.asks(1).row(f"a quarter of what was spent, one by one: {count}")
    for after_ms in (289, 290, 291):
        story = Story().one(cost=1_000, pause_ms=0).one(after_ms=after_ms)
        yield story.asks(1).row(f"{after_ms + TRIP_MS} ms between two asks, and a pause of 300")
    for left in (1_023, 1_024, 2_047, 2_048):
        yield Story(left=left).grown(1).one().asks(1).row(f"a part of 1,024 of what is left: {left}")
    story = Story().grown(4)
    for _ in range(3):
        story.one(pause_ms=0)
    yield story.asks(1).row("asked seldom enough it takes an eighth less each time, rounded up")
    for numbers, why in (
        (limit(100_000, 1, 1001), "a slow limit is treated as a quota"),
        (limit(100_000, 1, 1000), "a limit that brings a token a second is not"),
    ):
        yield Story(numbers).grown(3).asks(1).row(why)


def returning_rows():
    yield Story().grown(3).one(7).spends(6).asks(after_ms=100).row("half spent it does not ask for more")
    yield Story().grown(3).one(7).spends(4).asks(after_ms=2_999).row("what has lasted too long goes back, and no more than was used is asked for")
    yield Story().grown(3).one(7).asks(after_ms=3_000).row("unused it goes back, and what the request used is asked for")
    yield Story().grown(3).one(7).spends(4).asks(1, after_ms=4_900).row("what died stops it from taking any ahead")
    for more in (9, 10, 13, 14):
        story = Story().grown(3).one(7).spends(4).one(after_ms=4_900).one(cost=more - 1)
        yield story.one().asks(1).row(f"three died, and {more + 1} were spent since")
    yield Story().grown(3).one(7).void().asks(1).row("what was void has died")
    yield Story().grown(3).one(7).spends(7).void().asks(1).row("a purse that was void when it was empty has lost nothing")


def pausing_rows():
    for pause_ms, after_ms in ((999, 0), (1_000, 0), (1_001, 0), (1_001, 1), (3_000, 1_999), (3_000, 2_000)):
        story = Story().one(pause_ms=pause_ms)
        yield story.spends(1, after_ms).row(f"{after_ms} ms into a pause of {pause_ms}")
    refused = Story()
    refused.events += [asks(0, 1), at(10, receive=answer(1, 0, 0, limit=MILLION, left=0, ask_after_ms=900, retry_after_ms=700)), spend(20, 1)]
    yield refused.row("who was given nothing is refused from the first moment")


def rows():
    yield from growing_rows()
    yield from returning_rows()
    yield from pausing_rows()
