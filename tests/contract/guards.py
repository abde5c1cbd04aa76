"""The rows can fail: made-up gates that are wrong in one way each, and the row that must notice."""

from .fake_gate import FakeGate, FakeHost
from .rows import all_rows
from .runner import Runner
from .wrong_gates import WRONG


def _rows_named(rows, family: str, part: str):
    return [row for row in rows if row.family == family and part in row.name]


def run(only: str | None = None, verbose: bool = False) -> int:
    """First the gate without a mistake must hold everywhere, then each mistake must be caught."""
    rows, configs = all_rows()
    red = []
    if not only:
        outcomes = Runner(FakeHost(), rows, configs).run()
        played = [one for one in outcomes if one.because is None]
        for one in played:
            if one.faults:
                red.append(f"the gate without a mistake: {one.row.family}/{one.row.name}: {one.faults[0]}")
                if verbose:
                    red += [f"    {line}" for line in one.told]
        print(f"the gate without a mistake: {sum(one.held for one in played)} of {len(played)} rows held")
    caught = 0
    for wrong in WRONG:
        if only and only not in wrong.name:
            continue
        chosen = _rows_named(rows, wrong.family, wrong.row)
        if not chosen:
            red.append(f"{wrong.name}: there is no row {wrong.family}/{wrong.row}")
            continue
        kind = type(wrong.name, (FakeGate,), wrong.methods)
        chosen = chosen[:1]
        if chosen[0].last:
            # It looks at what others left behind.
            chosen += [row for row in rows if row.family == "extraction" and row.name == "X-API-Key carries a key"]
        failed = [one for one in Runner(FakeHost(kind), chosen, configs).run() if one.faults and one.row is chosen[0]]
        if failed:
            caught += 1
            print(f"{wrong.name}: caught by {failed[0].row.family}/{failed[0].row.name}")
        else:
            red.append(f"{wrong.name}: not caught by {wrong.family}/{chosen[0].name}")
    for line in red:
        print(f"RED: {line}")
    print(f"{len(WRONG)} wrong gates, {caught} caught")
    print(f"tollgate-tally tests={caught} rows=0 held=0 not_applicable=0 skipped=0")
    return 1 if red else 0
