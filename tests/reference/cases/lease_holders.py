"""Inputs of `lease.holder` and of the ops about clocks (docs/spec/bucket-and-lease.md)."""

from ..purse import Purse, Reading, handle
from .lease_sizes import limit, quota

T0 = 1_790_000_000_000
M0 = 5_000_000
HOLDER = "00112233445566778899aabbccddeeff"
HUNDRED = limit(100, 50, 1000)


def at(after_ms, wall_ms=None, **event):
    """An event so long after the start by both clocks, or by each its own."""
    wall_ms = after_ms if wall_ms is None else wall_ms
    return {"wall": T0 + wall_ms, "mono": M0 + after_ms, **event}


def spend(after_ms, cost, **clocks):
    return at(after_ms, spend=cost, **clocks)


def asks(after_ms, queued=0, largest=None, **clocks):
    """The purse is asked for its next message; unless given, one request waits."""
    return at(after_ms, ask=[queued, queued if largest is None else largest], **clocks)


def tick(after_ms, **clocks):
    return at(after_ms, tick=True, **clocks)


def answer(seq, granted_waiting=0, granted=0, **fields):
    return {
        "seq": seq,
        "granted_waiting": granted_waiting,
        "granted": granted,
        "ttl_ms": 5000,
        "retry_after_ms": 0,
        "ask_after_ms": 0,
        "limit": HUNDRED,
        "changed": [1, 5],
        "left": 50,
        **fields,
    }


def receives(after_ms, seq, granted_waiting=0, granted=0, wall_ms=None, **fields):
    return at(after_ms, wall_ms, receive=answer(seq, granted_waiting, granted, **fields))


def learns(after_ms, numbers, changed):
    return at(after_ms, learn={"limit": numbers, "changed": changed})


def void(after_ms):
    return at(after_ms, void=True)


def holding(why, *events, numbers=HUNDRED, background=True, seq=0):
    return why, "lease.holder", {
        "holder": HOLDER,
        "limit": numbers,
        "changed": [1, 5],
        "background": background,
        "seq": seq,
        "events": list(events),
    }


def lent(granted, granted_waiting=0, sent_ms=0, trip_ms=10, seq=1, **fields):
    """One request asks and is answered: the purse then holds what was granted."""
    return [asks(sent_ms, 1), receives(sent_ms + trip_ms, seq, granted_waiting or 1, granted, **fields)]


def refused(**fields):
    """One request for 5 asks at 0 and is told something at 10."""
    return [asks(0, 5), receives(10, 1, **fields)]


def spend_rows():
    yield holding("a cost of 0 is taken from an empty purse", spend(0, 0))
    yield holding("a cost of exactly the burst is asked for", spend(0, 100))
    yield holding("a cost above the burst is refused for ever", spend(0, 101))
    yield holding("an empty purse must ask", spend(0, 1))
    yield holding("tokens are spent without asking", *lent(10), spend(20, 4), spend(20, 7))
    yield holding("the last token can be spent", *lent(10), spend(20, 11), spend(20, 1))
    yield holding(
        "what is too little for a request stays for a smaller one",
        *lent(10), spend(20, 12), spend(20, 11),
    )
    yield holding(
        "the grant that ends first is spent first",
        *lent(10, granted_waiting=3), spend(20, 2), spend(20, 4),
    )
    yield holding("a grant that is spent is gone", *lent(10, granted_waiting=3), spend(20, 3))
    yield holding(
        "tokens can be spent while a message is open",
        *lent(10), asks(20, 20), spend(21, 11), spend(21, 1),
    )


