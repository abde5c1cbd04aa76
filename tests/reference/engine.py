"""A gate between requests: what it decides and asks at which instant (docs/spec/gate.md).

Put together from the parts that stand alone, each of which was written from its page only: the decision, the
reader's head, the purse, the authority of a bucket. How they are put together was written by somebody who knows the
Rust, so that alone would show little: in the cases each instant has its outcome beside it, derived by hand from the
page, and there is no row where the two differ. What a gate does after a pause that it draws at random is not
modelled: no row depends on it.
"""

import copy
from dataclasses import dataclass, field

from . import bucket, decision, head, lease
from .authority import Authority
from .purse import Purse, Reading, since, usable

ENTRIES_MAX = 1_024
SLOTS = 16
CALLS_MAX = 300
ABSENCE_MS = 10_000
AGE_MAX_MS = 1_000
PAUSE_MS = 250
WAIT_MAX_MS = 3_000
HEADS_MAX = 4
RECHECK_MS = 10
NOTHING = [0, 0]

UNAVAILABLE = decision.deny("unavailable")


class Undefined(Exception):
    """The page does not say what happens then: no row may ask."""


@dataclass
class Request:
    """A request that waits, or has waited."""

    number: int
    fields: dict
    arrived: Reading
    ticket: int = 0
    heads: int = 0
    gone: bool = False


@dataclass
class Errand:
    """A question that was asked."""

    of: str
    sent: Reading
    about: object = None
    message: dict | None = None
    source: str | None = None
    closed: bool = False


@dataclass
class HeadRead:
    started: Reading
    errand: int = 0


@dataclass
class Fetch:
    """A record that is fetched, for everybody who waits for it."""

    key: int
    started: Reading
    source: str
    errand: int = 0
    waiting: list = field(default_factory=list)


@dataclass
class Held:
    """A purse, and who waits for it."""

    name: str
    purse: Purse
    queue: list = field(default_factory=list)
    open: bool = False
    repeated: bool = False
    asked: int = 0
    armed: int | None = None


