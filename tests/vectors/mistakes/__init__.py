"""Mistakes that an implementation might make, one module for each module of the reference."""

from typing import NamedTuple


class Mistake(NamedTuple):
    """A change of one line of `reference/<module>.py`; `text` stands there exactly once."""

    module: str
    text: str
    replacement: str
    why: str


def mistakes_of(module: str, *changes: tuple[str, str, str]) -> list[Mistake]:
    """Mistakes of one module, each given as (text, replacement, why)."""
    return [Mistake(module, *change) for change in changes]
