"""Inputs of `lease.authority` (docs/spec/bucket-and-lease.md, "The exchange")."""

from .buckets import DAY_MS, UINT32_MAX, utc
from .lease_sizes import limit, quota

T0 = 1_790_000_000_000
HUNDRED = limit(100, 50, 1000)

A = "0" * 31 + "a"
B = "0" * 31 + "b"
C = "0" * 31 + "c"


def holder_number(number):
    return f"{number:032x}"


def ask(after_ms, holder=A, seq=1, **fields):
    """An ask so long after T0; unless given, it hands back and keeps nothing, and nobody waits."""
    made = {
        "holder": holder,
        "seq": seq,
        "limit": HUNDRED,
        "changed": [1, 5],
        "deadline_ms": 200,
        "waiting": 0,
        "cost": 0,
        "want": 0,
        "keep": 0,
        "back": 0,
    }
    return {"now": T0 + after_ms, "ask": {**made, **fields}}


def waits(after_ms, tokens, **fields):
    """An ask for waiting requests that cost one token each."""
    return ask(after_ms, waiting=tokens, **{"cost": 1, **fields})


def one(after_ms, cost, **fields):
    """An ask for one waiting request."""
    return ask(after_ms, waiting=cost, cost=cost, **fields)


def repair(after_ms):
    return {"now": T0 + after_ms, "repair": True}


def asking(why, *steps, slots=16, calls_max=300):
    return why, "lease.authority", {"slots": slots, "calls_max": calls_max, "steps": list(steps)}


def of_numbers(numbers, *steps):
    """The same steps with other numbers of the limit."""
    return [{**step, "ask": {**step["ask"], "limit": numbers}} if "ask" in step else step for step in steps]


def seq_rows():
    yield asking("the first ask makes a full bucket with the numbers that it brings", ask(0))
    yield asking("an ask for nothing is answered and remembered", ask(0), ask(10, seq=2))
    yield asking(
        "a repeated ask gets its stored answer, and the state is not even advanced",
        waits(0, 60), waits(150, 60),
    )
    yield asking(
        "a repeated ask with other contents gets the stored answer all the same",
        waits(0, 60), waits(150, 90),
    )
    yield asking("a lower seq is stale and changes nothing", waits(0, 60, seq=5), waits(150, 10, seq=4))
    yield asking("a seq may skip numbers", waits(0, 5, seq=1), waits(10, 5, seq=900, keep=5))
    yield asking(
        "each holder counts for itself: the same seq of another is new",
        waits(0, 5), waits(0, 5, holder=B),
    )
    yield asking(
        "only the last answer is stored: the one before is stale",
        waits(0, 5), waits(5, 5, seq=2, keep=5), waits(9, 5),
    )
    yield asking(
        "a repeated answer names the numbers that hold now",
        waits(0, 5), ask(10, holder=B, limit=limit(200, 50, 1000), changed=[1, 6]), waits(20, 5),
    )
    yield asking(
        "a seq of 2^32 - 1 is answered and repeated",
        waits(0, 200, seq=UINT32_MAX), waits(1, 200, seq=UINT32_MAX),
    )


