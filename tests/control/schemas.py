"""`python -m control.schemas`: schemathesis, with every check on, against the command.

Three runs over the document that the command serves: with an admin key of operators, with a key without scopes, and with
none, in the phases `examples`, `coverage` and `fuzzing`. What they make up is the same in every run of this program: what
differs is ids and versions. With `--stateful` what one operation has made is asked for by the links of the document as well; no such
run is like another, since ids are.
"""

import argparse
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from .deployed import Deployment, environment
from .operations import Operation, filled, operations

HERE = Path(__file__).resolve().parent
#: What each run is made with.
WHO = ("admin", "unscoped", "nobody")
#: How often each operation is asked at least by the phase `fuzzing`, which makes requests up.
EXAMPLES = 50
FUZZING = "fuzzing"
#: What is asked beside it.
STILL = "still"
PHASES, STATEFUL = "examples,coverage,fuzzing", "stateful"
REQUEST_S = 60
#: Where there is something of each kind when a run begins.
TENANTS = ("acme", "operators")
SEED = 6
#: How long a run may take before it is ended and red.
DEADLINE_S = 1_500


class Asked(NamedTuple):
    """One request, and what came of it."""

    label: str
    status: str
    phase: str


@dataclass
class Outcome:
    """What came of one run."""

    who: str
    faults: list[str]
    asked: list[Asked]
    rightful: Counter
    took: float


def read(deployment: Deployment, name: str) -> list[str]:
    path = deployment.place / name
    return path.read_text().splitlines() if path.exists() else []


def still(deployment: Deployment, one: Operation) -> list[Asked]:
    """Asks an operation of which nothing can be varied, as schemathesis does not: the answer is the same each time."""
    answers = [deployment.ask(one.method, one.path) for _ in range(EXAMPLES)]
    alike = all((answer.status, answer.body) == (200, answers[0].body) for answer in answers)
    return [Asked(str(one), "200", STILL)] * EXAMPLES if alike else []


def words(deployment: Deployment, more: list[str], report: Path | None) -> list[str]:
    """How the run is asked for. A slow machine is no finding, and of a finding no smaller one is looked for."""
    given = [sys.executable, "-m", "schemathesis.cli", "--config-file", HERE / "schemathesis.toml", "run",
             f"http://127.0.0.1:{deployment.port}/api/openapi.json",
             "--checks", "all", "--phases", PHASES, "--max-examples", EXAMPLES, "--seed", SEED, "--generation-deterministic",
             "--continue-on-failure", "--no-shrink", "--suppress-health-check", "all",
             "--request-timeout", REQUEST_S, "--header", "Connection: close", "--no-color"]
    kept = ["--report", "ndjson", "--report-ndjson-path", report] if report else []
    return [str(word) for word in (*given, *kept, *more)]


def schemathesis(deployment: Deployment, who: str, more: list[str], keep: Path | None) -> list[str]:
    """Plays it, and says what it found."""
    given = {"SCHEMATHESIS_HOOKS": "control.hooks", "CONTROL_WHO": who, "CONTROL_PLACE": str(deployment.place),
             "CONTROL_BINARY": str(deployment.binary), "CONTROL_PORT": str(deployment.port), "PYTHONPATH": str(HERE.parent)}
    log = (keep or deployment.place) / f"{who}.log"
    with log.open("wb") as file:
        try:
            done = subprocess.run(words(deployment, more, keep and keep / f"{who}.ndjson"), cwd=deployment.place, stdout=file,
                                  stderr=file, env={**environment(), **given}, timeout=DEADLINE_S, check=False)
        except subprocess.TimeoutExpired:
            return [f"it took longer than {DEADLINE_S} s"]
    return [log.read_text("utf-8", "replace")] if done.returncode else []


def shortcomings(asked: list[Asked], there: list[Operation]) -> list[str]:
    """Operations that were asked too seldom, and answers that none may give."""
    counts = Counter(each.label for each in asked if each.phase in (FUZZING, STILL))
    few = {str(one): counts[str(one)] for one in there if counts[str(one)] < EXAMPLES}
    broken = sorted({f"{each.label} is answered {each.status}" for each in asked if each.status >= "500"})
    return [*broken, *([f"asked fewer than {EXAMPLES} times: {few}"] if few else [])]


def run(binary: Path, who: str, more: list[str], keep: Path | None) -> Outcome:
    deployment, begun = Deployment(binary), time.monotonic()
    try:
        _, admin = deployment.admin()
        deployment.start()
        for tenant in TENANTS:
            filled(deployment, admin, tenant)
        faults = schemathesis(deployment, who, more, keep)
        asked = [Asked(*line.split("\t")) for line in read(deployment, "asked.txt")]
        there = operations(deployment.document())
        asked += [each for one in there if one.is_still() for each in still(deployment, one)]
        faults += shortcomings(asked, there)
        if not deployment.alive() or "panicked" in deployment.log():
            faults.append("the command does not live, or has panicked")
        return Outcome(who, faults, asked, Counter(read(deployment, "rightful.txt")), time.monotonic() - begun)
    finally:
        deployment.close()


def tell(one: Outcome):
    for fault in one.faults:
        print(f"FAILED {one.who}: {fault}")
    statuses = Counter(each.status for each in one.asked)
    told = ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items()))
    phases = ", ".join(f"{phase}: {count}" for phase, count in sorted(Counter(each.phase for each in one.asked).items()))
    print(f"{one.who}: {len(one.asked)} requests in {one.took:.0f} s ({phases}) ({told})")
    for why, count in sorted(one.rightful.items()):
        print(f"  {count} times no finding: {why}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="control.schemas", description=__doc__)
    parser.add_argument("--binary", help="the file that a user would deploy", default="../target/release/tollgate", type=Path)
    parser.add_argument("--who", choices=WHO, action="append", help="only this run")
    parser.add_argument("--stateful", action="store_true", help="follow the links of the document")
    parser.add_argument("--keep", type=Path, help="where reports are kept")
    arguments, more = parser.parse_known_args()
    more += ["--phases", f"{PHASES},{STATEFUL}"] if arguments.stateful else []
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda who: run(arguments.binary, who, more, arguments.keep), arguments.who or WHO))
    for one in outcomes:
        tell(one)
    red = any(one.faults for one in outcomes)
    held = 0 if red else sum(len({each.label for each in one.asked}) for one in outcomes)
    print(f"tollgate-tally tests={held} rows=0 held=0 not_applicable=0 skipped=0")
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main())
