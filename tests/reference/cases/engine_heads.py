"""Instants of the head: 500 ms, one second, 250 ms after a failure, `max_staleness`; and of absences."""

from .engine_story import Story, of_key, steady

DAMAGED = {"error": "damaged"}


def age_rows():
    for ms in (499, 500, 501, 999, 1_000, 1_001):
        said, asks = ("waits", ["head"]) if ms > 1_000 else ("allow", ["head"] if ms > 500 else [])
        shown = {0: "decides", 1: "decides and asks in the background"}.get(len(asks), "") if ms <= 1_000 else "asks first"
        story = Story().warm()
        yield story.come(ms, said, asks=asks).row(f"V09: a head {ms} ms after the question: {shown}")
        story = Story()
        story.come(0, "waits").answers(0, of="head", age_ms=300).answers(0, "allow", of="record", age_ms=300)
        story.come(ms - 300, said, asks=asks)
        yield story.row(f"V09: a head that was 300 ms old, {ms - 300} ms later: {shown}")
        story = Story()
        story.come(0, "waits").answers(40, of="head").answers(40, "allow", of="record")
        story.come(ms, said, asks=asks)
        yield story.row(f"V09: a head that took 40 ms, {ms} ms after the question was sent: {shown}")
    for at, shown in (((400, 501), "by the monotonic clock"), ((501, 400), "by the wall clock")):
        yield Story().warm().come(at, "allow", asks=["head"]).row(f"V09: a head 501 ms old {shown}: the larger time counts")
    for ms in (500, 501):
        story = Story().warm()
        story.come(501, "allow", asks=["head"]).answers(520)
        story.come(501 + ms, "allow", asks=["head"] if ms > 500 else [])
        yield story.row(f"V09: a renewed head counts from its own question, {ms} ms ago")


def arrival_rows():
    for age_ms in (999, 1_000, 1_001):
        told = "flagged" if age_ms > 1_000 else "allow"
        story = Story().warm()
        story.come(2_000, "waits").answers(2_000, told, age_ms=age_ms)
        yield story.row(f"V09: a head that arrives {age_ms} ms old")
        story = Story().warm()
        story.come(2_000, "waits").answers(2_030, told, age_ms=age_ms - 30)
        yield story.row(f"V09: a head that arrives 30 ms after the question and {age_ms} ms old in all")
    for ms in (49, 50, 51):
        story = Story().warm()
        story.come(2_000, "waits").answers(2_000 + ms, "allow" if ms < 50 else "flagged")
        yield story.row(f"F01: a head that takes {ms} of 50 ms")


def failure_rows():
    for ms in (249, 250, 251):
        story = Story().warm()
        story.come(2_000, "waits").answers(2_000, "flagged", reply=DAMAGED)
        story.come(2_000 + ms, "flagged" if ms < 250 else "waits", asks=[] if ms < 250 else ["head"])
        yield story.row(f"V09: {ms} ms after a read that failed")
        story = Story().warm()
        story.come(600, "allow", asks=["head"]).answers(600, reply=DAMAGED)
        story.come(600 + ms, "allow", asks=[] if ms < 250 else ["head"])
        yield story.row(f"V09: {ms} ms after a read in the background that failed")
        story = Story().warm()
        story.come(2_000, "waits").drop()
        story.tick(2_050, "flagged").come(2_050 + ms, "flagged" if ms < 250 else "waits")
        yield story.row(f"V09: {ms} ms after the deadline of a read that nobody answered")
        story = Story().warm()
        story.come(600, "allow", asks=["head"]).drop()
        story.come(1_001, "waits").drop().come(1_051 + ms, "flagged" if ms < 250 else "waits")
        yield story.row(f"V09: {ms} ms after the deadline of a read that is only noticed now")