def refill_rows():
    yield asking(
        "what is out bounds the credit: a refill stops at burst less outstanding",
        waits(0, 60, deadline_ms=1000), ask(999, holder=B),
    )
    yield asking(
        "what expires is not credited: its room opens and fills from then on",
        waits(0, 60, deadline_ms=1000), ask(1001, holder=B),
    )
    yield asking(
        "at its until a pair is gone and nothing is refilled into its room yet",
        waits(0, 60, deadline_ms=1000), ask(1000, holder=B),
    )
    yield asking(
        "one millisecond before its until a pair still stands",
        waits(0, 60, deadline_ms=1000), ask(999, holder=A, seq=2, keep=60),
    )
    yield asking(
        "all lent: nothing refills before the first expires",
        waits(0, 100), ask(200, holder=B), ask(300, holder=C),
    )
    yield asking(
        "two expiries on the way: each piece is refilled under its own cap",
        waits(0, 50), waits(0, 50, holder=B, deadline_ms=400), ask(1000, holder=C),
    )
    yield asking(
        "a long silence does not make up for the time under the cap",
        waits(0, 100, deadline_ms=1000), waits(1500, 100, holder=B),
    )
    yield asking(
        "after everything expired and refilled the bucket is full, not fuller",
        waits(0, 100), ask(60_000, holder=B),
    )
    yield asking(
        "a clock that steps back is taken as the state's instant",
        waits(0, 60), waits(-5000, 10, holder=B),
    )
    yield asking(
        "a clock that steps back lets nothing expire",
        waits(0, 60), waits(100, 10, seq=2, keep=60), waits(-100_000, 1, holder=B),
    )
    yield asking(
        "fractions of a token stay in the credit",
        *of_numbers(
            limit(100, 7, 1000), waits(0, 100, deadline_ms=100), waits(333, 1, holder=B),
            waits(590, 1, holder=C),
        ),
    )


def settle_rows():
    yield asking("what the holder keeps stays out", waits(0, 60), ask(50, seq=2, keep=60))
    yield asking(
        "what the holder does not name is spent: its room opens, nothing is credited",
        waits(0, 60), ask(0, seq=2),
    )
    yield asking("what the holder hands back is credited", waits(0, 60), ask(0, seq=2, back=60))
    yield asking("kept, handed back and spent, all three", waits(0, 60), ask(0, seq=2, keep=20, back=30))
    yield asking("a holder cannot keep more than is recorded", waits(0, 60), ask(0, seq=2, keep=61))
    yield asking("a holder cannot hand back more than is recorded", waits(0, 60), ask(0, seq=2, back=1000))
    yield asking("what is kept cannot be handed back too", waits(0, 60), ask(0, seq=2, keep=50, back=20))
    yield asking("keeping all leaves nothing to hand back", waits(0, 60), ask(0, seq=2, keep=60, back=60))
    yield asking(
        "a holder that was lent nothing hands back nothing",
        waits(0, 60), ask(0, holder=B, keep=10, back=10),
    )
    yield asking("what has expired cannot be handed back", waits(0, 60), ask(200, seq=2, back=60))
    yield asking("one millisecond before its end it can", waits(0, 60), ask(199, seq=2, back=60))
    yield asking(
        "back is credited under the cap after the cut: a full bucket stays full",
        waits(0, 10, deadline_ms=1000), ask(900, seq=2, back=10),
    )
    yield asking(
        "pairs are cut from the front: the one that ends first goes first",
        waits(0, 10), waits(50, 10, seq=2, keep=10, deadline_ms=1000), ask(60, seq=3, keep=10),
    )
    yield asking(
        "a pair is cut in part",
        waits(0, 10), waits(50, 10, seq=2, keep=10, deadline_ms=1000), ask(60, seq=3, keep=15, back=2),
    )
    yield asking(
        "a repeated hand-back is credited once",
        waits(0, 60), ask(0, seq=2, back=60), ask(1, seq=2, back=60),
    )


def pair_rows():
    yield asking(
        "tokens for waiting requests live as long as the deadline, those ahead as long as the lease",
        waits(0, 5, want=10),
    )
    yield asking(
        "a deadline longer than the lease is cut to it",
        *of_numbers(quota(100, "day"), waits(DAY_MS - T0 % DAY_MS - 300, 5, want=10, deadline_ms=1000)),
    )
    yield asking("pairs of the same until become one", waits(0, 5), waits(0, 7, seq=2, keep=5))
    yield asking(
        "four pairs of different untils stand apart",
        *[waits(n, 5, seq=n + 1, keep=5 * n, deadline_ms=500) for n in range(4)],
    )
    yield asking(
        "of five the two that end first become one at the later until",
        *[waits(n, n + 1, seq=n + 1, keep=99, deadline_ms=500) for n in range(5)],
    )
    yield asking(
        "a new pair that ends first is one of the two that become one",
        *[waits(n, 5, seq=n + 1, keep=5 * n, deadline_ms=900) for n in range(4)],
        waits(4, 5, seq=5, keep=20, deadline_ms=100),
    )
    yield asking(
        "tokens for the future are recorded beside those for the waiting",
        waits(0, 1, want=4), waits(10, 1, seq=2, keep=4, want=4),
    )


