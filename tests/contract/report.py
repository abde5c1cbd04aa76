"""What a run came to: a table of rows per family, what failed and why, and the line that xtask counts."""

from .runner import Outcome

TOLD_MAX = 12


def families(outcomes: list[Outcome]) -> dict[str, list[Outcome]]:
    found: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        found.setdefault(outcome.row.family, []).append(outcome)
    return found


def table(outcomes: list[Outcome]) -> list[str]:
    """A line for each family."""
    lines = [f"{'family':<28} {'held':>6} {'failed':>7} {'not applicable':>15}"]
    for family, members in families(outcomes).items():
        away = sum(one.because is not None for one in members)
        held = sum(one.held for one in members)
        lines.append(f"{family:<28} {held:>6} {len(members) - held - away:>7} {away:>15}")
    return lines


def away(outcomes: list[Outcome]) -> list[str]:
    """The rows that do not apply, and why."""
    return [
        f"not applicable: {one.row.cls} {one.row.name}: {one.because}" for one in outcomes if one.because is not None
    ]


def failed(outcomes: list[Outcome], verbose: bool) -> list[str]:
    """The rows that did not hold, and what was seen instead."""
    lines = []
    for one in outcomes:
        if not one.faults:
            continue
        lines.append(f"FAILED {one.row.family}/{one.row.name} [{one.row.cls}] ({one.row.config})")
        lines += [f"    {fault}" for fault in one.faults[: None if verbose else 4]]
        if verbose:
            lines += [f"    {line}" for line in one.told[:TOLD_MAX]]
    return lines


def every(outcomes: list[Outcome]) -> list[str]:
    """Every row with its class, for whoever wants the whole table."""
    word = {True: "held", False: "FAILED"}
    return [
        f"{one.row.family:<24} {one.row.cls:<8} {'n/a' if one.because else word[one.held]:<7} {one.row.name}"
        for one in outcomes
    ]


def tally(outcomes: list[Outcome]) -> str:
    """The line that says what was run."""
    held = [one for one in outcomes if one.held]
    vectors = sum(one.row.vectors for one in held)
    gone = sum(one.because is not None for one in outcomes)
    return f"tollgate-tally tests={len(held)} rows={vectors} held={len(held)} not_applicable={gone} skipped=0"
