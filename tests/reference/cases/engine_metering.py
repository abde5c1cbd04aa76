"""Instants of tokens: `retry_after_ms`, `ask_after_ms`, the edge of a window, leases and their ends, quotas."""

from .buckets import utc
from .engine_story import Story, counted, of_key, steady

DAMAGED = {"error": "damaged"}


def told_wait(story):
    """The wait in the newest denial."""
    _, said = story.last["told"][-1]
    return said["retry_after_ms"]


def retry_rows():
    # Burst, rate, period, cost, and the wait as the page has it: ⌈cost × period ÷ rate⌉ from the second message on,
    # because what waiting requests were given is out until then, and a bucket does not fill what is out.
    numbers = (
        (5, 1, 1_000, 1, 1_000), (10, 3, 7_000, 2, 4_667), (100, 50, 1_000, 1, 20), (1, 1, 20_000, 1, 20_000),
        (40, 7, 1_000, 3, 429), (4_000_000_000, 1_000_000, 1, 4_000_000_000, 4_000), (3, 1, 333, 3, 999),
    )
    for burst, rate, period_ms, cost, wait_ms in numbers:
        for off, when in ((-1, "a millisecond before"), (0, "at"), (1, "a millisecond after")):
            story = Story(of_key(limits=[steady(burst, rate, period_ms)])).warm(cost=burst)
            story.come(10, "waits", cost=cost).answers(10, "rate_limited")
            told_ms = told_wait(story)
            refusal = story.gate.purses["acme/key/key_0/burst"].purse.refusal
            assert refusal.retry_after_ms == wait_ms, refusal
            assert told_ms == max(wait_ms, refusal.ask_after_ms)
            # Where the holder may not ask before then, that is what is told.
            story.settled(10 + told_ms + off, "allow" if off >= 0 else "rate_limited", cost=cost)
            of = f"{cost} of {burst}, {rate} in {period_ms} ms"
            yield story.row(f"R08: {of}: {when} the time to retry that was told")
    story = Story(of_key(limits=[steady(5, 1, 1_000)])).warm(cost=5)
    story.come(10, "waits").answers(10, "rate_limited")
    told_ms = told_wait(story)
    for ms in range(30, 10 + told_ms, 150):
        story.settled(ms, "rate_limited")
    yield story.row("R09: a client that hammers is told less and less, and never pays for it")
    story.settled(9 + told_ms, "rate_limited")
    story.settled(10 + told_ms, "allow")
    yield story.row("R09: a client that hammers is let in when it was told")
    for off in (-1, 0, 1):
        story = Story(of_key(limits=[steady(5, 1, 10_000)])).warm(cost=5)
        story.come(10, "waits").answers(10, "rate_limited")
        ask_ms = story.gate.purses["acme/key/key_0/burst"].purse.refusal.ask_after_ms
        # The next token comes in ten seconds; the holder's hash takes up to one from that, or adds it.
        assert 9_000 <= ask_ms < 10_000, ask_ms
        story.settled(10 + ask_ms + off, "rate_limited", leases=0 if off < 0 else 1)
        when = {-1: "a millisecond before", 0: "at", 1: "a millisecond after"}[off]
        yield story.row(f"ask_after: {when} its end: refused {'here' if off < 0 else 'by the authority'}")
    first = {"limits": [steady(5, 1, 1_000, "one"), steady(5, 1, 2_000, "two")]}
    for off, said in ((-1, "rate_limited"), (0, "allow")):
        story = Story(of_key(**first)).warm(cost=5)
        story.settled(10, "rate_limited")
        waits = [held.purse.refusal for held in story.gate.purses.values()]
        longest = max(max(one.retry_after_ms, one.ask_after_ms) for one in waits)
        story.settled(10 + longest + off, said)
        yield story.row(f"R08: two limits, the longer wait {'has a millisecond left' if off else 'is over'}")


def edge_rows():
    for ms, passes in ((999, 9), (1_000, 10), (1_001, 10)):
        story = Story(of_key(limits=[steady(10, 10, 1_000)])).warm(cost=10)
        # From the second message on nothing is out, and the bucket fills.
        story.settled(0, "rate_limited")
        story.settled(ms, "allow", cost=0)
        for _ in range(12):
            story.come(ms, "waits")
        story.answers(ms, "allow", of="lease")
        story.answers(ms, *["allow"] * (passes - 1), *["rate_limited"] * (12 - passes), of="lease")
        yield story.row(f"R04: twelve requests {ms} ms after the burst was spent: {passes} pass")