def life_rows():
    yield holding(
        "a lease of 5,000 ms can be used one millisecond before 4,845 ms",
        *lent(10), spend(4844, 1),
    )
    yield holding("a lease of 5,000 ms is over after 4,845 ms", *lent(10), spend(4845, 1))
    yield holding(
        "a lease runs from the sending of the question, not from the answer",
        *lent(10, trip_ms=400), spend(4844, 1), spend(4845, 1),
    )
    yield holding(
        "a lease runs from the first sending although the message was repeated",
        asks(0, 1), tick(500), receives(600, 1, 1, 10), spend(4844, 1), spend(4845, 1),
    )
    yield holding("the wall clock alone can end a lease", *lent(10), spend(3900, 1, wall_ms=4845))
    yield holding("the monotonic clock alone can end a lease", *lent(10), spend(4845, 1, wall_ms=3900))
    yield holding(
        "a wall clock that steps back does not prolong a lease",
        *lent(10), spend(4844, 1, wall_ms=-500), spend(4845, 1, wall_ms=-499),
    )
    yield holding(
        "tokens for waiting requests are over with the deadline, less 3 % and 5 ms",
        *lent(0, granted_waiting=7), spend(964, 1), spend(965, 1),
    )
    yield holding(
        "tokens for waiting requests end with a lease shorter than the deadline",
        *lent(10, granted_waiting=7, ttl_ms=500), spend(479, 1), spend(480, 1),
    )
    yield holding(
        "three percent are rounded up: of 501 ms 480 are used",
        *lent(10, ttl_ms=501), spend(479, 1), spend(480, 1),
    )
    yield holding(
        "a small part of a percent is rounded up too: of 34 ms 27 are used",
        *lent(10, trip_ms=0, ttl_ms=34), spend(26, 1), spend(27, 1),
    )
    yield holding("a lease of 5 ms cannot be used at all", *lent(10, trip_ms=0, ttl_ms=5), spend(0, 1))
    yield holding(
        "a lease that ends before its answer arrives brings nothing",
        *lent(10, trip_ms=100, ttl_ms=100), spend(100, 1),
    )


def ask_rows():
    yield holding(
        "the first message counts on from the seq, wants 4 and waits up to 1,000 ms",
        asks(0, 5), seq=7,
    )
    yield holding("a message asks for what the tokens leave missing, and keeps them", *lent(10), asks(20, 20))
    yield holding("cost is the largest request, as far as it is missing", *lent(10), asks(20, 20, 15))
    yield holding("cost is the largest request where more than that is missing", *lent(10), asks(20, 30, 15))
    yield holding("where the tokens are there no message is sent", *lent(10), asks(20, 11))
    yield holding("one token too few sends a message", *lent(10), asks(20, 12, 3))
    yield holding("while a message is open no other is sent", asks(0, 5), asks(1, 50))
    yield holding("nobody waits and nothing is there: no message", asks(0))
    yield holding(
        "a message carries the purse's newest numbers",
        learns(0, limit(200, 50, 1000), [1, 6]), asks(1, 5),
    )
    yield holding("dead tokens are not kept", *lent(10), asks(4845, 3))


def want_rows():
    yield holding(
        "half of the lease used within a second: the want doubles",
        *lent(4), spend(20, 3), asks(500),
    )
    yield holding("just more than half left: no message yet", *lent(5), spend(20, 3), asks(1010))
    yield holding("exactly half left: a message", *lent(6), spend(20, 4), asks(900))
    yield holding(
        "the first second ends at 1,000 ms after the answer, still included",
        *lent(4), spend(20, 3), asks(1010),
    )
    yield holding("one millisecond later the want stays", *lent(4), spend(20, 3), asks(1011))
    yield holding("used after a quarter of the lease the want stays", *lent(4), spend(20, 3), asks(1260))
    yield holding(
        "used later than a quarter of the lease the want is halved",
        *lent(4), spend(20, 3), asks(1261),
    )
    yield holding(
        "the want is halved, not below 1",
        *lent(2), spend(20, 2), asks(1300), receives(1310, 2, 0, 2), spend(1320, 2), asks(2700),
        receives(2710, 3, 0, 2), spend(2720, 2), asks(4100),
    )
    yield holding(
        "the want doubles up to an eighth of the burst",
        *lent(4), spend(20, 3), asks(30), receives(40, 2, 0, 8), spend(50, 8), asks(60),
        receives(70, 3, 0, 12), spend(80, 12), asks(90),
    )
    yield holding(
        "an eighth of a small burst is at least 1, and less than the first want",
        *lent(2), spend(20, 2), asks(30), numbers=limit(7, 50, 1000),
    )
    yield holding("within the life of what it counted the mark counts", *lent(4), asks(5009))
    yield holding("after that there is nothing to renew", *lent(4), asks(5010))
    yield holding(
        "after a pause a request asks for itself, and once",
        *lent(4), asks(9000), spend(9000, 1), asks(9000, 1), receives(9010, 2, 1, 2), spend(9010, 1), asks(9010),
    )
    yield holding("waiting requests adapt the want too", *lent(4), spend(20, 4), asks(30, 9))
    yield holding(
        "waiting requests do not adapt it while more than half is left",
        *lent(5), spend(20, 3), asks(30, 9),
    )
    yield holding(
        "what was lent to waiting requests does not count as lease",
        *lent(4, granted_waiting=9), spend(20, 9), asks(30, 9),
    )
    yield holding(
        "after a message there is no mark: without an answer nothing is adapted",
        *lent(4), spend(20, 4), asks(30, 9), tick(999), asks(1000, 9),
    )
    yield holding(
        "without background a quota wants nothing ahead",
        asks(0, 5), numbers=quota(100, "day"), background=False,
    )
    yield holding("with background a quota wants ahead", asks(0, 5), numbers=quota(100, "day"))
    yield holding(
        "without background less than a token a second wants nothing ahead",
        asks(0, 5), numbers=limit(100, 1, 1001), background=False,
    )
    yield holding(
        "without background exactly a token a second wants ahead",
        asks(0, 5), numbers=limit(100, 1, 1000), background=False,
    )
    yield holding(
        "with background less than a token a second wants ahead",
        asks(0, 5), numbers=limit(100, 1, 1001),
    )
    yield holding(
        "who wants nothing ahead does not ask for it either",
        *lent(4), spend(20, 4), asks(30), numbers=quota(100, "day"), background=False,
    )
    yield holding(
        "a lease used up while a refusal lasts: no message yet",
        *lent(4, ask_after_ms=500), spend(20, 4), asks(509),
    )
    yield holding(
        "a lease used up when the refusal is over: a message",
        *lent(4, ask_after_ms=500), spend(20, 4), asks(510),
    )


