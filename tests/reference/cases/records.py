"""Cases of the suite `records`: docs/spec/record.md, the record and its seal."""

from .record_opening import (
    open_bound_rows,
    open_frame_rows,
    open_good_rows,
    open_seal_rows,
    open_spelling_rows,
    open_subject_rows,
)
from .record_sealing import seal_rows
from .record_random import random_case

__all__ = ["random_case", "rows"]


def rows():
    yield from seal_rows()
    yield from open_good_rows()
    yield from open_frame_rows()
    yield from open_seal_rows()
    yield from open_spelling_rows()
    yield from open_bound_rows()
    yield from open_subject_rows()
