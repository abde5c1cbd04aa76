"""`cd tests && python -m proxies`: every example, one after the other."""

import argparse
import shutil
import sys
import tempfile
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from contract.origin import Origin

from .example import Example, Ports, caddy, envoy, haproxy, nginx
from .gate import Gate
from .process import Failed
from .rows import ROWS, Row
from .stage import Stage

ROOT = Path(__file__).resolve().parents[2]

EXAMPLES = [
    Example("nginx", "tollgate.conf", "decide", nginx),
    Example("nginx-front", "tollgate.conf", "front", nginx),
    Example("caddy", "Caddyfile", "decide", caddy,
            {"rates on success": "forward_auth copies fields to the request only, not to the answer"}),
    Example("haproxy", "haproxy.cfg", "front", haproxy),
    Example("envoy", "envoy.yaml", "decide", envoy),
]


@dataclass
class Outcome:
    """What became of a row on an example."""

    example: str
    row: str
    faults: list[str] = field(default_factory=list)
    checks: int = 0
    #: Why it does not apply.
    because: str | None = None


def because(example: Example, row: Row) -> str | None:
    """Why a row does not apply to an example."""
    if row.place not in (None, example.place):
        return "the gate forwards by itself" if example.place == "front" else "the gate is only asked"
    return next((example.lacks[need] for need in row.needs if need in example.lacks), None)


def run(example: Example, arguments, wanted: str) -> list[Outcome]:
    """Plays all rows; one that fails does not stop the next."""
    folder = Path(tempfile.mkdtemp(prefix=f"tollgate-{example.name}-"))
    origin = Origin()
    gate = proxy = None
    outcomes = []
    try:
        ports = Ports.free(origin.port)
        gate = Gate(arguments.binary, ROOT / "examples" / example.name / "tollgate.toml", folder, ports)
        proxy = example.start(ROOT / "examples", arguments.tools, folder, ports)
        for row in ROWS:
            if wanted not in row.name:
                continue
            outcome = Outcome(example.name, row.name, because=because(example, row))
            outcomes.append(outcome)
            if outcome.because is None:
                stage = Stage(example, gate, origin, ports)
                try:
                    row.play(stage)
                except Exception:
                    stage.faults.append(traceback.format_exc(limit=-4))
                outcome.faults, outcome.checks = stage.faults, stage.checks
                if proxy.process.poll() is not None:
                    raise Failed(f"{example.name} ended: {proxy.log()[-1500:]}")
    except Failed as failed:
        outcomes.append(Outcome(example.name, "it runs at all", [str(failed)]))
    finally:
        for process in (proxy, gate):
            if process is not None:
                process.stop()
        origin.stop()
        if not any(outcome.faults for outcome in outcomes) and not arguments.keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"{example.name}: logs are in {folder}")
    return outcomes


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
    for outcome in outcomes:
        if outcome.because:
            print(f"n/a {outcome.example}: {outcome.row}: {outcome.because}")
    for outcome in outcomes:
        for fault in outcome.faults:
            print(f"RED {outcome.example}: {outcome.row}: {fault}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m proxies", description=__doc__)
    parser.add_argument("--binary", type=Path, default=ROOT / "target/release/tollgate")
    parser.add_argument("--tools", type=Path, default=ROOT / ".tools")
    parser.add_argument("--only", action="append", choices=[example.name for example in EXAMPLES])
    parser.add_argument("--row", default="", help="rows whose name contains this")
    parser.add_argument("--keep", action="store_true", help="keep folders and logs")
    arguments = parser.parse_args()
    arguments.binary, arguments.tools = arguments.binary.resolve(), arguments.tools.resolve()
    outcomes = []
    for example in EXAMPLES:
        if not arguments.only or example.name in arguments.only:
            outcomes += run(example, arguments, arguments.row)
    shown(outcomes)
    red = sum(bool(outcome.faults) for outcome in outcomes)
    not_applicable = sum(outcome.because is not None for outcome in outcomes)
    held = len(outcomes) - red - not_applicable
    checks = sum(outcome.checks for outcome in outcomes)
    print(f"{checks} checks, {red} rows red")
    print(f"tollgate-tally tests=0 rows=0 held={held} not_applicable={not_applicable} skipped=0")
    return 1 if red or not held else 0


if __name__ == "__main__":
    sys.exit(main())
