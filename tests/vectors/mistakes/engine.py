"""Mistakes about a gate between requests (docs/spec/gate.md)."""

from . import mistakes_of

MISTAKES = mistakes_of(
    "engine",
    ("ABSENCE_MS = 10_000", "ABSENCE_MS = 10_001", "an absence lives a millisecond too long"),
    ("PAUSE_MS = 250", "PAUSE_MS = 251", "a head is not renewed at the end of the pause"),
    ("self.holder = self.age = self.read = None", "self.holder = self.read = None", "a head is as young after a freeze as before"),
    ("        self.head_queue, self.fetches = [], {}", "        self.head_queue = []", "a fetch from before a freeze is joined after it"),
    ("            late_ms = since(self.read.started, self.now) - deadline_ms", "            late_ms = since(self.read.started, self.now) - deadline_ms - 1",
     "a head is waited for a millisecond longer"),
    ("self.head_failure(Reading(started.wall + deadline_ms, started.mono + deadline_ms))", "self.head_failure(self.now)",
     "a read fails when that is noticed"),
    ('        cold = fields["key"] not in self.records and presented == "unknown"', "        cold = False",
     "a cold key waits for the head before its record is asked for"),
    ('        if freshness == "renew":', '        if freshness == "await":', "a head is renewed only when it is too old"),
    ('return bucket.ceiling(deadline_ms, 2) if source == "replica" else deadline_ms', "return deadline_ms",
     "a replica that hangs takes all the time"),
    ('            if reply["head"] is not None and errand.source == "authority":', "            if False:",
     "the authority's head is not heard with a record"),
    ('            outdated = self.reader is not None and self.checked(record)["check"] == "outdated"', "            outdated = False",
     "what a replica gives is used though the head knows better"),
    ('"sent": errand.sent}', '"sent": self.now}', "an absence is as young as its answer"),
    ('self.age = (answered["age_ms"], sent)', 'self.age = (answered["age_ms"], self.now)', "a head is as young as its answer"),
    ("        at_ms = end_ms if message.repeated else min(bucket.ceiling(deadline_ms, 2), end_ms)", "        at_ms = end_ms",
     "a message is never repeated"),
    ("                held.purse.take(cost, self.now)", "                held.purse.take(1, self.now)", "every request costs one token"),
)
