"""The authority of a bucket: who holds how many of its tokens (docs/spec/bucket-and-lease.md).

A pair is a list `[tokens, until]`. An ask is answered in the steps that the page numbers.
"""

from dataclasses import dataclass, field

from . import period
from .bucket import NEVER, UINT32_MAX, Numbers, ceiling, numbers_of
from .sizing import Request, round_of, size_of
from .wire import Refused

PAIRS_MAX = 4
SEQ_MAX = 2**64 - 1
DEADLINE_MIN_MS = 100
DEADLINE_MAX_MS = 1_000
ROUND_HOLDERS_MS = 2_000
ASK_AFTER_MAX_MS = 3_600_000
ASK_AFTER_OUT_MS = 3_000
SPREAD_MAX_MS = 1_000
LARGE_WAIT_MAX_MS = 9_000
LARGE_EXTRA_MS = 1_000
DAMAGE_MS = 10_000
GOLDEN = 2_654_435_761


@dataclass
class Entry:
    """What the authority knows of one holder."""

    id: str
    seq: int = 0
    answer: dict | None = None
    heard: int = 0
    forget_at: int = 0
    out: list = field(default_factory=list)

    @property
    def tokens(self) -> int:
        return sum(tokens for tokens, _ in self.out)

    def add(self, tokens: int, until: int):
        """Adds a pair; if there are too many, the two that end first become one."""
        if tokens == 0:
            return
        for pair in self.out:
            if pair[1] == until:
                pair[0] += tokens
                return
        self.out.append([tokens, until])
        self.out.sort(key=lambda pair: pair[1])
        if len(self.out) > PAIRS_MAX:
            first, second, *others = self.out
            self.out = [[first[0] + second[0], second[1]], *others]

    def cut_to(self, keep: int):
        """Cuts the pairs to `keep` tokens in all; those that end first go first."""
        excess = self.tokens - keep
        for pair in self.out:
            gone = min(excess, pair[0])
            pair[0] -= gone
            excess -= gone
        self.out = [pair for pair in self.out if pair[0] > 0]