def number_rows():
    higher = {"changed": [1, 6]}
    yield asking(
        "newer numbers replace the old: a higher burst opens room, which refills",
        waits(0, 50), ask(0, holder=B, limit=limit(200, 50, 1000), **higher),
        ask(100, holder=C, limit=limit(200, 50, 1000), **higher),
    )
    yield asking(
        "newer numbers with a lower burst cut the credit",
        waits(0, 10), ask(0, holder=B, limit=limit(40, 50, 1000), **higher),
    )
    yield asking(
        "a burst lowered below what is out leaves no credit",
        waits(0, 60), ask(0, holder=B, limit=limit(40, 50, 1000), **higher),
    )
    yield asking(
        "a burst lowered below what is out: nothing refills until enough has expired",
        waits(0, 60), waits(50, 30, holder=B, deadline_ms=500),
        ask(60, holder=C, limit=limit(40, 50, 1000), **higher), ask(300, holder=C, seq=2),
    )
    yield asking(
        "a longer period keeps whole tokens whole",
        waits(0, 50), ask(0, holder=B, limit=limit(100, 50, 7000), **higher),
    )
    yield asking(
        "a shorter period rounds the credit down",
        *of_numbers(limit(100, 7, 1000), waits(0, 100), ask(333, holder=B)),
        ask(333, holder=C, limit=limit(100, 7, 10), **higher),
    )
    yield asking(
        "numbers of the same stamp are not taken",
        waits(0, 50), ask(0, holder=B, limit=limit(200, 50, 1000)),
    )
    yield asking(
        "numbers of a lower stamp are not taken, and the answer names the present ones",
        waits(0, 50), ask(0, holder=B, limit=limit(200, 50, 1000), changed=[1, 4]),
    )
    yield asking(
        "a higher incarnation is newer whatever the epoch",
        waits(0, 50), ask(0, holder=B, limit=limit(60, 50, 1000), changed=[2, 1]),
    )
    yield asking(
        "the refill up to now is by the old rate",
        waits(0, 100, deadline_ms=100), ask(1100, holder=B, limit=limit(100, 1, 1000), **higher),
    )
    yield asking(
        "a limit that becomes a quota keeps its whole tokens",
        waits(0, 50), ask(0, holder=B, limit=quota(100, "day"), **higher),
    )
    yield asking(
        "a quota that becomes a limit keeps its tokens",
        *of_numbers(quota(100, "day"), waits(0, 50)), ask(0, holder=B, limit=limit(100, 50, 1000), **higher),
    )
    yield asking(
        "numbers that come with a repeated ask are not taken",
        waits(0, 50), waits(0, 50, limit=limit(200, 50, 1000), **higher),
    )


