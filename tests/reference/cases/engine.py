"""Inputs of the suite `engine` (docs/spec/gate.md): each instant with its neighbours, a millisecond before and after."""

from . import engine_heads, engine_metering, engine_stores, engine_times
from .engine_random import random_case

__all__ = ["random_case", "rows"]


def rows():
    yield from engine_times.rows()
    yield from engine_heads.rows()
    yield from engine_metering.rows()
    yield from engine_stores.rows()
