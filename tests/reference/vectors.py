"""The files `tests/vectors/<suite>.json`: written from the cases, checked against the reference."""

import json
from collections import Counter
from pathlib import Path

from .suites import SUITES, answer, load_cases

FOLDER = Path(__file__).resolve().parent.parent / "vectors"


class Edited(Exception):
    """A row that stands in a file would change or go."""


def dump(value) -> str:
    """A value as one line of JSON. Two values are the same if and only if these lines are."""
    return json.dumps(value, separators=(",", ":"))


def same(one, other) -> bool:
    """Whether two JSON values are the same (Python thinks that True == 1)."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def path_of(suite: str) -> Path:
    return FOLDER / f"{suite}.json"


def read_rows(suite: str) -> list[dict]:
    """The rows of a suite's file; none if there is no file."""
    if not path_of(suite).exists():
        return []
    document = json.loads(path_of(suite).read_text("ascii"))
    if document["suite"] != suite:
        raise ValueError(f"{suite}.json says that it is {document['suite']}")
    return document["rows"]


def fresh_rows(suite: str, ops: dict) -> list[dict]:
    """The rows that the cases of a suite give now, without ids."""
    rows = []
    for why, op, argument in load_cases(suite).rows():
        rows.append({"why": why, "op": op, "in": argument, "out": answer(ops, op, argument)})
    repeated = repeated_whys(rows)
    if repeated:
        raise ValueError(f"{suite}: two rows have the same why: {repeated[0]}")
    return rows


def repeated_whys(rows: list[dict]) -> list[str]:
    return [why for why, times in Counter(row["why"] for row in rows).items() if times > 1]


def merge(suite: str, old: list[dict], fresh: list[dict]) -> list[dict]:
    """The old rows as they are, then the new ones with the next ids: rows are added, never edited."""
    by_why = {row["why"]: row for row in fresh}
    for row in old:
        now = by_why.pop(row["why"], None)
        if now is None:
            raise Edited(f"{row['id']} is no longer among the cases: {row['why']}")
        for field in ("op", "in", "out"):
            if not same(row[field], now[field]):
                raise Edited(f"{row['id']}: `{field}` would change: {row['why']}")
    last = max((int(row["id"].rsplit("-", 1)[1]) for row in old), default=0)
    added = [row for row in fresh if row["why"] in by_why]
    return old + [
        {"id": f"{suite}-{number:03}", **row} for number, row in enumerate(added, start=last + 1)
    ]


def write(suite: str, ops: dict, rewrite: bool) -> str:
    """Writes the file of a suite and says what was done."""
    old = [] if rewrite else read_rows(suite)
    rows = merge(suite, old, fresh_rows(suite, ops))
    lines = ",\n".join(dump(row) for row in rows)
    path_of(suite).write_text(f'{{"suite": {dump(suite)}, "rows": [\n{lines}\n]}}\n', "ascii")
    return f"{suite}: {len(rows)} rows, {len(rows) - len(old)} of them written now"


def _secrets(value):
    """Every pepper in a value: the hex of each field `secret` or `pepper`."""
    if isinstance(value, list):
        for item in value:
            yield from _secrets(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name in ("secret", "pepper") and isinstance(item, str):
                yield bytes.fromhex(item)
            yield from _secrets(item)


def holds_unpublished_pepper(row: dict) -> bool:
    """Whether a row holds a pepper that is no arithmetic progression: rows may not (docs/spec/key.md)."""
    for secret in _secrets(row["in"]):
        if len({(after - before) % 256 for before, after in zip(secret, secret[1:])}) > 1:
            return True
    return False


def check(suite: str, ops: dict) -> tuple[str, list[str]]:
    """One line about a suite, and everything that is wrong with its file."""
    rows = read_rows(suite)
    least = SUITES[suite][1]
    faults = [f"{suite}: two rows have the same why: {why}" for why in repeated_whys(rows)]
    if len({row["id"] for row in rows}) != len(rows):
        faults.append(f"{suite}: two rows have the same id")
    if len(rows) < least:
        faults.append(f"{suite}: {len(rows)} rows, at least {least} are wanted")
    for row in rows:
        if holds_unpublished_pepper(row):
            faults.append(f"{row['id']}: holds a pepper that is no arithmetic progression")
        out = answer(ops, row["op"], row["in"])
        if not same(out, row["out"]):
            faults.append(f"{row['id']}: the file says {dump(row['out'])}, the reference {dump(out)}")
    if load_cases(suite):
        whys = {row["why"] for row in rows}
        unwritten = sum(why not in whys for why, _, _ in load_cases(suite).rows())
        if unwritten:
            faults.append(f"{suite}: {unwritten} cases are not in the file: write them")
    size = path_of(suite).stat().st_size // 1000 if rows else 0
    errors = len({dump(row["out"]) for row in rows if isinstance(row["out"], dict) and "error" in row["out"]})
    counts = f"{len(rows)} rows (at least {least}), {errors} error codes, {size} kB"
    return f"{suite}: {counts}, {'red' if faults else 'green'}", faults
