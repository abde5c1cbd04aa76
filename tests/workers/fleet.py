"""A deployment of several gates in one workerd, over one that holds the Durable Objects, and KV."""

import json
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from types import SimpleNamespace

from contract import driver_workers, workers_config
from contract.driver_workers import COUNTRY, CLIENT
from contract.certificate import Certificate
from contract.folders import FOLDERS
from contract.workers_kv import Namespace
from contract.world import Config, Deployment, Key, Minted
from reference import record as record_format
from reference import sealed

from .process import ended, started

GATES = 8
#: The deadline unless settings name one: for cases in which one machine is kept very busy.
PATIENT_MS = 1_000
#: A gate's own deadline for stores: what is not answered by then is a failure of the store.
STORE_DEADLINE_MS = 500
#: The way in for administration.
ADMIN_PATH = "/operators/door"
ORIGIN, CACHE = "tests/workers/origin.mjs", "tests/workers/cache.mjs"
FOLDERS_DEPLOYED = ("cloudflare", "gate", "objects")
#: Secrets of a deployment, made anew in every run.
DRAWN = "drawn"


class Fleet:
    """Gates, objects and KV; one process, which can be ended and started anew with its storage kept."""

    #: What stands in the modules instead: (file, text, text). Set for the life of a case that must notice it.
    planted: tuple[tuple[str, str, str], ...] = ()

    def __init__(self, name: str, keys: dict[str, Key] | None = None, gates: int = GATES, secrets: str | None = DRAWN, routes=(),
                 origin_port: int | None = None, cache: bool = False, create: bool = True,
                 deadline_ms: int = STORE_DEADLINE_MS, more: dict | None = None, stays: bool = False, plants=(),
                 tls: dict[int, Certificate] | None = None):
        """`more` is settings; where it `stays`, others find its objects again when it was ended and started; `plants` are
        faults that the modules are to bear; `tls` is certificates, each of the gate of that number."""
        self.deployment = Deployment.drawn(Config(name, routes=tuple(routes), store_deadline_ms=deadline_ms, **(more or {})))
        self.stays, self.ports, self.tls = stays, {}, tls or {}
        #: Where the way in for administration is, in the words of the settings.
        self.way_in: dict | None = {"path": ADMIN_PATH}
        self.deployment.now_ms = int(time.time() * 1_000)
        self.number, self.origin_port, self.cache = gates, origin_port, cache
        self.kv = Namespace()
        self.place = Path(tempfile.mkdtemp(prefix="tollgate-fleet-", dir=FOLDERS))
        self.log_path = self.place / "log"
        self.process: subprocess.Popen | None = None
        (self.place / "storage").mkdir()
        for folder in FOLDERS_DEPLOYED:
            shutil.copytree(workers_config.WORKERS / folder, self.place / "workers" / folder, ignore=shutil.ignore_patterns("src", "*.toml"))
        for file, text, instead in (*plants, *self.planted):
            self.plant(self.place / "workers" / file, text, instead)
        self.secrets = driver_workers.secrets(self.deployment) if secrets is DRAWN else secrets
        self.admin = self.deployment.put("admin", Key(tenant="operators", owner="ann", scopes=("keys:read", "keys:write")))
        try:
            self.start()
            for role, key in (keys or {}).items():
                self.deployment.put(role, key)
                if create:
                    self.create(role)
        except BaseException:
            self.close()
            raise

    @staticmethod
    def plant(path: Path, text: str, instead: str):
        """In a module, or in whichever module of a folder holds it."""
        modules = sorted(path.glob("*.mjs")) if path.is_dir() else [path]
        held = {module: module.read_text() for module in modules}
        times = sum(told.count(text) for told in held.values())
        if times != 1:
            raise LookupError(f"{path.name} holds {times} times: {text}")
        for module, told in held.items():
            module.write_text(told.replace(text, instead))

    # Life

    def start(self):
        settings = driver_workers.settings(self.deployment, self.origin_port or 9)
        if self.way_in is not None:
            settings["admin"] = self.way_in
        text = workers_config.config(settings, self.secrets, self.kv.port, self.place / "storage", COUNTRY, CLIENT, gates=self.number,
                                     extra={"TOLLGATE_ADMIN": self._admin_record()}, origin=None if self.origin_port else ORIGIN,
                                     outbound=CACHE if self.cache else None)
        if self.stays:
            held = '(name = "objects", address = "127.0.0.1:'
            text = text.replace(f"{held}0", f"{held}{self.ports.get('objects', 0)}")
        for at, certificate in self.tls.items():
            text = serving_tls(text, f"gate{at}", certificate)
        name = workers_config.lay(self.place, text)
        wanted = {f"gate{at}" for at in range(self.number)} | {"objects"} | ({"outbound"} if self.cache else set())
        self.process, self.ports = started(self.place, name, self.log_path, wanted)
        self.gates = [SimpleNamespace(address=("127.0.0.1", self.ports[f"gate{at}"])) for at in range(self.number)]
        self.doors = [None] * self.number

    def kill(self):
        """Ends it at once, whatever it was doing."""
        ended(self.process)

    def restart(self):
        """Every isolate and every object is a new one; what was stored is there."""
        self.kill()
        self.start()

    def close(self):
        self.kill()
        self.kv.close()
        shutil.rmtree(self.place, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # Administration

    def _admin_record(self) -> str:
        minted = self.admin
        record = {"v": 1, "k": minted.pepper, "as_of": [1, 1], "lookup": minted.lookup, "key": minted.id, "tenant": minted.tenant,
                  "owner": minted.owner, "env": "live", "state": "active", "not_before": None, "expires": None, "plan": None,
                  "scopes": list(minted.spec.scopes), "limits": [], "quotas": [], "ips": {"allow": [], "deny": []},
                  "countries": {"allow": [], "deny": []}}
        body = json.dumps(record, separators=(",", ":"))
        return sealed.seal(record_format.FORM, self.deployment.peppers[minted.pepper], body.removesuffix("}"))

    def administer(self, question: dict, gate: int = 0) -> dict:
        """Asks through a gate's door; what it says must be yes."""
        for again in (False, True):
            door = self.doors[gate] or HTTPConnection(*self.gates[gate].address, timeout=20)
            try:
                fields = {"Authorization": f"Bearer {self.admin.text.decode()}", "Content-Type": "application/json"}
                door.request("POST", ADMIN_PATH, json.dumps(question), fields)
                response = door.getresponse()
                body = response.read()
                self.doors[gate] = door
                break
            except OSError:
                door.close()
                self.doors[gate] = None
                if again:
                    raise
        if response.status != 200:
            raise RuntimeError(f"{question['op']}: {response.status} {body[:300]!r}")
        return json.loads(body)

    def create(self, role: str) -> Minted:
        minted = self.deployment.keys[role]
        spec = minted.spec
        plain = lambda one: {"name": one.name, "scope": one.scope, "burst": one.burst, "rate": one.rate, "period_ms": one.period_ms}
        settings = {"tenant": minted.tenant, "owner": minted.owner, "env": spec.env, "scopes": list(spec.scopes),
                    "limits": [plain(one) for one in spec.limits]}
        self.administer({"op": "create", "id": minted.id, "settings": settings, "secret": {"lookup": minted.lookup, "pepper": minted.pepper}})
        return minted

    def did(self, _keys: str, op: str, key: str) -> dict:
        """In the words of the command line."""
        return self.administer({"op": op, "id": key})

    def key(self, role: str) -> bytes:
        return self.deployment.keys[role].text

    def id(self, role: str) -> str:
        return self.deployment.keys[role].id

    def place_of(self, role: str) -> str:
        """Where KV keeps its record."""
        return f"r/{self.deployment.keys[role].lookup}"

    # What the stores are told, and say

    def objects(self, path: str = "/", fields: dict | None = None) -> dict:
        connection = HTTPConnection("127.0.0.1", self.ports["objects"], timeout=60)
        try:
            connection.request("GET", path, headers=fields or {})
            response = connection.getresponse()
            body = response.read()
            assert response.status == 200, body
            return json.loads(body)
        finally:
            connection.close()

    @contextmanager
    def objects_are(self, manner: str, of: str = "", every: int = 1):
        self.objects(f"/manner/{manner}/{of}/{every}")
        try:
            yield
        finally:
            self.objects("/manner/honest")

    @contextmanager
    def kv_is(self, manner):
        before, self.kv.manner = self.kv.manner, manner
        try:
            yield
        finally:
            self.kv.manner = before

    def asked(self) -> int:
        """How often any store was asked."""
        told = self.objects()
        return self.kv.reads + sum(told[name] for name in workers_config.CLASSES)

    def logs(self) -> str:
        return self.log_path.read_text("utf-8", "replace")

    def no_secret_told(self, log: Path | None = None):
        """Neither a pepper nor a seed nor a key stands in the log."""
        held = (log or self.log_path).read_bytes()
        told = [*self.deployment.secrets(), *(minted.text for minted in self.deployment.keys.values())]
        found = sum(secret in held for secret in told)
        assert not found, f"{found} secrets stand in the log"
        # Not even what of a key is proof.
        found = sum(minted.text.rsplit(b"_", 1)[1] in held for minted in self.deployment.keys.values())
        assert not found, f"{found} bodies of keys stand in the log"


def serving_tls(config: str, name: str, certificate: Certificate) -> str:
    """The same configuration, with the socket of this name under a certificate."""
    begin = config.index(f'(name = "{name}", address')
    end = config.index(f', service = "{name}")', begin)
    plain = config[begin:end]
    keypair = f"keypair = (privateKey = {workers_config.quoted(certificate.key)}, certificateChain = {workers_config.quoted(certificate.chain)})"
    return config[:begin] + plain.replace("http = (", "https = (options = (", 1) + f", tlsOptions = ({keypair}))" + config[end:]