def slot_rows():
    yield asking(
        "without a free slot and with all in use a holder gets nothing",
        waits(0, 5), waits(10, 5, holder=B), slots=1,
    )
    yield asking(
        "a crowded answer is not stored: the same ask again is judged again",
        waits(0, 5), waits(10, 5, holder=B), waits(210, 5, holder=B), slots=1,
    )
    yield asking("a crowded ask for nothing is given", waits(0, 5), ask(10, holder=B, want=4), slots=1)
    yield asking(
        "a crowded ask adopts newer numbers",
        waits(0, 5), waits(10, 5, holder=B, limit=limit(200, 50, 1000), changed=[1, 6]), slots=1,
    )
    yield asking(
        "a crowded ask is a call",
        waits(0, 5), waits(10, 5, holder=B), waits(20, 5, seq=2, keep=5), slots=1, calls_max=2,
    )
    yield asking("a holder with nothing out gives up its slot", ask(0), waits(10, 5, holder=B), slots=1)
    yield asking(
        "of two with nothing out the one to be forgotten first gives up its slot",
        ask(0), ask(5, holder=B), waits(10, 5, holder=C), slots=2,
    )
    yield asking(
        "of two to be forgotten together the lower id gives up its slot",
        ask(0, holder=B), ask(0), waits(10, 5, holder=C), slots=2,
    )
    yield asking(
        "a holder with tokens keeps its slot though it would be forgotten first",
        waits(0, 5, deadline_ms=100), waits(1, 5, holder=B, deadline_ms=100), ask(2, seq=2),
        waits(3, 5, holder=C), slots=2,
    )
    yield asking(
        "a holder that gave up its slot comes back as a new one",
        ask(0, seq=7), ask(10, holder=B), ask(20, seq=1), slots=1,
    )
    yield asking(
        "one millisecond before its time a holder with nothing out is remembered",
        ask(0, seq=9), ask(1999, holder=B), ask(1999, seq=8),
    )
    yield asking(
        "at its time a holder with nothing out is forgotten, and any seq is new",
        ask(0, seq=9), ask(2000, holder=B), ask(2000, seq=8),
    )
    yield asking(
        "only an answered ask forgets: a repeated one past its time is still known",
        ask(0, seq=9), ask(9000, seq=9),
    )
    yield asking(
        "a holder whose tokens live is remembered until they and a deadline are over",
        waits(0, 1, want=10, deadline_ms=300), ask(5299, holder=B),
    )
    yield asking(
        "a holder whose tokens and a deadline are over is forgotten",
        waits(0, 1, want=10, deadline_ms=300), ask(5300, holder=B),
    )
    yield asking(
        "more slots than holders: all are kept, in the order of their ids",
        waits(0, 1, holder=C), waits(0, 1, holder=B), waits(0, 1), slots=1024,
    )


def meter_rows():
    yield asking(
        "as many calls as the budget: a lease is lent and no time to wait is named",
        ask(0, want=5), ask(1, seq=2, keep=5, want=5), calls_max=2,
    )
    yield asking(
        "one call above the budget: the holder is told when to come again",
        ask(0, want=5), ask(1, seq=2, keep=5, want=5), ask(2, seq=3, keep=10, want=5), calls_max=2,
    )
    yield asking(
        "the calls of the second before count in part",
        ask(900, seq=1), ask(901, seq=2), ask(902, seq=3), ask(1000, seq=4), calls_max=2,
    )
    yield asking(
        "half a second later half of them count",
        ask(900, seq=1), ask(901, seq=2), ask(902, seq=3), ask(1500, seq=4), calls_max=2,
    )
    yield asking(
        "the part that counts is rounded down",
        ask(900, seq=1), ask(901, seq=2), ask(902, seq=3), ask(1334, seq=4), calls_max=2,
    )
    yield asking(
        "after a second without calls nothing of before counts",
        ask(900, seq=1), ask(901, seq=2), ask(902, seq=3), ask(2000, seq=4), calls_max=1,
    )
    yield asking(
        "repeated and stale asks are no calls",
        ask(0, seq=2), ask(1, seq=2), ask(2, seq=1), ask(3, seq=3), calls_max=2,
    )


