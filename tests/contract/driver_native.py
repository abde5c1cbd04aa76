"""The native gate: the release binary that a user would deploy, its SQLite store, and nothing for tests."""

import fcntl
import hashlib
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from . import native_store, native_trace
from .certificate import issued
from .folders import FOLDERS
from .host import Gate, Host, Unavailable
from .message import Stream
from .origin import Origin
from .world import Config, Deployment, Route

READY_S = 20
STOPS_S = 10
RELOAD_S = 20
COMMAND_S = 20
#: The locks of the index of a SQLite store in WAL mode.
FIRST_LOCK, LOCKS = 120, 8
#: More than the 50 of a deployment: a machine that is busy with other things must not turn rows red.
STORE_DEADLINE_MS = 1_000
#: Who may ask the decision endpoint, where no hop is configured.
ASKERS = ("127.0.0.1/32",)


class NativeHost(Host):
    """Starts gates, each in a folder of its own."""

    name = "native"
    lacks = {"fragment at h2": "the library of HTTP/2 cuts a fragment off before anybody sees it: neither judged nor forwarded"}

    def __init__(self, binary: str, origin_tls: bool = False):
        self.binary = Path(binary).resolve()
        if not self.binary.is_file():
            raise Unavailable(f"there is no {self.binary}: cargo build --release -p tollgate")
        self.folder = Path(tempfile.mkdtemp(prefix="tollgate-contract-", dir=FOLDERS))
        self.gates: list[NativeGate] = []
        self.lock = threading.Lock()
        self.number = 0
        #: Who has signed the certificate of origins under TLS.
        self.authority: Path | None = None
        #: How origins speak: plainly, or under TLS.
        self.origin_tls = self._secured() if origin_tls else None
        # So that it fails before anything is started.
        native_trace.command(self.folder)

    def _secured(self) -> ssl.SSLContext:
        made, chain, key = issued(), self.folder / "origin.pem", self.folder / "origin.key.pem"
        self.authority = self.folder / "authority.pem"
        self.authority.write_text(made.authority)
        chain.write_text(made.chain)
        key.write_text(made.key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        return context

    def artifact(self) -> str:
        digest = hashlib.sha256(self.binary.read_bytes()).hexdigest()
        origins = ", its origins under TLS" if self.origin_tls else ""
        return f"{self.binary.name}, {self.binary.stat().st_size} bytes, sha256 {digest}{origins}"

    def _place(self) -> Path:
        with self.lock:
            self.number += 1
            place = self.folder / str(self.number)
        place.mkdir()
        return place

    def start(self, deployment: Deployment) -> "NativeGate":
        gate = NativeGate(self, deployment, self._place())
        with self.lock:
            self.gates.append(gate)
        gate.wait_until_ready()
        return gate

    def refuses(self, deployment: Deployment) -> bool:
        place = self._place()
        if self.command(place, ["init"], config="init.toml").returncode:
            raise Unavailable("init fails")
        write_settings(place, deployment, 9, self.authority)
        process = subprocess.Popen([self.binary, "serve", "--config", place / "tollgate.toml"], cwd=place,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment())
        try:
            # It ends, or it says that it has started: there is nothing between.
            for line in process.stderr:
                if b'"event":"started"' in line or b'"event":"listening"' in line:
                    return False
            return process.wait(STOPS_S) != 0
        finally:
            process.kill()
            process.wait()
            process.stderr.close()

    def command(self, place: Path, words: list[str], config="tollgate.toml") -> subprocess.CompletedProcess:
        """One call of the command line, as an operator would type it."""
        return subprocess.run([self.binary, *words, "--json", "--config", place / config], cwd=place, capture_output=True,
                              timeout=COMMAND_S, env=environment())

    def close(self):
        for gate in self.gates:
            gate.ask_to_stop()
        for gate in self.gates:
            gate.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def environment() -> dict[str, str]:
    """Nothing of ours that would set a field."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TOLLGATE_")}


class NativeGate(Gate):
    """One process."""

    questions = ("", 0)

    def __init__(self, host: NativeHost, deployment: Deployment, place: Path):
        self.host, self.deployment, self.place = host, deployment, place
        self.origin = Origin(host.origin_tls)
        made = host.command(place, ["init"], config="init.toml")
        if made.returncode:
            raise Unavailable(f"init fails: {made.stderr.decode()}")
        write_settings(place, deployment, self.origin.port, host.authority)
        native_store.fill(place / "tollgate.db", deployment)
        self.trace = native_trace.Count(place / "trace")
        self.log_path = place / "log"
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(
                [*native_trace.command(place / "trace"), host.binary, "serve", "--config", place / "tollgate.toml"],
                cwd=place, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment(),
            )
        self.address = self.admin = ("", 0)

    def wait_until_ready(self):
        """Waits for what it says of itself, and then for `/readyz`."""
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Unavailable(f"{self.deployment.config.name}: it ended: {self.logs().decode('utf-8', 'replace')[-600:]}")
            for event in self.events():
                if event.get("event") == "listening":
                    host, _, port = event["address"].rpartition(":")
                    if event["listener"] == "gate":
                        self.address = (host, int(port))
                    if event["listener"] == "admin":
                        self.admin = (host, int(port))
                    if event["listener"] == "decide":
                        self.questions = (host, int(port))
            asked = self.questions[1] or not self.deployment.config.decide
            if self.address[1] and self.admin[1] and asked and self._admin("/readyz")[0] == 200:
                return
            time.sleep(0.01)
        raise Unavailable(f"{self.deployment.config.name}: not ready within {READY_S} s: {self.logs().decode()[-600:]}")

    def events(self) -> list[dict]:
        found = []
        for line in self.logs().split(b"\n"):
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return [event for event in found if isinstance(event, dict)]

    def _admin(self, path: str) -> tuple[int, bytes]:
        try:
            with socket.create_connection(self.admin, 2) as connection:
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n".encode())
                response = Stream(connection).response()
                return (response.status, response.body) if response else (0, b"")
        except OSError:
            return 0, b""

    def store_calls(self) -> int:
        return self.trace.now()

    def logs(self) -> bytes:
        return self.log_path.read_bytes()

    def metrics(self) -> bytes:
        return self._admin("/metrics")[1]

    def alive(self) -> bool:
        return self.process.poll() is None

    def operate(self, words: list[str], fails=False) -> dict | None:
        done = self.host.command(self.place, words)
        if fails:
            return {"refused": done.stderr.decode()} if done.returncode else None
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)}: {done.stderr.decode('utf-8', 'replace')[:300]}")
        return json.loads(done.stdout)

    def reload(self):
        before = sum(event.get("event") == "reloaded" for event in self.events())
        self.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + RELOAD_S
        while time.monotonic() < deadline:
            if sum(event.get("event") == "reloaded" for event in self.events()) > before:
                return
            time.sleep(0.005)
        raise RuntimeError(f"it did not reload within {RELOAD_S} s")

    @contextmanager
    def without_store(self):
        """Nobody gets at the store: every lock of its index is held, as another program could."""
        with open(self.place / "tollgate.db-shm", "r+b") as index:
            deadline = time.monotonic() + READY_S
            while True:
                try:
                    fcntl.lockf(index, fcntl.LOCK_EX | fcntl.LOCK_NB, LOCKS, FIRST_LOCK)
                    break
                except OSError:
                    if time.monotonic() > deadline:
                        raise
                    time.sleep(0.001)
            yield

    @contextmanager
    def frozen(self):
        """The process does not run: a laptop that sleeps, a container that is paused."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            deadline = time.monotonic() + READY_S
            while not self._stands_still():
                if time.monotonic() > deadline:
                    raise RuntimeError("it does not stop")
                time.sleep(0.001)
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def _stands_still(self) -> bool:
        """Whether every thread is stopped, traced or not."""
        for task in Path(f"/proc/{self.process.pid}/task").iterdir():
            state = (task / "stat").read_text().rpartition(")")[2].split()[0]
            if state not in "Tt":
                return False
        return True

    def ask_to_stop(self):
        if self.alive():
            self.process.terminate()

    def stop(self):
        self.ask_to_stop()
        try:
            self.process.wait(STOPS_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


# Settings


def toml(value) -> str:
    """A value as TOML; texts need no escapes that JSON has not."""
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(toml(one) for one in value) + "]"
    return json.dumps(value)


def table(name: str, **fields) -> str:
    lines = [f"{field} = {toml(value)}" for field, value in fields.items() if value is not None]
    return f"{name}\n" + "\n".join(lines) + "\n"


def route_text(route: Route) -> str:
    blank = Route(route.path)
    shown = {name: value for name, value in vars(route).items() if name == "path" or value != getattr(blank, name)}
    return table("[[routes]]", **shown)


def config_text(config: Config, origin_port: int, authority: Path | None = None) -> str:
    """The configuration as an operator would write it; every listener on a port of its own choice.

    Where an authority has signed for the origin, that is spoken to under TLS.
    """
    scheme = "https" if authority else "http"
    return "\n".join([
        table("[keys]", prefix=config.prefix, envs=config.envs, header=config.header, query=config.query,
              forward=config.forward),
        table("[store]", path="tollgate.db"),
        table("[secrets]", path="tollgate.secrets.json"),
        table("[identity]", issuer=config.issuer, audience=config.audience),
        table("[gate]", listen="127.0.0.1:0", realm=config.realm, trusted_hops=config.trusted_hops,
              country_header=config.country_header, rate_limit_fields=config.rate_fields, max_staleness_ms=config.max_staleness_ms,
              store_deadline_ms=config.store_deadline_ms or STORE_DEADLINE_MS),
        table("[origin]", url=f"{scheme}://127.0.0.1:{origin_port}", ca=authority and str(authority), response_timeout_ms=config.response_timeout_ms),
        table("[connections]", head_bytes_max=config.head_bytes_max, fields_max=config.fields_max,
              head_timeout_ms=config.head_timeout_ms, drain_s=1),
        table("[admin]", listen="127.0.0.1:0"),
        table("[tls]", certificate="tls.pem", key="tls.key.pem") if config.tls else "",
        table("[decide]", listen="127.0.0.1:0", trusted=config.trusted_hops or ASKERS) if config.decide else "",
        *(route_text(route) for route in config.routes),
    ])


def write_settings(place: Path, deployment: Deployment, origin_port: int, authority: Path | None = None):
    """Configuration and secrets, over those that `init` left beside the store."""
    peppers = deployment.peppers.items() if isinstance(deployment.peppers, dict) else deployment.peppers
    held = {
        "peppers": [{"id": at, "secret": secret.hex()} for at, secret in peppers],
        "issuing": deployment.issuing,
        "signing": [{"kid": deployment.kid, "alg": "EdDSA", "seed": deployment.seed.hex(), "from": 1, "until": None}],
    }
    path = place / "tollgate.secrets.json"
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
        json.dump(held, file)
    if deployment.certificate:
        (place / "tls.pem").write_text(deployment.certificate.chain)
        (place / "tls.key.pem").write_text(deployment.certificate.key)
        (place / "tls.key.pem").chmod(0o600)
    (place / "tollgate.toml").write_text(config_text(deployment.config, origin_port, authority))
