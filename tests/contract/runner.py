"""Runs rows on a host: starts a gate for each configuration, plays the rows, judges, ends everything."""

import json
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from .doors import BY_NAME, Door, Inexpressible
from .host import Gate, Host, Unavailable
from .judge import Judge
from .machine import Machine
from .row import Row, request, x_api_key
from .stage import Stage, own_role
from .world import COMMON, CONFIGS, Config, Deployment

JWKS_PATH = "/.well-known/tollgate/jwks.json"
#: How many gates are started at a time.
STARTS = 6
#: How many lanes are played at a time: the rows of one configuration through one door, one after the other.
LANES = 8
SLOW_MAX = 64
#: How often a row about tokens or time is played again when the machine stood still or a store was not heard in time.
AGAIN_MAX = 2


@dataclass
class Outcome:
    """What became of a row."""

    row: Row
    number: int
    faults: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    #: Why it does not apply to this host.
    because: str | None = None
    seconds: float = 0.0
    #: It was played again: the machine stood still, or a store was not heard in time.
    again: bool = False
    #: Why nobody counted what the store was asked, though it says how often that is.
    uncounted: str | None = None

    @property
    def held(self) -> bool:
        return not self.faults and self.because is None


def through(rows: list[Row], doors: list[Door]) -> list[Row]:
    """The rows over each of the doors; what is shown elsewhere is listed once."""
    return [at_door(row, door) for door in doors for row in rows if door.name == "tcp" or not row.elsewhere]


def at_door(row: Row, door: Door) -> Row:
    """The same row through another door: with keys of its own, on a gate that has the door."""
    if door.name == row.door:
        return row
    # In front, so that names which must not be run together still could be.
    keys = {role: replace(key, tenant=key.tenant and f"{door.name}-{key.tenant}") for role, key in row.keys.items()}
    return replace(row, door=door.name, keys=keys)


def seat(config: Config, door: Door) -> Config:
    """How the gate is configured to which this door leads: one for those that serve TLS, one for the others."""
    if config.counted and door.name != "tcp":
        return replace(config, name=f"{config.name}, {door.name}", tls=door.secured, decide=door.asks)
    return replace(config, name=f"{config.name}, tls", tls=True) if door.secured else config


def _waits(lane: list[tuple[int, Row]]) -> bool:
    """Whether there is a row that waits for something other than an answer."""
    return any(row.calls is not None or {"outage", "freeze", "timeouts"}.intersection(row.needs) for _, row in lane)


def repeatable(row: Row) -> bool:
    """Whether what a row shows hangs on messages that are in time: tokens do."""
    return row.timed or any(key.limits or key.quotas for key in row.keys.values())


def _attempt(stage: Stage) -> str | None:
    """Plays it; answers why it cannot be, if its door cannot say it."""
    try:
        stage.play()
    except Inexpressible as reason:
        return str(reason)
    except Exception as error:  # noqa: BLE001 a row that cannot be played has not held
        last = traceback.extract_tb(error.__traceback__)[-1]
        stage.fault(f"{type(error).__name__}: {error} ({last.name}, line {last.lineno})")
    return None