def round_rows():
    thousand = limit(1000, 50, 1000)
    four = [ask(0, holder=holder_number(number), want=10) for number in range(4)]
    quick = limit(100, 500, 1000)
    many = [waits(0, 1, holder=holder_number(number)) for number in range(17)]
    yield asking(
        "five holders, the new one among them, are lent a tenth of the burst each",
        *of_numbers(thousand, *four, ask(0, want=1000)),
    )
    yield asking(
        "holders heard exactly 2,000 ms ago count",
        *of_numbers(thousand, *four, ask(2000, want=1000)),
    )
    yield asking(
        "holders heard 2,001 ms ago do not count",
        *of_numbers(thousand, *four, ask(2001, want=1000)),
    )
    yield asking(
        "the seventeenth holder shortens the round",
        *of_numbers(quick, *many[:16], waits(0, 200)), slots=1024,
    )
    slow = [ask(0, want=1000), ask(500, holder=B, want=1000), ask(2400, holder=C), ask(2401, holder=C, seq=2)]
    yield asking(
        "a long round looks further back than two seconds: three holders, not two",
        *of_numbers(limit(1000, 1, 1000), *slow), calls_max=1,
    )
    yield asking(
        "a crowded holder counts itself in the round",
        *of_numbers(quick, *many[:16], waits(0, 200)), slots=16,
    )


def wait_rows():
    yield asking("a request that is given has no time to retry", one(0, 40))
    yield asking(
        "a request that is not given waits for the refill",
        one(0, 80, deadline_ms=100), one(100, 30, holder=B),
    )
    yield asking(
        "a wait looks through the end of what is out",
        one(0, 100, deadline_ms=1000), one(10, 10, holder=B),
    )
    yield asking(
        "a wait ends where the credit is there exactly at the end of a piece",
        *of_numbers(
            limit(100, 50, 1000), one(0, 50, deadline_ms=1000), one(0, 50, holder=B, deadline_ms=400),
            one(400, 30, holder=C),
        ),
    )
    yield asking(
        "a wait goes through several pieces, each with its cap",
        waits(0, 40), waits(0, 40, holder=B, deadline_ms=900), waits(0, 20, holder=C, deadline_ms=1000),
        one(10, 90, holder=holder_number(99)),
    )
    yield asking("a cost above the burst never passes", one(0, 101))
    yield asking("a cost of exactly the burst passes at once", one(0, 100))
    yield asking("waiting requests without a cost wait for one token", ask(0, waiting=101, cost=0))
    yield asking("a part is given: the rest waits for a single token", waits(0, 30), waits(0, 80, holder=B))
    yield asking(
        "the largest cannot be served and the others are: the wait is that of the largest",
        waits(0, 40), ask(0, holder=B, waiting=80, cost=70),
    )
    yield asking("never: come again within the hour, more or less", one(0, 101, seq=3))
    yield asking(
        "a request that never passes asks again when one more token is there for others",
        waits(0, 1, holder=B), one(0, 101, seq=3),
    )
    yield asking(
        "a slow refill: ask again when a token is there",
        *of_numbers(limit(40, 1, 60_000), one(0, 40, deadline_ms=100), one(100, 1, holder=B)),
    )
    yield asking(
        "a slow refill with something out: ask again in 3,000 ms at most",
        *of_numbers(limit(40, 1, 60_000), one(0, 40, deadline_ms=200), one(100, 1, holder=B)),
    )
    yield asking(
        "one token an hour: ask again within the hour at most",
        *of_numbers(limit(40, 1, 7_200_000), one(0, 40, deadline_ms=100), one(100, 1, holder=B)),
    )
    yield asking("the spread depends on the holder", one(0, 101, holder="0" * 24 + "12345678"))
    yield asking("the spread depends on the seq", one(0, 101, seq=4))
    yield asking(
        "the spread looks at the last eight digits of the id only",
        one(0, 101, seq=3, holder="f" * 24 + "0000000a"),
    )