class Authority:
    """One bucket, from its first ask on."""

    def __init__(self, slots: int, calls_max: int, limit: dict, changed: list, now: int):
        self.slots = slots
        self.calls_max = calls_max
        self.limit = limit
        self.numbers: Numbers = numbers_of(limit)
        self.changed = changed
        self.credit = self.numbers.full
        self.debt = 0
        self.instant = now
        self.large_until = 0
        self.second, self.this, self.before = 0, 0, 0
        self.entries: dict[str, Entry] = {}

    # Refill

    @property
    def pairs(self) -> list:
        return [pair for entry in self.entries.values() for pair in entry.out]

    @property
    def outstanding(self) -> int:
        return sum(tokens for tokens, _ in self.pairs)

    @property
    def cap(self) -> int:
        return max(0, self.numbers.burst - self.outstanding) * self.numbers.unit

    def remove_expired(self, instant: int):
        for entry in self.entries.values():
            entry.out = [pair for pair in entry.out if pair[1] > instant]

    def refill_to(self, instant: int):
        """Refills without a look at what expires on the way."""
        instant = max(instant, self.instant)
        gained = (instant - self.instant) * self.numbers.rate
        self.credit = min(self.cap, self.credit + gained)
        self.instant = instant

    def advance(self, instant: int):
        """Brings the state to an instant. What expires is not credited: its room opens."""
        if self.numbers.is_quota:
            begin = period.start_of(self.numbers.per, instant)
            if begin > self.instant:
                self.remove_expired(begin)
                self.credit = self.cap
                self.debt = max(0, self.outstanding - self.numbers.burst)
            self.remove_expired(instant)
            self.instant = instant
            return
        for until in sorted({until for _, until in self.pairs if until <= instant}):
            self.refill_to(until)
            self.remove_expired(until)
        self.refill_to(instant)

    def wait_for(self, tokens: int):
        """How long until there is credit for so many tokens, if nobody does anything."""
        if tokens > self.numbers.burst:
            return NEVER
        if self.credit >= tokens * self.numbers.unit:
            return 0
        if not self.numbers.is_quota:
            return self.wait_for_refill(tokens * self.numbers.unit)
        begins = period.next_of(self.numbers.per, self.instant)
        return NEVER if begins is None else begins - self.instant

    def wait_for_refill(self, price: int) -> int:
        """Walks through the ends of the pairs, each of which lets the credit grow further."""
        numbers, at, credit = self.numbers, self.instant, self.credit
        outstanding = self.outstanding
        for tokens, until in sorted(self.pairs, key=lambda pair: pair[1]):
            cap = max(0, numbers.burst - outstanding) * numbers.unit
            missing_ms = ceiling(price - credit, numbers.rate)
            if price <= cap and at + missing_ms <= until:
                return at + missing_ms - self.instant
            credit = min(cap, credit + (until - at) * numbers.rate)
            at = until
            outstanding -= tokens
        return at + ceiling(price - credit, numbers.rate) - self.instant

    # The exchange

    def answer(self, ask: dict, now: int) -> dict:
        """The answer to one ask."""
        entry = self.entries.get(ask["holder"])
        if entry is not None and ask["seq"] == entry.seq:
            return {**entry.answer, "limit": self.limit, "changed": self.changed}
        if entry is not None and ask["seq"] < entry.seq:
            return {"stale": ask["seq"]}
        instant = max(self.instant, now)
        self.advance(instant)
        self.forget(instant)
        self.adopt(ask)
        calls = self.count_call(instant)
        self.settle(ask)
        entry, first = self.entry_for(ask["holder"])
        return self.grant(ask, entry, first, calls)

    def forget(self, instant: int):
        """Step 3: holders that have nothing and have not been heard for long."""
        self.entries = {
            id: entry for id, entry in self.entries.items() if entry.out or entry.forget_at > instant
        }

    def adopt(self, ask: dict):
        """Step 4: newer numbers."""
        if ask["changed"] <= self.changed:
            return
        old = self.numbers
        self.limit, self.numbers, self.changed = ask["limit"], numbers_of(ask["limit"]), ask["changed"]
        if old.is_quota and self.numbers.is_quota:
            balance = self.credit - self.debt + self.numbers.burst - old.burst
            self.credit, self.debt = max(0, balance), max(0, -balance)
            return
        self.credit = min(self.credit * self.numbers.unit // old.unit, self.cap)
        self.debt = max(0, self.outstanding - self.numbers.burst) if self.numbers.is_quota else 0

    def count_call(self, instant: int) -> int:
        """Step 5: the calls of the last second, the second before counted in part."""
        second = instant // 1000
        if second == self.second:
            self.this += 1
        else:
            self.before = self.this if second == self.second + 1 else 0
            self.this = 1
            self.second = second
        return self.this + self.before * (1000 - instant % 1000) // 1000

    def settle(self, ask: dict):
        """Step 6: what the holder keeps stays out, what it hands back pays the debt, then is credited."""
        entry = self.entries.get(ask["holder"])
        recorded = entry.tokens if entry else 0
        keep = min(ask["keep"], recorded)
        back = min(ask["back"], recorded - keep)
        if entry:
            entry.cut_to(keep)
        paid = min(self.debt, back)
        self.debt -= paid
        self.credit = min(self.cap, self.credit + (back - paid) * self.numbers.unit)

    def entry_for(self, holder: str) -> tuple[Entry | None, bool]:
        """Step 7: the holder's entry, and whether it had none; None if all slots are taken."""
        if holder in self.entries:
            return self.entries[holder], False
        if len(self.entries) >= self.slots:
            idle = [entry for entry in self.entries.values() if not entry.out]
            if not idle:
                return None, True
            del self.entries[min(idle, key=lambda entry: (entry.forget_at, entry.id)).id]
        self.entries[holder] = Entry(holder)
        return self.entries[holder], True

    def holders_within(self, window_ms: int, crowded: bool) -> int:
        """n(W): how many holders were heard within a window, the asking one included."""
        heard = sum(self.instant - entry.heard <= window_ms for entry in self.entries.values())
        return heard + crowded

    def grant(self, ask: dict, entry: Entry | None, first: bool, calls: int) -> dict:
        """Steps 8 to 11."""
        crowded = entry is None
        if not crowded:
            entry.heard = self.instant
        before_ms = round_of(self.numbers, self.calls_max, self.holders_within(ROUND_HOLDERS_MS, crowded))
        window_ms = max(ROUND_HOLDERS_MS, 5 * before_ms // 2)
        holders = self.holders_within(window_ms, crowded)
        large = 2 * ask["cost"] > self.numbers.burst
        size = size_of(
            self.numbers,
            Request(
                credit=self.credit // self.numbers.unit,
                holders=holders,
                calls=calls,
                calls_max=self.calls_max,
                first=first,
                large=large or self.large_until > self.instant,
                waiting=ask["waiting"],
                cost=ask["cost"],
                want=ask["want"],
                deadline_ms=ask["deadline_ms"],
            ),
        )
        if crowded:
            size = size._replace(granted_waiting=0, granted=0)
        self.credit -= (size.granted_waiting + size.granted) * self.numbers.unit
        ttl_ms = self.ttl_of(max(1, size.life_ms))
        if not crowded:
            until = self.instant + ttl_ms
            entry.add(size.granted_waiting, min(self.instant + ask["deadline_ms"], until))
            entry.add(size.granted, until)
        answer = {
            "seq": ask["seq"],
            "granted_waiting": size.granted_waiting,
            "granted": size.granted,
            "ttl_ms": ttl_ms,
            **self.waits(ask, size, calls),
            "limit": self.limit,
            "changed": self.changed,
            "left": self.credit // self.numbers.unit,
        }
        if not crowded:
            last = max([self.instant] + [until for _, until in entry.out])
            entry.seq = ask["seq"]
            entry.forget_at = max(last + ask["deadline_ms"], self.instant + window_ms)
            entry.answer = answer
        return answer

    def ttl_of(self, life_ms: int) -> int:
        """How long tokens may live: for a quota not beyond its period."""
        if not self.numbers.is_quota:
            return life_ms
        begins = period.next_of(self.numbers.per, self.instant)
        return life_ms if begins is None else min(life_ms, begins - self.instant)

    def waits(self, ask: dict, size, calls: int) -> dict:
        """Step 10: when to come again, for requests and for the holder."""
        given = size.granted_waiting == ask["waiting"]
        large = 2 * ask["cost"] > self.numbers.burst
        if given:
            if large:
                self.large_until = 0
            ask_after_ms = spread(size.round_ms, ask) if calls > size.budget else 0
            return {"retry_after_ms": 0, "ask_after_ms": ask_after_ms}
        retry_after_ms = self.wait_for(max(1, ask["cost"]))
        if retry_after_ms != NEVER:
            retry_after_ms = max(1, retry_after_ms)
        if large and ask["cost"] <= self.numbers.burst:
            wait_ms = LARGE_WAIT_MAX_MS if retry_after_ms == NEVER else min(retry_after_ms, LARGE_WAIT_MAX_MS)
            self.large_until = self.instant + wait_ms + LARGE_EXTRA_MS
        one_more = self.wait_for(self.credit // self.numbers.unit + 1)
        ask_after_ms = ASK_AFTER_MAX_MS
        if one_more != NEVER:
            ask_after_ms = min(max(size.round_ms, one_more), ASK_AFTER_MAX_MS)
        if self.outstanding > 0:
            ask_after_ms = min(ask_after_ms, ASK_AFTER_OUT_MS)
        return {"retry_after_ms": retry_after_ms, "ask_after_ms": spread(ask_after_ms, ask)}

    # Damage, and what is left at the end

    def repair(self, now: int) -> bool:
        """Takes a stored instant far in the future back to now, and everything else with it."""
        ahead = self.instant - now
        if ahead <= DAMAGE_MS:
            return False
        self.instant = now
        self.credit = 0
        self.large_until = max(0, self.large_until - ahead)
        for entry in self.entries.values():
            entry.heard = max(0, entry.heard - ahead)
            entry.forget_at = max(0, entry.forget_at - ahead)
            entry.out = [[tokens, max(0, until - ahead)] for tokens, until in entry.out]
        self.second, self.this, self.before = 0, 0, 0
        return True

    def state(self) -> dict:
        """The state as the ops show it."""
        full_in = self.wait_for(self.numbers.burst)
        holders = sorted(self.entries.values(), key=lambda entry: entry.id)
        return {
            "limit": self.limit,
            "changed": self.changed,
            "credit": str(self.credit),
            "debt": self.debt,
            "instant": self.instant,
            "large_until": self.large_until,
            "outstanding": self.outstanding,
            "holders": [
                {
                    "id": entry.id,
                    "seq": entry.seq,
                    "heard": entry.heard,
                    "forget_at": entry.forget_at,
                    "out": [list(pair) for pair in entry.out],
                }
                for entry in holders
            ],
            "alarm": NEVER if full_in == NEVER else self.instant + full_in,
        }


def spread(time_ms: int, ask: dict) -> int:
    """A time near this one that differs from holder to holder and from ask to ask."""
    around = min(time_ms // 5, SPREAD_MAX_MS)
    hashed = (int(ask["holder"][-8:], 16) + ask["seq"] * GOLDEN) % 2**32 >> 8
    return time_ms - around + hashed % (2 * around + 1)


def is_malformed(ask: dict) -> bool:
    """Whether a field of an ask is out of its bounds."""
    counts = (ask["waiting"], ask["cost"], ask["want"], ask["keep"], ask["back"])
    try:
        numbers_of(ask["limit"])
    except Refused:
        return True
    return not (
        1 <= ask["seq"] <= SEQ_MAX
        and DEADLINE_MIN_MS <= ask["deadline_ms"] <= DEADLINE_MAX_MS
        and all(0 <= count <= UINT32_MAX for count in counts)
    )
