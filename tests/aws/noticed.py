"""What the judges of `processes` must refuse: answers that were never given, each wrong in one way, and the same without the fault."""

from collections.abc import Callable

from .calls import HEAD, READ, RECORD, WRITE, judged
from .counted import Call
from .environments import PASSES, UNAVAILABLE, Answer
from .hot import LATE_S, WRITES_MAX, Heat, most_over
from .limits import LIMITED, Count
from .revoked import BOUND_S, FLAGGED_BOUND_S, REVOKED, Watch, judged_after

COLD = [RECORD, READ, WRITE]


def noticed() -> str:
    """Each judge accepts what is right and refuses what is wrong."""
    for name, right, wrong in ROWS:
        right()
        try:
            wrong()
        except AssertionError:
            continue
        raise AssertionError(f"nobody notices that {name}")
    return f"{len(ROWS)} faults"


def given(code: str, begun: float = 0.0, *asked: str, id: str = "", seconds: float = LATE_S / 2) -> Answer:
    calls = [Call(READ, "head", begun) if name == HEAD else Call(name, "bucket" if name != RECORD else "", begun) for name in asked]
    return Answer(id, code, begun, begun + seconds, calls)


def watched(passed: float, *later: Answer, flagged: bool = False) -> Callable[[], None]:
    """One key that was revoked at 0, let through at some time, and answered so later; among many that were in time."""

    def judge():
        watch, at = Watch(), type("At", (), {"name": "e0"})
        for answer in [*[given(PASSES, -1.0)] * 100, given(PASSES, passed, id="e0-1"), *later]:
            watch.note(at, "key", answer)
        watch.revoked["key"] = 0.0
        watch.flagged = {"e0-1"} if flagged else set()
        watch.judge(["e0"])

    return judge


def spent(admitted: int, total: int, late: int = 0, other: str = LIMITED) -> Callable[[], None]:
    def judge():
        count = Count(total)
        for code, times in ((PASSES, admitted), (UNAVAILABLE, late), (other, 1)):
            for _ in range(times):
                count.note(given(code))
        count.judge()

    return judge


def within(admitted: int, seconds: float) -> Callable[[], None]:
    """So many of 100 a second, all handed over at once after a while, and the last answered so long after the first."""

    def judge():
        over = most_over([(5.0, 5.0 + seconds * (at + 1) / admitted) for at in range(admitted)], 100, 100)
        assert over <= 0, over

    return judge


def hot(**told) -> Callable[[], None]:
    return Heat(**{"window": (0.0, 8.0), "answers": {PASSES: 1, LIMITED: 1}, **told}).judge


def asked(*answers: Answer) -> Callable[[], None]:
    return lambda: judged("made up", list(answers), COLD) and None


REFUSED = given(REVOKED, 3.0)
SLOW = 2 * LATE_S
#: What is wrong; what is right; the same with the fault.
ROWS: tuple[tuple[str, Callable, Callable], ...] = (
    ("a key passes too late", watched(BOUND_S - 0.01, REFUSED), watched(BOUND_S + 0.01, REFUSED)),
    ("a key passes too late on an old head", watched(BOUND_S + 0.01, given(REVOKED, 20.0), flagged=True),
     watched(FLAGGED_BOUND_S + 0.01, given(REVOKED, 20.0), flagged=True)),
    ("a key passes after it was refused", watched(1.0, REFUSED), watched(1.0, REFUSED, given(PASSES, 1.5))),
    ("a key is never refused", watched(1.0, REFUSED), watched(1.0)),
    ("a key is refused for something else", watched(1.0, REFUSED), watched(1.0, given("key_expired", 2.0), REFUSED)),
    ("a key passes after a thaw", lambda: judged_after([given(REVOKED, 0.0, HEAD), REFUSED]),
     lambda: judged_after([given(REVOKED, 0.0, HEAD), given(PASSES, 3.0)])),
    ("the head is not read after a thaw", lambda: judged_after([given(REVOKED, 0.0, HEAD), REFUSED]),
     lambda: judged_after([given(REVOKED), REFUSED])),
    ("one more than N passes", spent(7, 7), spent(8, 7)),
    ("one less than N passes", spent(7, 7), spent(6, 7)),
    ("one less than what was late passes", spent(5, 7, late=2), spent(4, 7, late=2)),
    ("a limit refuses for something else", spent(7, 7), spent(7, 7, other="key_invalid")),
    ("a window is over", within(100, 0.001), within(102, 0.001)),
    ("a longer window is over", within(300, 2.0), within(310, 2.0)),
    ("another tenant is refused", hot(others=[given(PASSES)]), hot(others=[given(LIMITED)])),
    ("another tenant is refused for nothing", hot(others=[given(UNAVAILABLE, 4.0)], late=[(3.0, 3.5)]), hot(others=[given(REVOKED, 4.0)], late=[(3.0, 3.5)])),
    ("another tenant is refused long after", hot(others=[given(LIMITED, 4.0)], late=[(3.0, 3.5)]), hot(others=[given(LIMITED, 6.0)], late=[(3.0, 3.5)])),
    ("another tenant is refused before", hot(others=[given(LIMITED, 4.0)], late=[(3.0, 9.0)]), hot(others=[given(LIMITED, 4.0)], late=[(5.0, 9.0)])),
    ("an item is written too often", hot(writes=8 * WRITES_MAX), hot(writes=8 * WRITES_MAX + 1)),
    ("a cold key asks once more", asked(given(PASSES, 0.0, *COLD)), asked(given(PASSES, 0.0, HEAD, *COLD))),
    ("a cold key asks for less", asked(given(PASSES, 0.0, *COLD)), asked(given(PASSES, 0.0, RECORD))),
    ("a cold key is refused", asked(given(PASSES, 0.0, *COLD)), asked(given(LIMITED, 0.0, *COLD))),
    ("who was late asks for something else", asked(given(PASSES, 0.0, *COLD, WRITE, seconds=SLOW)),
     asked(given(PASSES, 0.0, *COLD, "Scan", seconds=SLOW))),
)
