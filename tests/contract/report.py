"""What a run came to: a table of rows by family and door, what failed and why, and the line that xtask counts."""

from .runner import Outcome

TOLD_MAX = 12


def _by(outcomes: list[Outcome], key) -> dict[str, list[Outcome]]:
    found: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        found.setdefault(key(outcome), []).append(outcome)
    return found


def _counts(members: list[Outcome]) -> tuple[int, int, int]:
    """Held, failed, not applicable."""
    held, away = sum(one.held for one in members), sum(one.because is not None for one in members)
    return held, len(members) - held - away, away


def _cell(members: list[Outcome]) -> str:
    held, failed, away = _counts(members)
    return f"{held}{f' FAILED {failed}' if failed else ''} ({away})"


def table(outcomes: list[Outcome]) -> list[str]:
    """A line for each family, a column for each door: how many rows held, and in brackets how many do not apply."""
    doors = list(_by(outcomes, lambda one: one.row.door))
    families = _by(outcomes, lambda one: one.row.family)
    lines = [f"{'held (not applicable)':<22}" + "".join(f"{door:>14}" for door in doors)]
    for family, members in [*families.items(), ("all", outcomes)]:
        at = _by(members, lambda one: one.row.door)
        lines.append(f"{family:<22}" + "".join(f"{_cell(at.get(door, [])):>14}" for door in doors))
    return lines


def away(outcomes: list[Outcome]) -> list[str]:
    """The rows that do not apply, and why: each by name over TCP, and counted by reason at the other doors."""
    gone = [one for one in outcomes if one.because is not None]
    lines = [f"not applicable: {one.row.cls} {one.row.name}: {one.because}" for one in gone if one.row.door == "tcp"]
    rest = _by([one for one in gone if one.row.door != "tcp"], lambda one: f"{one.row.door}: {one.because}")
    lines += [f"not applicable at {reason}: {len(members)} rows" for reason, members in rest.items()]
    uncounted = _by([one for one in outcomes if one.uncounted], lambda one: one.uncounted)
    return lines + [f"what the store was asked was not counted: {reason}: {len(members)} rows" for reason, members in uncounted.items()]


def failed(outcomes: list[Outcome], verbose: bool) -> list[str]:
    """The rows that did not hold, and what was seen instead."""
    lines = []
    for one in outcomes:
        if not one.faults:
            continue
        lines.append(f"FAILED {one.row.family}/{one.row.name} [{one.row.cls}] ({one.row.config}) at {one.row.door}")
        lines += [f"    {fault}" for fault in one.faults[: None if verbose else 4]]
        if verbose:
            lines += [f"    {line}" for line in one.told[:TOLD_MAX]]
    return lines


def every(outcomes: list[Outcome]) -> list[str]:
    """Every row with its class and what became of it at each door, for whoever wants the whole table."""
    word = {True: "held", False: "FAILED"}
    lines = []
    for (family, name), members in _by(outcomes, lambda one: (one.row.family, one.row.name)).items():
        said = {one.row.door: "n/a" if one.because else word[one.held] for one in members}
        lines.append(f"{family:<22} {members[0].row.cls:<5} {name}: " + ", ".join(f"{door} {what}" for door, what in said.items()))
        lines += [f"    {one.row.door}: {one.because}" for one in members if one.because]
    return lines


def tally(outcomes: list[Outcome]) -> str:
    """The line that says what was run."""
    held, _, gone = _counts(outcomes)
    vectors = sum(one.row.vectors for one in outcomes if one.held)
    return f"tollgate-tally tests={held} rows={vectors} held={held} not_applicable={gone} skipped=0"
