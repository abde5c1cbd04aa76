"""What a wrong gate is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Wrong:
    """A mistake, what it replaces in the gate that is right, and the row that must notice."""

    name: str
    family: str
    #: A part of the row's name.
    row: str
    methods: dict
    #: The door at which it is noticed; where it is not that of TCP, the same row holds at every other.
    door: str = "tcp"