def back_rows():
    yield holding(
        "a lease that has lain for three fifths of its time is handed back",
        *lent(10), spend(20, 1), asks(3000),
    )
    yield holding("one millisecond before it is not", *lent(10), spend(20, 1), asks(2999))
    yield holding("a hand-back halves the want", *lent(10), asks(3000), receives(3010, 2), asks(3020, 5))
    yield holding(
        "tokens that waiting requests did not use are handed back at once, and the want stays",
        *lent(0, granted_waiting=7), spend(20, 2), asks(20), receives(30, 2), asks(40, 5),
    )
    yield holding(
        "those of waiting requests go back, the lease stays",
        *lent(10, granted_waiting=7), asks(20),
    )
    yield holding("what is due is not handed back while somebody waits for more", *lent(10), asks(3000, 20))
    yield holding("what is due is not handed back while somebody waits for it", *lent(10), asks(3000, 10))
    yield holding("what is handed back cannot be spent", *lent(10), spend(20, 1), asks(3000), spend(3001, 1))
    yield holding(
        "what is handed back does not come back when the message fails",
        *lent(10), spend(20, 1), asks(3000), tick(3100), spend(3101, 1),
    )
    yield holding(
        "two leases: only the one that is due goes back",
        *lent(10), asks(2000, 20), receives(2010, 2, 1, 10), spend(2010, 1), asks(3000),
    )
    yield holding("dead tokens are not handed back", *lent(10), asks(4845))
    yield holding(
        "a lease runs out its three fifths from the sending",
        *lent(10, trip_ms=400), spend(400, 1), asks(2999), asks(3000),
    )
    yield holding(
        "a lease whose three fifths are rounded down",
        asks(0, 1), receives(10, 1, 0, 10, ttl_ms=501), asks(299), asks(300),
    )


