"""Writing a schedule of `engine.run`: who comes when, and what must come of it.

The word that is expected is written by hand beside each instant, from the page; the reference must come to
the same, or there is no row.
"""

import itertools

from .. import engine, head
from .decisions import limit, quota, record

T0 = 1_790_000_000_000
M0 = 5_000
HOLDER = "01" * 16
HEAD = {"head": [1, 50], "floor": 0, "entries": []}
SETTINGS = {"max_staleness_ms": 10_000, "store_deadline_ms": 50, "replica": False, "background": True}
WHOLE_MAX = 20


def steady(burst, rate, period_ms, name="burst", scope="key"):
    return {**limit(name, scope, burst), "rate": rate, "period_ms": period_ms}


def counted(count, each, name="calls"):
    return quota(name, each=each, count=count)


def of_key(number=0, **fields):
    """The record of a key, without its lookup id: that is of the key that was presented."""
    made = record(**{"key": f"key_{number}", "as_of": HEAD["head"], **fields})
    return {name: value for name, value in made.items() if name != "lookup"}


def word(decided):
    if isinstance(decided, str):
        return decided
    if decided["step"] == "allow":
        return "flagged" if decided["flagged"] else "allow"
    return decided["code"]


class Story:
    """One gate and its stores."""

    def __init__(self, *records, start=T0, holder=HOLDER, skew=0, **settings):
        self.settings = {**SETTINGS, **settings}
        self.holder, self.start, self.skew = holder, start, skew
        self.records = dict(enumerate(records or [of_key()]))
        self.head = HEAD
        self.gate = engine.Gate(self.settings, holder)
        self.steps, self.open, self.last, self.arrivals = [], [], None, 0

    def at(self, ms):
        wall, mono = ms if isinstance(ms, tuple) else (ms, ms)
        return [self.start + wall, M0 + mono]

    def step(self, step):
        self.steps.append(step)
        self.last = self.gate.step(step)
        self.open += self.last["asked"]
        return self.last

    def change(self, *subject, **fields):
        """A change in the ledger: the next epoch, an entry, and what is read of every key from then on."""
        incarnation, epoch = self.head["head"]
        entry = [epoch + 1, "acme", *subject]
        self.head = {**self.head, "head": [incarnation, epoch + 1], "entries": [*self.head["entries"], entry]}
        for number, of in self.records.items():
            matches = subject[0] == "tenant" or of[subject[0]] == subject[1]
            self.records[number] = {**of, **(fields if matches else {})}

    # Requests

    def come(self, ms, expect, key=0, cost=1, address="192.0.2.7", country="DE", required=(), asks=None):
        self.arrivals += 1
        asked = {"key": key, "address": address, "country": country, "required": list(required), "cost": cost}
        out = self.step({"at": self.at(ms), "arrive": asked})
        self.check(expect, word(out["said"]), ms)
        self.check_asked(asks)
        return self

    def settled(self, ms, expect, leases=None, records=None, **more):
        """A request, with everything that it asks answered at the same instant."""
        before = len(self.steps)
        self.arrivals += 1
        asked = {"key": 0, "address": "192.0.2.7", "country": "DE", "required": [], "cost": 1, **more}
        out = self.step({"at": self.at(ms), "arrive": asked})
        said, asking = word(out["said"]), list(out["asked"])
        for _ in range(WHOLE_MAX):
            if not self.open:
                break
            out = self.answer(ms, self.open[0])
            asking += out["asked"]
            said = next((word(told) for number, told in out["told"] if number == self.arrivals), said)
        self.check(expect, said, ms)
        for of, count in (("lease", leases), ("record", records)):
            if count is not None:
                self.check(f"{count} {of}", f"{sum(one['of'] == of for one in asking)} {of}", ms)
        return len(self.steps) - before

    def warm(self, ms=0, expect="allow", **more):
        self.settled(ms, expect, **more)
        return self

    # Time and answers

    def tick(self, ms, *told, asks=None):
        out = self.step({"at": self.at(ms)})
        self.check(list(told), [word(said) for _, said in out["told"]], ms)
        self.check_asked(asks)
        return self

    def new_holder(self, holder="02" * 16):
        self.step({"holder": holder})
        return self

    def reply(self, ms, errand, processed=None, **head_fields):
        since = head.answer({"head": self.head, "asker": errand["since"]})
        told = {**self.head, **since, "age_ms": 0, **head_fields}
        if errand["of"] == "head":
            return {"head": told}
        if errand["of"] == "record":
            found = self.records.get(errand["key"])
            found = {**found, "as_of": self.head["head"]} if found else {"absent": self.head["head"]}
            return {"record": found, "head": told}
        return {"lease": {"now": self.at(ms if processed is None else processed)[0] + self.skew}, "head": told}

    def answer(self, ms, errand=None, of=None, reply=None, **head_fields):
        if errand is None:
            errand = next(one for one in self.open if of in (None, one["of"]))
        self.open.remove(errand)
        reply = reply or self.reply(ms, errand, **head_fields)
        return self.step({"at": self.at(ms), "deliver": errand["errand"], "reply": reply})

    def answers(self, ms, *told, of=None, **more):
        """An answer, and what those who waited are told."""
        out = self.answer(ms, of=of, **more)
        self.check(list(told), [word(said) for _, said in out["told"]], ms)
        return self

    def answered(self, ms):
        """Everything that is open, until nothing is."""
        for _ in itertools.takewhile(lambda _: self.open, range(WHOLE_MAX)):
            self.answer(ms, self.open[0])
        return self

    def drop(self):
        """What is open is never answered."""
        self.open = []
        return self

    # Rows

    def check(self, expected, found, ms):
        if expected != found:
            raise AssertionError(f"at {ms}: by hand {expected}, the reference {found}: {self.last}")

    def check_asked(self, asks):
        if asks is not None:
            self.check(list(asks), [one["of"] for one in self.last["asked"]], "this step")

    def row(self, why):
        return why, "engine.run", {"settings": self.settings, "holder": self.holder, "steps": list(self.steps)}
