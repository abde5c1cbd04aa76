"""The purse of a holder: what it was lent, and when it asks again (docs/spec/bucket-and-lease.md).

A reading is a pair (wall, monotonic) of the holder's two clocks.
"""

from dataclasses import dataclass
from typing import NamedTuple

from .bucket import NEVER, Numbers, ceiling, numbers_of

GRANTS_MAX = 4
WANT_AT_FIRST = 4
MISSES_MAX = 4
DEADLINE_MIN_MS = 100
DEADLINE_MAX_MS = 1_000
SAMPLE_MAX_MS = 1_000
QUICKLY_MS = 1_000
LEFT_PARTS = 1_024
SPENT_PARTS = 4
PENANCE = 4
PATIENCE_MS = 1_000


class Reading(NamedTuple):
    wall: int
    mono: int


def since(earlier: Reading, later: Reading) -> int:
    """The time between two readings: the larger of the two differences, not below 0."""
    return max(0, later.wall - earlier.wall, later.mono - earlier.mono)


def usable(time_ms: int) -> int:
    """What a holder dares to use of a time that it was given."""
    return max(0, time_ms - ceiling(3 * time_ms, 100) - 5)


@dataclass
class Grant:
    """Tokens lent in the answer to a message that was sent at `sent`."""

    tokens: int
    sent: Reading
    usable_ms: int
    back_ms: int

    def left_ms(self, now: Reading) -> int:
        return self.usable_ms - since(self.sent, now)

    def is_due(self, now: Reading) -> bool:
        return since(self.sent, now) >= self.back_ms


@dataclass
class Message:
    """The ask that waits for its answer."""

    ask: dict
    sent: Reading
    repeated: bool = False


class Refusal(NamedTuple):
    """What an answer said to those who must come again."""

    received: Reading
    ask_after_ms: int
    retry_after_ms: int | str
    left: int
    given: bool