def deadline_rows():
    yield holding(
        "a message is repeated once, at half of its deadline",
        asks(0, 5), tick(499), tick(500), tick(501),
    )
    yield holding("a late tick repeats too", asks(0, 5), tick(900))
    yield holding(
        "one millisecond before the usable deadline a message is not overdue",
        asks(0, 5), tick(500), tick(964),
    )
    yield holding("at the usable deadline it is overdue", asks(0, 5), tick(500), tick(965))
    yield holding("an overdue message is not repeated first", asks(0, 5), tick(965))
    yield holding("without a message all is quiet", tick(0), tick(100))
    yield holding("after an overdue message all is quiet", asks(0, 5), tick(965), tick(966))
    yield holding("after an overdue message the next takes the next seq", asks(0, 5), tick(965), asks(966, 5))
    yield holding("a round trip of 10 ms makes a deadline of 100 ms", *lent(1), asks(20, 5))
    yield holding(
        "a round trip of 25 ms makes a deadline of 100 ms, the least",
        *lent(1, trip_ms=25), asks(30, 5),
    )
    yield holding("a round trip of 26 ms makes a deadline of 104 ms", *lent(1, trip_ms=26), asks(30, 5))
    yield holding(
        "a round trip of 300 ms makes a deadline of 1,000 ms, the most",
        *lent(1, trip_ms=300), asks(310, 5),
    )
    yield holding(
        "a second round trip counts an eighth",
        *lent(1, trip_ms=80), asks(100, 5), receives(140, 2, 5), spend(150, 7), asks(160, 5),
    )
    yield holding(
        "the eighth that leaves is rounded down",
        *lent(1, trip_ms=33), asks(100, 5), receives(140, 2, 5), spend(150, 7), asks(160, 5),
    )
    yield holding("a miss doubles the deadline", *lent(1), asks(20, 5), tick(112), asks(120, 5))
    yield holding(
        "each miss doubles it again, up to 1,000 ms",
        *lent(1), asks(20, 5), tick(200), asks(200, 5), tick(400), asks(400, 5), tick(800), asks(800, 5),
        tick(1600), asks(1600, 5), tick(2600), asks(2600, 5),
    )
    yield holding(
        "an answer in time ends the misses",
        *lent(1), asks(20, 5), tick(112), asks(120, 5), receives(130, 3, 5), spend(140, 6), asks(150, 5),
    )
    yield holding("a deadline of 100 ms is overdue at 92 ms", *lent(1), asks(20, 5), tick(111), tick(112))


def receive_rows():
    yield holding(
        "an answer one millisecond before the usable deadline is accepted",
        asks(0, 5), receives(964, 1, 5),
    )
    yield holding(
        "an answer at the usable deadline is late and brings nothing",
        asks(0, 5), receives(965, 1, 5, 10), spend(965, 1),
    )
    yield holding(
        "a late answer counts as a round trip",
        *lent(1), asks(20, 5), tick(112), receives(320, 2, 5), asks(330, 5),
    )
    yield holding(
        "a late answer does not end the misses",
        *lent(1, trip_ms=10), asks(20, 5), tick(112), receives(120, 2, 5), asks(130, 5),
    )
    yield holding(
        "a round trip counts as 1,000 ms at most",
        *lent(1, trip_ms=10), asks(20, 5), tick(112), receives(60_000, 2, 5), asks(60_001, 5),
        receives(60_011, 3, 5), asks(60_020, 9),
    )
    yield holding(
        "the same late answer again is ignored",
        asks(0, 5), tick(965), receives(970, 1, 5), receives(971, 1, 5),
    )
    yield holding(
        "an answer to a message before the last late one is ignored",
        asks(0, 5), tick(965), asks(966, 5), tick(1940), receives(1950, 1, 5),
    )
    yield holding(
        "a late answer while the next message is open leaves that open",
        asks(0, 5), tick(965), asks(966, 5), receives(970, 1, 5), receives(980, 2, 5),
    )
    yield holding("an answer without a message is ignored", receives(0, 1, 5, 10), spend(1, 1))
    yield holding(
        "an answer with another seq is ignored and the message stays open",
        asks(0, 5), receives(10, 2, 5), receives(20, 1, 5),
    )
    yield holding(
        "the second of two equal answers is ignored",
        asks(0, 5), receives(10, 1, 5, 10), receives(11, 1, 5, 10),
    )
    yield holding(
        "a stale answer says that somebody else uses this id",
        asks(0, 5), at(10, receive={"stale": 1}),
    )
    yield holding("a stale answer with another seq is ignored", asks(0, 5), at(10, receive={"stale": 2}))
    yield holding("a stale answer that is late is late", asks(0, 5), tick(965), at(970, receive={"stale": 1}))
    yield holding(
        "after a stale answer the message is closed",
        asks(0, 5), at(10, receive={"stale": 1}), asks(20, 5),
    )
    yield holding(
        "an answer at the usable deadline is late even if no tick came",
        asks(0, 5), receives(2000, 1, 5), tick(2001),
    )


