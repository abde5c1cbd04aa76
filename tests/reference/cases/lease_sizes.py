"""Inputs of `lease.size` (docs/spec/bucket-and-lease.md, "Sizing")."""

UINT32_MAX = 2**32 - 1


def limit(burst=100, rate=50, period_ms=1000):
    return {"burst": burst, "rate": rate, "period_ms": period_ms}


def quota(count=100, each="day"):
    return {"count": count, "each": each}


def sizing(why, **fields):
    """One sizing; unless given, a lone known holder wants more at a full bucket of 100."""
    return why, "lease.size", {
        "numbers": limit(),
        "credit": 100,
        "holders": 1,
        "calls": 1,
        "calls_max": 300,
        "first": False,
        "large": False,
        "waiting": 0,
        "cost": 0,
        "want": 100,
        "deadline_ms": 100,
        **fields,
    }


def waiting_rows():
    yield sizing("waiting requests get all that they need from a full bucket", waiting=7, cost=3, want=0)
    yield sizing("waiting requests can get the last token", waiting=100, cost=1, want=0)
    yield sizing("waiting requests get no more than there is", waiting=101, cost=1, want=0)
    yield sizing(
        "the largest request can just be served: the credit is split as it comes",
        waiting=60, cost=50, credit=50, want=0,
    )
    yield sizing(
        "the largest request lacks one token: the others are served without it",
        waiting=60, cost=50, credit=49, want=0,
    )
    yield sizing("the others too get no more than there is", waiting=100, cost=40, credit=39, want=0)
    yield sizing(
        "the largest request alone lacks one token: nothing for the waiting",
        waiting=50, cost=50, credit=49, want=0,
    )
    yield sizing(
        "a cost above what waits, not affordable: nothing, never less",
        waiting=10, cost=50, credit=49, want=0,
    )
    yield sizing("no credit: nothing for anybody", waiting=10, cost=1, credit=0)
    yield sizing(
        "counts of 2^32 - 1 are exact",
        numbers=limit(UINT32_MAX, 1, 1), credit=UINT32_MAX, waiting=UINT32_MAX, cost=UINT32_MAX,
        want=UINT32_MAX,
    )


def ahead_rows():
    yield sizing("ample: an eighth of the burst")
    yield sizing("ample: the want where it is less", want=3)
    yield sizing("a want of 0 gets nothing ahead", want=0)
    yield sizing("a burst of 31 lends nothing ahead", numbers=limit(31), credit=31)
    yield sizing("a burst of 32 lends an eighth ahead", numbers=limit(32), credit=32)
    yield sizing("while a large request waits nothing is lent ahead", large=True)
    yield sizing("while a large request waits those who wait are served", large=True, waiting=5, cost=5)
    yield sizing(
        "the first ask of a holder: at exactly half the burst nothing is lent ahead",
        first=True, credit=50,
    )
    yield sizing("the first ask of a holder: above half the burst it is lent ahead", first=True, credit=51)
    yield sizing(
        "half the burst is measured by what the waiting leave",
        first=True, credit=60, waiting=10, cost=1,
    )
    yield sizing(
        "the first ask of a holder: above half of what is left it is lent ahead",
        first=True, credit=61, waiting=10, cost=1,
    )
    yield sizing("a known holder at half the burst is lent ahead", credit=50)
    yield sizing("four holders share half of the burst: an eighth each", holders=4)
    yield sizing("five holders share half of the burst: a tenth each", holders=5)
    yield sizing("sixty holders share half of the burst: rounded down to nothing", holders=60)
    yield sizing("ample ends above a quarter of the burst: 26 of 100 is ample", credit=26)
    yield sizing("exactly a quarter of the burst is not ample", credit=25)
    yield sizing("ample is measured by what the waiting leave", credit=30, waiting=5, cost=1)
    yield sizing(
        "what the waiting leave bounds what is lent ahead",
        credit=6, waiting=5, cost=1, numbers=limit(100, 5000),
    )


