"""A deployment with a management API: `tollgate init`, `tollgate serve`, and keys that the command makes."""

import http.client
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from contract.folders import FOLDERS

READY_S = 30
STOPS_S = 15
#: What an admin key of operators needs to be let through every door.
SCOPES = ["keys", "usage", "audit", "tenants", "owners", "roles", "templates"]

#: With the patience of a machine that does other things as well: whoever is answered that there is no verdict is a finding.
CONFIG = """\
[keys]
prefix = "tg"
envs = ["live"]
[store]
path = "tollgate.db"
[secrets]
path = "tollgate.secrets.json"
[identity]
issuer = "tollgate"
audience = "origin"
[gate]
listen = "127.0.0.1:0"
store_deadline_ms = 2000
[origin]
url = "http://127.0.0.1:9"
[admin]
listen = "127.0.0.1:0"
[control]
listen = "127.0.0.1:0"
"""


@dataclass
class Answer:
    """What came back."""

    status: int
    fields: list[tuple[str, str]]
    body: bytes

    def field(self, name: str) -> str:
        return next((value for named, value in self.fields if named.lower() == name), "")

    def json(self):
        return json.loads(self.body)


@dataclass
class Deployment:
    """One folder with configuration, secrets and store, and the command that serves it."""

    binary: Path
    more: str = ""
    place: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="tollgate-control-", dir=FOLDERS)))

    def __post_init__(self):
        self.binary = Path(self.binary).resolve()
        (self.place / "tollgate.toml").write_text(CONFIG + self.more)
        self.process, self.port = None, 0
        self._addresses = itertools.count(1)
        self.did("init")

    def start(self) -> "Deployment":
        """Returns when it listens."""
        log = self.place / "serve.log"
        with log.open("wb") as file:
            words = [self.binary, "serve", "--config", "tollgate.toml"]
            self.process = subprocess.Popen(words, cwd=self.place, env=environment(), stdin=subprocess.DEVNULL,
                                            stdout=file, stderr=file)
        deadline = time.monotonic() + READY_S
        while not self.port:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the command does not serve: {log.read_text()[-2000:]}")
            for line in log.read_text().splitlines():
                if '"listener":"control"' in line and line.endswith("}"):
                    self.port = int(json.loads(line)["address"].rsplit(":", 1)[1])
            time.sleep(0.01)
        return self

    @classmethod
    def at(cls, place: Path, binary: Path, port: int) -> "Deployment":
        """One that somebody else has started."""
        self = cls.__new__(cls)
        self.binary, self.place, self.port, self.process = binary, place, port, None
        self._addresses = itertools.count(2_000_000)
        return self

    def did(self, *words: str) -> str:
        """What the command says, which must succeed."""
        done = subprocess.run([self.binary, *words, "--config", "tollgate.toml"], cwd=self.place, env=environment(),
                              capture_output=True, timeout=60, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)}: {done.returncode}: {done.stderr.decode('utf-8', 'replace')[:500]}")
        return done.stdout.decode()

    def key(self, tenant: str, owner: str, scopes: list[str]) -> tuple[str, str]:
        """A key that the command makes: its id and its secret."""
        words = ["keys", "create", "--tenant", tenant, "--owner", owner, "--env", "live", "--unlimited", "--json"]
        made = json.loads(self.did(*words, *[word for scope in scopes for word in ("--scope", scope)]))
        return made["key"]["id"], made["secret"]

    def admin(self, tenant: str = "operators", owner: str = "admin") -> tuple[str, str]:
        """An admin key with every scope."""
        return self.key(tenant, owner, [f"{scope}:*" for scope in SCOPES])

    def address(self) -> str:
        """An address that has not failed yet."""
        number = next(self._addresses)
        return f"127.{1 + number // 62_500 % 62}.{number // 250 % 250}.{1 + number % 250}"

    def ask(self, method: str, target: str, key: str | None = None, body: bytes | None = None,
            fields: dict[str, str] | None = None) -> Answer:
        """One request on a connection of its own, from an address of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=40, source_address=(self.address(), 0))
        try:
            given = {**({"X-API-Key": key} if key else {}), **(fields or {})}
            connection.request(method, target, body=body, headers=given)
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheaders(), answer.read())
        finally:
            connection.close()

    def document(self) -> dict:
        answer = self.ask("GET", "/api/openapi.json")
        if answer.status != 200:
            raise RuntimeError(f"the document is answered {answer.status}")
        return answer.json()

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def log(self) -> str:
        return (self.place / "serve.log").read_text("utf-8", "replace")

    def close(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOPS_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.place, ignore_errors=True)


def environment() -> dict[str, str]:
    """Nothing of ours that would set a field of the configuration."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TOLLGATE_")}
