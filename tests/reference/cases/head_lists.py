"""Inputs about lists, merging, freshness and the one rule (docs/spec/head.md)."""

from .. import head as head_module

LOOKUP = "2ccbc0e2728b2154939a868ede964808"
OTHER_LOOKUP = "7c9a2dfbc9a0b9665418e8b0c27b80dc"


def head(epoch, floor, *entries, incarnation=1):
    return {"head": [incarnation, epoch], "floor": floor, "entries": [list(entry) for entry in entries]}


def reader(epoch, floor, *entries, age=100, incarnation=1):
    return {**head(epoch, floor, *entries, incarnation=incarnation), "age_ms": age}


def answered(epoch, floor, since, *entries, age=100, incarnation=1):
    made = head(epoch, floor, *entries, incarnation=incarnation)
    return {"head": made["head"], "floor": floor, "since": since, "age_ms": age, "entries": made["entries"]}


BOB = ("acme", "owner", "bob")
KEY = ("acme", "key", "key_1")
ACME = ("acme", "tenant", "")
SECRET = ("acme", "lookup", LOOKUP)
BETA_BOB = ("beta", "owner", "bob")
GAMMA = ("gamma", "tenant", "")


def at(epoch, subject):
    return [epoch, *subject]


# Recording


def recording(why, bound, before, *changes):
    changes = [None if change is None else list(change) for change in changes]
    return why, "head.record", {"bound": bound, "head": before, "changes": changes}


def owners(tenant, *epochs):
    return [[epoch, tenant, "owner", f"o{epoch}"] for epoch in epochs]