def share_rows():
    yield sizing(
        "not ample: the share of the refill in one round, where that is more",
        credit=4, numbers=limit(100, 80, 1000), holders=8,
    )
    yield sizing(
        "not ample: the share of the refill is rounded up",
        credit=4, holders=8, numbers=limit(100, 81, 1000),
    )
    yield sizing("not ample: the share of the credit, where that is more", credit=24, holders=2)
    yield sizing("not ample: the share of the credit is rounded down", credit=23, holders=2)
    yield sizing(
        "not ample: the waiting tokens count against the share",
        credit=24, holders=2, waiting=5, cost=1,
    )
    yield sizing(
        "not ample: waiting tokens beyond the share leave nothing ahead",
        credit=24, holders=4, waiting=20, cost=1,
    )
    yield sizing("not ample: the want where it is less than the share", credit=24, holders=2, want=5)
    yield sizing("not ample: a first ask gets its share too", credit=24, holders=2, first=True)
    yield sizing(
        "not ample: the share is bounded by what is left",
        credit=3, numbers=limit(1000, 10_000, 1000),
    )
    yield sizing("as many calls as the budget: still lent as if ample", calls=80)
    yield sizing("one call above the budget: lent by share although ample", calls=81)
    yield sizing("above the budget a first ask is lent by share", calls=81, first=True, credit=50)


def round_rows():
    yield sizing("sixteen holders: a budget of 80 calls", holders=16)
    yield sizing("seventeen holders: seven and a half calls each, rounded down", holders=17)
    yield sizing("the setting bounds the budget of few holders", calls_max=30, holders=9)
    yield sizing(
        "the setting bounds the budget of many holders",
        calls_max=300, holders=100, numbers=limit(100_000, 50),
    )
    yield sizing("a round is never shorter than 100 ms", holders=2)
    yield sizing("a round of ten holders takes 125 ms", holders=10)
    yield sizing(
        "a round lasts at most three quarters of the time that fills the bucket",
        holders=100, numbers=limit(100, 500, 1000), calls_max=30,
    )
    yield sizing(
        "a quota has no time that fills it: the round is not bounded",
        holders=100, numbers=quota(), calls_max=30,
    )
    yield sizing("credit that is ample lives 5,000 ms", credit=26)
    yield sizing("credit that is not ample lives 500 ms at least", credit=25, deadline_ms=100)
    yield sizing("not ample: three deadlines where that is more", credit=25, deadline_ms=1000)
    yield sizing("not ample: three deadlines of 167 ms are just above 500 ms", credit=25, deadline_ms=167)
    yield sizing(
        "not ample: one and a half rounds where that is more",
        credit=25, holders=100, calls_max=30, numbers=limit(100_000, 50), deadline_ms=100,
    )
    yield sizing(
        "one call a second in all: a round of as many seconds as holders",
        holders=3, calls_max=1, numbers=limit(1_000_000, 1, 1000), credit=1_000_000,
    )


def quota_rows():
    yield sizing("a quota is lent ahead by eighths while it is ample", numbers=quota(), credit=100)
    yield sizing(
        "a quota that is not ample is lent by shares of what is left",
        numbers=quota(), credit=24, holders=2,
    )
    yield sizing("the last token of a quota goes to who waits", numbers=quota(), credit=1, waiting=1, cost=1)
    yield sizing(
        "a quota of which less than one token each is left lends nothing ahead",
        numbers=quota(), credit=3, holders=4,
    )


def rows():
    yield from waiting_rows()
    yield from ahead_rows()
    yield from share_rows()
    yield from round_rows()
    yield from quota_rows()


def random_case(rng):
    """Any sizing; the credit is often near the borders of ample."""
    burst = rng.choice((1, 8, 31, 32, 33, 100, 1000, 12_345, 2**31, UINT32_MAX))
    if rng.random() < 0.3:
        numbers = quota(burst, rng.choice(("day", "month", "total")))
    else:
        rate = rng.choice((1, 7, 50, 999, 10_000, UINT32_MAX))
        numbers = limit(burst, rate, rng.choice((1, 10, 1000, 60_000, 2**31)))
    near = (0, 1, burst // 4, burst // 4 + 1, burst // 2, burst // 2 + 1, burst - 1, burst)
    waiting = rng.choice((0, 0, 1, 5, burst // 4, burst, UINT32_MAX))
    return "lease.size", {
        "numbers": numbers,
        "credit": rng.choice((rng.choice(near), rng.randint(0, burst))),
        "holders": rng.choice((1, 1, 2, 3, 8, 16, 17, 30, 100, 1024)),
        "calls": rng.choice((1, 2, 29, 30, 31, 79, 80, 81, 500)),
        "calls_max": rng.choice((300, 300, 30, 1, 100)),
        "first": rng.random() < 0.4,
        "large": rng.random() < 0.15,
        "waiting": waiting,
        "cost": rng.choice((0, 1, waiting, waiting // 2, min(waiting + 1, UINT32_MAX))),
        "want": rng.choice((0, 1, 4, 12, 100, UINT32_MAX)),
        "deadline_ms": rng.choice((100, 166, 167, 200, 500, 1000)),
    }
