"""Inputs of the suite `heads` (docs/spec/head.md), put together from its parts."""

from . import head_lists, head_texts


def rows():
    yield from head_lists.rows()
    yield from head_texts.rows()


def random_case(rng):
    """A case of any part; texts, which take the most time, less often."""
    part = rng.choice((head_lists, head_lists, head_lists, head_texts))
    return part.random_case(rng)
