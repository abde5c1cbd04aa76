"""Inputs about the stored bytes of a state (docs/spec/bucket-and-lease.md, "Stored state")."""

from .. import lease, stored
from . import lease_authorities
from .buckets import UINT32_MAX
from .lease_authorities import A, B, C, T0, ask, asking, of_numbers, one, repair, waits
from .lease_sizes import quota

UINT64_MAX = 2**64 - 1
INTEGER_MAX = 2**53
DAY, MONTH, TOTAL = 1, 2, 3


def numbers(*values):
    """Numbers one after the other; one that is given as bytes stands as it is."""
    return b"".join(value if isinstance(value, bytes) else stored.number(value) for value in values)


def long(value):
    """A number in one byte more than it needs."""
    short = stored.number(value)
    return short[:-1] + bytes([short[-1] | 0x80, 0])


def holder(id=A, seq=1, heard=0, forget=2000, out=((5, 200),), count=None, answer=(5, 0, 5000, 1, 0, 95)):
    """An entry as bytes; `count` is how many pairs it says."""
    pairs = b"".join(numbers(*pair) for pair in out)
    counted = bytes([len(out) if count is None else count])
    return bytes.fromhex(id) + numbers(seq, heard, forget) + counted + pairs + numbers(*answer)


def state(
    *holders, version=2, kind=0, of=(100, 50, 1000), changed=(1, 5), credit=95_000, instant=T0, large=0,
    meter=(0, 1, 0), count=None,
):
    """A state as bytes; `count` is how many holders it says. Unless given, a limit of 100 with 95 left."""
    count = len(holders) if count is None else count
    parts = numbers(*of, *changed, credit, instant, large, *meter, count)
    return bytes([version, kind]) + parts + b"".join(holders)


def of_quota(*holders, kind=DAY, count=20, debt=0, credit=15):
    return state(*holders, kind=kind, of=(count, debt), credit=credit)


def reading(why, data, slots=16):
    return why, "lease.state", {"hex": data.hex(), "slots": slots}