def grant_rows():
    four = []
    for n in range(4):
        four += [asks(100 * n, 10 * n + 5), receives(100 * n + 1, n + 1, 0, 10)]
    yield holding("four leases stand apart, in the order of their ends", *four)
    yield holding(
        "the fifth lease merges the first two: their tokens end with the first",
        *four, asks(400, 45), receives(401, 5, 0, 10),
    )
    yield holding(
        "a fifth grant that ends first takes in the one behind it",
        *four, asks(400, 45), receives(401, 5, 0, 10, ttl_ms=500),
    )
    yield holding(
        "a shorter lease stands before a longer one that is older",
        *lent(10), asks(100, 20), receives(110, 2, 0, 10, ttl_ms=1000),
    )
    yield holding(
        "of leases that end together the newer stands behind",
        *lent(10, ttl_ms=5000), asks(97, 20), receives(98, 2, 0, 10, ttl_ms=4900),
    )
    yield holding("dead leases make room for new ones", *four, asks(5200, 45), receives(5201, 5, 0, 10))
    yield holding("a grant of nothing is no grant", asks(0, 5), receives(10, 1, 0, 0))


def refusal_rows():
    yield holding(
        "told to come again in 200 ms: refused until then, with the wait",
        *refused(retry_after_ms=300, ask_after_ms=200, left=0), spend(10, 1), spend(209, 1), spend(210, 1),
    )
    yield holding(
        "the wait is that to the next ask where that is longer",
        *refused(retry_after_ms=100, ask_after_ms=200, left=0), spend(50, 1),
    )
    yield holding(
        "what was left is worth asking for: a cost up to it asks",
        *refused(retry_after_ms=300, ask_after_ms=200, left=3), spend(20, 3), spend(20, 4),
    )
    yield holding(
        "all was given and there is a time to wait: even a small cost is refused",
        *refused(granted_waiting=5, ask_after_ms=200, left=50), spend(20, 5), spend(20, 1),
    )
    yield holding(
        "more than was asked was given: that too is given",
        *refused(granted_waiting=6, ask_after_ms=200, left=50), spend(20, 6), spend(20, 1),
    )
    yield holding(
        "less was given than waits, with no time to ask after: no refusal",
        *refused(granted_waiting=4, retry_after_ms=300, left=0), spend(20, 4), spend(20, 1),
    )
    yield holding(
        "all was given with no time to wait: no refusal",
        *refused(granted_waiting=5), spend(20, 5), spend(20, 1),
    )
    yield holding(
        "a refusal for ever is one until it may be asked again",
        *refused(retry_after_ms="never", ask_after_ms=200, left=0), spend(20, 1), spend(210, 1),
    )
    yield holding(
        "tokens can be spent in spite of a refusal",
        *refused(granted_waiting=2, retry_after_ms=300, ask_after_ms=200, left=0), spend(20, 2), spend(20, 1),
    )
    yield holding(
        "the next answer ends a refusal",
        *refused(retry_after_ms=300, ask_after_ms=200, left=3), asks(20, 3), receives(30, 2, 3), spend(40, 3),
        spend(40, 4),
    )
    yield holding(
        "newer numbers end a refusal",
        *refused(retry_after_ms=300, ask_after_ms=200, left=0), learns(20, limit(200, 50, 1000), [1, 6]),
        spend(30, 1),
    )
    yield holding(
        "numbers of the same stamp do not end a refusal",
        *refused(retry_after_ms=300, ask_after_ms=200, left=0), learns(20, limit(200, 50, 1000), [1, 5]),
        spend(30, 1),
    )
    yield holding(
        "an answer under older numbers refuses nothing",
        learns(0, limit(200, 50, 1000), [1, 6]), *refused(retry_after_ms=300, ask_after_ms=200, left=0),
        spend(30, 1),
    )
    yield holding(
        "an answer under older numbers ends an older refusal",
        *refused(retry_after_ms=300, ask_after_ms=2000, left=3), learns(15, limit(200, 50, 1000), [1, 6]),
        asks(20, 3), receives(30, 2, retry_after_ms=300, ask_after_ms=200, left=0), spend(40, 5),
    )
    yield holding(
        "an answer under newer numbers refuses under them",
        *refused(retry_after_ms=300, ask_after_ms=200, left=0, limit=limit(2, 1, 1000), changed=[1, 6]),
        spend(30, 1), spend(30, 3),
    )
    yield holding(
        "a refusal lasts by the clock that runs faster",
        *refused(retry_after_ms=300, ask_after_ms=200, left=0), spend(110, 1, wall_ms=209),
        spend(111, 1, wall_ms=210),
    )
    yield holding(
        "a cost above the burst is refused for ever whatever the refusal says",
        *refused(retry_after_ms=300, ask_after_ms=200, left=0), spend(20, 101),
    )


