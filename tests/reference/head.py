"""The head: recording, answering, merging, freshness and the one rule (docs/spec/head.md).

A head is a dictionary `{"head": [incarnation, epoch], "floor": n, "entries": [...]}`; an entry is a list
`[epoch, tenant, kind, id]`. Functions return new heads and leave their arguments as they are. The text
of an answer and its seal are in `headtext`.
"""

from . import headtext

ARRIVAL_AGE_MAX_MS = 1_000
FRESH_MS = 500
RENEW_MS = 1_000
FAILURE_COUNTS_MS = 250


def epoch_of(entry):
    """The epoch of an entry."""
    return entry[0]


def tenant_of(entry):
    """The tenant of an entry."""
    return entry[1]


def subject_of(entry):
    """What an entry is about: tenant, kind and id, compared whole."""
    return entry[1:]


# The list of entries


def record_entry(entries, floor, entry, bound):
    """Records one entry, newer than all others; returns the entries and the floor."""
    entries = [old for old in entries if subject_of(old) != subject_of(entry)]
    entries.append(entry)
    if len(entries) > bound:
        return fold(entries, floor)
    return entries, floor


def fold(entries, floor):
    """Shortens a list by folding its fullest tenant, or by letting its oldest entry go."""
    newest, count = {}, {}
    for entry in entries:
        tenant = tenant_of(entry)
        newest[tenant] = epoch_of(entry)
        count[tenant] = count.get(tenant, 0) + 1
    fullest = min(count, key=lambda tenant: (-count[tenant], newest[tenant]))
    if count[fullest] == 1:
        oldest = entries[0]
        return entries[1:], epoch_of(oldest)
    folded = [newest[fullest], fullest, "tenant", ""]
    others = [entry for entry in entries if tenant_of(entry) != fullest]
    return sorted(others + [folded], key=epoch_of), floor


def above(entries, epoch):
    """The entries above an epoch."""
    return [entry for entry in entries if epoch_of(entry) > epoch]


def record(arg):
    """`head.record`: each change takes the next epoch; null leaves no entry."""
    head = arg["head"]
    incarnation, epoch = head["head"]
    entries, floor = head["entries"], head["floor"]
    for change in arg["changes"]:
        epoch += 1
        if change is not None:
            entries, floor = record_entry(entries, floor, [epoch, *change], arg["bound"])
    return {"head": [incarnation, epoch], "floor": floor, "entries": entries}


def answer(arg):
    """`head.answer`: what the ledger tells somebody who has the head named by `asker`."""
    head = arg["head"]
    incarnation, epoch = head["head"]
    since = head["floor"]
    if arg["asker"][0] == incarnation and head["floor"] <= arg["asker"][1] <= epoch:
        since = arg["asker"][1]
    return {"since": since, "entries": above(head["entries"], since)}


# Merging an answer


def is_whole(answered):
    """Whether an answer can be taken by a reader that knows nothing."""
    return answered["since"] == answered["floor"]


def adopt(answered, age_ms, floor):
    """The reader that a whole answer makes."""
    return {
        "head": answered["head"],
        "floor": floor,
        "entries": above(answered["entries"], floor),
        "age_ms": age_ms,
    }


def add_delta(reader, answered, age_ms, bound):
    """The reader after a delta: what is new to it is recorded as the ledger records it."""
    entries, floor = reader["entries"], reader["floor"]
    for entry in above(answered["entries"], reader["head"][1]):
        entries, floor = record_entry(entries, floor, entry, bound)
    floor = max(floor, answered["floor"])
    return {
        "head": answered["head"],
        "floor": floor,
        "entries": above(entries, floor),
        "age_ms": age_ms,
    }


def merge_same_epoch(reader, answered, age_ms):
    """An answer at the reader's own epoch may raise its floor, and may be younger."""
    floor = max(reader["floor"], answered["floor"])
    raised = {**reader, "floor": floor, "entries": above(reader["entries"], floor)}
    if age_ms < reader["age_ms"]:
        return "younger", {**raised, "age_ms": age_ms}
    return "discarded", raised


def merge_reader(reader, answered, age_ms, bound):
    """The outcome of an opened answer, and what the reader is afterwards."""
    if age_ms > ARRIVAL_AGE_MAX_MS:
        return "failed", reader
    if reader is None:
        if is_whole(answered):
            return "adopted", adopt(answered, age_ms, answered["floor"])
        return "gap", reader
    incarnation, epoch = answered["head"]
    own_incarnation, own_epoch = reader["head"]
    if incarnation < own_incarnation:
        return "discarded", reader
    if incarnation > own_incarnation:
        if is_whole(answered):
            return "restarted", adopt(answered, age_ms, answered["floor"])
        return "gap", reader
    if epoch < own_epoch:
        return "discarded", reader
    if epoch == own_epoch:
        return merge_same_epoch(reader, answered, age_ms)
    if is_whole(answered):
        return "adopted", adopt(answered, age_ms, max(reader["floor"], answered["floor"]))
    if answered["since"] <= own_epoch:
        return "adopted", add_delta(reader, answered, age_ms, bound)
    return "gap", reader


def merge(arg):
    """`head.merge`: what a reader does with an opened answer."""
    answered = arg["answer"]
    arrival_age_ms = answered["age_ms"] + arg["travel_ms"]
    outcome, reader = merge_reader(arg["reader"], answered, arrival_age_ms, arg["bound"])
    return {"merge": outcome, "reader": reader}


# Age, and the one rule


def freshness(arg):
    """`head.freshness`: what a reader with a head of this age does."""
    age_ms = arg["age_ms"]
    if age_ms is not None and age_ms <= FRESH_MS:
        return {"freshness": "fresh"}
    if age_ms is not None and age_ms <= RENEW_MS:
        return {"freshness": "renew"}
    if arg["failed_ms_ago"] is None or arg["failed_ms_ago"] >= FAILURE_COUNTS_MS:
        return {"freshness": "await"}
    if age_ms is not None and age_ms <= arg["max_staleness_ms"]:
        return {"freshness": "flagged"}
    return {"freshness": "lost"}


def concerns_absence(entry, absence):
    """Whether an entry counts for an absence, which knows neither tenant, owner nor key."""
    _, _, kind, name = entry
    return kind == "tenant" or (kind == "lookup" and name == absence["lookup"])


def concerns_record(entry, record):
    """Whether an entry's subject is the record's tenant, owner, key or secret."""
    _, tenant, kind, name = entry
    return tenant == record["tenant"] and (kind == "tenant" or record[kind] == name)


def check(arg):
    """`head.check`: the one rule for every record and every absence."""
    head, found = arg["head"], arg["record"]
    incarnation, epoch = head["head"]
    own_incarnation, own_epoch = found["as_of"]
    if own_incarnation > incarnation:
        return {"check": "head_behind"}
    if own_incarnation < incarnation or own_epoch < head["floor"]:
        return {"check": "outdated"}
    is_absence = "tenant" not in found
    concerns = concerns_absence if is_absence else concerns_record
    if any(concerns(entry, found) and own_epoch < epoch_of(entry) for entry in head["entries"]):
        return {"check": "outdated"}
    if is_absence:
        return {"check": "current", "as_of": found["as_of"]}
    return {"check": "current", "as_of": [incarnation, max(own_epoch, epoch)]}


OPS = {
    "head.record": record,
    "head.answer": answer,
    "head.seal": headtext.seal,
    "head.open": headtext.open_text,
    "head.merge": merge,
    "head.freshness": freshness,
    "head.check": check,
}