def accepted_rows():
    yield reading("a limit without holders is read", state(credit=100_000))
    yield reading("a limit with a holder is read", state(holder()))
    yield reading("a day's quota is read", of_quota(holder(), kind=DAY))
    yield reading("a month's quota is read, with a debt", of_quota(holder(), kind=MONTH, debt=7, credit=0))
    yield reading("a total that is spent is read", of_quota(kind=TOTAL, credit=0))
    yield reading("a large request that waits is read with its instant", state(holder(), large=1))
    yield reading(
        "holders in any order are read; as many as the reader has slots",
        state(holder(C, out=()), holder(A, heard=1999), holder(B, seq=300, forget=0, out=())), slots=3,
    )
    yield reading(
        "four pairs are read", state(holder(out=((1, 1), (2, 2), (1, 5000), (1, 5001)))),
    )
    yield reading("credit at its cap is read", state(holder(), credit=95_000, meter=(1, 0, 3)))
    yield reading("a limit lowered below what is out is read: no credit", state(holder(out=((101, 9),)), credit=0))
    yield reading(
        "a quota whose tokens out are all that count and debt allow is read",
        of_quota(holder(out=((20, 9), (7, 10))), debt=7, credit=0),
    )
    yield reading("count and debt of 2^32 - 1 are read", of_quota(count=1, debt=UINT32_MAX - 1, credit=0))
    yield reading(
        "the largest numbers that JSON holds are read",
        state(
            holder(seq=INTEGER_MAX, heard=INTEGER_MAX - 1000, forget=INTEGER_MAX - 1000, answer=(UINT32_MAX,) * 6),
            changed=(INTEGER_MAX, INTEGER_MAX), instant=INTEGER_MAX - 1000,
            meter=(INTEGER_MAX // 1000, UINT32_MAX, UINT32_MAX),
        ),
    )
    yield reading("an answer that never lets try again is read", state(holder(answer=(0, 0, 500, 0, 3000, 0))))


def malformed_rows():
    good = state(holder())
    yield reading("version 1 is not read", state(holder(), version=1))
    yield reading("version 3 is not read", state(holder(), version=3))
    yield reading("a version and no more", good[:1])
    yield reading("the last byte is missing", good[:-1])
    yield reading("the last bytes of an id are missing", state(count=1) + bytes(15))
    yield reading("a holder is missing", state(holder(), count=2))
    yield reading("a byte is left over", good + bytes(1))
    yield reading("a holder is left over", state(holder(), holder(B, out=()), count=1))
    yield reading("a fifth kind of numbers", state(kind=4, of=(20, 0), credit=0))
    yield reading("a credit in one byte more than it needs", state(holder(), credit=long(95_000)))
    yield reading("a zero in two bytes", state(holder(), large=long(0)))
    yield reading("an epoch of 2^64", state(holder(), changed=(1, UINT64_MAX + 1)))
    yield reading("a debt of 2^64", of_quota(debt=UINT64_MAX + 1, credit=0))
    yield reading("a number that goes on for twelve bytes", state(holder(), changed=(1, b"\xff" * 11 + b"\x01")))
    yield reading("one holder more than slots", state(holder(), holder(B, out=())), slots=1)


def impossible_number_rows():
    for name, of in (
        ("a burst of 0", (0, 50, 1000)), ("a rate of 0", (100, 0, 1000)), ("a period of 0 ms", (100, 50, 0)),
        ("a burst of 2^32", (2**32, 50, 1000)), ("a rate of 2^32", (100, 2**32, 1000)),
        ("burst × period_ms of 2^63 and more", (2**31 + 1, 50, UINT32_MAX)),
    ):
        yield reading(f"{name} cannot be", state(of=of, credit=0))
    yield reading("a count of 0 cannot be", of_quota(count=0, credit=0))
    yield reading("a count of 2^32 cannot be", of_quota(count=2**32, credit=0))
    yield reading("count and debt of 2^32 cannot be", of_quota(count=1, debt=UINT32_MAX, credit=0))
    yield reading("this second's calls of 2^32 cannot be", state(meter=(0, 2**32, 0)))
    yield reading("the second before's calls of 2^32 cannot be", state(meter=(0, 1, 2**32)))
    yield reading("a meter before the first second cannot be", state(meter=(T0 // 1000 + 1, 1, 0)))
    for at, name in enumerate(("granted_waiting", "granted", "ttl_ms", "", "ask_after_ms", "left")):
        if name:
            answer = [5, 0, 5000, 1, 0, 95]
            answer[at] = 2**32
            yield reading(f"an answer's {name} of 2^32 cannot be", state(holder(answer=answer)))
    yield reading(
        "a holder heard before the instant 0 cannot be", state(holder(heard=1001), instant=1000),
    )
    top = {"instant": UINT64_MAX - 150}
    yield reading("a large request that waits beyond 2^64 - 1 cannot be", state(large=151, **top))
    yield reading("a pair that ends beyond 2^64 - 1 cannot be", state(holder(out=((5, 151),), forget=0), **top))
    yield reading("a holder remembered beyond 2^64 - 1 cannot be", state(holder(out=(), forget=151), **top))


def impossible_sum_rows():
    for why, out in (
        ("a pair of 0 tokens cannot be", ((0, 200),)),
        ("a pair that ends at the instant of the state cannot be", ((5, 0),)),
        ("two pairs of one end cannot be", ((2, 200), (2, 200))),
        ("pairs that do not ascend cannot be", ((2, 201), (2, 200))),
        ("five pairs cannot be", tuple((1, 200 + n) for n in range(5))),
    ):
        yield reading(why, state(holder(out=out)))
    yield reading("a pair of 2^32 tokens cannot be", state(holder(out=((2**32, 200),)), credit=0))
    yield reading("a holder twice cannot be", state(holder(), holder(out=()), credit=0))
    yield reading("credit beyond the burst cannot be", state(credit=100_001))
    yield reading("credit and what is out beyond the burst cannot be", state(holder(), credit=96_000))
    yield reading("credit a fraction of a token too high cannot be", state(holder(), credit=95_001))
    yield reading("a quota's credit and what is out beyond its count cannot be", of_quota(holder(), credit=16))
    yield reading("a quota with credit and debt cannot be", of_quota(holder(), debt=1, credit=1))
    yield reading(
        "a quota with more out than count and debt cannot be",
        of_quota(holder(out=((28, 9),)), debt=7, credit=0),
    )


def storing(why, *steps, slots=16):
    why, op, argument = asking(why, *steps, slots=slots)
    return why, op, {**argument, "store": True}


def stored_rows():
    yield storing("where there is no bucket nothing is stored", ask(0, seq=0))
    yield storing("a busy holder is stored", waits(0, 3, want=4), waits(20, 1, seq=2, keep=7, want=4))
    yield storing("holders are stored in the order of their ids", ask(0, holder=C, seq=2**32), waits(7, 1))
    yield storing(
        "a quota is stored with its debt",
        *of_numbers(quota(20, "month"), one(0, 12)),
        ask(1, holder=B, limit=quota(5, "month"), changed=[2, 1]),
    )
    yield storing(
        "a large request that never passes is stored with its time, and never as 0",
        *of_numbers(quota(40, "total"), one(0, 30), one(1, 21, holder=B)),
    )
    yield storing("a time that is past is stored as 0", one(0, 70), one(0, 51, holder=B), ask(1700, seq=2))
    yield storing("after a repair the meter's second is far behind", waits(0, 5), repair(-20_000))


def rows():
    yield from accepted_rows()
    yield from malformed_rows()
    yield from impossible_number_rows()
    yield from impossible_sum_rows()
    yield from stored_rows()


# Random cases


def damaged(rng, data):
    """Bytes of which one differs, is missing, or is too many."""
    at = rng.randrange(len(data))
    what = bytes([rng.choice((0, 1, 2, 3, 4, 5, 0x7F, 0x80, 0xFF, rng.randrange(256)))])
    return data[:at] + rng.choice((what, what, what, b"", what + data[at : at + 1])) + data[at + 1 :]


def is_plain(found):
    """Whether a state's numbers are such that every host can write them."""
    if isinstance(found, dict):
        return all(is_plain(part) for part in found.values())
    if isinstance(found, list):
        return all(is_plain(part) for part in found)
    return not isinstance(found, int) or found <= INTEGER_MAX


def random_case(rng):
    """A state that some asks left, whole or damaged in a way that has one name."""
    while True:
        _, argument = lease_authorities.random_case(rng)
        written = lease.exchange({**argument, "store": True})["stored"]
        if written is None:
            continue
        data, slots = bytes.fromhex(written), rng.choice((argument["slots"], 16))
        if rng.random() < 0.7:
            data = damaged(rng, data)
        found, faults = stored.read(data, slots)
        if len(faults) == 1 or (not faults and is_plain(found.state())):
            return "lease.state", {"hex": data.hex(), "slots": slots}