def record_rows():
    yield recording("no change leaves the head as it is", 4, head(7, 3, at(5, BOB)))
    yield recording("the first change of a ledger takes epoch 1 if its epoch is 0", 4, head(0, 0), BOB)
    yield recording("each change takes the next epoch and is appended", 4, head(10, 0), BOB, KEY, SECRET)
    yield recording("null takes an epoch and leaves no entry", 4, head(10, 0), BOB, None, KEY)
    yield recording("null as the last change still moves the epoch", 4, head(10, 0, at(9, BOB)), None)
    yield recording(
        "a subject that changes again moves to the end and stands there once",
        4, head(10, 0, at(8, BOB), at(9, KEY)), BOB,
    )
    yield recording(
        "the owner bob of another tenant is another subject",
        4, head(10, 0, at(8, BOB)), BETA_BOB,
    )
    yield recording(
        "the same id under another kind is another subject",
        4, head(10, 0, at(8, BOB)), ("acme", "key", "bob"),
    )
    yield recording(
        "the same lookup id of another tenant is another subject",
        4, head(10, 0, at(8, SECRET)), ("beta", "lookup", LOOKUP),
    )
    yield recording(
        "ids that differ in case only are two subjects",
        4, head(10, 0, at(8, BOB)), ("acme", "owner", "Bob"),
    )
    yield recording(
        "a change of the tenant removes no entry of its owners and keys",
        4, head(10, 0, at(8, BOB), at(9, KEY)), ACME,
    )
    yield recording(
        "a list of exactly its bound is not folded",
        4, head(10, 0, *owners("acme", 8, 9, 10)), BETA_BOB,
    )
    yield recording(
        "one entry above the bound folds the fullest tenant at its highest epoch",
        4, head(10, 0, *owners("acme", 7, 8), *owners("beta", 9, 10)), BOB,
    )
    yield recording(
        "an entry that replaces an older one keeps a full list at its bound: nothing is folded",
        4, head(10, 0, *owners("acme", 7, 8, 9, 10)), ("acme", "owner", "o7"),
    )
    yield recording(
        "of two tenants equally full the one whose newest entry is older is folded",
        4, head(10, 0, *owners("beta", 6, 9), *owners("acme", 10)), BOB, GAMMA,
    )
    yield recording(
        "equally full, the tenant with the oldest entry is not folded if its newest is newer",
        4, head(10, 0, at(6, ("acme", "owner", "a")), *owners("beta", 7, 8), at(10, KEY)), GAMMA,
    )
    yield recording(
        "the folded entry stands where its epoch belongs, not at the end",
        4, head(10, 0, *owners("acme", 3, 4, 6), *owners("beta", 8)), BETA_BOB,
    )
    yield recording(
        "the tenant that has just changed can be the one that is folded",
        4, head(10, 0, *owners("beta", 5), *owners("acme", 8, 9, 10)), BOB,
    )
    yield recording(
        "a tenant's own entry counts for it and is folded with the others",
        4, head(10, 0, at(4, ACME), *owners("acme", 5), *owners("beta", 7, 8)), KEY,
    )
    yield recording(
        "folding never raises the floor while a tenant has two entries",
        4, head(10, 2, *owners("acme", 3, 4), *owners("beta", 8), *owners("gamma", 9)),
        ("delta", "owner", "d"),
    )
    yield recording(
        "every tenant has one entry: the oldest leaves and the floor rises to its epoch",
        4, head(10, 2, *owners("acme", 4), *owners("beta", 6), *owners("gamma", 7), *owners("delta", 9)),
        ("eps", "owner", "e"),
    )
    yield recording(
        "the oldest leaves again and again while every tenant has one entry",
        4, head(10, 2, *owners("acme", 4), *owners("beta", 6), *owners("gamma", 7), *owners("delta", 9)),
        ("t1", "tenant", ""), ("t2", "key", "k"), ("t3", "lookup", LOOKUP),
    )
    yield recording(
        "a folded tenant that changes as a whole moves to the end",
        4, head(10, 0, *owners("acme", 3, 4, 6), *owners("beta", 8)), BETA_BOB, ACME,
    )
    yield recording(
        "after a fold a further change of the folded tenant is an entry of its own",
        4, head(10, 0, *owners("acme", 3, 4, 6), *owners("beta", 8)), BETA_BOB, BOB,
    )
    yield recording(
        "a bound of 8 keeps eight entries and folds at the ninth",
        8, head(20, 0, *owners("acme", 11, 13, 15, 17), *owners("beta", 12, 14, 16, 18)), None, BOB,
    )
    yield recording(
        "tenants whose names differ in one character are folded apart",
        4, head(10, 0, *owners("acme", 4, 5), *owners("acme.", 6, 7)), ("acme-", "owner", "x"),
    )
    yield recording(
        "epochs go on beyond 2^32",
        4, head(2**32 - 1, 2**32 - 5, at(2**32 - 2, BOB)), KEY, SECRET,
    )
    yield recording(
        "a higher incarnation counts on from its own epoch",
        4, head(500, 500, incarnation=3), SECRET,
    )


def many(count):
    """So many entries of one tenant, from epoch 1 on."""
    return [[epoch, "a", "key", f"k{epoch}"] for epoch in range(1, count + 1)]


def bound_rows():
    yield recording(
        "at the bound of 1,024 one entry more folds the fullest tenant",
        1024, head(1024, 0, *many(1024)), ("b", "key", "k"),
    )
    yield recording(
        "at the bound of 1,024 a null leaves all entries", 1024, head(1024, 0, *many(9)), None,
    )


# Answering


def answering(why, before, asker):
    return why, "head.answer", {"head": before, "asker": asker}


def answer_rows():
    full = head(60, 12, at(44, ACME), at(51, BOB), at(52, SECRET))
    yield answering("an asker in step is told what is above its epoch", full, [1, 51])
    yield answering("an asker without a head gets the whole list", full, [0, 0])
    yield answering("an asker at the ledger's epoch gets no entries", full, [1, 60])
    yield answering("an asker one epoch behind the last entry gets just that entry", full, [1, 50])
    yield answering("an asker exactly at the floor gets all entries, since being the floor", full, [1, 12])
    yield answering("an asker one below the floor gets a whole answer", full, [1, 11])
    yield answering("an asker one above the floor is answered from its own epoch", full, [1, 13])
    yield answering("an asker one ahead of the ledger gets a whole answer", full, [1, 61])
    yield answering(
        "an asker of a lower incarnation gets a whole answer although its epoch would fit",
        {**full, "head": [2, 60]}, [1, 51],
    )
    yield answering(
        "an asker of a higher incarnation gets a whole answer although its epoch would fit",
        full, [2, 51],
    )
    yield answering(
        "a ledger without entries and with floor equal to epoch answers its floor",
        head(500, 500, incarnation=3), [2, 900],
    )