class Gate:
    """Everything a gate holds between requests."""

    def __init__(self, settings: dict, holder: str):
        self.settings = settings
        self.holder: str | None = holder
        self.readings: list = []
        self.now, self.clock = Reading(0, 0), 0
        self.reader: dict | None = None
        self.age: tuple[int, Reading] | None = None
        self.failed: Reading | None = None
        self.read_failed: Reading | None = None
        self.blank = False
        self.read: HeadRead | None = None
        self.head_queue: list = []
        self.records: dict = {}
        self.absences: dict = {}
        self.fetches: dict = {}
        self.purses: dict[str, Held] = {}
        self.buckets: dict[str, Authority] = {}
        self.requests: list[Request] = []
        self.errands: list[Errand] = []
        self.tickets = 0
        self.touched: list[Held] = []
        self.asked: list = []
        self.told: list = []

    # Steps

    def step(self, step: dict) -> dict:
        self.asked, self.told, self.touched = [], [], []
        if "holder" in step:
            self.holder = step["holder"]
            return self.shown(None)
        self.observe(step["at"])
        self.run_due()
        said = None
        if "arrive" in step:
            said = self.arrive(step["arrive"])
        elif "deliver" in step:
            self.deliver(step["deliver"], step["reply"])
        self.settle()
        return self.shown(said)

    def shown(self, said) -> dict:
        """The result of a step. Questions and verdicts of one step have no order of their own: they are sorted."""
        kinds = ("head", "record", "lease")
        order = [(kinds.index(shown["of"]), shown.get("key", 0), shown.get("bucket", "")) for _, shown in self.asked]
        asked = []
        for _, (errand, more) in sorted(zip(order, self.asked), key=lambda one: one[0]):
            self.errands.append(errand)
            number = len(self.errands)
            asked.append({"errand": number, **more})
            if errand.of == "head" and self.read:
                self.read.errand = number
            if errand.of == "record" and errand.about in self.fetches:
                self.fetches[errand.about].errand = number
        return {"said": said, "told": sorted(self.told, key=lambda one: one[0]), "asked": asked, "frozen": self.holder is None}

    def ask(self, of: str, deadline_ms: int, about=None, message=None, **more):
        stamp = NOTHING if self.blank or self.reader is None else self.reader["head"]
        if message is not None:
            more["ask"] = copy.deepcopy(message)
        shown = {"of": of, **more, "since": list(stamp), "deadline_ms": deadline_ms}
        self.asked.append((Errand(of, self.now, about, message, more.get("from")), shown))

    # Time

    def observe(self, at: list):
        frozen = bool(self.readings) and lease.was_frozen(self.readings[-1], at)
        self.readings.append(at)
        before, self.now = self.now, Reading(*lease.steady({"readings": self.readings})[-1])
        # The gate's own clock, by which it looks after its purses: it never stands still while one of the two runs.
        self.clock += since(before, self.now) if len(self.readings) > 1 else 0
        if frozen:
            self.thaw()

    def thaw(self):
        """What was held before a freeze is held no more, and nobody is answered from it."""
        self.holder = self.age = self.read = None
        self.head_queue, self.fetches = [], {}
        for held in self.purses.values():
            held.purse.void()
            held.open, held.asked, held.armed, held.queue = False, 0, None, []
        for errand in self.errands:
            errand.closed = True
        for request in self.requests:
            if not request.gone:
                self.tell(request, UNAVAILABLE)

    def run_due(self):
        while due := list(self.due()):
            min(due, key=lambda one: one[:2])[3]()
        for request in list(self.requests):
            if not request.gone and since(request.arrived, self.now) >= WAIT_MAX_MS:
                self.tell(request, UNAVAILABLE)

    def due(self):
        """What is due: how long it has been, negative, with an order for what is due at the same time."""
        deadline_ms = self.settings["store_deadline_ms"]
        if self.read:
            late_ms = since(self.read.started, self.now) - deadline_ms
            if late_ms >= 0:
                yield -late_ms, 0, ("head",), self.head_overdue
        for fetch in self.fetches.values():
            end_ms = self.part_of(fetch.source)
            late_ms = since(fetch.started, self.now) - end_ms
            if late_ms >= 0:
                yield -late_ms, 1, ("fetch", fetch.key, fetch.source), lambda fetch=fetch: self.fetch_overdue(fetch)
        for held in self.purses.values():
            if held.armed is not None and held.armed <= self.clock:
                yield held.armed - self.clock, 2, ("purse", held.name), lambda held=held: self.purse_due(held)

    def arm(self, held: Held):
        """Notes when something of a purse is due next; what was noted for earlier stays."""
        wake_ms = self.wake_ms(held.purse)
        if wake_ms is not None:
            at_ms = self.clock + (wake_ms or RECHECK_MS)
            held.armed = at_ms if held.armed is None else min(held.armed, at_ms)

    def wake_ms(self, purse: Purse) -> int | None:
        message = purse.message
        if message is None:
            living = purse.living(self.now)
            return min((max(0, one.back_ms - since(one.sent, self.now)) for one in living), default=None)
        deadline_ms = message.ask["deadline_ms"]
        end_ms = usable(deadline_ms)
        at_ms = end_ms if message.repeated else min(bucket.ceiling(deadline_ms, 2), end_ms)
        return max(0, at_ms - since(message.sent, self.now))

    def purse_due(self, held: Held):
        held.armed = None
        self.pass_time(held)
        self.send(held)
        self.arm(held)

    # Requests

    def arrive(self, fields: dict):
        request = Request(len(self.requests) + 1, fields, self.now)
        self.requests.append(request)
        step, hand = self.judge(request, failed=False)
        if step["step"] != "await":
            request.gone = True
            if step["step"] == "allow":
                self.touched += hand
            return step
        if not self.stand(request, step, hand):
            request.gone = True
            return UNAVAILABLE
        return "waits"

    def again(self, requests: list, failed: bool, origin: str):
        """Looks again at requests that have waited, each with its ticket."""
        for ticket, request in list(requests):
            if request.gone or request.ticket != ticket:
                continue
            step, hand = self.judge(request, failed)
            if step["step"] != "await":
                self.touched += hand
                self.tell(request, step)
                continue
            need = step["need"]
            if need == "tokens" and origin == "tokens":
                self.queue_up(request, hand)
                continue
            if need == "head" and origin == "head":
                request.heads += 1
            over = request.heads > HEADS_MAX or (failed and need in ("head", "record"))
            if over or not self.stand(request, step, hand):
                self.tell(request, UNAVAILABLE)

    def stand(self, request: Request, step: dict, hand: list) -> bool:
        """Lets a request wait for what its step says."""
        self.tickets += 1
        request.ticket = self.tickets
        key = request.fields["key"]
        if step["need"] == "head":
            self.want_head()
            if step["cold"]:
                self.fetch(key)
            self.head_queue.append((request.ticket, request))
        elif step["need"] == "record":
            self.fetch(key).waiting.append((request.ticket, request))
        else:
            self.queue_up(request, hand)
        return True

    def queue_up(self, request: Request, hand: list):
        for held in hand:
            if (request.ticket, request) not in held.queue:
                held.queue.append((request.ticket, request))
                held.queue.sort(key=lambda one: one[0])
        self.touched += hand

    def tell(self, request: Request, verdict: dict):
        request.gone = True
        self.told.append([request.number, verdict])

    # One look

    def judge(self, request: Request, failed: bool) -> tuple[dict, list]:
        """The step for a request now, and the purses that it is counted by."""
        if self.holder is None:
            return UNAVAILABLE, []
        fields, freshness = request.fields, self.freshness()
        presented = self.known(fields["key"])
        if presented == "unknown" and failed:
            presented = "failed"
        cold = fields["key"] not in self.records and presented == "unknown"
        hand: list = []
        step = self.decided(presented, freshness, fields, [])
        if isinstance(presented, dict) and step["step"] != "await":
            step, hand = self.metered(presented, freshness, fields, step)
        if step["step"] == "await" and step["need"] == "head":
            step = {**step, "cold": cold}
        if freshness == "renew":
            self.renew_head()
        return step, hand

    def decided(self, presented, freshness: str, fields: dict, purses: list) -> dict:
        request = {name: fields[name] for name in ("address", "country", "required", "cost")}
        return decision.decide({
            "presented": presented, "head": freshness, "purses": purses, "request": {"now": self.now.wall, **request},
        })

    def metered(self, record: dict, freshness: str, fields: dict, without: dict) -> tuple[dict, list]:
        limits = record["limits"] + record["quotas"]
        names = [self.bucket_of(record, limit, fields["address"]) for limit in limits]
        if any(name not in self.purses for name in names):
            # No purse is made for a request that is denied without one.
            if without != UNAVAILABLE or freshness == "lost" or None in names:
                return without, []
            for name, limit in zip(names, limits):
                if name not in self.purses:
                    purse = Purse(self.holder, numbers_in(limit), limit["changed"], self.settings["background"], 0)
                    self.purses[name] = Held(name, purse)
        hand, cost = [self.purses[name] for name in names], fields["cost"]
        step = self.decided(record, freshness, fields, self.standing(hand, cost))
        if step["step"] != "allow":
            learned = [held.purse.learn(numbers_in(limit), limit["changed"]) for held, limit in zip(hand, limits)]
            if any(learned):
                step = self.decided(record, freshness, fields, self.standing(hand, cost))
        if step["step"] == "allow" and cost > 0:
            for held in hand:
                held.purse.take(cost, self.now)
        return step, hand

    def standing(self, hand: list, cost: int) -> list:
        """What each purse would say to a request, as the decision takes it."""
        said = []
        for held in hand:
            spent = copy.deepcopy(held.purse).spend(cost, self.now)
            if spent == "taken":
                said.append({"tokens": cost})
            elif spent == "ask":
                said.append({"tokens": 0})
            else:
                never = spent["refused"] == bucket.NEVER
                said.append({"tokens": 0, **({"never": True} if never else {"refused_ms": spent["refused"]})})
        return said

    def bucket_of(self, record: dict, limit: dict, address: str | None) -> str | None:
        ids = {"key": record["key"], "owner": record["owner"], "ip": address}
        if limit["scope"] == "ip" and address is None:
            return None
        return bucket.name({
            "tenant": record["tenant"], "scope": limit["scope"], "id": ids.get(limit["scope"]), "limit": limit["name"],
        })

    def known(self, key: int):
        """What is known of a key: its record as far as the head vouches for it, or a word."""
        if self.reader is None:
            return "unknown"
        record = self.records.get(key)
        if record is not None:
            checked = self.checked(record)
            if checked["check"] == "current":
                record["vouched"] = checked["as_of"]
                return record
            return "unknown" if checked["check"] == "outdated" else "ahead"
        absence = self.absences.get(key)
        if absence is None or since(absence["sent"], self.now) >= ABSENCE_MS:
            return "unknown"
        checked = self.checked_absence(absence["as_of"])["check"]
        return {"current": "absent", "outdated": "unknown", "head_behind": "ahead"}[checked]

    def checked(self, record: dict) -> dict:
        named = {name: record[name] for name in ("tenant", "owner", "key")}
        return head.check({"head": self.reader, "record": {"as_of": record["vouched"], "lookup": "", **named}})

    def checked_absence(self, as_of: list) -> dict:
        return head.check({"head": self.reader, "record": {"as_of": as_of, "lookup": ""}})

    def known_since(self, key: int) -> list:
        """Up to when is known what a key is."""
        stamps = [held[field] for held, field in ((self.records.get(key), "vouched"), (self.absences.get(key), "as_of"))
                  if held is not None]
        return max(stamps, default=NOTHING)

    # The head

    def age_ms(self) -> int | None:
        return None if self.age is None else self.age[0] + since(self.age[1], self.now)

    def freshness(self) -> str:
        failed_ms_ago = None if self.failed is None else since(self.failed, self.now)
        return head.freshness({
            "age_ms": self.age_ms(), "failed_ms_ago": failed_ms_ago, "max_staleness_ms": self.settings["max_staleness_ms"],
        })["freshness"]

    def want_head(self):
        if self.read is None:
            self.read = HeadRead(self.now)
            self.ask("head", self.settings["store_deadline_ms"])

    def renew_head(self):
        if self.read_failed is None or since(self.read_failed, self.now) >= PAUSE_MS:
            self.want_head()

    def head_overdue(self):
        """It failed when its deadline passed, whenever that is noticed."""
        deadline_ms = self.settings["store_deadline_ms"]
        started = self.read.started
        self.head_failure(Reading(started.wall + deadline_ms, started.mono + deadline_ms))

    def head_failure(self, at: Reading):
        self.failed = self.read_failed = at
        self.head_over()

    def head_over(self):
        self.read = None
        waiting, self.head_queue = self.head_queue, []
        self.again(waiting, False, "head")

    def merge(self, answered: dict, sent: Reading) -> str:
        age_ms = self.age_ms()
        reader = self.reader and {**self.reader, "age_ms": float("inf") if age_ms is None else age_ms}
        outcome, merged = head.merge_reader(reader, answered, answered["age_ms"] + since(sent, self.now), ENTRIES_MAX)
        if merged is not None:
            self.reader = {name: merged[name] for name in ("head", "floor", "entries")}
        if outcome in ("adopted", "restarted", "younger"):
            self.age = (answered["age_ms"], sent)
        if outcome == "gap":
            self.blank = True
        if outcome in ("adopted", "restarted"):
            self.blank = False
        if outcome == "restarted":
            self.records, self.absences = {}, {}
            for held in self.purses.values():
                held.purse.void()
                held.open, held.asked, held.armed = False, 0, None
                if held.queue:
                    self.touched.append(held)
        return outcome

    def heard(self, number: int, answered: dict, sent: Reading):
        """The answer to a question for the head."""
        if self.read is None or self.read.errand != number:
            self.overhear(answered, sent)
            return
        outcome = self.merge(answered, sent)
        if outcome == "failed":
            late = since(sent, self.now) > AGE_MAX_MS
            self.failed = Reading(sent.wall + AGE_MAX_MS, sent.mono + AGE_MAX_MS) if late else self.now
            self.read_failed = self.now
            self.head_over()
        elif outcome == "gap":
            self.read.errand = 0
            self.ask("head", self.settings["store_deadline_ms"] - since(self.read.started, self.now))
        elif outcome == "discarded" and (self.age_ms() is None or self.age_ms() > AGE_MAX_MS):
            raise Undefined("it asks again after a pause")
        else:
            self.head_over()

    def overhear(self, answered: dict, sent: Reading):
        """A head that came by the way."""
        outcome = self.merge(answered, sent)
        if outcome == "gap":
            self.want_head()
        elif outcome in ("adopted", "restarted", "younger") and self.head_queue and self.freshness() != "await":
            waiting, self.head_queue = self.head_queue, []
            self.again(waiting, False, "overheard")

    # Records

    def part_of(self, source: str) -> int:
        """A replica that hangs leaves half of the time to the authority."""
        deadline_ms = self.settings["store_deadline_ms"]
        return bucket.ceiling(deadline_ms, 2) if source == "replica" else deadline_ms

    def fetch(self, key: int) -> Fetch:
        if key not in self.fetches:
            source = "replica" if self.settings["replica"] else "authority"
            self.fetches[key] = Fetch(key, self.now, source)
            self.ask_record(self.fetches[key])
        return self.fetches[key]

    def ask_record(self, fetch: Fetch):
        fetch.errand = 0
        left_ms = max(0, self.part_of(fetch.source) - since(fetch.started, self.now))
        self.ask("record", left_ms, about=fetch.key, **{"key": fetch.key, "from": fetch.source})

    def ask_authority(self, fetch: Fetch):
        fetch.source = "authority"
        self.ask_record(fetch)

    def fetch_overdue(self, fetch: Fetch):
        if since(fetch.started, self.now) >= self.settings["store_deadline_ms"]:
            self.fetch_over(fetch, failed=True)
        else:
            self.ask_authority(fetch)

    def fetch_over(self, fetch: Fetch, failed: bool):
        del self.fetches[fetch.key]
        self.again(fetch.waiting, failed, "record")

    def fetched(self, number: int, errand: Errand, found: dict | None):
        fetch = self.fetches.get(errand.about)
        if fetch is None or fetch.errand != number:
            return
        key, known = fetch.key, self.known_since(fetch.key)
        if found is not None and "tenant" in found:
            record = {**copy.deepcopy(found), "vouched": found["as_of"]}
            outdated = self.reader is not None and self.checked(record)["check"] == "outdated"
            usable = not outdated and found["as_of"] >= known
            if usable:
                self.absences.pop(key, None)
                self.records[key] = record
        elif fetch.source == "replica":
            usable = False
        else:
            outdated = since(errand.sent, self.now) >= ABSENCE_MS
            if self.reader is not None:
                outdated = outdated or self.checked_absence(found["absent"])["check"] == "outdated"
            usable = not outdated and found["absent"] >= known
            if usable:
                self.records.pop(key, None)
                self.absences[key] = {"as_of": found["absent"], "sent": errand.sent}
        if usable:
            self.fetch_over(fetch, failed=False)
        elif fetch.source == "replica":
            self.ask_authority(fetch)
        else:
            raise Undefined("it asks again after a pause")

    # Tokens

    def send(self, held: Held):
        if held.open or self.holder is None:
            return
        held.queue = [one for one in held.queue if not one[1].gone and one[1].ticket == one[0]]
        costs = [request.fields["cost"] for _, request in held.queue]
        held.purse.holder = self.holder
        message = held.purse.ask(sum(costs), max(costs, default=0), self.now)
        if message is not None:
            held.open, held.repeated, held.asked = True, False, self.tickets
            self.ask_lease(held, message, message["deadline_ms"])
            self.arm(held)

    def ask_lease(self, held: Held, message: dict, deadline_ms: int):
        self.ask("lease", deadline_ms, held.name, message, bucket=held.name)

    def pass_time(self, held: Held):
        ticked = held.purse.tick(self.now)
        if ticked == "overdue":
            held.open = False
            self.release(held)
        elif ticked != "quiet":
            held.repeated = True
            self.ask_lease(held, ticked["repeat"], ticked["repeat"]["deadline_ms"] // 2)

    def release(self, held: Held):
        """Whoever waited for the open message is answered; who came later goes on waiting."""
        waited = [one for one in held.queue if one[0] <= held.asked]
        held.queue = [one for one in held.queue if one[0] > held.asked]
        for ticket, request in waited:
            if not request.gone and request.ticket == ticket:
                self.tell(request, UNAVAILABLE)

    def exchanged(self, errand: Errand, now: int) -> dict:
        """What the authority of a bucket answers, whether or not the gate still wants to hear it."""
        message = errand.message
        if errand.about not in self.buckets:
            self.buckets[errand.about] = Authority(SLOTS, CALLS_MAX, message["limit"], message["changed"], now)
        return copy.deepcopy(self.buckets[errand.about].answer(message, now))

    def leased(self, errand: Errand, answer: dict):
        held = self.purses[errand.about]
        self.pass_time(held)
        received = held.purse.receive(answer, self.now)
        if received == "stale":
            raise Undefined("somebody else uses the holder id")
        if received == "accepted":
            held.open = False
            waiting, held.queue = held.queue, []
            self.again(waiting, False, "tokens")
        self.send(held)
        self.arm(held)

    # Answers

    def deliver(self, number: int, reply: dict):
        errand = self.errands[number - 1]
        answer = self.exchanged(errand, reply["lease"]["now"]) if "lease" in reply else None
        if errand.closed:
            return
        errand.closed = True
        if "error" in reply:
            self.damaged(number, errand)
        elif errand.of == "head":
            self.heard(number, reply["head"], errand.sent)
        elif errand.of == "record":
            # What a replica says of the head is not heard.
            if reply["head"] is not None and errand.source == "authority":
                self.overhear(reply["head"], errand.sent)
            self.fetched(number, errand, reply["record"])
        else:
            if reply["head"] is not None:
                self.overhear(reply["head"], errand.sent)
            self.leased(errand, answer)

    def damaged(self, number: int, errand: Errand):
        """An answer that cannot be used, and will not be usable when it is asked for again."""
        if errand.of == "head" and self.read and self.read.errand == number:
            self.head_failure(self.now)
        fetch = self.fetches.get(errand.about) if errand.of == "record" else None
        if fetch is not None and fetch.errand == number:
            if fetch.source == "replica":
                self.ask_authority(fetch)
            else:
                self.fetch_over(fetch, failed=True)
        if errand.of == "lease" and self.purses[errand.about].open:
            self.release(self.purses[errand.about])

    def settle(self):
        """Sends what purses have to say now."""
        while self.touched:
            self.send(self.touched.pop())


def numbers_in(limit: dict) -> dict:
    """The numbers of a limit or quota, without its name."""
    names = ("count", "each") if "each" in limit else ("burst", "rate", "period_ms")
    return {name: limit[name] for name in names}


def run(arg):
    """`engine.run`: a gate from its start, step by step."""
    gate = Gate(arg["settings"], arg["holder"])
    return {"steps": [gate.step(step) for step in arg["steps"]]}


OPS = {"engine.run": run}
