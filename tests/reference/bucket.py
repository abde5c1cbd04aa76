"""The bucket: exact credit, quotas by period, and the names of buckets (docs/spec/bucket-and-lease.md)."""

from typing import NamedTuple

from . import network, period
from .wire import Refused

UINT32_MAX = 2**32 - 1
CREDIT_END = 2**63

NEVER = "never"


class Numbers(NamedTuple):
    """A limit, or a quota as a bucket that nothing refills: `per` is None for a limit."""

    burst: int
    unit: int
    rate: int
    per: str | None

    @property
    def is_quota(self) -> bool:
        return self.per is not None

    @property
    def full(self) -> int:
        """The credit of a full bucket."""
        return self.burst * self.unit


def numbers_of(fields: dict) -> Numbers:
    """The numbers of a limit or a quota as written in JSON."""
    if "each" in fields:
        numbers = Numbers(burst=fields["count"], unit=1, rate=0, per=fields["each"])
        in_range = 1 <= numbers.burst <= UINT32_MAX
    else:
        numbers = Numbers(fields["burst"], fields["period_ms"], fields["rate"], per=None)
        in_range = all(1 <= number <= UINT32_MAX for number in numbers[:3])
    if not in_range or numbers.full >= CREDIT_END:
        raise Refused("numbers_out_of_range")
    return numbers


class Bucket(NamedTuple):
    """How much credit there was at an instant."""

    credit: int
    instant: int


def advance(numbers: Numbers, bucket: Bucket, now: int) -> Bucket:
    """The bucket at now. A clock that steps back grants nothing and loses nothing."""
    instant = max(bucket.instant, now)
    if not numbers.is_quota:
        credit = bucket.credit + (instant - bucket.instant) * numbers.rate
        return Bucket(min(numbers.full, credit), instant)
    if period.start_of(numbers.per, instant) > bucket.instant:
        return Bucket(numbers.full, instant)
    return Bucket(bucket.credit, instant)


def debit(numbers: Numbers, bucket: Bucket, cost: int, now: int):
    """The result of a debit, and the bucket after it. A refusal changes nothing."""
    if cost > numbers.burst:
        return NEVER, bucket
    advanced = advance(numbers, bucket, now)
    price = cost * numbers.unit
    if price <= advanced.credit:
        return "taken", Bucket(advanced.credit - price, advanced.instant)
    if not numbers.is_quota:
        missing_ms = ceiling(price - advanced.credit, numbers.rate)
        return {"later": advanced.instant - now + missing_ms}, bucket
    begins = period.next_of(numbers.per, advanced.instant)
    if begins is None:
        return NEVER, bucket
    return {"later": begins - now}, bucket


def ceiling(dividend: int, divisor: int) -> int:
    """The quotient, rounded up."""
    return -(-dividend // divisor)


def run(arg):
    """`bucket.run`: debits of a bucket made full at `start`."""
    numbers = numbers_of(arg["numbers"])
    bucket = Bucket(numbers.full, arg["start"])
    results = []
    for step in arg["steps"]:
        result, bucket = debit(numbers, bucket, step["cost"], step["at"])
        results.append(result)
    return {"results": results, "credit": str(bucket.credit), "instant": bucket.instant}


def name(arg):
    """`bucket.name`: the name of the bucket of a limit. Its numbers are never part of it."""
    tenant, scope, scope_id = arg["tenant"], arg["scope"], arg["id"]
    if scope == "global":
        tenant, scope_id = "*", "*"
    if scope == "tenant":
        scope_id = tenant
    if scope == "ip":
        scope_id = network.text_of(network.counted_as(network.address_of(scope_id)))
    return f"{tenant}/{scope}/{scope_id}/{arg['limit']}"


OPS = {"bucket.run": run, "bucket.name": name}