def staleness_rows():
    for most in (2_000, 10_000, 3_600_000):
        for age_ms in (most - 1, most, most + 1):
            told = "flagged" if age_ms <= most else "unavailable"
            story = Story(max_staleness_ms=most).warm()
            story.come(age_ms, "waits", asks=["head"]).answers(age_ms, told, reply=DAMAGED)
            story.come(age_ms, told, asks=[])
            yield story.row(f"F05, F06: a head of {age_ms} ms that cannot be renewed, for {most} ms at most")
            story = Story(max_staleness_ms=most).warm()
            story.come(age_ms - 50, "waits").drop().tick(age_ms - 1).tick(age_ms, told)
            yield story.row(f"V09: nobody answers, and the deadline passes with a head of {age_ms} ms, for {most} ms at most")
    story = Story(max_staleness_ms=1_000).warm().come(1_000, "allow")
    yield story.row("F06: at the shortest staleness a head of one second is used")
    story = Story(max_staleness_ms=1_000).warm().come(1_001, "waits").answers(1_001, "unavailable", reply=DAMAGED)
    yield story.row("F06: at the shortest staleness an older head that cannot be renewed is not")
    story = Story(of_key(limits=[steady(1_000, 1_000, 1_000)])).warm()
    story.come(1_500, "waits").answers(1_500, "flagged", reply=DAMAGED)
    story.drop()
    for said in ("flagged", "flagged", "flagged", "unavailable", "unavailable"):
        story.come(1_500, said)
    yield story.row("F05: while the head cannot be read, what is leased is spent and no more")


def revocation_rows():
    for ms in (499, 500, 501, 1_000, 1_001):
        story = Story().warm()
        story.change("key", "key_0", state="revoked")
        if ms > 1_000:
            story.come(ms, "waits", asks=["head"]).answers(ms, of="head").answers(ms, "key_revoked", of="record")
        elif ms > 500:
            story.come(ms, "allow", asks=["head"]).answers(ms, of="head")
            story.come(ms, "waits", asks=["record"]).answers(ms, "key_revoked", of="record")
        else:
            story.come(ms, "allow", asks=[])
        yield story.row(f"V01: a key that was revoked right after its record was read, {ms} ms later")
    for kind, name, code in (("owner", "bob", "owner_disabled"), ("tenant", "", "tenant_disabled")):
        story = Story().warm()
        story.change(kind, name, state=code)
        story.come(1_000, "allow", asks=["head"]).answers(1_000, of="head").settled(1_000, code, records=1)
        yield story.row(f"V03: the {kind} of a warm key was stopped: known with the next head")
    story = Story(of_key(0), of_key(1)).warm().warm(key=1)
    story.change("key", "key_1", state="revoked")
    story.settled(1_001, "allow", records=0)
    story.settled(1_001, "key_revoked", records=1, key=1)
    yield story.row("V08: an entry for another key leaves a key alone")


def absence_rows():
    for ms in (9_999, 10_000, 10_001):
        story = Story(of_key(0))
        story.come(0, "waits", key=1).answers(30, of="head").answers(40, "key_invalid", of="record")
        story.records[1] = of_key(1)
        story.settled(ms, "key_invalid" if ms < 10_000 else "allow", records=0 if ms < 10_000 else 1, key=1)
        yield story.row(f"absence: an absence {ms} ms after the question, of a key that was created since")
        story = Story(of_key(0))
        story.come(0, "waits", key=1).answers(0, of="head").answers(0, "key_invalid", of="record")
        story.settled((ms, ms - 400), "key_invalid", records=0 if ms < 10_000 else 1, key=1)
        yield story.row(f"absence: an absence {ms} ms old by the wall clock alone, of a key that is still none")
    story = Story(of_key(0))
    story.settled(0, "key_invalid", key=1)
    story.change("tenant", "")
    story.records[1] = of_key(1)
    story.settled(1_001, "allow", records=1, key=1)
    yield story.row("absence: an absence is not believed after an entry for any tenant")


def rows():
    yield from age_rows()
    yield from arrival_rows()
    yield from failure_rows()
    yield from staleness_rows()
    yield from revocation_rows()
    yield from absence_rows()