class Runner:
    """One run."""

    def __init__(self, host: Host, rows: list[Row], configs: dict[str, Config] | None = None, patient: bool = True):
        self.host = host
        self.rows = list(enumerate(rows, start=1))
        self.configs = {**CONFIGS, **(configs or {})}
        #: Which gate each row is played on.
        self.seats = {number: seat(self.configs[row.config], BY_NAME[row.door]) for number, row in self.rows if not row.elsewhere}
        self.gates: dict[str, Gate] = {}
        self.judges: dict[str, Judge] = {}
        self.outcomes: dict[int, Outcome] = {}
        #: Configurations whose gate did not start, and why.
        self.missing: dict[str, str] = {}
        #: Nothing is played again where failing is what is looked for.
        self.machine = Machine() if patient else None

    def run(self) -> list[Outcome]:
        """Plays everything; a row never stops another."""
        mine = []
        for number, row in self.rows:
            because = self._because(row)
            self.outcomes[number] = Outcome(row, number, because=because)
            if because is None:
                mine.append((number, row))
        try:
            self._start(mine)
            lanes: dict[tuple[str, str], list] = {}
            slow = [(number, row) for number, row in mine if row.slow and not row.last]
            for number, row in mine:
                if not row.slow and not row.last:
                    lanes.setdefault((self.seats[number].name, row.door), []).append((number, row))
            with ThreadPoolExecutor(SLOW_MAX) as aside, ThreadPoolExecutor(LANES) as beside:
                waits = [aside.submit(self._play, number, row, self.seats[number].name) for number, row in slow]
                # First those that mostly wait, then the longest.
                in_order = sorted(lanes.items(), key=lambda lane: (not _waits(lane[1]), -len(lane[1])))
                waits += [beside.submit(self._lane, name, rows) for (name, _), rows in in_order]
            for wait in waits:
                wait.result()
            for number, row in mine:
                if row.last:
                    if not self.gates:
                        self.outcomes[number].faults.append("there was no gate to look at")
                    for name in list(self.gates):
                        self._play(number, row, name)
        finally:
            if self.machine:
                self.machine.stop()
            self.host.close()
            for gate in self.gates.values():
                gate.origin.stop()
        return [self.outcomes[number] for number, _ in self.rows]

    def _because(self, row: Row) -> str | None:
        if row.elsewhere:
            return row.elsewhere
        return self.host.because(row, self.configs[row.config]) or BY_NAME[row.door].because(row)

    # Gates

    def _start(self, mine: list[tuple[int, Row]]):
        deployments = {}
        asking = {self.seats[number].name for number, row in mine if BY_NAME[row.door].asks}
        for number, row in mine:
            if row.last:
                continue
            name = self.seats[number].name
            if name not in deployments:
                deployment = Deployment.drawn(replace(self.seats[number], decide=name in asking))
                for role, key in COMMON.items():
                    if key.env in deployment.config.envs or key.env == "live":
                        env = key.env if key.env in deployment.config.envs else deployment.config.envs[0]
                        deployment.put(role, type(key)(**{**vars(key), "env": env}))
                deployments[name] = deployment
            for role, key in row.keys.items():
                deployments[name].put(own_role(number, role), key)
                if repeatable(row):
                    for again in range(1, AGAIN_MAX + 1):
                        spare = replace(key, tenant=key.tenant and f"{key.tenant}{'-again' * again}")
                        deployments[name].put(own_role(number, role, again), spare)
        with ThreadPoolExecutor(STARTS) as pool:
            # Those whose rows look at the clock are started last.
            in_order = sorted(deployments.items(), key=lambda item: item[1].config.parallel)
            started = {name: pool.submit(self._start_one, deployment) for name, deployment in in_order}
        for name, future in started.items():
            try:
                self.gates[name], self.judges[name] = future.result()
            except (Unavailable, OSError) as error:
                self.missing[name] = f"the gate did not start: {error}"

    def _start_one(self, deployment: Deployment) -> tuple[Gate, Judge]:
        deployment.now_ms = self.host.clock_ms()
        gate = self.host.start(deployment)
        gate.host = self.host
        nothing = Row("", "", "own", door="tls" if deployment.config.tls else "tcp")

        def served() -> dict:
            if (published := gate.key_set()) is not None:
                return published
            stage = Stage(gate, None, nothing, 0, lonely=False)
            answer = stage.ask(request(path=JWKS_PATH))
            if answer is None or answer.status != 200:
                raise Unavailable(f"{deployment.config.name}: no key set is served: {answer}")
            return json.loads(answer.body)

        judge = Judge(deployment, served(), self.host.clock_ms)
        judge.refresh_keys = served
        # The first question of all opens connections to store and origin: no row is about that.
        if gate.key_set() is None:
            Stage(gate, judge, nothing, 0, lonely=False).ask(request(x_api_key("bare")))
        return gate, judge

    # Rows

    def _lane(self, name: str, rows: list[tuple[int, Row]]):
        for number, row in rows:
            self._play(number, row, name)

    def _play(self, number: int, row: Row, name: str):
        outcome = self.outcomes[number]
        if name in self.missing:
            outcome.faults.append(self.missing[name])
            return
        gate = self.gates[name]
        # Through other doors every request carries its mark; on a gate of TCP or TLS one without it is this row's.
        lonely = BY_NAME[row.door].raw and not gate.deployment.config.parallel
        stage = Stage(gate, self.judges[name], row, number, lonely)
        begun = time.monotonic()
        outcome.because = _attempt(stage)
        while self._late(row, stage, begun):
            lonely, outcome.again = stage.lonely, True
            begun = time.monotonic()
            stage = Stage(gate, self.judges[name], row, number, lonely, stage.again + 1)
            _attempt(stage)
        if row.calls is not None and outcome.because is None:
            outcome.uncounted = self.host.lacks.get("calls")
        outcome.seconds += time.monotonic() - begun
        outcome.faults += [f"{name}: {fault}" if row.last else fault for fault in stage.faults]
        if stage.faults:
            outcome.told += stage.told

    def _late(self, row: Row, stage: Stage, begun: float) -> bool:
        """Whether the row may have failed for a message that came too late: exactly N is promised if none does.

        A machine that is busy may stop a process for longer than a lease is waited for. Whoever hears from no store in time
        answers 503: a gate that always does has failed each time.
        """
        if self.machine is None or not stage.faults or not repeatable(row) or stage.again >= AGAIN_MAX:
            return False
        return stage.unavailable or self.machine.stalled_since(begun) or self.host.late_since(begun)
