"""How many tokens an ask is granted (docs/spec/bucket-and-lease.md, "Sizing").

This decides how well a bucket is used and how many calls that takes, never whether the guarantee holds.
"""

from typing import NamedTuple

from .bucket import Numbers, ceiling, numbers_of


class Request(NamedTuple):
    """What the sizing looks at, beside the numbers of the bucket."""

    credit: int  # whole tokens
    holders: int
    calls: int
    calls_max: int
    first: bool
    large: bool
    waiting: int
    cost: int
    want: int
    deadline_ms: int


class Size(NamedTuple):
    granted_waiting: int
    granted: int
    life_ms: int
    round_ms: int
    budget: int


def budget_of(calls_max: int, holders: int) -> int:
    """C(n): how many calls a second the bucket should take."""
    return min(calls_max, 80 if holders <= 16 else 15 * holders // 2)


def round_of(numbers: Numbers, calls_max: int, holders: int) -> int:
    """T(n): how long a round of all holders should take, in milliseconds."""
    time_ms = 1000 * holders // budget_of(calls_max, holders)
    if not numbers.is_quota:
        time_ms = min(time_ms, 3 * numbers.full // (4 * numbers.rate))
    return max(100, time_ms)


def granted_to_waiting(request: Request) -> int:
    """What the waiting requests get: all, or if the largest cannot be served the others first."""
    waiting = request.waiting
    if request.credit < request.cost:
        waiting = max(0, waiting - request.cost)
    return min(waiting, request.credit)


def granted_ahead(numbers: Numbers, request: Request, granted_waiting: int, size: tuple) -> int:
    """What is lent for the future."""
    round_ms, budget, ample = size
    rest = request.credit - granted_waiting
    burst, holders = numbers.burst, request.holders
    if request.want == 0 or burst < 32 or request.large:
        return 0
    if ample and request.calls <= budget:
        if request.first and 2 * rest <= burst:
            return 0
        return min(request.want, burst // 8, burst // (2 * holders), rest)
    refill = ceiling(numbers.rate * round_ms, numbers.unit * holders)
    share = max(refill, request.credit // holders)
    return min(request.want, max(0, share - granted_waiting), rest)


def size_of(numbers: Numbers, request: Request) -> Size:
    """The sizing of one ask."""
    round_ms = round_of(numbers, request.calls_max, request.holders)
    budget = budget_of(request.calls_max, request.holders)
    granted_waiting = granted_to_waiting(request)
    ample = 4 * (request.credit - granted_waiting) > numbers.burst
    granted = granted_ahead(numbers, request, granted_waiting, (round_ms, budget, ample))
    life_ms = 5_000 if ample else max(500, 3 * round_ms // 2, 3 * request.deadline_ms)
    return Size(granted_waiting, granted, life_ms, round_ms, budget)


def size(arg):
    """`lease.size`: the sizing alone."""
    fields = {name: arg[name] for name in Request._fields}
    return size_of(numbers_of(arg["numbers"]), Request(**fields))._asdict()
