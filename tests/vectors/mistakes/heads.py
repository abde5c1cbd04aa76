"""Mistakes about the head (docs/spec/head.md)."""

from . import mistakes_of

MISTAKES = mistakes_of(
    "head",
    ("if subject_of(old) != subject_of(entry)]", "if old[2:] != entry[2:]]", "bob of one tenant is bob of another"),
    ("if len(entries) > bound:", "if len(entries) >= bound:", "a list is folded one entry too early"),
    ("(-count[tenant], newest[tenant])", "(-count[tenant], -newest[tenant])", "of equals the newest tenant is folded"),
    ("return entries[1:], epoch_of(oldest)", "return entries[1:], floor", "the floor stays where an entry was dropped"),
    ('folded = [newest[fullest], fullest, "tenant", ""]', 'folded = [epoch_of(entries[-1]), fullest, "tenant", ""]',
     "a folded tenant takes the newest epoch of the list"),
    ('head["floor"] <= arg["asker"][1] <= epoch', 'arg["asker"][1] <= epoch', "an asker below the floor is answered in part"),
    ("if age_ms > ARRIVAL_AGE_MAX_MS:", "if age_ms >= ARRIVAL_AGE_MAX_MS:", "1,000 ms of arrival age are too old"),
    ('arrival_age_ms = answered["age_ms"] + arg["travel_ms"]', 'arrival_age_ms = answered["age_ms"]',
     "the way of an answer does not age it"),
    ("    if epoch < own_epoch:", "    if epoch < own_epoch - 1:", "an older answer is accepted"),
    ('if age_ms < reader["age_ms"]:', 'if age_ms <= reader["age_ms"]:', "an answer of the same age is younger"),
    ('if answered["since"] <= own_epoch:', 'if answered["since"] <= own_epoch + 1:', "a gap of one epoch is no gap"),
    ('    floor = max(floor, answered["floor"])', '    floor = max(reader["floor"], answered["floor"])',
     "the floor that a fold raised is forgotten"),
    ('for entry in above(answered["entries"], reader["head"][1]):', 'for entry in answered["entries"]:',
     "entries that the reader has are recorded again"),
    ('failed_ms_ago"] >= FAILURE_COUNTS_MS', 'failed_ms_ago"] > FAILURE_COUNTS_MS', "a failure counts at 250 ms"),
    ('age_ms <= arg["max_staleness_ms"]', 'age_ms < arg["max_staleness_ms"]', "max_staleness itself is too stale"),
    ('return kind == "tenant" or (kind == "lookup" and name == absence["lookup"])',
     'return kind == "lookup" and name == absence["lookup"]', "a folded tenant does not concern an absence"),
    ('return {"check": "current", "as_of": found["as_of"]}', 'return {"check": "current", "as_of": head["head"]}',
     "an absence is raised"),
    ('own_epoch < head["floor"]', 'own_epoch <= head["floor"]', "a record at the floor is outdated"),
    ('"as_of": [incarnation, max(own_epoch, epoch)]', '"as_of": [incarnation, epoch]', "a newer record is lowered"),
) + mistakes_of(
    "headtext",
    ("if not last < number <= epoch", "if not last <= number <= epoch", "two entries of one epoch, or one at since"),
    ('fields["floor"] <= fields["since"] <= epoch', 'fields["floor"] <= epoch and fields["since"] <= epoch',
     "since below the floor"),
    ("or tuple(subject) in subjects:", "or False:", "two entries of one subject"),
    ('        return name == ""', "        return True", "a tenant entry with an id"),
) + mistakes_of(
    "sealed",
    ("if len(data) > form.text_max:", "if len(data) >= form.text_max:", "the longest text is too long"),
    ("form.domain + body).hex()", "body).hex()", "heads and records are sealed alike"),
)
