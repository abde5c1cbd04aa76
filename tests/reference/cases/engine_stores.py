"""Stores that hang, answer late, answer with what was revoked, or are damaged."""

from .engine_story import Story, of_key

DAMAGED = {"error": "damaged"}


def hanging_rows():
    for deadline_ms in (50, 1_000):
        for ms in (deadline_ms - 1, deadline_ms, deadline_ms + 1):
            in_time = ms < deadline_ms
            story = Story(store_deadline_ms=deadline_ms)
            story.come(0, "waits", asks=["head", "record"]).drop().tick(ms, *([] if in_time else ["unavailable"]))
            yield story.row(f"F01: a cold key, {ms} of {deadline_ms} ms without an answer")
            story = Story(of_key(0), of_key(1), store_deadline_ms=deadline_ms).warm()
            story.come(10, "waits", asks=["record"], key=1)
            told = "allow" if in_time else "unavailable"
            story.answers(10 + ms, told)
            yield story.row(f"F01: a record that comes after {ms} of {deadline_ms} ms")
            story = Story(store_deadline_ms=deadline_ms).warm()
            story.come(2_000, "waits", asks=["head"]).drop().tick(2_000 + ms, *([] if in_time else ["flagged"]))
            yield story.row(f"F01: a warm key under an old head, {ms} of {deadline_ms} ms without an answer")
    story = Story(of_key(0), of_key(1)).warm()
    story.come(10, "waits", asks=["record"], key=1).come(40, "waits", asks=[], key=1).drop()
    story.tick(59).tick(60, "unavailable", "unavailable")
    yield story.row("F08: who joins a fetch waits for its deadline, not for one of its own")


def replica_rows():
    for ms in (24, 25, 26):
        story = Story(replica=True).warm()
        story.records[1] = of_key(1)
        story.come(10, "waits", asks=["record"], key=1).drop().tick(10 + ms, asks=[] if ms < 25 else ["record"])
        yield story.row(f"F01: a replica that has not answered for {ms} of 50 ms: {'waited for' if ms < 25 else 'the authority is asked'}")
    for ms in (49, 50):
        story = Story(of_key(0), of_key(1), replica=True).warm()
        story.come(0, "waits", asks=["record"], key=1).drop().tick(25, asks=["record"])
        story.answers(ms, "allow" if ms < 50 else "unavailable")
        yield story.row(f"F01: after a replica that hangs, the authority answers after {ms} of 50 ms")
    story = Story(replica=True).warm()
    old = {**story.records[0]}
    story.change("key", "key_0", state="revoked")
    story.come(1_001, "waits", asks=["head"]).answers(1_001, of="head")
    story.answers(1_002, reply={"record": old, "head": None})
    assert [one["from"] for one in story.last["asked"]] == ["authority"]
    story.answers(1_003, "key_revoked")
    yield story.row("F02: a replica answers with what was revoked: the authority is asked")
    story = Story(of_key(0), of_key(1), replica=True).warm()
    story.come(10, "waits", key=1).answers(11, reply={"record": None, "head": None})
    assert [one["from"] for one in story.last["asked"]] == ["authority"]
    story.answers(12, "allow")
    yield story.row("F02: a replica has nothing: the authority is asked")
    story = Story(of_key(0), of_key(1), replica=True).warm()
    story.come(10, "waits", key=1).answers(11, reply=DAMAGED).answers(12, "allow")
    yield story.row("F03: a replica's record is damaged: the authority is asked")


def damaged_rows():
    story = Story(of_key(0), of_key(1)).warm()
    story.come(10, "waits", key=1).answers(11, "unavailable", reply=DAMAGED)
    yield story.row("F03: the authority's record is damaged: refused at once, and not asked for again")
    story = Story().warm()
    story.come(2_000, "waits").answers(2_001, "flagged", reply=DAMAGED)
    yield story.row("F03: the head is damaged: as if it could not be read")
    story = Story()
    story.come(0, "waits").answers(0, "unavailable", of="head", reply=DAMAGED)
    yield story.row("F03: the first head is damaged: nothing was known before")


def order_rows():
    """Verdicts are never shared: everybody who waits for one record is judged by himself."""
    story = Story(of_key(scopes=["orders:read"]))
    story.come(0, "waits", asks=["head", "record"]).come(1, "waits", asks=[], required=["orders:write"])
    story.come(2, "waits", asks=[]).answers(3, of="head").answers(4, "allow", "scope_missing", "allow", of="record")
    yield story.row("F10: three who wait for one record, each with his own verdict")


def rows():
    yield from hanging_rows()
    yield from replica_rows()
    yield from damaged_rows()
    yield from order_rows()
