"""The rows can fail: made-up gates that are wrong in one way each, and the row that must notice."""

from concurrent.futures import ThreadPoolExecutor

from .bare_host import unsaid
from .blunt_gates import BluntHost, OpenGate, ShutGate, unreadable
from .doors import DOORS
from .fake_gate import FakeGate
from .fake_host import FakeHost
from .noticed import unnoticed
from .parts import play
from .row import Row
from .rows import all_rows
from .runner import Runner, through
from .wrong import WRONG, Wrong

AT_ONCE = 8
#: The classes of abuse, and how many there are of each: none may go without a row.
CLASSES = {"P": 24, "H": 12, "S": 10, "C": 11, "R": 16, "F": 16, "V": 10, "I": 6, "O": 10}


def _forgotten(rows: list[Row]) -> list[str]:
    """Classes that no row is of, neither here nor elsewhere; and rows of a class that there is not."""
    classes = {f"{letter}{number:02}" for letter, most in CLASSES.items() for number in range(1, most + 1)}
    said = {row.cls for row in rows} - {"own"}
    return sorted(f"no row is of class {one}" for one in classes - said) + sorted(
        f"there is no class {one}" for one in said - classes
    )


def _uncaught(wrong: Wrong, rows: list[Row], configs: dict) -> str | None:
    """What is wrong if the row that was named for a mistake does not fail, at its door and at no other."""
    chosen = [row for row in rows if row.family == wrong.family and wrong.row in row.name][:1]
    if not chosen:
        return "no row is of that name"
    if chosen[0].last:
        # It looks at what others left behind.
        chosen += [row for row in rows if row.family == "extraction" and row.name == "X-API-Key carries a key"]
    kind = type(wrong.name, (FakeGate,), wrong.methods)
    doors = [DOORS[wrong.door]] if wrong.door == "tcp" else list(DOORS.values())
    outcomes = Runner(FakeHost(kind), through(chosen, doors), configs, patient=False).run()
    noticed = {one.row.door for one in outcomes if one.row.name == chosen[0].name and one.faults}
    if noticed != {wrong.door}:
        return f"caught at {sorted(noticed)}"
    print(f"{wrong.name}: caught by {chosen[0].family}/{chosen[0].name} at {wrong.door}")
    return None


def _toothless(rows: list[Row], configs: dict) -> tuple[int, list[Row]]:
    """How many rows were played against the two gates that judge nothing, and those that hold for both."""
    opened, shut = (play(lambda: BluntHost(kind), rows, configs, patient=False) for kind in (OpenGate, ShutGate))
    played = [
        (one, other) for one, other in zip(opened, shut) if one.because is None and not unreadable(one.row)
    ]
    both = [one.row for one, other in played if one.held and other.held]
    return len(played), both


def run(only: str | None = None, verbose: bool = False) -> int:
    """First the gate without a mistake must hold everywhere, then each mistake must be caught."""
    rows, configs = all_rows()
    red = _forgotten(rows)
    if not only:
        outcomes = play(FakeHost, rows, configs)
        played = [one for one in outcomes if one.because is None]
        for one in played:
            if one.faults:
                red.append(f"the gate without a mistake: {one.row.family}/{one.row.name} at {one.row.door}: {one.faults[0]}")
                if verbose:
                    red += [f"    {line}" for line in one.told]
        print(f"the gate without a mistake: {sum(one.held for one in played)} of {len(played)} rows held")
    teeth = 0
    if not only:
        plain, unsaid_needs = unsaid(rows, configs)
        red += unsaid_needs
        print(f"{plain} rows hold for a platform that can do nothing but answer; the others say what they need")
        teeth, both = _toothless(rows, configs)
        red += [f"{row.family}/{row.name} at {row.door} holds for a gate that lets everybody in and for one that lets nobody in" for row in both]
        print(f"of {teeth} rows {len(both)} hold both for a gate that lets everybody in and for one that lets nobody in")
        teeth -= len(both)
    wanted, caught, uncaught = _wrong(only, rows, configs)
    red += uncaught
    for line in red:
        print(f"RED: {line}")
    print(f"{wanted} wrong gates, {caught} caught")
    print(f"tollgate-tally tests={caught + teeth} rows=0 held=0 not_applicable=0 skipped=0")
    return 1 if red else 0


def _wrong(only: str | None, rows: list[Row], configs: dict) -> tuple[int, int, list[str]]:
    """How many mistakes there are, how many are caught, and a line for each that is not."""
    wanted = [wrong for wrong in WRONG if not only or only in wrong.name]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = list(pool.map(lambda wrong: unnoticed(wrong.name, lambda: _uncaught(wrong, rows, configs)), wanted))
    red = [f"{wrong.name}: not caught by {wrong.family}/{wrong.row} at {wrong.door}, and there only: {why}"
           for wrong, why in zip(wanted, found) if why is not None]
    return len(found), found.count(None), red
