"""Plays the table on each example, and the mistakes in its configuration."""

import shutil
import tempfile
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from contract.noticed import unnoticed
from contract.origin import Origin

# The rows fill the table when they are imported, in the order in which they are played.
from . import rows, failures
from .example import Example, Ports, caddy, envoy, haproxy, nginx, traefik
from .gate import Gate
from .mistakes import MISTAKES, TOML, Mistake
from .process import Failed
from .stage import Stage
from .table import ROWS, Row

ROOT = Path(__file__).resolve().parents[2]

#: What fills the table.
FILLED_BY = (rows, failures)

QUERY = {"query": "only a gate that forwards can change what is forwarded"}
TRAEFIK = {
    **QUERY,
    "rates on success": "ForwardAuth copies fields to the request only, not to the answer",
    "tokens": "Authorization can be taken away or left, whatever it carries",
    "private": "answers are left as they are: that needs a `headers` middleware of the user's own",
    # Within rows: it says 500 for itself, and waits longer for an answer than a row does.
    "unavailable": "what is answered when nobody answers cannot be set",
    "patience": "for how long an answer is waited for cannot be set",
}
EXAMPLES = [
    Example("nginx", "nginx", "tollgate.conf", "decide", nginx, QUERY),
    Example("nginx-front", "nginx-front", "tollgate.conf", "front", nginx),
    Example("caddy", "caddy", "Caddyfile", "decide", caddy,
            {**QUERY, "rates on success": "forward_auth copies fields to the request only, not to the answer"}),
    Example("haproxy", "haproxy", "haproxy.cfg", "front", haproxy),
    Example("envoy", "envoy", "envoy.yaml", "decide", envoy, QUERY),
    Example("traefik", "traefik", "dynamic.yaml", "decide", traefik, TRAEFIK, has_entrance=False),
    Example("envoy-grpc", "envoy", "envoy-grpc.yaml", "decide", envoy, QUERY),
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


class Session:
    """One example while it runs: origin, gate and proxy, in a folder of their own."""

    def __init__(self, example: Example, arguments):
        self.example, self.arguments = example, arguments
        self.folder = Path(tempfile.mkdtemp(prefix=f"tollgate-{example.name}-"))
        self.origin = Origin()
        self.ports = Ports.free(self.origin.port)
        self.gate = self.proxy = None
        self.started = 0

    def start_gate(self, change=None):
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
        for row in ROWS:
            if arguments.row in row.name:
                reason = because(example, row)
                outcomes.append(Outcome(example.name, row.name, because=reason) if reason else session.play(row))
    except Failed as failed:
        outcomes.append(Outcome(example.name, "it runs at all", [str(failed)]))
    finally:
        session.close(arguments.keep or any(outcome.faults for outcome in outcomes))
    return outcomes


def both(example: Example, arguments) -> tuple[list[Outcome], int, list[str]]:
    """The rows, and then the mistakes if they are asked for."""
    outcomes = run(example, arguments)
    held = {outcome.row for outcome in outcomes if not outcome.faults and not outcome.because}
    noticed, missed = mistakes(example, arguments, held) if arguments.mistakes else (0, [])
    return outcomes, noticed, missed


def mistakes(example: Example, arguments, held: set[str]) -> tuple[int, list[str]]:
    """Makes every mistake in a copy of the configuration: how many were noticed, and which were not. A row
    that does not hold without the mistake notices nothing."""
    noticed, missed = 0, []
    session = Session(example, arguments)
    try:
        for mistake in MISTAKES:
            if mistake.example != example.name or arguments.row not in mistake.row:
                continue
            row = next(row for row in ROWS if row.name.startswith(mistake.row))
            if row.name not in held:
                missed.append(f"{example.name}: {mistake.old!r}: {row.name}: is red anyway")
                continue
            name = f"{example.name}: {mistake.old!r} -> {mistake.new!r}: {row.name}"
            why = unnoticed(name, lambda mistake=mistake, row=row: made(session, mistake, row))
            noticed += why is None
            missed += [] if why is None else [f"{name}: {why}"]
    finally:
        session.close(arguments.keep)
    return noticed, missed


def made(session: Session, mistake: Mistake, row: Row) -> str | None:
    """What becomes of a row that does not notice a mistake."""
    try:
        session.start_gate(*[mistake.change] * (mistake.file == TOML))
        session.start_proxy(*[mistake.change] * (mistake.file is None))
        return None if session.play(row).faults else "stays green"
    except (Failed, ValueError) as failed:
        return f"cannot be made: {failed}"
    finally:
        session.stop()
