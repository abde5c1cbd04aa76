"""Leases (docs/spec/bucket-and-lease.md): the ops, and the rules about clocks that stand alone."""

from . import purse, sizing, stored
from .authority import Authority, is_malformed

DISAGREEMENT_MAX_MS = 1_000

DRIFT_MAX_MS = 5

DATE_HALF_MS = 500
OFFSET_MAX_MS = 2_000
RESPONSE_AGE_MAX_MS = 60_000


def exchange(arg):
    """`lease.authority`: asks and repairs in turn, on a bucket that the first ask makes."""
    authority, answers = None, []
    for step in arg["steps"]:
        if step.get("repair"):
            answers.append(authority is not None and authority.repair(step["now"]))
            continue
        ask = step["ask"]
        if is_malformed(ask):
            answers.append("malformed")
            continue
        if authority is None:
            authority = Authority(arg["slots"], arg["calls_max"], ask["limit"], ask["changed"], step["now"])
        answers.append(authority.answer(ask, step["now"]))
    result = {"answers": answers, "state": authority.state() if authority else None}
    if arg.get("store"):
        result["stored"] = stored.written(authority).hex() if authority else None
    return result


def was_frozen(earlier: list, later: list) -> bool:
    """Whether the two clocks disagree too much about the time between two readings."""
    wall_ms = later[0] - earlier[0]
    mono_ms = max(0, later[1] - earlier[1])
    return abs(wall_ms - mono_ms) > DISAGREEMENT_MAX_MS


def freeze(arg):
    """`lease.freeze`: between which readings a holder was frozen."""
    readings = arg["readings"]
    return [was_frozen(earlier, later) for earlier, later in zip(readings, readings[1:])]


def steady(arg):
    """`lease.steady`: the readings with the time that the monotonic clock missed put back."""
    missed_ms, back_ms, gap, last, readings = 0, 0, None, None, []
    for wall, mono in arg["readings"]:
        if last is not None:
            back_ms += max(0, last - mono)
        last = mono
        mono += back_ms
        gap_now = wall - mono
        gap = gap_now if gap is None else gap
        if abs(gap_now - gap) > DRIFT_MAX_MS:
            missed_ms += max(0, gap_now - gap)
            gap = gap_now
        readings.append([wall, mono + missed_ms])
    return readings


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
    "lease.authority": exchange,
    "lease.state": stored.state,
    "lease.holder": purse.run,
    "lease.freeze": freeze,
    "lease.steady": steady,
    "lease.writer": writer,
}
