"""The bytes of a stored state (docs/spec/bucket-and-lease.md, "Stored state")."""

from .authority import PAIRS_MAX, Authority, Entry
from .bucket import NEVER, UINT32_MAX
from .wire import Refused

VERSION = 2
PERIODS = ("day", "month", "total")
UINT64_MAX = 2**64 - 1
ANSWER_COUNTS = ("granted_waiting", "granted", "ttl_ms")


# Writing


def number(value: int) -> bytes:
    """LEB128 in as few bytes as possible."""
    low, high = value & 0x7F, value >> 7
    return bytes([low | 0x80]) + number(high) if high else bytes([low])


def written_numbers(authority: Authority) -> bytes:
    numbers = authority.numbers
    if numbers.is_quota:
        kind = 1 + PERIODS.index(numbers.per)
        return bytes([kind]) + number(numbers.burst) + number(authority.debt)
    return bytes([0]) + number(numbers.burst) + number(numbers.rate) + number(numbers.unit)


def written_entry(entry: Entry, instant: int) -> bytes:
    answer = entry.answer
    retry_after_ms = answer["retry_after_ms"]
    parts = [bytes.fromhex(entry.id), number(entry.seq), number(instant - entry.heard)]
    parts += [number(entry.forget_at - entry.heard), bytes([len(entry.out)])]
    parts += [number(tokens) + number(until - instant) for tokens, until in entry.out]
    parts += [number(answer[name]) for name in ANSWER_COUNTS]
    parts += [number(0 if retry_after_ms == NEVER else retry_after_ms + 1)]
    parts += [number(answer["ask_after_ms"]), number(answer["left"])]
    return b"".join(parts)


def written(authority: Authority) -> bytes:
    """The state's bytes, its entries in the order of their ids."""
    instant = authority.instant
    entries = sorted(authority.entries.values(), key=lambda entry: entry.id)
    parts = [bytes([VERSION]), written_numbers(authority)]
    parts += [number(part) for part in authority.changed]
    parts += [number(authority.credit), number(instant), number(max(0, authority.large_until - instant))]
    parts += [number(instant // 1000 - authority.second), number(authority.this), number(authority.before)]
    parts += [number(len(entries))] + [written_entry(entry, instant) for entry in entries]
    return b"".join(parts)


# Reading


class Malformed(Exception):
    """From here on nothing more can be read."""


class StateReader:
    """Reads bytes from the front and notes everything that is wrong with them."""

    def __init__(self, data: bytes, slots: int):
        self.data = data
        self.slots = slots
        self.at = 0
        self.faults: list[str] = []

    def check(self, holds: bool, fault: str = "impossible"):
        if not holds and fault not in self.faults:
            self.faults.append(fault)

    def octets(self, count: int) -> bytes:
        taken = self.data[self.at : self.at + count]
        if len(taken) < count:
            raise Malformed
        self.at += count
        return taken

    def octet(self) -> int:
        return self.octets(1)[0]

    def number(self, most: int = UINT64_MAX) -> int:
        """A number; above 2^64 - 1 or longer than it need be it is malformed, above its most impossible."""
        begin = self.at
        value = shift = 0
        more = True
        while more:
            octet = self.octet()
            value |= (octet & 0x7F) << shift
            shift += 7
            more = octet >= 0x80
        if value > UINT64_MAX or number(value) != self.data[begin : self.at]:
            raise Malformed
        self.check(value <= most)
        return value

    def instant(self, base: int, offset: int) -> int:
        """An instant that is told as its distance from another."""
        self.check(0 <= base + offset <= UINT64_MAX)
        return base + offset

    def limit(self) -> tuple[dict, int]:
        """The numbers, and the debt of a quota."""
        kind = self.octet()
        if kind > len(PERIODS):
            raise Malformed
        if kind == 0:
            return {"burst": self.number(), "rate": self.number(), "period_ms": self.number()}, 0
        limit, debt = {"count": self.number(), "each": PERIODS[kind - 1]}, self.number()
        self.check(limit["count"] + debt <= UINT32_MAX)
        return limit, debt

    def new_state(self) -> Authority:
        """A state with the numbers that are read; if they cannot be, with others, and the fault is noted."""
        limit, debt = self.limit()
        try:
            state = Authority(self.slots, 0, limit, [0, 0], 0)
        except Refused:
            self.check(False)
            state = Authority(self.slots, 0, {"count": UINT32_MAX, "each": "total"}, [0, 0], 0)
        state.debt = debt
        return state

    def entry(self, state: Authority):
        """One entry, which is added to the state."""
        entry = Entry(self.octets(16).hex())
        self.check(entry.id not in state.entries)
        state.entries[entry.id] = entry
        entry.seq = self.number()
        entry.heard = self.instant(state.instant, -self.number())
        entry.forget_at = self.instant(entry.heard, self.number())
        entry.out = self.pairs(state.instant)
        self.check_sums(state)
        entry.answer = {name: self.number(UINT32_MAX) for name in ANSWER_COUNTS}
        retry_after = self.number()
        entry.answer["retry_after_ms"] = NEVER if retry_after == 0 else retry_after - 1
        entry.answer["ask_after_ms"] = self.number(UINT32_MAX)
        entry.answer["left"] = self.number(UINT32_MAX)

    def pairs(self, instant: int) -> list:
        count, last, pairs = self.octet(), instant, []
        self.check(count <= PAIRS_MAX)
        for _ in range(count):
            tokens = self.number(UINT32_MAX)
            until = self.instant(instant, self.number())
            self.check(tokens > 0 and until > last)
            pairs.append([tokens, until])
            last = until
        return pairs

    def state(self) -> Authority:
        self.check(self.octet() == VERSION, "version")
        state = self.new_state()
        state.changed = [self.number(), self.number()]
        state.credit = self.number()
        self.check_sums(state)
        state.instant = self.number()
        large_ms = self.number()
        state.large_until = self.instant(state.instant, large_ms) if large_ms > 0 else 0
        second = state.instant // 1000
        state.second = second - self.number(second)
        state.this, state.before = self.number(UINT32_MAX), self.number(UINT32_MAX)
        count = self.number()
        self.check(count <= self.slots, "too_many_holders")
        for _ in range(count):
            self.entry(state)
        if self.at < len(self.data):
            raise Malformed
        return state

    def check_sums(self, state: Authority):
        """That no more is there and out than there can be."""
        self.check(state.credit <= state.cap)
        if state.numbers.is_quota:
            self.check(state.credit == 0 or state.debt == 0)
            self.check(state.outstanding <= state.numbers.burst + state.debt)


def read(data: bytes, slots: int) -> tuple[Authority | None, list[str]]:
    """The state, and everything that is wrong with its bytes."""
    reader = StateReader(data, slots)
    try:
        return reader.state(), reader.faults
    except Malformed:
        reader.check(False, "malformed")
        return None, reader.faults


def state(arg):
    """`lease.state`: the state that bytes are. Of several errors the page allows any."""
    found, faults = read(bytes.fromhex(arg["hex"]), arg["slots"])
    if faults:
        raise Refused(faults[0])
    return found.state()