def learn_rows():
    yield holding("newer numbers are adopted", learns(0, limit(200, 50, 1000), [1, 6]), spend(1, 150))
    yield holding(
        "numbers of the same stamp are not adopted",
        learns(0, limit(200, 50, 1000), [1, 5]), spend(1, 150),
    )
    yield holding("older numbers are not adopted", learns(0, limit(200, 50, 1000), [1, 4]), spend(1, 150))
    yield holding("a higher incarnation is newer", learns(0, limit(200, 50, 1000), [2, 1]), spend(1, 150))
    yield holding(
        "the numbers of an answer are adopted if they are newer",
        *refused(granted_waiting=5, limit=limit(200, 50, 1000), changed=[1, 6]), spend(20, 150),
        asks(20, 150),
    )
    yield holding(
        "the numbers of an answer are not adopted if they are older",
        learns(0, limit(200, 50, 1000), [1, 6]), asks(1, 5), receives(10, 1, 5), spend(20, 150),
    )
    yield holding(
        "tokens outlive a change of the numbers",
        *lent(10), learns(20, limit(50, 50, 1000), [1, 6]), spend(30, 11),
    )


def void_rows():
    yield holding("a void purse is empty and keeps its seq", *lent(10), void(20), spend(21, 1), asks(22, 1))
    yield holding(
        "a void purse knows no open message: its answer is ignored",
        asks(0, 5), void(10), receives(20, 1, 5, 10),
    )
    yield holding(
        "a void purse knows no late message: its answer is ignored",
        asks(0, 5), tick(965), void(970), receives(980, 1, 5),
    )
    yield holding(
        "a void purse knows no refusal",
        *refused(retry_after_ms=300, ask_after_ms=200, left=0), void(20), spend(21, 1),
    )
    yield holding("a void purse does not ask for a new lease", *lent(10), void(20), asks(21))
    yield holding(
        "a void purse keeps its numbers, its want, its round trip and its misses",
        *lent(4), spend(20, 3), asks(500), tick(592), learns(593, limit(200, 50, 1000), [1, 6]), void(594),
        asks(600, 5),
    )


def freezing(why, *readings):
    return why, "lease.freeze", {"readings": [[T0 + wall, M0 + mono] for wall, mono in readings]}


def freeze_rows():
    yield freezing("clocks that go alike were not frozen", (0, 0), (5000, 5000))
    yield freezing("1,000 ms more by the wall clock are no freeze", (0, 0), (6000, 5000))
    yield freezing("1,001 ms more by the wall clock are a freeze", (0, 0), (6001, 5000))
    yield freezing("1,000 ms more by the monotonic clock are no freeze", (0, 0), (5000, 6000))
    yield freezing("1,001 ms more by the monotonic clock are a freeze", (0, 0), (5000, 6001))
    yield freezing(
        "a wall clock that steps back counts with its sign: 1,000 ms are no freeze",
        (0, 0), (-900, 100),
    )
    yield freezing("a wall clock that steps back by more counts as a freeze", (0, 0), (-901, 100))
    yield freezing("the only clock, given twice and set back by 1,000 ms: no freeze", (0, 0), (-1000, -1000))
    yield freezing("the only clock, given twice and set back by 1,001 ms: a freeze", (0, 0), (-1001, -1001))
    yield freezing(
        "small disagreements do not add up: only neighbours are compared",
        (0, 0), (1000, 0), (2000, 0), (3000, 0),
    )
    yield freezing(
        "each pair of neighbours is judged for itself",
        (0, 0), (10, 10), (5000, 20), (5010, 30), (0, 40),
    )
    yield freezing("a single reading says nothing", (0, 0))


def steadying(why, *readings):
    return why, "lease.steady", {"readings": [[T0 + wall, M0 + mono] for wall, mono in readings]}


