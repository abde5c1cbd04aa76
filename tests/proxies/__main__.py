"""`cd tests && python -m proxies`: every example, several at a time."""

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import deployments
from .session import EXAMPLES, ROOT, Outcome, both

#: How many examples run at a time: each has its own ports and folder.
AT_ONCE = 6


def shown(outcomes: list[Outcome]):
    """The table: a line for each row, a column for each example."""
    names = list(dict.fromkeys(outcome.example for outcome in outcomes))
    cells = {(outcome.row, outcome.example): outcome for outcome in outcomes}
    print("  ".join(f"{name:>11}" for name in names))
    for row in dict.fromkeys(outcome.row for outcome in outcomes):
        line = []
        for name in names:
            outcome = cells.get((row, name))
            text = "" if outcome is None else "n/a" if outcome.because else "RED" if outcome.faults else "held"
            line.append(f"{text:>11}")
        print("  ".join(line) + f"  {row}")
    reasons: dict[tuple[str, str], list[str]] = {}
    for outcome in outcomes:
        if outcome.because:
            reasons.setdefault((outcome.example, outcome.because), []).append(outcome.row)
    for (example, reason), rows in reasons.items():
        print(f"n/a {example}: {reason}: {rows[0] if len(rows) == 1 else f'{len(rows)} rows'}")
    for outcome in outcomes:
        for fault in outcome.faults:
            print(f"RED {outcome.example}: {outcome.row}: {fault}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m proxies", description=__doc__)
    parser.add_argument("--binary", type=Path, default=ROOT / "target/release/tollgate")
    parser.add_argument("--tools", type=Path, default=ROOT / ".tools")
    parser.add_argument("--only", action="append", choices=[*(example.name for example in EXAMPLES), "deployments"])
    parser.add_argument("--row", default="", help="rows whose name contains this")
    parser.add_argument("--mistakes", action="store_true", help="also make mistakes, each of which a row must notice")
    parser.add_argument("--image", type=Path, help="the program that the Dockerfile builds; run as root, in a root of its own")
    parser.add_argument("--keep", action="store_true", help="keep folders and logs")
    arguments = parser.parse_args()
    arguments.binary, arguments.tools = arguments.binary.resolve(), arguments.tools.resolve()
    outcomes, noticed, missed = [], 0, []
    wanted = [example for example in EXAMPLES if not arguments.only or example.name in arguments.only]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = [pool.submit(both, example, arguments) for example in wanted]
    for done in runs:
        played, count, unnoticed = done.result()
        outcomes, noticed, missed = outcomes + played, noticed + count, missed + unnoticed
    if not arguments.only or "deployments" in arguments.only:
        more, count, unnoticed = deployments.run(arguments, ROOT)
        outcomes, noticed, missed = outcomes + more, noticed + count, missed + unnoticed
    shown(outcomes)
    for line in missed:
        print(f"RED {line}")
    red = sum(bool(outcome.faults) for outcome in outcomes)
    not_applicable = sum(outcome.because is not None for outcome in outcomes)
    held = len(outcomes) - red - not_applicable
    checks = sum(outcome.checks for outcome in outcomes)
    print(f"{checks} checks, {red} rows red; {noticed} mistakes noticed, {len(missed)} not")
    print(f"tollgate-tally tests={noticed} rows=0 held={held} not_applicable={not_applicable} skipped=0")
    return 1 if red or missed or not held else 0


if __name__ == "__main__":
    sys.exit(main())