def large_rows():
    yield asking("a request of exactly half the burst is not large", one(0, 70), one(0, 50, holder=B))
    yield asking(
        "a request for more than half of the burst that must wait stops all lending ahead",
        one(0, 70), one(0, 51, holder=B), ask(10, holder=C, want=10),
    )
    yield asking(
        "waiting requests of others are served while a large one waits",
        one(0, 70), one(0, 51, holder=B), waits(10, 5, holder=C, want=10),
    )
    yield asking(
        "when the large one is given lending goes on",
        one(0, 70), one(0, 51, holder=B), one(640, 51, holder=B, seq=2), ask(641, holder=C, want=10),
    )
    yield asking(
        "when its time is over lending goes on",
        one(0, 70), one(0, 51, holder=B), ask(1620, holder=C, want=10),
    )
    yield asking(
        "while its time is not over nothing is lent",
        one(0, 70), one(0, 51, holder=B), ask(1619, holder=C, want=10),
    )
    yield asking(
        "its time is at most ten seconds",
        *of_numbers(limit(40, 1, 1000), one(0, 40), one(0, 40, holder=B)),
    )
    yield asking(
        "a large request in a total that is spent never passes and stops lending for ten seconds",
        *of_numbers(quota(40, "total"), one(0, 30), one(0, 21, holder=B)),
    )
    yield asking("a request above the burst stops nothing", one(0, 101), ask(10, holder=C, want=10))
    yield asking("a large request is given: nothing ahead for itself", one(0, 51, want=10))


def quota_rows():
    midnight = utc(2026, 3, 1) - T0
    yield asking(
        "a quota is not refilled: what expires unspent is lost",
        *of_numbers(quota(100, "day"), waits(midnight, 60), ask(midnight + 5000, holder=B)),
    )
    yield asking(
        "what is handed back to a quota is credited",
        *of_numbers(quota(100, "day"), waits(midnight, 60), ask(midnight, seq=2, back=60)),
    )
    yield asking(
        "at midnight a day's quota is full again",
        *of_numbers(quota(100, "day"), waits(midnight, 60), ask(midnight + DAY_MS, holder=B)),
    )
    yield asking(
        "one millisecond before midnight it is not",
        *of_numbers(quota(100, "day"), waits(midnight, 60), ask(midnight + DAY_MS - 1, holder=B)),
    )
    yield asking(
        "tokens of a quota live no longer than its period",
        *of_numbers(quota(100, "day"), waits(midnight - 1000, 5, want=10)),
    )
    yield asking(
        "on the last millisecond of a day tokens live one millisecond",
        *of_numbers(quota(100, "day"), waits(midnight - 1, 5, want=10)),
    )
    yield asking(
        "tokens of a total have no period to end with",
        *of_numbers(quota(100, "total"), waits(midnight - 1, 5, want=10)),
    )
    yield asking(
        "a total is full only once",
        *of_numbers(quota(100, "total"), one(0, 100), one(0, 1, holder=B), ask(400 * DAY_MS, holder=C)),
    )
    yield asking(
        "an exhausted day's quota waits for midnight, and is asked again in 3,000 ms while something is out",
        *of_numbers(quota(100, "day"), waits(midnight, 100), one(midnight + 1, 1, holder=B)),
    )
    yield asking(
        "an exhausted month's quota waits for the first of the next",
        *of_numbers(quota(100, "month"), waits(midnight, 100), one(midnight + 5000, 1, holder=B)),
    )
    yield asking(
        "a month renewed with tokens out that were lent by a limit before: they count against it",
        waits(midnight - 100, 30, deadline_ms=1000),
        ask(midnight - 100, holder=B, limit=quota(100, "month"), changed=[1, 6]),
        ask(midnight, holder=B, seq=2), ask(midnight + 900, holder=C),
    )
    yield asking(
        "a clock that steps back over midnight renews nothing",
        *of_numbers(quota(100, "day"), waits(midnight, 60), ask(midnight - 1000, holder=B)),
    )
    yield asking(
        "a quota of less than 32 lends nothing ahead",
        *of_numbers(quota(31, "day"), ask(0, want=10)),
    )


