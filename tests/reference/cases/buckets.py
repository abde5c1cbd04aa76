"""Inputs of the suite `buckets` (docs/spec/bucket-and-lease.md, "The bucket" and "Names of buckets")."""

from datetime import datetime, timezone

UINT32_MAX = 2**32 - 1
DAY_MS = 86_400_000
T0 = 1_790_000_000_000


def limit(burst, rate, period_ms):
    return {"burst": burst, "rate": rate, "period_ms": period_ms}


def quota(count, each):
    return {"count": count, "each": each}


def utc(year, month, day, hour=0, minute=0, second=0, ms=0):
    """An instant written as people write it."""
    moment = datetime(year, month, day, hour, minute, second, tzinfo=timezone.utc)
    return int(moment.timestamp()) * 1000 + ms


def running(why, numbers, start, *steps):
    """Each step is (instant, cost)."""
    return why, "bucket.run", {
        "numbers": numbers,
        "start": start,
        "steps": [{"at": instant, "cost": cost} for instant, cost in steps],
    }


TEN_A_SECOND = limit(10, 10, 1000)
SEVEN_IN_THREE = limit(5, 7, 3)


def debit_rows():
    yield running("a new bucket is full at the instant of its making", TEN_A_SECOND, T0)
    yield running("a full bucket gives its whole burst at once", TEN_A_SECOND, T0, (T0, 10))
    yield running("one token more than the burst is never given, full or not", TEN_A_SECOND, T0, (T0, 11))
    yield running("the burst one by one, and the next is later", TEN_A_SECOND, T0, *[(T0, 1)] * 11)
    yield running(
        "a token is there exactly at the promised millisecond",
        TEN_A_SECOND, T0, (T0, 10), (T0 + 100, 1),
    )
    yield running(
        "a token is not there one millisecond before the promised one",
        TEN_A_SECOND, T0, (T0, 10), (T0 + 99, 1),
    )
    yield running("a cost of the whole burst waits for the whole refill", TEN_A_SECOND, T0, (T0, 1), (T0, 10))
    yield running(
        "a cost of the whole burst is taken when the refill is complete",
        TEN_A_SECOND, T0, (T0, 10), (T0 + 1000, 10),
    )
    yield running(
        "a refill beyond the cap is lost",
        TEN_A_SECOND, T0, (T0, 10), (T0 + 60_000, 10), (T0 + 60_000, 1),
    )
    yield running(
        "a full bucket that waits gains nothing",
        TEN_A_SECOND, T0, (T0 + 3_600_000, 10), (T0 + 3_600_000, 1),
    )
    yield running("a cost of 0 is taken from an empty bucket", TEN_A_SECOND, T0, (T0, 10), (T0, 0))
    yield running("a cost of 0 advances the bucket", TEN_A_SECOND, T0, (T0, 10), (T0 + 50, 0))
    yield running("a refusal does not advance the bucket", TEN_A_SECOND, T0, (T0, 10), (T0 + 50, 1))
    yield running(
        "a cost above the burst does not advance the bucket",
        TEN_A_SECOND, T0, (T0, 10), (T0 + 50, 11),
    )
    yield running(
        "a refused caller who hammers does not put off its own token",
        TEN_A_SECOND, T0, (T0, 10), *[(T0 + n, 1) for n in range(0, 101, 20)],
    )
    yield running(
        "a refused large request leaves the tokens to a small one",
        TEN_A_SECOND, T0, (T0, 6), (T0, 5), (T0, 4),
    )
    yield running("a cost of 2^32 - 1 above the burst is never", TEN_A_SECOND, T0, (T0, UINT32_MAX))


