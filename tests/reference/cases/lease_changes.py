"""Inputs of `lease.authority` about quotas that change and asks that are malformed."""

from .buckets import UINT32_MAX, utc
from .lease_authorities import A, B, C, T0, ask, asking, of_numbers, one, repair
from .lease_sizes import limit, quota

MIDNIGHT = utc(2026, 3, 1) - T0
TWENTY = quota(20)


def to(after_ms, numbers, epoch=6, holder=B, **fields):
    """An ask of somebody who brings other numbers, and wants nothing."""
    return ask(after_ms, holder=holder, limit=numbers, changed=[1, epoch], **fields)


def back(after_ms, numbers, tokens, keep=0, epoch=6):
    """The first holder hands tokens back, under these numbers."""
    return to(after_ms, numbers, epoch, holder=A, seq=2, keep=keep, back=tokens)


def after_twelve(*steps, numbers=TWENTY):
    """Twelve of twenty are out, eight are left; then the steps."""
    return of_numbers(numbers, one(0, 12)) + list(steps)


def raised_rows():
    yield asking("a raised count gives the difference at once", *after_twelve(to(0, quota(30))))
    yield asking(
        "an exhausted total that is raised serves the very ask that raises it",
        *of_numbers(quota(20, "total"), one(0, 20)),
        one(9, 5, holder=B, limit=quota(25, "total"), changed=[1, 6]),
    )
    yield asking(
        "a count raised together with its renewal: the renewal first, under the old count",
        *of_numbers(TWENTY, one(MIDNIGHT - 500, 12)), to(MIDNIGHT, quota(30)),
    )
    yield asking(
        "a crowded ask raises a count too", *after_twelve(to(0, quota(30))), slots=1,
    )


def lowered_rows():
    yield asking("a count lowered to more than is out takes from the credit", *after_twelve(to(0, quota(15))))
    yield asking(
        "a count lowered to what is out leaves neither credit nor debt", *after_twelve(to(0, quota(12))),
    )
    yield asking("a count lowered to one less leaves a debt of 1", *after_twelve(to(0, quota(11))))
    yield asking(
        "lowering below what is out and raising again comes out where it began",
        *after_twelve(to(0, quota(5)), to(1, TWENTY, 7, seq=2)),
    )
    yield asking(
        "a raise that is smaller than the debt pays a part of it",
        *after_twelve(to(0, quota(5)), to(1, quota(10), 7, seq=2)),
    )
    yield asking(
        "a raise pays the debt, and the rest is credit",
        *after_twelve(to(0, quota(5)), to(1, quota(15), 7, seq=2)),
    )
    yield asking(
        "lowered below what is spent: a raise does not give again what was spent",
        *after_twelve(to(1000, quota(5)), to(1001, quota(12), 7, seq=2)),
    )
    yield asking(
        "lowered twice: the debt grows",
        *after_twelve(to(0, quota(5)), to(1, quota(3), 7, seq=2)),
    )
    yield asking(
        "in debt a day's quota waits for midnight",
        *after_twelve(one(1000, 1, holder=B, limit=quota(5), changed=[1, 6])),
    )
    yield asking(
        "in debt a total never gives",
        *after_twelve(
            one(1000, 1, holder=B, limit=quota(5, "total"), changed=[1, 6]), numbers=quota(20, "total"),
        ),
    )
    yield asking(
        "all of 2^32 - 1 spent and the count lowered to 1: the debt is 2^32 - 2",
        *of_numbers(quota(UINT32_MAX), one(0, UINT32_MAX)), to(0, quota(1)),
    )
    yield asking(
        "a repair leaves the debt as it is", *after_twelve(to(0, quota(5)), repair(-20_000)),
    )


def paid_rows():
    yield asking(
        "tokens handed back pay the debt first, and the rest is credited",
        *after_twelve(back(0, quota(5), 12)),
    )
    yield asking(
        "tokens handed back that are fewer than the debt give nothing",
        *after_twelve(back(0, quota(5), 3, keep=9)),
    )
    yield asking(
        "tokens handed back that are as many as the debt give nothing and clear it",
        *after_twelve(back(0, quota(5), 7, keep=5)),
    )
    yield asking("what is spent or has expired pays no debt", *after_twelve(back(0, quota(5), 0)))
    yield asking(
        "tokens handed back later pay the debt, then serve who waits",
        *after_twelve(to(0, quota(5)), back(1, quota(5), 9), one(2, 2, holder=C, limit=quota(5))),
    )


