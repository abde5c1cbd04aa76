"""`cd tests && python -m proxies`: every example, one after the other."""

import argparse
import shutil
import sys
import tempfile
import traceback
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from contract.origin import Origin

from . import deployments, traefik
from .example import Example, Ports, caddy, envoy, haproxy, nginx
from .gate import Gate
from .mistakes import MISTAKES, TOML
from .process import Failed
from .rows import ROWS, Row, pending
from .stage import Stage

ROOT = Path(__file__).resolve().parents[2]

EXAMPLES = [
    Example("nginx", "nginx", "tollgate.conf", "decide", nginx),
    Example("nginx-front", "nginx-front", "tollgate.conf", "front", nginx),
    Example("caddy", "caddy", "Caddyfile", "decide", caddy,
            {"rates on success": "forward_auth copies fields to the request only, not to the answer"}),
    Example("haproxy", "haproxy", "haproxy.cfg", "front", haproxy),
    Example("envoy", "envoy", "envoy.yaml", "decide", envoy),
    Example("envoy-grpc", "envoy", "envoy-grpc.yaml", "decide", envoy),
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
    if example.pending:
        return example.pending
    if row.place not in (None, example.place):
        return "the gate forwards by itself" if example.place == "front" else "the gate is only asked"
    return next((example.lacks[need] for need in row.needs if need in example.lacks), None)


class Session:
    """One example while it runs: origin, gate and proxy, in a folder of their own."""

    def __init__(self, example: Example, arguments):
        self.example, self.arguments = example, arguments
        self.folder = Path(tempfile.mkdtemp(prefix=f"tollgate-{example.name}-"))
        self.origin = Origin()
        self.ports = Ports.free(self.origin.port)
        self.gate = self.proxy = None
        self.started = 0

    def start_gate(self, change=lambda text: text):
        self.started += 1
        configuration = ROOT / "examples" / self.example.folder / TOML
        place = self.folder / str(self.started)
        self.gate = Gate(self.arguments.binary, configuration, place, self.ports, change)

    def start_proxy(self, change=lambda text: text):
        self.proxy = self.example.start(ROOT / "examples", self.arguments.tools, self.folder, self.ports, change)

    def play(self, row: Row) -> Outcome:
        stage = Stage(self.example, self.gate, self.origin, self.ports)
        try:
            row.play(stage)
        except Exception:
            stage.faults.append(traceback.format_exc(limit=-4))
        if self.proxy.process.poll() is not None:
            raise Failed(f"{self.example.name} ended: {self.proxy.log()[-1500:]}")
        return Outcome(self.example.name, row.name, stage.faults, stage.checks)

    def stop(self):
        for process in (self.proxy, self.gate):
            if process is not None:
                process.stop()
        self.proxy = self.gate = None

    def close(self, keep: bool):
        self.stop()
        self.origin.stop()
        if keep:
            print(f"{self.example.name}: logs are in {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def run(example: Example, arguments) -> list[Outcome]:
    """Plays all rows; one that fails does not stop the next."""
    session, outcomes = Session(example, arguments), []
    try:
        session.start_gate()
        session.start_proxy()
        if example.pending:
            outcomes.append(session.play(Row("it refuses everything until the gate can be asked so", pending)))
        for row in ROWS:
            if arguments.row in row.name:
                reason = because(example, row)
                outcomes.append(Outcome(example.name, row.name, because=reason) if reason else session.play(row))
    except Failed as failed:
        outcomes.append(Outcome(example.name, "it runs at all", [str(failed)]))
    finally:
        session.close(arguments.keep or any(outcome.faults for outcome in outcomes))
    return outcomes


def replay(arguments) -> list[Outcome]:
    """Traefik's documented questions, put to the gate of its example."""
    example = Example("traefik", "traefik", "dynamic.yaml", "decide", None)
    session, outcomes = Session(example, arguments), []
    try:
        session.start_gate()
        for name, play in traefik.ROWS.items():
            stage = Stage(example, session.gate, session.origin, session.ports)
            try:
                play(traefik.Traefik(stage, ROOT / "examples/traefik"))
            except Exception:
                stage.faults.append(traceback.format_exc(limit=-4))
            outcomes.append(Outcome(example.name, name, stage.faults, stage.checks))
    except Failed as failed:
        outcomes.append(Outcome(example.name, "it runs at all", [str(failed)]))
    finally:
        session.close(arguments.keep or any(outcome.faults for outcome in outcomes))
    return outcomes


def deployment(arguments) -> tuple[list[Outcome], int, list[str]]:
    """The image and the manifests: their outcomes, how many slips were noticed, and which were not."""
    docker, kubernetes = ROOT / "examples/docker", ROOT / "examples/kubernetes/tollgate.yaml"
    dockerfile, manifests = (docker / "Dockerfile").read_text(), kubernetes.read_text()

    def read_dockerfile(checks, text=dockerfile):
        deployments.dockerfile(checks, text, ROOT)
        deployments.ignored(checks, (docker / "Dockerfile.dockerignore").read_text())

    def read_manifests(checks, text=manifests):
        return deployments.manifests(checks, list(yaml.safe_load_all(text)))

    def runs(checks):
        origin, folder = Origin(), Path(tempfile.mkdtemp(prefix="tollgate-image-"))
        try:
            config = read_manifests(deployments.Checks())["ConfigMap/tollgate"]["data"]["tollgate.toml"]
            deployments.runs(checks, arguments.image.resolve(), folder, Ports.free(origin.port), origin, config)
        finally:
            origin.stop()
            shutil.rmtree(folder, ignore_errors=True)

    outcomes = []
    not_built = None if arguments.image else "its program was not built: --image names it"
    for example, name, check, why_not in (
        ("docker", "the image is static, has no root, no shell, no secret and one folder to write", read_dockerfile, None),
        ("kubernetes", "the manifests fit together, and no pod may do more than it needs", read_manifests, None),
        ("docker", "what is built runs as the examples say, alone in its root, as their user", runs, not_built),
    ):
        checks = deployments.Checks()
        if not why_not:
            try:
                check(checks)
            except Exception:
                checks.faults.append(traceback.format_exc(limit=-4))
        outcomes.append(Outcome(example, name, checks.faults, checks.checks, why_not))
    noticed, missed = 0, []
    for text, check, slips in ((dockerfile, read_dockerfile, deployments.DOCKER_MISTAKES),
                               (manifests, read_manifests, deployments.KUBERNETES_MISTAKES)):
        for old, new in slips if arguments.mistakes else ():
            checks = deployments.Checks()
            try:
                check(checks, text.replace(old, new))
            except Exception as error:
                checks.faults.append(repr(error))
            if old in text and checks.faults:
                noticed += 1
            else:
                missed.append(f"{old!r} -> {new!r}: stays green, or does not stand there")
    return outcomes, noticed, missed


def mistakes(example: Example, arguments) -> tuple[int, list[str]]:
    """Makes every mistake in a copy of the configuration: how many were noticed, and which were not."""
    noticed, missed = 0, []
    session = Session(example, arguments)
    try:
        for mistake in MISTAKES:
            if mistake.example != example.name or arguments.row not in mistake.row:
                continue
            row = next(row for row in ROWS if row.name.startswith(mistake.row))
            try:
                session.start_gate(*[mistake.change] * (mistake.file == TOML))
                session.start_proxy(*[mistake.change] * (mistake.file is None))
                outcome = session.play(row)
            except (Failed, ValueError) as failed:
                outcome = None
                missed.append(f"{example.name}: {mistake.old!r} cannot be made: {failed}")
            finally:
                session.stop()
            if outcome is None:
                continue
            if outcome.faults:
                noticed += 1
            else:
                missed.append(f"{example.name}: {mistake.old!r} -> {mistake.new!r}: {row.name}: stays green")
    finally:
        session.close(arguments.keep)
    return noticed, missed


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
    parser.add_argument("--only", action="append", choices=[*(example.name for example in EXAMPLES), "traefik", "deployments"])
    parser.add_argument("--row", default="", help="rows whose name contains this")
    parser.add_argument("--mistakes", action="store_true", help="also make mistakes, each of which a row must notice")
    parser.add_argument("--image", type=Path, help="the program that the Dockerfile builds; run as root, in a root of its own")
    parser.add_argument("--keep", action="store_true", help="keep folders and logs")
    arguments = parser.parse_args()
    arguments.binary, arguments.tools = arguments.binary.resolve(), arguments.tools.resolve()
    outcomes, noticed, missed = [], 0, []
    for example in EXAMPLES:
        if arguments.only and example.name not in arguments.only:
            continue
        outcomes += run(example, arguments)
        if arguments.mistakes:
            count, more = mistakes(example, arguments)
            noticed, missed = noticed + count, missed + more
    if not arguments.only or "traefik" in arguments.only:
        outcomes += replay(arguments)
    if not arguments.only or "deployments" in arguments.only:
        more, count, unnoticed = deployment(arguments)
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
