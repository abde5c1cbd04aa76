"""The gate as a Worker, on the real workerd: the modules that `wrangler deploy` uploads, Durable Objects on disk, and KV
over workerd's own protocol."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path

from . import native_store, workers_config
from .folders import FOLDERS
from .host import Gate, Host, Unavailable
from .origin import Origin
from .row import Row
from .workers_kv import Namespace
from .world import Config, Deployment, Route

WORKERD = workers_config.WORKERS / "node_modules" / ".bin" / "workerd"
READY_S = 20
STOPS_S = 10
#: Where the ledger is administered: a path that no row asks for.
ADMINISTRATION = "/tollgate-administration"
#: For how long the command may take.
COMMAND_S = 60
#: What is about the deployment's ledger: the other commands change files, which a deployment takes with it.
LEDGERS = ("keys", "owners", "tenants", "limits", "peppers")
#: Where every row's client is, as Cloudflare would say.
CLIENT, COUNTRY = "127.0.0.1", "XX"


class WorkersHost(Host):
    """Starts workerd for each gate, each with a folder of its own."""

    name = "workers"
    lacks = {
        "door tls": "Cloudflare ends TLS before the Worker",
        "door h2": "Cloudflare ends HTTP/2 before the Worker",
        "door forward": "a Worker answers clients, not proxies",
        "door nginx": "a Worker answers clients, not proxies",
        "door envoy": "a Worker answers clients, not proxies",
        "wire": "Cloudflare reads the bytes of HTTP/1.1, and gives the Worker a request",
        "timeouts": "Cloudflare's own patience with clients and origins holds",
        "limits": "Cloudflare's own bounds of heads hold",
        "repeats": "the runtime joins fields of one name before the Worker sees them: a key that is given twice is a list, which is 400",
        "methods": "workerd knows the methods of HTTP and WebDAV, and refuses others and CONNECT itself",
        "websocket": "workerd makes a handshake of its own with the origin, which no answer fits that was written before: tests/workers has it",
        "fragment": "workerd cuts a fragment off before anybody sees it: neither judged nor forwarded",
        "hops": "Cloudflare says where a client is: there are no hops to be configured",
        "metrics": "a Worker has no page of metrics: Cloudflare counts its requests",
        "family rotation": "secrets change with a deployment, in which Cloudflare lets old isolates finish beside new ones; one workerd "
                           "is stopped and started, and no request passes meanwhile",
    }

    #: KV, which has nothing yet, and then the ledger.
    calls_of_a_key = 2
    #: The relay, and then the ledger.
    calls_of_a_head = 2

    def __init__(self, binary: str):
        self.binary = Path(binary).resolve()
        if not self.binary.exists():
            raise Unavailable(f"there is no {self.binary}, with which deployments are administered: cargo build -p tollgate")
        missing = [path for path in (WORKERD, *(workers_config.WORKERS / name for name in workers_config.MODULES)) if not path.exists()]
        if missing:
            raise Unavailable(f"there is no {missing[0]}: cargo xtask setup, and node workers/build.mjs")
        self.folder = Path(tempfile.mkdtemp(prefix="tollgate-workers-", dir=FOLDERS))
        self.gates: list[WorkersGate] = []
        self.lock = threading.Lock()
        self.number = 0
        self.blank: Path | None = None

    def because(self, row: Row, config: Config) -> str | None:
        """What is said of hops, the edge says here: verdicts about clients elsewhere hold all the same."""
        if row.family != "forwarded":
            config = replace(config, trusted_hops=(), country_header=None)
        if {"freeze", "operate"} <= set(row.needs):
            return "one workerd is gate and ledger: nothing is administered while it stands still"
        return super().because(row, config)

    def command(self, place: Path, words: list[str], key: str = "") -> subprocess.CompletedProcess:
        """Runs the command as an operator of the deployment at `place`."""
        given = {name: value for name, value in os.environ.items() if not name.startswith("TOLLGATE_")}
        if key:
            given["TOLLGATE_ADMIN_KEY"] = key
        return subprocess.run([self.binary, *words, "--json"], cwd=place, env=given, stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=COMMAND_S, check=False)

    def artifact(self) -> str:
        digest = hashlib.sha256((workers_config.WORKERS / "gate" / "gate.wasm").read_bytes()).hexdigest()
        return f"gate.wasm, {(workers_config.WORKERS / 'gate' / 'gate.wasm').stat().st_size} bytes, sha256 {digest}"

    def _place(self) -> Path:
        with self.lock:
            self.number += 1
            place = self.folder / str(self.number)
        place.mkdir()
        return place

    def gate(self, deployment: Deployment) -> "WorkersGate":
        return WorkersGate(self, deployment, self._place())

    def start(self, deployment: Deployment) -> "WorkersGate":
        gate = self.gate(deployment)
        with self.lock:
            self.gates.append(gate)
        gate.start()
        return gate

    def refuses(self, deployment: Deployment) -> bool:
        """A Worker cannot refuse to start: it answers nothing but 503, which is the same to whoever asks."""
        gate = self.gate(deployment)
        with self.lock:
            self.gates.append(gate)
        gate.run()
        with_key = next(iter(deployment.keys.values())).text.decode() if deployment.keys else "none"
        answers = {gate.fetch("/orders/1", {"X-API-Key": with_key}), gate.fetch("/", {})}
        return answers == {503}

    def close(self):
        for gate in self.gates:
            gate.ask_to_stop()
        for gate in self.gates:
            gate.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class WorkersGate(Gate):
    """One workerd with one gate."""

    def __init__(self, host: WorkersHost, deployment: Deployment, place: Path):
        self.host, self.deployment, self.place = host, deployment, place
        self.origin = Origin()
        self.kv = Namespace()
        self.storage = place / "storage"
        self.storage.mkdir()
        self.log_path = place / "log"
        self.log_path.touch()
        self.process: subprocess.Popen | None = None
        self.ports: dict[str, int] = {}
        self.address = self.questions = ("127.0.0.1", 0)
        self.secrets = secrets(deployment)
        #: The admin key, and its record.
        self.admin, self.record = "", ""

    # Life

    def mint(self):
        """What the operator's machine holds, and the first admin key: as the guide says."""
        brand = self.deployment.config
        (self.place / "tollgate.toml").write_text(f"[keys]\nprefix = {json.dumps(brand.prefix)}\nenvs = {json.dumps(list(brand.envs))}\n")
        path = self.place / "tollgate.secrets.json"
        path.touch(0o600)
        path.write_text(self.secrets)
        made = self.host.command(self.place, ["init", "--target", "cloudflare"])
        if made.returncode:
            raise Unavailable(f"{brand.name}: no admin key: {made.stderr.decode('utf-8', 'replace')}")
        self.admin = json.loads(made.stdout)["secret"]
        self.record = (self.place / "tollgate.admin.json").read_text()

    def start(self):
        """Mints the admin key, starts, lets the ledger make its tables, puts the keys in beside it, and starts again."""
        self.mint()
        self.run()
        self._objects("/touch")
        self.stop_process()
        (ledger,) = (path for path in self.storage.glob("Ledger/*.sqlite") if path.stem != "metadata")
        native_store.fill(ledger, self.deployment)
        self.run()

    def run(self):
        self.run_worker()
        self.address = ("127.0.0.1", self.ports["gate0"])

    def run_worker(self):
        """Starts workerd, and returns when it listens."""
        text = workers_config.config({**settings(self.deployment, self.origin.port), "admin": {"path": ADMINISTRATION}}, self.secrets,
                                     self.kv.port, self.storage, COUNTRY, CLIENT, extra={"TOLLGATE_ADMIN": self.record},
                                     edge=bool(self.deployment.config.trusted_hops))
        name = workers_config.lay(self.place, text)
        said, says = os.pipe()
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen([WORKERD, "serve", name, f"--control-fd={says}"], cwd=self.place, pass_fds=(says,),
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        os.close(says)
        self.ports = {}
        with os.fdopen(said) as lines:
            for line in lines:
                event = json.loads(line)
                if event.get("event") == "listen":
                    self.ports[event["socket"]] = event["port"]
                if {"gate0", "objects"} <= set(self.ports):
                    break
        if not {"gate0", "objects"} <= set(self.ports):
            raise Unavailable(f"{self.deployment.config.name}: workerd ended: {self.logs().decode('utf-8', 'replace')[-600:]}")

    def _objects(self, path: str) -> dict:
        connection = HTTPConnection("127.0.0.1", self.ports["objects"], timeout=READY_S)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read()
            if response.status != 200:
                raise RuntimeError(f"{path}: {response.status} {body[:300]!r} {self.logs()[-600:]!r}")
            return json.loads(body)
        finally:
            connection.close()

    def fetch(self, path: str, fields: dict) -> int:
        connection = HTTPConnection(*self.address, timeout=READY_S)
        try:
            connection.request("GET", path, headers=fields)
            return connection.getresponse().status
        finally:
            connection.close()

    # What rows ask for

    def store_calls(self) -> int:
        told = self._objects("/")
        return self.kv.reads + sum(told[name] for name in workers_config.CLASSES)

    def logs(self) -> bytes:
        return self.log_path.read_bytes()

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def operate(self, words: list[str], fails=False) -> dict | None:
        """Through the administration's route, with the key that `tollgate init --target cloudflare` printed."""
        there = ["--target", "cloudflare", "--url", f"http://127.0.0.1:{self.ports['gate0']}{ADMINISTRATION}"] if words[0] in LEDGERS else []
        done = self.host.command(self.place, [*words, *there], self.admin)
        if fails:
            return {"refused": done.stderr.decode()} if done.returncode else None
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)}: {done.stderr.decode('utf-8', 'replace')[:300]}")
        return json.loads(done.stdout)

    @contextmanager
    def without_store(self):
        before, self.kv.manner = self.kv.manner, "broken"
        self._objects("/manner/broken")
        try:
            yield
        finally:
            self.kv.manner = before
            self._objects("/manner/honest")

    @contextmanager
    def frozen(self):
        self.process.send_signal(signal.SIGSTOP)
        try:
            time.sleep(0.05)
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def reload(self):
        """A deployment of the secrets as the operator's file has them: every isolate is a new one."""
        self.secrets = (self.place / "tollgate.secrets.json").read_text()
        self.stop_process()
        self.run()

    def ask_to_stop(self):
        if self.alive():
            self.process.terminate()

    def stop_process(self):
        if self.process is None:
            return
        self.ask_to_stop()
        try:
            self.process.wait(STOPS_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def stop(self):
        self.stop_process()
        self.kv.close()


# Settings


def settings(deployment: Deployment, origin_port: int) -> dict:
    """What would stand in `[vars.TOLLGATE]`."""
    config = deployment.config
    told = {
        "origin": {"url": f"http://127.0.0.1:{origin_port}"},
        "keys": {"prefix": config.prefix, "envs": list(config.envs), "header": config.header, "query": config.query, "forward": config.forward},
        "identity": {"issuer": config.issuer, "audience": config.audience},
        "gate": {"realm": config.realm, "rate_limit_fields": config.rate_fields, "max_staleness_ms": config.max_staleness_ms,
                 "store_deadline_ms": config.store_deadline_ms},
        "routes": [route(one) for one in config.routes],
    }
    return {name: {field: value for field, value in table.items() if value is not None} if isinstance(table, dict) else table
            for name, table in told.items()}


def route(one: Route) -> dict:
    blank = Route(one.path)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(one).items()
            if name == "path" or value != getattr(blank, name)}


def secrets(deployment: Deployment) -> str:
    peppers = deployment.peppers.items() if isinstance(deployment.peppers, dict) else deployment.peppers
    return json.dumps({
        "peppers": [{"id": at, "secret": secret.hex()} for at, secret in peppers],
        "issuing": deployment.issuing,
        "signing": [{"kid": deployment.kid, "alg": "EdDSA", "seed": deployment.seed.hex(), "from": 1, "until": None}],
    })