@dataclass
class Thrift:
    """What a holder without background takes ahead of a quota or a slow limit."""

    ahead: int = 0
    earned: int = 0
    held: int = 0
    brought: int = 0
    there: int = 0
    asked: Reading = Reading(0, 0)
    between_ms: int = 0

    def wish(self) -> int:
        return min(self.ahead, max(0, self.earned) // SPENT_PARTS, self.there // LEFT_PARTS)

    def count(self, had: int, lost: int):
        """What has been spent since the last time."""
        if lost > 0:
            self.earned = min(self.earned, 0) - PENANCE * lost
            self.ahead //= 2
        self.earned += max(0, self.held - lost - had)
        self.held = had

    def answered(self, total: int, left: int, pause_ms: int | None):
        """`pause_ms` is the ask_after_ms of an answer that gave all of what waited, and something waited."""
        self.held = self.brought = total
        self.there = left
        if pause_ms == 0:
            self.ahead -= ceiling(self.ahead, 8)
        elif pause_ms is not None and self.between_ms < pause_ms:
            self.ahead = 2 * self.wish() + 1


class Purse:
    """The purse of one bucket at one holder."""

    def __init__(self, holder: str, limit: dict, changed: list, background: bool, seq: int):
        self.holder = holder
        self.limit = limit
        self.numbers: Numbers = numbers_of(limit)
        self.changed = changed
        self.background = background
        self.grants: list[Grant] = []
        self.seq = seq
        self.message: Message | None = None
        self.late: tuple[int, Reading] | None = None
        self.s8: int | None = None
        self.misses = 0
        self.want = WANT_AT_FIRST
        self.mark, self.marked, self.life = 0, Reading(0, 0), 0
        self.refusal: Refusal | None = None
        self.thrift = Thrift()

    def living(self, now: Reading) -> list[Grant]:
        return [grant for grant in self.grants if grant.left_ms(now) > 0]

    def total(self, now: Reading) -> int:
        return sum(grant.tokens for grant in self.living(now))

    def is_refused(self, now: Reading) -> bool:
        """Whether there is a refusal that has not ended."""
        return self.refusal is not None and since(self.refusal.received, now) < self.refusal.ask_after_ms

    # Spending

    def spend(self, cost: int, now: Reading):
        """Takes the cost, refuses, or lets the request queue."""
        if cost == 0:
            return "taken"
        if cost > self.numbers.burst:
            return {"refused": NEVER}
        if self.total(now) >= cost:
            self.take(cost, now)
            return "taken"
        refusal = self.refusal
        if self.is_refused(now) and (refusal.given or cost > refusal.left):
            if refusal.retry_after_ms == NEVER:
                return {"refused": NEVER}
            waited_ms = since(refusal.received, now)
            return {"refused": max(refusal.retry_after_ms, refusal.ask_after_ms) - waited_ms}
        return "ask"

    def take(self, cost: int, now: Reading):
        """Takes tokens from the living grants, those that end first first."""
        for grant in self.living(now):
            taken = min(cost, grant.tokens)
            grant.tokens -= taken
            cost -= taken
        self.grants = [grant for grant in self.grants if grant.tokens > 0]

    # Asking

    def ask(self, queued: int, largest: int, now: Reading) -> dict | None:
        """The next message, if one is needed."""
        if self.message is not None:
            return None
        if self.is_thrifty():
            self.thrift.count(self.total(now), sum(grant.tokens for grant in self.grants if grant.left_ms(now) <= 0))
        self.grants = self.living(now)
        total = self.total(now)
        need = max(0, queued - total)
        if need > 0:
            want = self.adapted_want(total, now, waiting=True)
            return self.send(now, waiting=need, cost=min(largest, need), want=want, keep=total)
        if queued > 0:
            return None
        if any(grant.is_due(now) for grant in self.grants):
            return self.hand_back(now)
        # After the life of what the mark counted it has died, and was not spent: there is nothing to renew.
        if self.mark > 0 and since(self.marked, now) < self.life and 2 * total <= self.mark and not self.is_refused(now):
            want = self.adapted_want(total, now, waiting=False)
            if want > 0:
                return self.send(now, want=want, keep=total)
        return None

    def hand_back(self, now: Reading) -> dict:
        """Returns what has lain here for too long; a lease among it means that too much was wanted."""
        due = [grant for grant in self.grants if grant.is_due(now)]
        self.grants = [grant for grant in self.grants if not grant.is_due(now)]
        if any(grant.back_ms > 0 for grant in due):
            self.want = max(1, self.want // 2)
        back = sum(grant.tokens for grant in due)
        want, thrift = 0, self.thrift
        if self.is_thrifty():
            thrift.ahead = min(thrift.ahead, max(0, thrift.brought - thrift.held))
            thrift.held -= back
            want = thrift.wish()
        return self.send(now, keep=self.total(now), back=back, want=want)

    def is_thrifty(self) -> bool:
        """Whether tokens that lie here unused would be missed for long."""
        return not self.background and (self.numbers.is_quota or self.numbers.rate * 1000 < self.numbers.unit)

    def adapted_want(self, total: int, now: Reading, waiting: bool) -> int:
        """Adapts the want to how fast the last grant went, and gives what to ask for."""
        if self.mark > 0 and 2 * total <= self.mark:
            lasted_ms = since(self.marked, now)
            if lasted_ms <= QUICKLY_MS:
                self.want = min(2 * self.want, max(1, self.numbers.burst // 8))
            elif 4 * lasted_ms > self.life:
                self.want = max(1, self.want // 2)
        if not self.is_thrifty():
            return self.want
        if not waiting:
            return 0
        self.thrift.between_ms = since(self.thrift.asked, now)
        self.thrift.asked = now
        return self.thrift.wish()

    def deadline_ms(self) -> int:
        """How long to wait for the answer: half of eight smoothed round trips, more after misses."""
        deadline_ms = DEADLINE_MAX_MS
        if self.s8 is not None:
            deadline_ms = min(max(DEADLINE_MIN_MS, self.s8 // 2), DEADLINE_MAX_MS)
        return min(DEADLINE_MAX_MS, deadline_ms * 2**self.misses)

    def send(self, now: Reading, waiting=0, cost=0, want=0, keep=0, back=0) -> dict:
        """Opens a message."""
        self.seq += 1
        self.mark = 0
        ask = {
            "holder": self.holder,
            "seq": self.seq,
            "limit": self.limit,
            "changed": self.changed,
            "deadline_ms": self.deadline_ms(),
            "waiting": waiting,
            "cost": cost,
            "want": want,
            "keep": keep,
            "back": back,
        }
        self.message = Message(ask, now)
        return ask

    # While a message is open

    def is_overdue(self, now: Reading) -> bool:
        message = self.message
        return message is not None and since(message.sent, now) >= usable(message.ask["deadline_ms"])

    def give_up(self):
        """Closes a message that has passed its deadline."""
        self.late = (self.message.ask["seq"], self.message.sent)
        self.message = None
        self.misses = min(self.misses + 1, MISSES_MAX)

    def tick(self, now: Reading):
        if self.is_overdue(now):
            self.give_up()
            return "overdue"
        message = self.message
        if message is None or message.repeated:
            return "quiet"
        if 2 * since(message.sent, now) < message.ask["deadline_ms"]:
            return "quiet"
        message.repeated = True
        return {"repeat": message.ask}

    def receive(self, answer: dict, now: Reading) -> str:
        if self.is_overdue(now):
            self.give_up()
        seq = answer.get("stale", answer.get("seq"))
        if self.late is not None and seq == self.late[0]:
            self.sample(since(self.late[1], now))
            self.late = None
            return "late"
        message = self.message
        if message is None or seq != message.ask["seq"]:
            return "ignored"
        self.sample(since(message.sent, now))
        self.message = None
        if "stale" in answer:
            return "stale"
        self.accept(answer, message, now)
        return "accepted"

    def accept(self, answer: dict, message: Message, now: Reading):
        """Takes what an answer in time brings."""
        self.misses = 0
        self.learn(answer["limit"], answer["changed"])
        self.grants = self.living(now)
        ttl_ms = answer["ttl_ms"]
        short_ms = min(message.ask["deadline_ms"], ttl_ms)
        self.add(Grant(answer["granted"], message.sent, usable(ttl_ms), 3 * ttl_ms // 5), now)
        self.mark, self.marked, self.life = self.total(now), now, ttl_ms
        self.add(Grant(answer["granted_waiting"], message.sent, usable(short_ms), 0), now)
        self.refusal = None
        given = answer["granted_waiting"] >= message.ask["waiting"]
        ask_after_ms = answer["ask_after_ms"]
        if self.is_thrifty():
            self.thrift.answered(self.total(now), answer["left"], ask_after_ms if given and message.ask["waiting"] > 0 else None)
            if given:
                ask_after_ms = max(0, ask_after_ms - PATIENCE_MS)
        if answer["changed"] >= self.changed and (ask_after_ms > 0 or not given):
            self.refusal = Refusal(
                now, ask_after_ms, answer["retry_after_ms"], answer["left"], given
            )

    def add(self, grant: Grant, now: Reading):
        """Adds a grant in the order of the ends; of too many the first two become one."""
        if grant.tokens == 0:
            return
        later = (at for at, other in enumerate(self.grants) if other.left_ms(now) > grant.left_ms(now))
        self.grants.insert(next(later, len(self.grants)), grant)
        if len(self.grants) > GRANTS_MAX:
            self.grants[0].tokens += self.grants.pop(1).tokens

    def sample(self, round_trip_ms: int):
        """Smooths the round trip; eight times of it are kept."""
        round_trip_ms = min(round_trip_ms, SAMPLE_MAX_MS)
        if self.s8 is None:
            self.s8 = 8 * round_trip_ms
        else:
            self.s8 = self.s8 - self.s8 // 8 + round_trip_ms

    # Numbers, and the end

    def learn(self, limit: dict, changed: list) -> bool:
        """Adopts newer numbers; what was refused under the old ones is open again."""
        if changed <= self.changed:
            return False
        self.limit, self.numbers, self.changed = limit, numbers_of(limit), changed
        self.refusal = None
        return True

    def void(self) -> bool:
        """Forgets everything that was lent; the seq stays."""
        if self.is_thrifty():
            self.thrift.count(0, sum(grant.tokens for grant in self.grants))
        self.grants, self.message, self.late, self.refusal, self.mark = [], None, None, None, 0
        return True

    def state(self, now: Reading) -> dict:
        """The purse as the ops show it."""
        grants = [[grant.tokens, grant.usable_ms, grant.back_ms] for grant in self.living(now)]
        return {"total": self.total(now), "seq": self.seq, "want": self.want, "grants": grants}


def handle(purse: Purse, event: dict, now: Reading):
    """The result of one event."""
    if "spend" in event:
        return purse.spend(event["spend"], now)
    if "ask" in event:
        queued, largest = event["ask"]
        return purse.ask(queued, largest, now)
    if "tick" in event:
        return purse.tick(now)
    if "receive" in event:
        return purse.receive(event["receive"], now)
    if "learn" in event:
        return purse.learn(event["learn"]["limit"], event["learn"]["changed"])
    return purse.void()


def run(arg):
    """`lease.holder`: events at a new purse."""
    purse = Purse(arg["holder"], arg["limit"], arg["changed"], arg["background"], arg["seq"])
    now, results = Reading(0, 0), []
    for event in arg["events"]:
        now = Reading(event["wall"], event["mono"])
        results.append(handle(purse, event, now))
    return {"results": results, "purse": purse.state(now)}
