"""Plays the rows of different doors in processes of their own, each with a host of its own."""

import multiprocessing
from collections.abc import Callable

from .doors import DOORS, Door
from .host import Host, Unavailable
from .row import Row
from .runner import Outcome, Runner, through

#: Rows are functions, which only a copy of this process has.
_FORK = multiprocessing.get_context("fork")


def by_place(doors: list[Door]) -> list[list[Door]]:
    """Doors that lead to one listener are played in one process."""
    places: dict[tuple[bool, bool], list[Door]] = {}
    for door in doors:
        places.setdefault((door.secured, door.asks), []).append(door)
    return list(places.values())


def play(host: Callable[[], Host], rows: list[Row], configs: dict, doors: list[Door] | None = None, only=lambda row: True,
         patient: bool = True) -> list[Outcome]:
    """Every row through every door."""
    parts = []
    for group in by_place(doors or list(DOORS.values())):
        some = [row for row in through(rows, group) if only(row)]
        ours, theirs = _FORK.Pipe(duplex=False)
        process = _FORK.Process(target=_part, args=(theirs, host, some, configs, patient))
        process.start()
        theirs.close()
        parts.append((some, ours, process))
    outcomes, missing = [], None
    for some, ours, process in parts:
        try:
            said = ours.recv()
        except EOFError:
            said = "a process that plays rows has ended"
        process.join()
        if isinstance(said, str):
            missing = said
            continue
        outcomes += [Outcome(row, number, **what) for number, (row, what) in enumerate(zip(some, said), start=1)]
    if missing:
        raise Unavailable(missing)
    return outcomes


def _part(to, host: Callable[[], Host], rows: list[Row], configs: dict, patient: bool):
    try:
        outcomes = Runner(host(), rows, configs, patient).run()
        to.send([{name: value for name, value in vars(one).items() if name not in ("row", "number")} for one in outcomes])
    except Unavailable as error:
        to.send(str(error))
    finally:
        to.close()