# Merging


def merging(why, before, answer, travel_ms=50, bound=8):
    return why, "head.merge", {"bound": bound, "reader": before, "answer": answer, "travel_ms": travel_ms}


def merge_rows():
    whole = answered(60, 12, 12, at(44, ACME), at(51, BOB))
    delta = answered(60, 12, 50, at(51, BOB), at(60, KEY))
    own = reader(50, 12, at(44, ACME), at(49, SECRET), age=300)

    yield merging(
        "an answer that arrives at an age of exactly 1,000 ms is taken",
        own, {**delta, "age_ms": 900}, 100,
    )
    yield merging(
        "an answer that arrives at an age of 1,001 ms has failed",
        own, {**delta, "age_ms": 900}, 101,
    )
    yield merging("travel alone can make an answer fail", own, {**delta, "age_ms": 0}, 1001)
    yield merging(
        "a reader without a head takes nothing from an answer too old",
        None, {**whole, "age_ms": 1001}, 0,
    )
    yield merging(
        "too old is looked at before the incarnation",
        own, {**whole, "head": [2, 60], "age_ms": 2000},
    )
    yield merging("a reader without a head adopts a whole answer", None, whole)
    yield merging("a reader without a head cannot take a delta", None, delta)
    yield merging(
        "an answer of a lower incarnation is discarded even if its epoch is higher",
        {**own, "head": [2, 50]}, whole,
    )
    yield merging(
        "a whole answer of a higher incarnation restarts the reader, whose floor and entries go",
        own, answered(9, 7, 7, at(8, BOB), incarnation=2),
    )
    yield merging(
        "a delta of a higher incarnation is a gap",
        own, answered(60, 12, 50, at(51, BOB), incarnation=2),
    )
    yield merging(
        "an answer one epoch behind is discarded and renews nothing",
        own, answered(49, 12, 12, at(44, ACME), age=0), 0,
    )
    yield merging("an answer behind is discarded with its higher floor", own, answered(49, 45, 45, age=0), 0)
    yield merging("the same epoch, younger: the age is taken over", own, answered(50, 12, 50, age=100), 199)
    yield merging("the same epoch, as old as the reader: discarded", own, answered(50, 12, 50, age=100), 200)
    yield merging("the same epoch, older: discarded", own, answered(50, 12, 50, age=100), 201)
    yield merging(
        "the same epoch with a higher floor: the entries at or below it leave, and it is younger",
        own, answered(50, 44, 50, age=0), 0,
    )
    yield merging("the same epoch, not younger: the floor still rises", own, answered(50, 49, 50, age=300), 0)
    yield merging("the same epoch with a lower floor: the floor stays", own, answered(50, 3, 50, age=0), 0)
    yield merging(
        "the same epoch and a whole answer: its entries are not taken",
        own, answered(50, 12, 12, at(44, BOB), age=0), 0,
    )
    yield merging("a delta from the reader's own epoch is recorded", own, delta)
    yield merging(
        "a delta from one epoch above the reader's is a gap",
        own, answered(60, 12, 51, at(60, KEY)),
    )
    yield merging("a gap leaves age and floor as they were", own, answered(60, 40, 51, at(60, KEY), age=0), 0)
    yield merging("a whole answer closes any gap", own, answered(60, 55, 55, at(58, BOB)))
    yield merging("a whole answer replaces the list, so a subject that it lacks is gone", own, whole)
    yield merging("a delta from below the reader's epoch is taken", own, answered(60, 12, 45, at(58, BOB)))
    yield merging(
        "a delta's entry replaces the older one of its subject",
        own, answered(60, 12, 50, at(55, SECRET)),
    )
    yield merging(
        "a delta with a higher floor: entries at or below the floor leave",
        own, answered(60, 44, 50, at(51, BOB)),
    )
    yield merging(
        "a delta with a lower floor leaves the reader's floor",
        own, answered(60, 3, 50, at(51, BOB)),
    )
    yield merging("a delta without entries moves the epoch", own, answered(51, 12, 50))
    yield merging(
        "a delta of which the reader has a part already: each subject stands once and in order",
        reader(50, 12, at(44, ACME), at(49, SECRET)),
        answered(60, 12, 43, at(44, ACME), at(49, SECRET), at(57, BOB)),
    )
    yield merging(
        "what a sender folded at or below the reader's epoch is not recorded: the reader has it unfolded",
        reader(50, 12, *owners("acme", 44, 45)), answered(60, 12, 43, at(45, ACME), at(57, BETA_BOB)),
    )
    yield merging(
        "an entry of a delta at the reader's very epoch is not recorded",
        reader(50, 12, at(50, BOB)), answered(60, 12, 49, at(50, ACME), at(57, BETA_BOB)),
    )
    yield merging(
        "a delta that overflows the reader's bound is folded as the ledger folds",
        reader(50, 12, *owners("acme", 41, 42, 43), *owners("beta", 45)),
        answered(60, 12, 50, at(51, BETA_BOB), at(60, KEY)), bound=4,
    )
    yield merging(
        "a delta that overflows a bound where every tenant has one entry raises the reader's own floor",
        reader(50, 12, *owners("a", 41), *owners("b", 42), *owners("c", 43), *owners("d", 45)),
        answered(60, 12, 50, at(51, BETA_BOB)), bound=4,
    )
    full = reader(50, 12, *owners("acme", 41, 42), *owners("beta", 43, 45))
    yield merging(
        "entries that the reader has do not fold its full list, whatever the sender made of them",
        full, answered(60, 12, 40, at(42, ACME), at(45, ("beta", "tenant", "")), at(57, ("acme", "owner", "o41"))),
        bound=4,
    )
    yield merging(
        "a delta is folded entry by entry: what folds first is recorded apart when it changes again",
        full, answered(60, 12, 50, at(51, GAMMA), at(53, BOB), at(54, BETA_BOB), at(57, KEY)), bound=4,
    )
    yield merging(
        "a delta from below the reader's floor: what lies below its epoch stays away, the floor stays",
        reader(50, 40, at(44, ACME)), answered(60, 3, 5, at(8, BOB), at(44, ACME), at(57, BETA_BOB)),
    )
    yield merging(
        "a whole answer whose entries all lie at or below the reader's floor leaves an empty list",
        reader(50, 49, at(50, KEY)), answered(60, 12, 12, at(44, ACME), at(49, BOB)),
    )
    yield merging(
        "a restart takes a floor below the reader's: a floor holds within its incarnation",
        reader(50, 40, at(44, ACME)), answered(60, 12, 12, at(30, BOB), incarnation=2),
    )
    yield merging(
        "a fold comes before the higher floor removes what caused it",
        reader(50, 12, *owners("beta", 41, 42, 45), *owners("acme", 46)),
        answered(60, 44, 50, at(51, KEY)), bound=4,
    )
    yield merging(
        "the age taken over is that of arrival, not that of sending",
        own, {**delta, "age_ms": 7}, 35,
    )
    yield merging(
        "a younger reader adopts an older answer of a higher epoch",
        {**own, "age_ms": 0}, {**delta, "age_ms": 900}, 99,
    )
    yield merging(
        "a whole answer with a floor below the reader's keeps the higher floor",
        reader(50, 40, at(44, ACME)), answered(60, 12, 12, at(44, ACME), at(51, BOB)),
    )
    yield merging(
        "a whole answer with a floor below the reader's: entries at or below the higher floor leave",
        reader(50, 44, at(49, SECRET)), answered(60, 12, 12, at(44, ACME), at(51, BOB)),
    )


