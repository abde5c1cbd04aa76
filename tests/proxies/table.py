"""The one table of rows, which `rows` and `failures` fill."""

from collections.abc import Callable
from dataclasses import dataclass

from .stage import Stage

ROWS: list["Row"] = []


@dataclass(frozen=True)
class Row:
    """One guarantee."""

    name: str
    play: Callable[[Stage], None]
    #: What an example must be able to show: one that cannot says why.
    needs: tuple[str, ...] = ()
    #: Only examples of this place; `None` for all.
    place: str | None = None


def row(name: str, *needs: str, place: str | None = None):
    def add(play: Callable[[Stage], None]):
        ROWS.append(Row(name, play, needs, place))
        return play

    return add