def steady_rows():
    yield steadying("the first reading is as taken", (0, 0))
    yield steadying("the only clock set back: the monotonic reading stands still and then goes on", (0, 0), (-400, -400), (-300, -300))
    yield steadying("the only clock set back twice: both steps are made up", (0, 0), (-40, -40), (60, 60), (20, 20))
    yield steadying("clocks that go alike miss nothing", (0, 0), (5000, 5000), (6000, 6000))
    yield steadying("5 ms more by the wall clock are not put back", (0, 0), (105, 100), (205, 200))
    yield steadying("6 ms more by the wall clock are put back, all of them", (0, 0), (106, 100), (206, 200))
    yield steadying(
        "slow drift adds up until it shows, and then anew",
        (0, 0), (103, 100), (206, 200), (309, 300), (412, 400),
    )
    yield steadying("a wall clock that steps back takes nothing back", (0, 0), (700, 100), (200, 200))
    yield steadying(
        "a wall clock that steps back and forward again: the step forward counts",
        (0, 0), (-800, 100), (200, 200), (300, 300),
    )
    yield steadying("5 ms less by the wall clock leave the gap: 6 ms more are put back", (0, 0), (95, 100), (206, 200))
    yield steadying("6 ms less by the wall clock move the gap: 6 ms more are put back", (0, 0), (94, 100), (200, 200))
    yield steadying("a monotonic clock that runs ahead puts nothing back", (0, 0), (100, 900), (200, 1000))
    yield steadying("what was missed more than once adds up", (0, 0), (110, 100), (210, 200), (410, 300))
    yield steadying("a freeze of more than a second is put back too", (0, 0), (1101, 100), (1201, 200))
    yield steadying(
        "the wall clock may be behind the monotonic one: the gap has a sign",
        (-T0, 0), (-T0 + 106, 100), (-T0 + 150, 200),
    )


def writing(why, offset_ms, age_ms=0, frozen_since=False, **fields):
    """A response whose date puts our clock off by so much."""
    received = T0
    return why, "lease.writer", {
        "date": received - 500 + offset_ms,
        "received": received,
        "frozen_since": frozen_since,
        "now": received + age_ms,
        **fields,
    }


def writer_rows():
    yield writing("a date half a second back means that our clock is right", 0)
    yield writing("a clock that lags by 2,000 ms may write", 2000)
    yield writing("a clock that lags by 2,001 ms may not", 2001)
    yield writing("a clock that is ahead by 2,000 ms may write", -2000)
    yield writing("a clock that is ahead by 2,001 ms may not", -2001)
    yield writing("a response 60,000 ms old still tells", 0, 60_000)
    yield writing("a response 60,001 ms old does not: read first", 0, 60_001)
    yield writing("a response received after now has no age", 0, -100_000)
    yield writing("after a freeze the response does not tell", 0, frozen_since=True)
    yield writing("without a response a read comes first", 0, date=None)
    yield writing("an old response that would show a wrong clock: read first", 5000, 60_001)
    yield writing(
        "a freeze since a response that would show a wrong clock: read first",
        5000, frozen_since=True,
    )


def rows():
    for part in (
        spend_rows, life_rows, ask_rows, want_rows, back_rows, deadline_rows, receive_rows, grant_rows,
        refusal_rows, learn_rows, void_rows, freeze_rows, steady_rows, writer_rows,
    ):
        yield from part()


# Random cases


def random_numbers(rng):
    kind = rng.random()
    if kind < 0.7:
        return limit(
            rng.choice((1, 7, 100, 100, 1000)), rng.choice((1, 50, 500)), rng.choice((1000, 1001, 60_000)),
        )
    return quota(rng.choice((5, 100, 1000)), rng.choice(("day", "month", "total")))