# Freshness


def fresh(why, age_ms, failed_ms_ago, max_staleness_ms=10_000):
    return why, "head.freshness", {
        "age_ms": age_ms, "failed_ms_ago": failed_ms_ago, "max_staleness_ms": max_staleness_ms,
    }


def freshness_rows():
    yield fresh("an age of 0 is fresh", 0, None)
    yield fresh("an age of 500 ms is fresh", 500, None)
    yield fresh("an age of 501 ms is to be renewed", 501, None)
    yield fresh("an age of 1,000 ms is to be renewed", 1000, None)
    yield fresh("an age of 1,001 ms without a failed read waits", 1001, None)
    yield fresh("a read that failed just now does not matter at 500 ms", 500, 0)
    yield fresh("a read that failed just now does not matter at 1,000 ms", 1000, 0)
    yield fresh("a read that failed just now flags an age of 1,001 ms", 1001, 0)
    yield fresh("a read that failed 249 ms ago still flags", 5000, 249)
    yield fresh("a read that failed 250 ms ago does not count any more: ask again", 5000, 250)
    yield fresh("an age of exactly max_staleness is flagged", 10_000, 100)
    yield fresh("an age one above max_staleness is lost", 10_001, 100)
    yield fresh("above max_staleness without a failed read: ask first", 10_001, None)
    yield fresh("above max_staleness with a failure 250 ms ago: ask first", 10_001, 250)
    yield fresh("with max_staleness at its lowest nothing is ever flagged", 1001, 0, 1000)
    yield fresh("with max_staleness at its highest an hour is flagged", 3_600_000, 0, 3_600_000)
    yield fresh("one above the highest max_staleness is lost", 3_600_001, 0, 3_600_000)
    yield fresh("no head and no failed read: ask", None, None)
    yield fresh("no head and a read failed 249 ms ago: lost, whatever max_staleness is", None, 249, 3_600_000)
    yield fresh("no head and a read failed 250 ms ago: ask again", None, 250)