def renewed_rows():
    yield asking(
        "a new period begins without debt, full",
        *of_numbers(TWENTY, one(MIDNIGHT - 500, 12)), to(MIDNIGHT - 400, quota(5)),
        to(MIDNIGHT, quota(5), seq=2),
    )
    yield asking(
        "one millisecond before it the debt stands",
        *of_numbers(TWENTY, one(MIDNIGHT - 500, 12)), to(MIDNIGHT - 400, quota(5)),
        to(MIDNIGHT - 1, quota(5), seq=2),
    )
    from_limit = [one(MIDNIGHT - 100, 60, deadline_ms=1000), to(MIDNIGHT - 50, quota(40))]
    yield asking(
        "a new period begins in debt by what a limit lent before beyond the count",
        *from_limit, to(MIDNIGHT + 10, quota(40), seq=2),
    )
    yield asking(
        "what was out when the period began is spent in it when it ends: the debt stays",
        *from_limit, to(MIDNIGHT + 900, quota(40), seq=2),
    )
    yield asking(
        "renewal and end of the old pairs in one step: the debt is of the moment of renewal",
        *from_limit, to(MIDNIGHT + 950, quota(50), 7, seq=2),
    )


def stamp_rows():
    yield asking("another count of the same stamp is not taken", *after_twelve(to(0, quota(5), 5)))
    yield asking("another count of a lower stamp is not taken", *after_twelve(to(0, quota(30), 4)))
    yield asking(
        "a count that was lowered is not raised by the older stamp",
        *after_twelve(to(0, quota(5)), to(1, TWENTY, 5, seq=2)),
    )


def kind_rows():
    yield asking("from a day to a month what was spent stays spent", *after_twelve(to(0, quota(30, "month"))))
    yield asking(
        "from a total to a day what was spent before today stays spent until midnight",
        *of_numbers(quota(20, "total"), one(MIDNIGHT - 1000, 12)), to(MIDNIGHT + 1, quota(10)),
    )
    yield asking(
        "a limit that becomes a larger quota: what is missing counts as spent",
        one(0, 60), to(0, quota(200)),
    )
    yield asking(
        "a limit that becomes a quota smaller than what is out: the rest is debt",
        one(0, 60), to(0, quota(40)),
    )
    yield asking(
        "debt from a limit is paid by what is handed back", one(0, 60), back(0, quota(40), 50, keep=10),
    )
    yield asking(
        "a limit that becomes a quota loses the fraction of a token",
        *of_numbers(limit(31, 7, 1000), one(0, 31)), to(333, quota(31)),
    )
    yield asking(
        "a quota in debt that becomes a limit owes nothing and has nothing",
        *after_twelve(to(0, quota(5)), to(1000, limit(10, 5, 1000), 7, seq=2)),
    )
    yield asking(
        "a quota that becomes a smaller limit keeps at most its cap",
        *after_twelve(to(0, limit(15, 5, 1000))),
    )


def malformed_rows():
    yield asking("a seq of 0 is malformed: no bucket is made", ask(0, seq=0))
    yield asking(
        "deadlines of 99 and 1,001 ms are malformed, those of 100 and 1,000 ms are not",
        ask(0, deadline_ms=99), ask(1, deadline_ms=1001), ask(2, deadline_ms=100),
        ask(3, seq=2, deadline_ms=1000),
    )
    counts = ("waiting", "cost", "want", "keep", "back")
    yield asking(
        "each count of 2^32 is malformed", *[ask(0, **{name: UINT32_MAX + 1}) for name in counts],
    )
    wrong = [limit(0), limit(1, 0), limit(1, 1, 0), limit(2**32)]
    wrong += [limit(2**31 + 1, 1, UINT32_MAX), quota(0), quota(2**32)]
    yield asking(
        "numbers out of bounds are malformed; burst × period_ms just below 2^63 is not",
        *of_numbers(limit(2**31, 1, UINT32_MAX), ask(0)), *[ask(0, limit=numbers) for numbers in wrong],
    )
    yield asking(
        "a malformed ask with the last seq gets no stored answer, and brings no numbers",
        one(0, 5), one(1, 5, deadline_ms=99, limit=limit(200), changed=[1, 6]),
    )
    yield asking(
        "a malformed ask is no call and takes no time",
        ask(0), ask(500, seq=2, deadline_ms=1001), ask(400, seq=2), calls_max=2,
    )
    yield asking("where there is no bucket nothing is repaired", repair(0))


def rows():
    yield from raised_rows()
    yield from lowered_rows()
    yield from paid_rows()
    yield from renewed_rows()
    yield from stamp_rows()
    yield from kind_rows()
    yield from malformed_rows()