def lease_rows():
    wide = of_key(limits=[steady(1_000, 1_000, 1_000)])
    for ms in (2_999, 3_000, 3_001):
        story = Story(wide).warm()
        story.settled(ms, "allow", leases=0 if ms < 3_000 else 2)
        yield story.row(f"lease: {ms} ms into a life of 5 s: {'spent from' if ms < 3_000 else 'handed back'}")
        story = Story(wide)
        story.come(0, "waits").answers(20, of="head").answers(30, of="record").answers(60, "allow", of="lease")
        story.settled(30 + ms, "allow", leases=0 if ms < 3_000 else 2)
        yield story.row(f"lease: {ms} ms after it was asked for, not after it came")
    for left_ms, usable_ms in ((100, 92), (200, 189), (333, 318), (500, 480)):
        for off in (-1, 0, 1):
            midnight = utc(2026, 9, 21)
            story = Story(of_key(quotas=[counted(1_000, "day")]), start=midnight - left_ms)
            story.come(0, "waits").answers(0, of="head").answers(0, of="record")
            story.answers(usable_ms + off, *(["allow"] if off < 0 else []), of="lease", processed=0)
            whole = f"a lease of {left_ms} ms that comes after {usable_ms + off}"
            yield story.row(f"lease: {whole}: {'spent' if off < 0 else 'three per cent and 5 ms before its end it is over'}")
    for ms in (499, 500, 501):
        story = Story(wide)
        story.come(0, "waits").answers(0, of="head").answers(0, of="record")
        story.tick(ms, asks=[] if ms < 500 else ["lease"])
        yield story.row(f"lease: {ms} ms into a deadline of one second: {'quiet' if ms < 500 else 'repeated once'}")
    for ms in (964, 965, 966):
        story = Story(wide)
        story.come(0, "waits").answers(0, of="head").answers(0, of="record").tick(500, asks=["lease"])
        story.answers(ms, "allow" if ms < 965 else "unavailable", of="lease")
        yield story.row(f"lease: an answer after {ms} ms of a deadline of one second")
        story = Story(wide)
        story.come(0, "waits").answers(0, of="head").answers(0, of="record")
        story.drop().tick(ms, *(["unavailable"] if ms >= 965 else []))
        yield story.row(f"lease: no answer after {ms} ms of a deadline of one second")
    story = Story(wide).warm()
    for _ in range(6):
        story.settled(1, "allow")
    story.drop()
    yield story.row("lease: what is half spent is renewed beside the requests")


def quota_rows():
    ends = (
        ("day", utc(2026, 9, 21), "a day"), ("month", utc(2026, 10, 1), "September"), ("month", utc(2027, 3, 1), "February"),
        ("month", utc(2028, 2, 29) + 86_400_000, "February in a leap year"), ("month", utc(2027, 1, 1), "a year"),
    )
    for each, end, what in ends:
        for off, when in ((-1, "the last millisecond"), (0, "the first instant after the end"), (1, "a millisecond later")):
            story = Story(of_key(quotas=[counted(2, each)]), start=end - 400).warm(cost=2)
            story.settled(400 + off, "quota_exhausted" if off < 0 else "allow")
            yield story.row(f"quota: two in a {each}, spent: {when} of {what}")
    for off in (-1, 0):
        story = Story(of_key(quotas=[counted(2, "total")]), start=utc(2027, 1, 1) - 400).warm(cost=2)
        story.settled(400 + off, "quota_exhausted")
        assert any(said.get("retry_after_ms", 0) is None for _, said in story.last["told"])
        yield story.row(f"quota: two in all, spent: {'before' if off else 'at'} the end of a year")
        story = Story(of_key(quotas=[counted(2, "month")]), start=utc(2026, 9, 21) - 400).warm(cost=2)
        story.settled(400 + off, "quota_exhausted")
        yield story.row(f"quota: two in a month, spent: {'before' if off else 'at'} the end of a day")
    for left_ms in (239, 240, 241):
        # 60 per cent of 400 ms: what is left of the lease goes back.
        story = Story(of_key(quotas=[counted(1_000, "day")]), start=utc(2026, 9, 21) - 400).warm()
        story.settled(left_ms, "allow", leases=0 if left_ms < 240 else 2)
        yield story.row(f"quota: {left_ms} ms into a lease whose period ends after 400")
    story = Story(of_key(quotas=[counted(1_000, "day")]), start=utc(2026, 9, 21) - 400).warm()
    story.settled(400, "allow", leases=1)
    yield story.row("quota: what was leased in one period is not spent in the next")


def failing_rows():
    story = Story(of_key(limits=[steady(5, 1, 1_000)]))
    story.come(0, "waits").answers(0, of="head").answers(0, of="record").answers(0, "unavailable", of="lease", reply=DAMAGED)
    yield story.row("F03: the state of a bucket is damaged")


def rows():
    yield from retry_rows()
    yield from edge_rows()
    yield from lease_rows()
    yield from quota_rows()
    yield from failing_rows()