# The one rule


RECORD = {"tenant": "acme", "owner": "bob", "key": "key_1", "lookup": LOOKUP}


def checking(why, before, as_of, **other):
    return why, "head.check", {"head": before, "record": {"as_of": as_of, **RECORD, **other}}


def checking_absence(why, before, as_of, lookup=LOOKUP):
    return why, "head.check", {"head": before, "record": {"as_of": as_of, "lookup": lookup}}


def check_rows():
    none = head(60, 12)
    yield checking("a record that no entry concerns is current and raised to the head's epoch", none, [1, 20])
    yield checking("a record at the head's epoch is current as it is", none, [1, 60])
    yield checking("a record ahead of the head in epoch is current and not lowered", none, [1, 61])
    yield checking("a record of a higher incarnation: the head is behind, whatever the epochs", none, [2, 1])
    yield checking(
        "a record of a lower incarnation is outdated, whatever the epochs",
        {**none, "head": [2, 60]}, [1, 99],
    )
    yield checking("a record exactly at the floor is current", none, [1, 12])
    yield checking("a record one below the floor is outdated", none, [1, 11])
    for kind, subject in (("tenant", ACME), ("owner", BOB), ("key", KEY), ("lookup", SECRET)):
        yield checking(
            f"a record at the epoch of the entry of its {kind} is current",
            head(60, 12, at(30, subject)), [1, 30],
        )
        yield checking(
            f"a record one below the entry of its {kind} is outdated",
            head(60, 12, at(30, subject)), [1, 29],
        )
    yield checking(
        "an entry of another tenant's owner bob does not concern it",
        head(60, 12, at(30, BETA_BOB)), [1, 20],
    )
    yield checking(
        "an entry of another tenant's key of the same id does not concern it",
        head(60, 12, at(30, ("beta", "key", "key_1"))), [1, 20],
    )
    yield checking(
        "an entry of its lookup id under another tenant does not concern a record",
        head(60, 12, at(30, ("beta", "lookup", LOOKUP))), [1, 20],
    )
    yield checking(
        "an entry of another tenant as a whole does not concern a record",
        head(60, 12, at(30, GAMMA)), [1, 20],
    )
    yield checking(
        "an owner called as the key is another subject",
        head(60, 12, at(30, ("acme", "owner", "key_1"))), [1, 20],
    )
    yield checking(
        "a key called as the owner is another subject",
        head(60, 12, at(30, ("acme", "key", "bob"))), [1, 20],
    )
    yield checking(
        "an id that begins with the record's is another subject",
        head(60, 12, at(30, ("acme", "key", "key_12"))), [1, 20],
    )
    yield checking(
        "an id that the record's begins with is another subject",
        head(60, 12, at(30, ("acme", "key", "key_"))), [1, 20],
    )
    yield checking(
        "an id in another case is another subject",
        head(60, 12, at(30, ("acme", "owner", "Bob"))), [1, 20],
    )
    yield checking(
        "a lookup that differs in the last digit is another subject",
        head(60, 12, at(30, ("acme", "lookup", LOOKUP[:-1] + "9"))), [1, 20],
    )
    yield checking(
        "newer than one of its entries is not enough: the newest counts",
        head(60, 12, at(30, ACME), at(40, KEY)), [1, 35],
    )
    yield checking(
        "a record at its newest entry among others' newer ones is current",
        head(60, 12, at(30, ACME), at(40, KEY), at(55, BETA_BOB)), [1, 40],
    )
    yield checking(
        "a tenant whose name begins with the record's is another tenant",
        head(60, 12, at(30, ("acme2", "tenant", "")), at(31, ("acme2", "key", "key_1"))), [1, 20],
    )
    yield checking(
        "tenant and owner of one name are told apart by kind",
        head(60, 12, at(30, ("acme", "owner", "acme"))), [1, 20],
    )
    yield checking(
        "an owner called as its tenant is found by its own entry",
        head(60, 12, at(30, ("acme", "owner", "acme"))), [1, 20], owner="acme",
    )

    yield checking_absence("an absence that passes is current and not raised", none, [1, 20])
    yield checking_absence("an absence of a higher incarnation: the head is behind", none, [2, 20])
    yield checking_absence(
        "an absence of a lower incarnation is outdated",
        {**none, "head": [2, 60]}, [1, 20],
    )
    yield checking_absence("an absence at the floor is current", none, [1, 12])
    yield checking_absence("an absence below the floor is outdated", none, [1, 11])
    yield checking_absence(
        "an entry of its lookup id of any tenant outdates an absence",
        head(60, 12, at(30, ("beta", "lookup", LOOKUP))), [1, 29],
    )
    yield checking_absence(
        "an absence at the entry of its lookup id is current",
        head(60, 12, at(30, SECRET)), [1, 30],
    )
    yield checking_absence(
        "an entry of another lookup id does not concern an absence",
        head(60, 12, at(30, SECRET)), [1, 29], OTHER_LOOKUP,
    )
    yield checking_absence(
        "an entry of any tenant as a whole outdates an absence",
        head(60, 12, at(30, GAMMA)), [1, 29],
    )
    yield checking_absence(
        "an absence at the newest tenant entry is current",
        head(60, 12, at(20, ACME), at(30, GAMMA)), [1, 30],
    )
    yield checking_absence(
        "an absence between two tenant entries is outdated",
        head(60, 12, at(20, ACME), at(30, GAMMA)), [1, 25],
    )
    yield checking_absence(
        "entries of owners and keys do not concern an absence",
        head(60, 12, at(30, BOB), at(31, KEY)), [1, 20],
    )
    yield checking_absence("an absence ahead of the head in epoch is current as it is", none, [1, 61])