def damage_rows():
    yield asking("an instant 10,000 ms ahead is no damage", waits(0, 5, want=5), repair(-10_000))
    yield asking(
        "an instant 10,001 ms ahead is damage: everything is taken back to now",
        waits(0, 5, want=5), repair(-10_001),
    )
    yield asking("an instant in the past is no damage", waits(0, 5), repair(5000))
    yield asking(
        "after a repair the pairs still run for as long as before",
        waits(0, 5, want=5), repair(-20_000), ask(-19_000, holder=B),
    )
    yield asking(
        "a repair takes the time of a large request back too",
        one(0, 70), one(0, 51, holder=B), repair(-20_000), ask(-19_999, holder=C, want=10),
    )
    yield asking(
        "a repair forgets the calls",
        ask(0), ask(1, seq=2), repair(-20_000), ask(-20_000, seq=3, want=5), calls_max=1,
    )
    early = [waits(-T0, 80), *(ask(-T0, holder=holder_number(number)) for number in range(100, 108))]
    early += [ask(-T0 + 100, holder=B, want=5), ask(-T0 + 12_000, holder=C)]
    yield asking(
        "nothing is lowered below the instant 0",
        *of_numbers(quota(100, "total"), *early), repair(-T0 + 1000), calls_max=1,
    )
    yield asking(
        "a repaired bucket refills from nothing",
        waits(0, 5), repair(-20_000), waits(-19_000, 60, holder=B),
    )


def alarm_rows():
    yield asking("a full bucket is due at once", ask(0))
    yield asking(
        "a bucket with tokens out is full after they have expired and refilled",
        waits(0, 60, deadline_ms=1000),
    )
    yield asking("a total that has lent is never full again", *of_numbers(quota(100, "total"), waits(0, 1)))
    yield asking("a day's quota is full at midnight", *of_numbers(quota(100, "day"), waits(0, 1)))


def large_number_rows():
    top = limit(UINT32_MAX, UINT32_MAX, 2**31)
    yield asking("2^32 - 1 tokens are lent at once", *of_numbers(top, one(0, UINT32_MAX)))
    yield asking("credit close below 2^63 is exact", *of_numbers(top, waits(0, 1), ask(1, holder=B)))
    yield asking(
        "a count of 2^32 - 1 to keep and to hand back is clipped",
        *of_numbers(top, waits(0, 5), ask(1, seq=2, keep=UINT32_MAX, back=UINT32_MAX)),
    )
    yield asking(
        "a longer period at the highest burst is converted in more than 64 bits",
        *of_numbers(limit(2**31, 50, 1), waits(0, 1)),
        ask(0, holder=B, limit=limit(2**31, UINT32_MAX, UINT32_MAX), changed=[1, 6]),
    )


def rows():
    yield from seq_rows()
    yield from refill_rows()
    yield from settle_rows()
    yield from pair_rows()
    yield from number_rows()
    yield from slot_rows()
    yield from meter_rows()
    yield from round_rows()
    yield from wait_rows()
    yield from large_rows()
    yield from quota_rows()
    yield from damage_rows()
    yield from alarm_rows()
    yield from large_number_rows()


# Random cases

HOLDERS = (A, B, C, "ffffffffffffffffffffffffffffffff", "0123456789abcdef0123456789abcdef")


def random_numbers(rng):
    kind = rng.random()
    if kind < 0.65:
        return limit(
            rng.choice((5, 31, 32, 100, 100, 200, 1000)), rng.choice((1, 7, 50, 50, 500)),
            rng.choice((1000, 1000, 10, 60_000)),
        )
    if kind < 0.9:
        return quota(rng.choice((20, 40, 100, 100, 1000)), rng.choice(("day", "month", "total")))
    return limit(
        rng.choice((2**31, 1000)), rng.choice((2**31, UINT32_MAX)), rng.choice((2**31, 1000, UINT32_MAX)),
    )


