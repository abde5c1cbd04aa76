"""Instants of keys and of clocks: expiry and not-before, rotation, freezes, a clock that stands still."""

from .engine_story import Story, of_key, steady, T0

END = T0 + 400
AROUND = ((399, "a millisecond before"), (400, "at"), (401, "a millisecond after"))


def expiry_rows():
    for ms, when in AROUND:
        told = "allow" if ms < 400 else "key_expired"
        story = Story(of_key(expires=END)).warm()
        story.come(ms, told, asks=[])
        yield story.row(f"V04: a warm key {when} its end")
        story = Story(of_key(expires=END))
        story.come(390, "waits")
        story.answers(ms, of="head").answers(ms, told, of="record")
        yield story.row(f"V04: a key whose record comes {when} its end: the instant of the decision counts")
        told = "key_not_yet_valid" if ms < 400 else "allow"
        story = Story(of_key(not_before=END)).warm(expect="key_not_yet_valid")
        story.come(ms, told, asks=[])
        yield story.row(f"V05: a warm key {when} its beginning")
        story = Story(of_key(not_before=END))
        story.come(390, "waits")
        story.answers(ms, of="head").answers(ms, told, of="record")
        yield story.row(f"V05: a key whose record comes {when} its beginning: the instant of the decision counts")
    for ms, told in ((399, "allow"), (400, "key_expired")):
        for mono, how in ((ms + 90, "ahead"), (ms - 90, "behind")):
            story = Story(of_key(expires=END)).warm()
            story.come((ms, mono), told, asks=[])
            yield story.row(f"V04: by the wall clock {'before' if ms < 400 else 'at'} the end, the monotonic one {how}")
    for ms, when in AROUND:
        told = "flagged" if ms < 400 else "key_expired"
        story = Story(of_key(expires=T0 + 2_400)).warm()
        story.come(2_000 + ms, "waits").answers(2_000 + ms, told, reply={"error": "damaged"})
        yield story.row(f"V04: while the head cannot be read, {when} the end")
    story = Story(of_key(not_before=END, expires=END + 1)).warm(expect="key_not_yet_valid")
    story.come(399, "key_not_yet_valid").come(400, "allow").come(401, "key_expired")
    yield story.row("V04: a key that is valid for one millisecond")


def rotation_rows():
    old, new = of_key(7, expires=END), of_key(7)
    for ms, when in AROUND:
        story = Story(old, new).warm().warm(key=1)
        story.come(ms, "allow" if ms < 400 else "key_expired").come(ms, "allow", key=1)
        yield story.row(f"V07: two secrets of one key {when} the end of the overlap")
    story = Story(old, new)
    story.come(399, "waits").come(399, "waits", key=1)
    story.answers(399, of="head").answers(400, "key_expired", of="record").answers(400, "allow", of="record")
    yield story.row("V07: two secrets that came before the end of the overlap and whose records come at it")


def freeze_rows():
    limited = of_key(limits=[steady(1_000, 1_000, 1_000)])
    jumps = (
        ("the wall clock jumps ahead", lambda by: (100 + by, 100)),
        ("the monotonic clock jumps ahead", lambda by: (100, 100 + by)),
        ("the wall clock steps back", lambda by: (100 - by, 100)),
    )
    for how, at in jumps:
        for by in (999, 1_000, 1_001):
            story = Story(limited).warm()
            if by <= 1_000:
                story.settled(at(by), "allow")
                assert not story.last["frozen"]
                yield story.row(f"freeze: {how} by {by} ms: none")
                continue
            story.come(at(by), "unavailable", asks=[])
            assert story.last["frozen"]
            story.come(at(by), "unavailable", asks=[]).new_holder()
            story.come(at(by), "waits", asks=["head"]).answers(at(by))
            assert [one["ask"]["holder"] for one in story.last["asked"]] == ["02" * 16]
            story.answers(at(by), "allow")
            yield story.row(f"freeze: {how} by {by} ms: nothing held before is used, and the holder is a new one")
    for by in (1_000, 1_001):
        story = Story(limited, of_key(1)).warm()
        story.come(50, "waits", key=1)
        if by == 1_000:
            story.tick((100 + by, 100), "unavailable")
        else:
            story.tick((100 + by, 100), "unavailable", asks=[]).new_holder()
        story.answers((100 + by, 100))
        assert story.last["asked"] == []
        yield story.row(f"freeze: who waited when the clocks parted by {by} ms, and an answer to what was asked before")
    story = Story(limited, of_key(1)).warm()
    story.come(50, "waits", key=1).tick((1_101, 60), "unavailable").new_holder()
    story.come((1_101, 60), "waits", key=1, asks=["head", "record"]).answers((1_101, 60), of="head")
    yield story.row("freeze: what was being fetched is asked for again, and what comes of the old question is not heard")
    story = Story(limited, of_key(1)).warm()
    story.come(50, "waits", key=1).tick((-960, 60), "unavailable").new_holder()
    story.come((-960, 60), "waits", key=1, asks=["head", "record"])
    yield story.row("freeze: a question that still had time is asked again too")
    story = Story(limited).warm()
    story.tick((600, 100)).come((1_100, 200), "waits", asks=["head"])
    yield story.row("freeze: two pauses of 500 and 400 ms are none, and are time that passed: the head is too old")


def frozen_clock_rows():
    for how, at in (
        ("stands still", lambda n: 0), ("runs on", lambda n: n), ("of the wall stands still", lambda n: (0, n)),
    ):
        story = Story(of_key(limits=[steady(3, 1, 1_000)]))
        story.come(at(0), "waits").answers(at(1)).answers(at(2)).answers(at(3), "allow")
        for n in (4, 6):
            story.come(at(n), "waits").answers(at(n + 1), "allow")
        story.come(at(8), "waits").answers(at(9), "rate_limited")
        story.come(at(10), "rate_limited", asks=[])
        yield story.row(f"R06: a clock that {how} during requests: three of three, and not a fourth")
    for how, skew in (("ahead", 2_000), ("behind", -2_000)):
        story = Story(of_key(limits=[steady(3, 1, 1_000)]), skew=skew).warm().warm(1).warm(2)
        story.settled(3, "rate_limited")
        wait_ms = story.gate.purses["acme/key/key_0/burst"].purse.refusal.retry_after_ms
        # Each message ends what was out before it, so the bucket has filled since the second: for 2 ms.
        assert wait_ms == 998, wait_ms
        yield story.row(f"R05: an authority whose clock is two seconds {how} of the holder's gives three of three")


def rows():
    yield from expiry_rows()
    yield from rotation_rows()
    yield from freeze_rows()
    yield from frozen_clock_rows()