def fraction_rows():
    yield running("the wait is rounded up to a whole millisecond", limit(1, 3, 1000), T0, (T0, 1), (T0, 1))
    yield running("rounded up, the promise holds", limit(1, 3, 1000), T0, (T0, 1), (T0 + 334, 1))
    yield running("rounded down it would not hold", limit(1, 3, 1000), T0, (T0, 1), (T0 + 333, 1))
    yield running(
        "what is left of a millisecond after rounding stays as credit",
        limit(2, 3, 1000), T0, (T0, 2), (T0 + 334, 1),
    )
    yield running(
        "fractions add up: three tokens in exactly one second",
        limit(1, 3, 1000), T0, (T0, 1), (T0 + 334, 1), (T0 + 667, 1), (T0 + 1000, 1),
    )
    yield running(
        "the third token one millisecond early is refused",
        limit(2, 3, 1000), T0, (T0, 2), (T0 + 334, 1), (T0 + 667, 1), (T0 + 999, 1),
    )
    yield running(
        "a rate of several tokens a millisecond",
        SEVEN_IN_THREE, T0, (T0, 5), (T0 + 1, 2), (T0 + 1, 1),
    )
    yield running(
        "time split into single milliseconds refills as much as all at once",
        SEVEN_IN_THREE, T0, (T0, 5), (T0 + 1, 0), (T0 + 2, 0), (T0 + 2, 4),
    )
    yield running("the same time in one piece", SEVEN_IN_THREE, T0, (T0, 5), (T0 + 2, 4))
    yield running(
        "a hundred pieces of a second bring what a second brings",
        limit(7, 7, 1000), T0, (T0, 7), *[(T0 + n, 0) for n in range(10, 1001, 10)],
    )
    yield running("a wait where missing and rate divide evenly", limit(4, 2, 10), T0, (T0, 4), (T0, 1))
    yield running("a wait where they leave one over", limit(4, 3, 10), T0, (T0, 4), (T0, 1))
    yield running(
        "the credit left by a debit shortens the next wait",
        limit(4, 3, 10), T0, (T0, 4), (T0 + 5, 1), (T0 + 5, 1),
    )
    yield running("one token a day", limit(1, 1, DAY_MS), T0, (T0, 1), (T0 + 1, 1), (T0 + DAY_MS, 1))
    yield running(
        "a rate above the burst fills a bucket in less than a millisecond",
        limit(3, 1000, 1), T0, (T0, 3), (T0, 3), (T0 + 1, 3),
    )


def clock_rows():
    yield running(
        "a clock that steps back takes from what is there",
        TEN_A_SECOND, T0, (T0, 4), (T0 - 5000, 6),
    )
    yield running(
        "a debit by a clock that lags does not move the instant back",
        TEN_A_SECOND, T0, (T0, 4), (T0 - 5000, 1), (T0 + 100, 0),
    )
    yield running(
        "a clock that lags waits longer by the time that it lags",
        TEN_A_SECOND, T0, (T0, 10), (T0 - 5000, 1),
    )
    yield running(
        "the promise to a clock that lags holds on that clock",
        TEN_A_SECOND, T0, (T0, 10), (T0 - 5000, 1), (T0 + 100, 1),
    )
    yield running(
        "a clock that steps back and forth refills once",
        TEN_A_SECOND, T0, (T0, 10), (T0 + 500, 0), (T0, 0), (T0 + 500, 5), (T0 + 500, 1),
    )
    yield running(
        "two writers a second apart take turns: the later clock counts",
        TEN_A_SECOND, T0, (T0, 10), (T0 + 1000, 5), (T0 + 10, 5), (T0 + 1010, 1), (T0 + 1100, 1),
    )
    yield running("a cost of 0 by a clock that lags changes nothing", TEN_A_SECOND, T0, (T0, 3), (T0 - 1, 0))
    yield running(
        "a debit before the making of the bucket finds it full",
        TEN_A_SECOND, T0, (T0 - DAY_MS, 10), (T0 - DAY_MS, 1),
    )
    yield running(
        "a frozen clock grants the burst and no more",
        TEN_A_SECOND, T0, (T0, 5), (T0, 5), (T0, 1), (T0, 1),
    )


def large_rows():
    top = limit(UINT32_MAX, UINT32_MAX, 1)
    yield running(
        "burst and rate of 2^32 - 1: emptied and full again after a millisecond",
        top, T0, (T0, UINT32_MAX), (T0, 1), (T0 + 1, UINT32_MAX),
    )
    yield running(
        "credit close below 2^63 is exact",
        limit(UINT32_MAX, 2**31, 2**31), T0, (T0, 1), (T0 + 1, 0),
    )
    yield running(
        "credit of 2^63 - 2^31 is the most for a period of 2^31",
        limit(UINT32_MAX, 2**31, 2**31), T0,
    )
    yield running(
        "burst and period both 2^32 - 1 are out of range together",
        limit(UINT32_MAX, 1, UINT32_MAX), T0,
    )
    yield running("2^31 tokens in 2^32 - 1 ms are in range", limit(2**31, 4096, UINT32_MAX), T0, (T0, 2**31))
    yield running("2^31 + 1 tokens in 2^32 - 1 ms are out of range", limit(2**31 + 1, 4096, UINT32_MAX), T0)
    yield running(
        "a refill that would pass 2^64 stops at the cap",
        top, T0, (T0, UINT32_MAX), (T0 + 2**40, 0),
    )
    yield running(
        "a refill over 2^53 milliseconds at the highest rate stops at the cap",
        limit(2**31, UINT32_MAX, UINT32_MAX), 0, (0, 2**31), (2**53, 1),
    )
    yield running(
        "a wait of years is exact",
        limit(2**31, 4096, UINT32_MAX), T0, (T0, 2**31), (T0, 1), (T0, 2**31),
    )
    yield running("from the instant 0 on", limit(3, 1, 1000), 0, (0, 3), (999, 1), (1000, 1))
    yield running(
        "the longest period with one token",
        limit(1, 1, UINT32_MAX), T0, (T0, 1), (T0 + UINT32_MAX - 1, 1), (T0 + UINT32_MAX, 1),
    )