def rows():
    yield from record_rows()
    yield from bound_rows()
    yield from answer_rows()
    yield from merge_rows()
    yield from freshness_rows()
    yield from check_rows()


# Random cases

TENANTS = ("acme", "beta", "t3", "t4", "t5", "t6", "t7", "t8", "t9")
IDS = ("a", "b", "bob", "key_1")
LOOKUPS = (LOOKUP, OTHER_LOOKUP)


def random_subject(rng, tenants=TENANTS):
    kind = rng.choice(("lookup", "key", "owner", "tenant"))
    name = "" if kind == "tenant" else rng.choice(LOOKUPS if kind == "lookup" else IDS)
    return [rng.choice(tenants), kind, name]


def random_entries(rng, above, epoch, entries_max):
    """Entries of different subjects, in ascending order of epochs above `above`."""
    tenants = TENANTS[: rng.choice((1, 2, 3, 9))]
    subjects = {tuple(random_subject(rng, tenants)) for _ in range(rng.randint(0, entries_max))}
    epochs = sorted(rng.sample(range(above + 1, epoch + 1), min(len(subjects), epoch - above)))
    shuffled = rng.sample(sorted(subjects), len(epochs))
    return [[number, *subject] for number, subject in zip(epochs, shuffled)]


def random_head(rng, entries_max=8):
    floor = rng.randint(1, 20)
    epoch = floor + rng.randint(0, 25)
    entries = random_entries(rng, floor, epoch, entries_max)
    return {"head": [rng.choice((1, 2, 2, 2, 3)), epoch], "floor": floor, "entries": entries}


