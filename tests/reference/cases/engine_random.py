"""Random schedules of `engine.run`: some requests, some answers in time, too late or never, at instants near the edges."""

from .engine_story import T0, Story, counted, of_key, steady
from ..engine import Undefined

DAMAGED = {"error": "damaged"}
STEPS_MAX = 14
LATE_MAX_MS = 1_500
PAUSES = (0, 0, 0, 1, 1, 2, 9, 24, 25, 49, 50, 51, 100, 249, 250, 251, 499, 500, 501, 964, 965, 1_000, 1_001, 3_000)
ENDS = (None, None, None, T0 + 500, T0 + 1_000)


def random_numbers(rng):
    kind = rng.randint(0, 5)
    if kind < 2:
        return {}
    burst = rng.choice((1, 3, 5, 40, 1_000))
    limits = [steady(burst, rng.choice((1, 7, 1_000)), rng.choice((100, 1_000)))]
    if kind == 4:
        limits.append(steady(4, 1, 1_000, "owners", "owner"))
    return {"limits": limits, "quotas": [counted(rng.choice((2, 100)), rng.choice(("day", "total")))] if kind == 5 else []}


def random_key(rng, number):
    return of_key(number, expires=rng.choice(ENDS), **random_numbers(rng))


def random_instant(rng, wall, mono):
    pause = rng.choice(PAUSES)
    kind = rng.random()
    if kind < 0.04:
        return wall + pause, mono + rng.choice((0, pause + 999, pause + 1_001))
    if kind < 0.08:
        return wall + rng.choice((-999, 0, pause + 999, pause + 1_002)), mono + pause
    return wall + pause, mono + pause


def open_errands(story, at):
    """What may still be answered: an answer that comes long after everybody's deadline is none."""
    now = story.at(at)
    sent = {errand["errand"]: story.gate.errands[errand["errand"] - 1].sent for errand in story.open}
    return [one for one in story.open if max(now[0] - sent[one["errand"]][0], now[1] - sent[one["errand"]][1]) <= LATE_MAX_MS]


def random_step(rng, story, at):
    kind = rng.random()
    if kind < 0.1:
        story.step({"at": story.at(at)})
    elif (open_ := open_errands(story, at)) and kind < 0.6:
        errand = rng.choice(open_[-3:])
        reply = DAMAGED if rng.random() < 0.05 else None
        story.answer(at, errand, reply=reply, age_ms=rng.choice((0, 0, 0, 200, 499, 960)))
    else:
        asked = {
            "key": rng.choice((0, 0, 0, 1, 2)), "address": "192.0.2.7", "country": "DE", "required": [],
            "cost": rng.choice((0, 1, 1, 1, 2, 3)),
        }
        story.step({"at": story.at(at), "arrive": asked})


def random_story(rng):
    settings = {"replica": rng.random() < 0.2, "background": rng.random() < 0.8}
    story = Story(
        random_key(rng, 0), random_key(rng, 1), holder=rng.randbytes(16).hex(),
        store_deadline_ms=rng.choice((50, 50, 300, 1_000)), **settings,
    )
    at = (0, 0)
    for _ in range(rng.randint(4, STEPS_MAX)):
        at = random_instant(rng, *at)
        random_step(rng, story, at)
        if rng.random() < 0.03:
            story.change("key", "key_0", state="revoked")
        if story.last["frozen"]:
            story.new_holder(rng.randbytes(16).hex())
    return story


def random_case(rng):
    while True:
        try:
            _, op, argument = random_story(rng).row("")
            return op, argument
        except Undefined:
            continue