def range_rows():
    yield running("a burst of 0 is out of range", limit(0, 1, 1), T0)
    yield running("a rate of 0 is out of range: that is no limit", limit(1, 0, 1), T0)
    yield running("a period of 0 is out of range", limit(1, 1, 0), T0)
    yield running("a burst of 2^32 is out of range", limit(2**32, 1, 1), T0)
    yield running("a rate of 2^32 is out of range", limit(1, 2**32, 1), T0)
    yield running("a period of 2^32 is out of range", limit(1, 1, 2**32), T0)
    yield running("1, 1, 1 is in range", limit(1, 1, 1), T0, (T0, 1), (T0, 1), (T0 + 1, 1))
    yield running("a quota of 0 is out of range", quota(0, "day"), T0)
    yield running("a quota of 2^32 is out of range", quota(2**32, "total"), T0)
    yield running("a quota of 2^32 - 1 is in range", quota(UINT32_MAX, "day"), T0, (T0, UINT32_MAX), (T0, 1))
    yield running("numbers out of range are an error before any step", limit(0, 1, 1), T0, (T0, 0))


def day_rows():
    midnight = utc(2026, 3, 1)
    yield running(
        "a day's quota gives its count and then waits for midnight",
        quota(3, "day"), midnight, (midnight, 3), (midnight + 1, 1),
    )
    yield running(
        "the last millisecond of a day waits one millisecond",
        quota(3, "day"), midnight, (midnight, 3), (midnight + DAY_MS - 1, 1),
    )
    yield running(
        "at midnight the whole count is there again",
        quota(3, "day"), midnight, (midnight, 3), (midnight + DAY_MS, 3),
    )
    yield running(
        "what was left over does not carry over",
        quota(3, "day"), midnight, (midnight, 1), (midnight + DAY_MS, 3), (midnight + DAY_MS, 1),
    )
    yield running(
        "after many days there is one count only",
        quota(3, "day"), midnight, (midnight, 3), (midnight + 9 * DAY_MS, 3), (midnight + 9 * DAY_MS, 1),
    )
    yield running(
        "nothing refills within a day",
        quota(3, "day"), midnight, (midnight, 3), (midnight + DAY_MS // 2, 1),
    )
    yield running(
        "a bucket made in the afternoon is renewed at midnight, not a day later",
        quota(3, "day"), midnight + 50_000_000, (midnight + 50_000_000, 3), (midnight + DAY_MS - 1, 1),
        (midnight + DAY_MS, 1),
    )
    yield running("more than the count is never, not tomorrow", quota(3, "day"), midnight, (midnight, 4))
    yield running(
        "a clock that steps back into yesterday renews nothing",
        quota(3, "day"), midnight, (midnight, 3), (midnight - 1, 1),
    )
    yield running(
        "the wait of a clock in yesterday reaches to the end of today",
        quota(3, "day"), midnight, (midnight, 3), (midnight - 1000, 1),
    )
    yield running(
        "a clock that steps back over midnight and forth again renews once",
        quota(3, "day"), midnight - 1, (midnight, 3), (midnight - 1, 1), (midnight, 1),
    )
    yield running(
        "a refusal at midnight's far side changes nothing, the next day is still to come",
        quota(3, "day"), midnight, (midnight, 2), (midnight + DAY_MS, 4), (midnight + DAY_MS, 3),
    )
    yield running(
        "the first day of all starts at 0",
        quota(2, "day"), 0, (0, 2), (DAY_MS - 1, 1), (DAY_MS, 1),
    )
    yield running(
        "a cost of 0 on the next day renews the count",
        quota(2, "day"), midnight, (midnight, 2), (midnight + DAY_MS, 0),
    )


def month_rows():
    for month, days in ((1, 31), (2, 28), (4, 30), (6, 30), (8, 31), (9, 30), (11, 30)):
        begin, end = utc(2026, month, 1), utc(2026, month, days, 23, 59, 59, 999)
        yield running(
            f"month {month} has {days} days: spent on its last millisecond, renewed on the next",
            quota(2, "month"), begin, (begin, 2), (end, 1), (end + 1, 2),
        )
    yield running(
        "the wait on the first of a month of 31 days",
        quota(2, "month"), utc(2026, 5, 1), (utc(2026, 5, 1), 2), (utc(2026, 5, 1), 1),
    )
    yield running(
        "the wait on the first of a February of 28 days",
        quota(2, "month"), utc(2027, 2, 1), (utc(2027, 2, 1), 2), (utc(2027, 2, 1), 1),
    )
    yield running(
        "29 February 2028 is still February",
        quota(2, "month"), utc(2028, 2, 1), (utc(2028, 2, 1), 2), (utc(2028, 2, 29), 1), (utc(2028, 3, 1), 1),
    )
    yield running(
        "2100 has no leap day: the day after 28 February is March",
        quota(2, "month"), utc(2100, 2, 1), (utc(2100, 2, 1), 2), (utc(2100, 2, 28), 1),
        (utc(2100, 2, 28) + DAY_MS, 1),
    )
    yield running(
        "2000 has a leap day",
        quota(2, "month"), utc(2000, 2, 1), (utc(2000, 2, 1), 2), (utc(2000, 2, 29), 1), (utc(2000, 3, 1), 1),
    )
    yield running(
        "2400 has a leap day",
        quota(2, "month"), utc(2400, 2, 1), (utc(2400, 2, 1), 2), (utc(2400, 2, 29, 23, 59, 59, 999), 1),
        (utc(2400, 3, 1), 1),
    )
    yield running(
        "December is followed by January",
        quota(2, "month"), utc(2026, 12, 31, 23, 59, 59, 999), (utc(2026, 12, 31, 23, 59, 59, 999), 2),
        (utc(2026, 12, 31, 23, 59, 59, 999), 1), (utc(2027, 1, 1), 2),
    )
    yield running(
        "the same month a year later is another month",
        quota(2, "month"), utc(2026, 7, 15), (utc(2026, 7, 15), 2), (utc(2027, 7, 15), 2),
        (utc(2027, 7, 15), 1),
    )
    yield running(
        "midnight within a month renews nothing",
        quota(2, "month"), utc(2026, 7, 15), (utc(2026, 7, 15), 2), (utc(2026, 7, 16), 1),
    )
    yield running(
        "a clock that steps back into the month before renews nothing",
        quota(2, "month"), utc(2026, 7, 1), (utc(2026, 7, 1), 2), (utc(2026, 6, 30, 23, 59, 59), 1),
    )
    yield running(
        "the first month of all starts at 0",
        quota(2, "month"), 0, (0, 2), (utc(1970, 1, 31, 23, 59, 59, 999), 1), (utc(1970, 2, 1), 1),
    )
    yield running(
        "months go on after the year 9999",
        quota(2, "month"), utc(9999, 12, 1), (utc(9999, 12, 1), 2), (utc(9999, 12, 31), 1),
        (utc(9999, 12, 31) + DAY_MS, 2), (utc(9999, 12, 31) + DAY_MS, 1),
    )


def total_rows():
    yield running(
        "a total gives its count once",
        quota(5, "total"), T0, (T0, 5), (T0 + 100 * 366 * DAY_MS, 1),
    )
    yield running(
        "a total that cannot give refuses for ever",
        quota(5, "total"), T0, (T0, 4), (T0, 2), (T0, 1),
    )
    yield running("a total refuses a cost above its count for ever", quota(5, "total"), T0, (T0, 6))
    yield running("an exhausted total takes a cost of 0", quota(5, "total"), T0, (T0, 5), (T0 + 9, 0))
    yield running("a total is not moved by a refusal", quota(5, "total"), T0, (T0, 5), (T0 + 9, 1))


def naming(why, scope, scope_id, tenant="acme", name="burst"):
    return why, "bucket.name", {"tenant": tenant, "scope": scope, "id": scope_id, "limit": name}


def name_rows():
    yield naming("a bucket of scope key is named after the key", "key", "key_7Hq2")
    yield naming("a bucket of scope owner is named after the owner", "owner", "ops@acme.example")
    yield naming("a bucket of scope tenant repeats the tenant", "tenant", None)
    yield naming("a bucket of scope global names neither tenant nor id", "global", None)
    yield naming("a global limit of another tenant is the same bucket", "global", None, tenant="beta")
    yield naming("a bucket of scope ip is named after the IPv4 address", "ip", "192.0.2.7")
    yield naming("an IPv6 address counts by its /64", "ip", "2001:db8:1:2:3:4:5:6")
    yield naming("two IPv6 addresses of one /64 share a bucket", "ip", "2001:db8:1:2:ffff::1")
    yield naming("an IPv6 address of the next /64 has another bucket", "ip", "2001:db8:1:3::1")
    yield naming("the shortest text is that of the /64, not of the address", "ip", "2001:db8:0:1:0:1:0:1")
    yield naming("a /64 of zeros at its end joins the zeros below", "ip", "2001:db8::1")
    yield naming("the loopback address counts as ::", "ip", "::1")
    yield naming("a v4-mapped address is the IPv4 address that it holds", "ip", "::ffff:c000:207")
    yield naming("an address close to the mapped ones is IPv6", "ip", "::fffe:c000:207")
    yield naming("tenant and owner of one name differ by scope", "owner", "acme")
    yield naming("the limit's name is the last part", "key", "key_7Hq2", name="per-minute")


def rows():
    yield from debit_rows()
    yield from fraction_rows()
    yield from clock_rows()
    yield from large_rows()
    yield from range_rows()
    yield from day_rows()
    yield from month_rows()
    yield from total_rows()
    yield from name_rows()


# Random cases


def random_limit(rng):
    kind = rng.random()
    if kind < 0.6:
        return limit(rng.randint(1, 20), rng.randint(1, 20), rng.choice((1, 3, 7, 10, 1000, 60_000)))
    if kind < 0.9:
        return limit(
            rng.randint(1, 2**31), rng.choice((4096, 2**31, UINT32_MAX)),
            rng.choice((1, 1000, 2**31, UINT32_MAX)),
        )
    return limit(*(rng.choice((0, 1, 2**31, 2**31 + 1, UINT32_MAX, 2**32)) for _ in range(3)))


def random_quota(rng):
    return quota(
        rng.choice((1, 2, 5, 5, UINT32_MAX, 2**32 if rng.random() < 0.1 else 3)),
        rng.choice(("day", "month", "month", "total")),
    )


def random_start(rng):
    """Any instant, often at the border of a day or of a month."""
    kind = rng.random()
    if kind < 0.4:
        year = rng.choice((1970, 2000, 2024, 2026, 2100, 2400))
        return utc(year, rng.randint(1, 12), 1) + rng.choice((0, 0, 1, DAY_MS - 1, DAY_MS))
    return rng.choice((0, T0, rng.randrange(2**45)))


def random_case(rng):
    """A bucket and a handful of debits, at instants that mostly rise."""
    if rng.random() < 0.05:
        return random_name(rng)
    is_limit = rng.random() < 0.6
    numbers = random_limit(rng) if is_limit else random_quota(rng)
    burst = numbers["burst"] if is_limit else numbers["count"]
    start = at = random_start(rng)
    pauses = (0, 0, 1, 2, 10, 100, 1000)
    if not is_limit:
        pauses = (0, 0, 1, DAY_MS - 1, DAY_MS, 28 * DAY_MS, 30 * DAY_MS, 31 * DAY_MS)
    steps = []
    for _ in range(rng.randint(1, 10)):
        pause = rng.choice(pauses)
        at = max(0, at - pause if rng.random() < 0.1 else at + pause)
        cost = rng.choice((0, 1, 1, 2, max(0, burst // 2), burst, burst + 1))
        steps.append({"at": at, "cost": min(cost, UINT32_MAX)})
    if is_limit and burst * numbers["period_ms"] > 2**52 * max(1, numbers["rate"]):
        numbers["rate"] = UINT32_MAX
    return "bucket.run", {"numbers": numbers, "start": start, "steps": steps}


def random_name(rng):
    scope = rng.choice(("key", "owner", "tenant", "ip", "global"))
    scope_id = rng.choice(("a", "b@c", "key_1"))
    if scope == "ip":
        groups = [rng.choice(("0", "0", "1", "ffff", "db8")) for _ in range(8)]
        scope_id = rng.choice(("192.0.2.7", "::1", "2001:db8::", "1:2:3:4:5:6:7:" + groups[0]))
    if scope in ("tenant", "global"):
        scope_id = None
    tenant = rng.choice(("acme", "beta"))
    return "bucket.name", {"tenant": tenant, "scope": scope, "id": scope_id, "limit": "burst"}