def random_stamp(rng):
    return [rng.choice((1, 2, 2, 2, 2, 3)), rng.randint(1, 46)]


def random_record(rng):
    bound = rng.choice((4, 8, 8))
    changes = [None if rng.random() < 0.1 else random_subject(rng) for _ in range(rng.randint(0, 20))]
    return "head.record", {"bound": bound, "head": random_head(rng, bound), "changes": changes}


def random_answer(rng):
    return "head.answer", {"head": random_head(rng), "asker": random_stamp(rng)}


def random_merge(rng):
    """What a reader and a ledger with one history say to each other; now and then two unrelated heads."""
    bound = rng.choice((4, 8))
    before = random_head(rng, bound)
    ledger = before
    if rng.random() < 0.8:
        changes = [None if rng.random() < 0.1 else random_subject(rng) for _ in range(rng.randint(0, 8))]
        ledger = head_module.record({"bound": bound, "head": before, "changes": changes})
    else:
        ledger = random_head(rng, bound)
    if rng.random() < 0.1:
        before, ledger = ledger, before
    floor = ledger["floor"]
    if rng.random() < 0.2:
        floor = rng.randint(floor, ledger["head"][1])
    since = rng.choice((floor, max(floor, before["head"][1]), rng.randint(floor, ledger["head"][1])))
    answer = {
        "head": ledger["head"],
        "floor": floor,
        "since": min(since, ledger["head"][1]),
        "age_ms": rng.choice((0, 50, 100, 300, 900, 1000)),
        "entries": head_module.above(ledger["entries"], since),
    }
    known = {**before, "age_ms": rng.choice((0, 100, 300, 999, 5000))}
    return "head.merge", {
        "bound": bound,
        "reader": known if rng.random() < 0.95 else None,
        "answer": answer,
        "travel_ms": rng.choice((0, 0, 1, 100, 200)),
    }


def random_freshness(rng):
    staleness = rng.choice((1000, 1001, 10_000, 3_600_000))
    near = (None, 0, 499, 500, 501, 999, 1000, 1001, staleness - 1, staleness, staleness + 1)
    return "head.freshness", {
        "age_ms": rng.choice(near),
        "failed_ms_ago": rng.choice((None, 0, 249, 250, 251)),
        "max_staleness_ms": staleness,
    }


def random_check(rng):
    found = {"as_of": random_stamp(rng), "lookup": rng.choice(LOOKUPS)}
    if rng.random() < 0.7:
        found |= {"tenant": rng.choice(TENANTS[:3]), "owner": rng.choice(IDS), "key": rng.choice(IDS)}
    return "head.check", {"head": random_head(rng), "record": found}


def random_case(rng):
    """A case of any op; recording, merging and checking most often."""
    often = rng.choice((random_record, random_merge, random_check))
    return rng.choice((often, often, often, random_answer, random_freshness))(rng)
