"""Leases (docs/spec/bucket-and-lease.md): the ops, and the two rules about clocks that stand alone."""

from . import authority, purse, sizing

DISAGREEMENT_MAX_MS = 1_000

DATE_HALF_MS = 500
OFFSET_MAX_MS = 2_000
RESPONSE_AGE_MAX_MS = 60_000


def was_frozen(earlier: list, later: list) -> bool:
    """Whether the two clocks disagree too much about the time between two readings."""
    wall_ms = later[0] - earlier[0]
    mono_ms = later[1] - earlier[1]
    return abs(wall_ms - mono_ms) > DISAGREEMENT_MAX_MS


def freeze(arg):
    """`lease.freeze`: between which readings a holder was frozen."""
    readings = arg["readings"]
    return [was_frozen(earlier, later) for earlier, later in zip(readings, readings[1:])]


def writer(arg):
    """`lease.writer`: whether a writer may bring its own clock to a bucket."""
    if arg["date"] is None or arg["frozen_since"]:
        return "read_first"
    if arg["now"] - arg["received"] > RESPONSE_AGE_MAX_MS:
        return "read_first"
    offset_ms = arg["date"] + DATE_HALF_MS - arg["received"]
    return "clock_off" if abs(offset_ms) > OFFSET_MAX_MS else "write"


OPS = {
    "lease.size": sizing.size,
    "lease.authority": authority.run,
    "lease.holder": purse.run,
    "lease.freeze": freeze,
    "lease.writer": writer,
}
