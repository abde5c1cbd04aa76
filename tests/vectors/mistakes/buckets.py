"""Mistakes about buckets and quotas (docs/spec/bucket-and-lease.md)."""

from . import mistakes_of

MISTAKES = mistakes_of(
    "bucket",
    ("numbers.full >= CREDIT_END", "numbers.full > 2 * CREDIT_END", "credit that does not fit 63 bits"),
    ("all(1 <= number <= UINT32_MAX for", "all(0 <= number <= UINT32_MAX for", "a limit of zero"),
    ("    instant = max(bucket.instant, now)", "    instant = now", "a clock that steps back takes credit away"),
    ("return Bucket(min(numbers.full, credit), instant)", "return Bucket(credit, instant)", "credit without a cap"),
    ("if period.start_of(numbers.per, instant) > bucket.instant:",
     "if period.start_of(numbers.per, instant) >= bucket.instant:", "a quota renewed twice in its first instant"),
    ("if cost > numbers.burst:", "if cost >= numbers.burst:", "the whole burst at once is never given"),
    ("if price <= advanced.credit:", "if price < advanced.credit:", "the last token is never given"),
    ("missing_ms = ceiling(price - advanced.credit, numbers.rate)",
     "missing_ms = (price - advanced.credit) // numbers.rate", "the promised wait is rounded down"),
    ('return {"later": advanced.instant - now + missing_ms}, bucket', 'return {"later": missing_ms}, bucket',
     "the wait forgets that the clock lags"),
    ('return {"later": advanced.instant - now + missing_ms}, bucket',
     'return {"later": advanced.instant - now + missing_ms}, advanced', "a refusal advances the bucket"),
    ('return {"later": begins - now}, bucket', 'return {"later": begins - advanced.instant}, bucket',
     "the wait for the next period forgets that the clock lags"),
    ("network.text_of(network.counted_as(network.address_of(scope_id)))", "network.text_of(network.address_of(scope_id))",
     "each IPv6 address has a bucket of its own"),
    ('tenant, scope_id = "*", "*"', 'scope_id = "*"', "a global limit for each tenant"),
) + mistakes_of(
    "period",
    ("day // 36_524", "day // 40_000_000", "the year 2100 is a leap year"),
    ("- day // 146_096", "- 0 * day", "the last day of 400 years belongs to the next"),
    ("year // 4 - year // 100 + year // 400", "year // 4 - year // 100", "the year 2000 was no leap year"),
    ("return (instant // DAY_MS + 1) * DAY_MS", "return instant + DAY_MS", "a day ends a day after the request"),
)