def random_answer(rng, purse, numbers, changed):
    """An answer that mostly fits the open message."""
    seq, waiting, want = purse.seq, rng.randint(0, 5), 4
    if purse.message is not None:
        waiting, want = purse.message.ask["waiting"], purse.message.ask["want"]
    elif purse.late is not None and rng.random() < 0.7:
        seq = purse.late[0]
    if rng.random() < 0.08:
        seq = max(0, seq + rng.choice((-1, 1)))
    if rng.random() < 0.02:
        return {"stale": seq}
    given = rng.random() < 0.7
    return {
        "seq": seq,
        "granted_waiting": waiting if given else rng.randint(0, waiting),
        "granted": rng.choice((0, want, want, want, want // 2, 1)),
        "ttl_ms": rng.choice((5000, 5000, 5000, 500, 600, 1500, 3000, 50, 1)),
        "retry_after_ms": 0 if given else rng.choice((1, 200, 3000, "never")),
        "ask_after_ms": rng.choice((0, 0, 0, 200)) if given else rng.choice((0, 100, 500, 3000)),
        "limit": numbers,
        "changed": changed,
        "left": rng.choice((0, 1, 3, 50)),
    }


def random_event(rng, purse, newest):
    """An event of a kind that has something to do, as a rule."""
    kind = rng.random()
    if purse.message is not None and kind < 0.5:
        return {"receive": random_answer(rng, purse, *newest)}
    if purse.message is not None and kind < 0.65 or kind < 0.02:
        return {"tick": True}
    if purse.late is not None and kind < 0.2:
        return {"receive": random_answer(rng, purse, *newest)}
    if kind > 0.99:
        return {"void": True}
    if kind > 0.96:
        return {"learn": {"limit": newest[0], "changed": newest[1]}}
    if kind > 0.94:
        return {"receive": random_answer(rng, purse, *newest)}
    if kind > 0.6:
        return {"spend": rng.choice((0, 1, 1, 1, 2, 3, 5, 12, 101))}
    queued = rng.choice((0, 0, 0, 1, 3, 5, 20))
    return {"ask": [queued, rng.randint(min(1, queued), queued)]}


def random_holder(rng):
    """A purse that lives through a few dozen events; the purse itself says what would fit."""
    numbers, changed = random_numbers(rng), [1, 5]
    newest = (numbers, changed)
    argument = {
        "holder": HOLDER,
        "limit": numbers,
        "changed": changed,
        "background": rng.random() < 0.7,
        "seq": rng.choice((0, 7)),
        "events": [],
    }
    purse = Purse(HOLDER, numbers, changed, argument["background"], argument["seq"])
    wall, mono = T0, M0
    for _ in range(rng.choice((4, 10, 20, 30))):
        pause = rng.choice((0, 0, 1, 5, 10, 10, 50, 100, 300, 500, 1000))
        mono += pause
        wall += pause if rng.random() < 0.95 else rng.choice((0, pause + 400))
        if rng.random() < 0.03:
            newest = (random_numbers(rng), [changed[0], newest[1][1] + rng.choice((1, 1, 0, -1))])
        event = random_event(rng, purse, newest)
        handle(purse, event, Reading(wall, mono))
        argument["events"].append({"wall": wall, "mono": mono, **event})
    return "lease.holder", argument


def random_freeze(rng):
    wall, mono, readings = T0, M0, [[T0, M0]]
    for _ in range(rng.randint(1, 4)):
        pause = rng.choice((0, 1, 5000))
        mono += pause + rng.choice((0, 0, 1, 1000, 1001))
        wall += pause + rng.choice((0, 0, 1, 1000, 1001, -1, -1000))
        readings.append([wall, mono])
    return "lease.freeze", {"readings": readings}


def random_steady(rng):
    wall, mono, readings = T0, M0, [[T0, M0]]
    for _ in range(rng.randint(1, 6)):
        pause = rng.choice((0, 1, 100, 5000))
        mono += pause + rng.choice((0, 0, 0, 3, 5, 6, 900))
        wall += pause + rng.choice((0, 0, 3, 5, 6, 900, 1001, -3, -5, -6, -900))
        readings.append([wall, mono])
    return "lease.steady", {"readings": readings}


def random_writer(rng):
    offset_ms = rng.choice((0, 1999, 2000, 2001, -1999, -2000, -2001))
    age_ms = rng.choice((0, -5, 59_999, 60_000, 60_001))
    _, op, argument = writing("", offset_ms, age_ms, rng.random() < 0.2)
    if rng.random() < 0.1:
        argument["date"] = None
    return op, argument


def random_case(rng):
    """Mostly purses."""
    kind = rng.random()
    if kind < 0.8:
        return random_holder(rng)
    if kind < 0.9:
        return random_steady(rng)
    return random_freeze(rng) if kind < 0.95 else random_writer(rng)