def random_ask(rng, lent, seqs, numbers, changed, now):
    """An ask of some holder whose keep and back mostly fit what it may have."""
    holder = rng.choice(HOLDERS[:4])
    seqs[holder] = max(1, seqs.get(holder, rng.randint(0, 3)) + rng.choice((1, 1, 1, 1, 1, 1, 1, 2, 0, -1)))
    burst = numbers.get("burst", numbers.get("count"))
    waiting = rng.choice((0, 0, 1, 1, 3, 10, burst // 3, burst // 2 + 1, burst, min(burst + 1, UINT32_MAX)))
    cost = rng.choice((waiting, min(waiting, 1), waiting // 2))
    known = lent.get(holder, 0)
    keep = rng.choice((known, known, known // 2, 0, UINT32_MAX if rng.random() < 0.1 else known // 3))
    back = rng.choice((0, 0, 0, max(0, known - keep), max(0, known - keep) // 2, known))
    want = rng.choice((0, 4, 4, 12, burst))
    lent[holder] = min(keep + waiting + want // 2, burst)
    return {
        "now": now,
        "ask": {
            "holder": holder,
            "seq": seqs[holder],
            "limit": numbers,
            "changed": changed,
            "deadline_ms": rng.choice((100, 100, 200, 400, 1000)),
            "waiting": waiting,
            "cost": cost,
            "want": want,
            "keep": keep,
            "back": back,
        },
    }


def random_change(rng, numbers):
    """Numbers that come after these: of a quota mostly another count."""
    if "each" in numbers and rng.random() < 0.8:
        count = max(1, numbers["count"] + rng.choice((-60, -20, -7, -1, 0, 1, 7, 20, 60)))
        return quota(min(count, UINT32_MAX), rng.choice((numbers["each"],) * 3 + ("day", "total")))
    return random_numbers(rng)


def random_malformed(rng, step):
    """The same step with one field out of its bounds."""
    wrong = rng.choice((
        {"seq": 0}, {"deadline_ms": 99}, {"deadline_ms": 1001}, {"keep": UINT32_MAX + 1},
        {"limit": limit(0, 1, 1)}, {"limit": limit(2**32 - 1, 1, 2**32 - 1)}, {"limit": quota(0)},
    ))
    return {**step, "ask": {**step["ask"], **wrong}}


def random_case(rng):
    """A dozen asks of a few holders in the space of some seconds, now and then with newer numbers."""
    numbers, changed = random_numbers(rng), [1, 5]
    now = T0 + rng.choice((0, 123, 999, utc(2026, 3, 1) - T0 - 400, utc(2028, 2, 29) - T0 - 1500))
    lent, seqs, steps = {}, {}, []
    for _ in range(rng.choice((1, 3, 6, 10, 14))):
        pause = rng.choice((0, 0, 1, 10, 50, 99, 100, 200, 200, 500, 1000, 2000, 5000))
        if rng.random() < 0.02:
            pause = DAY_MS
        now = now - pause if rng.random() < 0.05 else now + pause
        if steps and rng.random() < 0.02:
            steps.append({"now": now - rng.choice((0, 9000, 10_001, 15_000)), "repair": True})
            continue
        if rng.random() < (0.2 if "each" in numbers else 0.06):
            numbers = random_change(rng, numbers)
            changed = [changed[0], changed[1] + rng.choice((1, 1, 0, -1))]
        steps.append(random_ask(rng, lent, seqs, numbers, changed, now))
        if rng.random() < 0.02:
            steps.append(random_malformed(rng, steps[-1]))
    return "lease.authority", {
        "slots": rng.choice((1, 2, 3, 16)),
        "calls_max": rng.choice((300, 300, 30, 3, 1)),
        "steps": steps,
        **({"store": True} if rng.random() < 0.5 else {}),
    }
