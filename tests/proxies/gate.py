"""The gate beside a proxy: the release binary, with the example's own `tollgate.toml`."""

import json
import socket
import subprocess
from pathlib import Path

from contract.message import Stream

from .example import Ports
from .process import Failed, Process, environment

COMMAND_S = 30
#: What a busy machine needs, and no example would write: the only field that a test sets, by its variable.
DEADLINE = {"TOLLGATE_GATE_STORE_DEADLINE_MS": "2000"}
JWKS = b"GET /.well-known/tollgate/jwks.json HTTP/1.1\r\nHost: gate\r\nConnection: close\r\n\r\n"

ROLES = {
    "usual": ["--unlimited", "--scope", "orders:read", "--plan", "pro"],
    "other": ["--unlimited"],
    "admin": ["--unlimited", "--scope", "admin:all"],
    "limited": ["--limit", "burst:key=2,1/1h"],
    "bound": ["--unlimited", "--allow-ip", "127.0.0.2/32"],
    "expired": ["--unlimited", "--expires", "2001-01-01", "--allow-past"],
    "revoked": ["--unlimited"],
}


class Gate:
    """One process; it can be stopped and started again on the same ports."""

    def __init__(self, binary: Path, configuration: Path, run: Path, ports: Ports, change=None):
        sound, change = change is None, change or (lambda text: text)
        self.binary, self.run, self.ports = binary, run, ports
        self.place = run / "gate"
        self.place.mkdir(parents=True)
        self.file = self.place / "tollgate.toml"
        # `init` makes secrets and store; then the example takes the place of the configuration that it wrote.
        self.command("init")
        self.file.write_text(ports.put_into(change(configuration.read_text())))
        self.command("config", "check")
        if sound:
            self.command("doctor")
        self.keys = {role: self._key(role, settings) for role, settings in ROLES.items()}
        self.command("keys", "revoke", self.keys["revoked"]["key"]["id"])
        #: Where it is asked, or forwards: the one it has is the one that the example gives it.
        self.door = ports.decide if "[decide]" in self.file.read_text() else ports.gate
        self.process = None
        self.start()
        self.jwks = json.loads(self._ask(self.door, JWKS).body)

    def command(self, *words: str) -> dict:
        """One call of the command line, as an operator would type it."""
        done = subprocess.run([self.binary, *words, "--json", "--config", self.file], cwd=self.place, timeout=COMMAND_S,
                              capture_output=True, env=environment())
        if done.returncode:
            raise Failed(f"tollgate {' '.join(words)}: {done.stdout.decode()[-600:]}{done.stderr.decode()[-600:]}")
        return json.loads(done.stdout or b"null")

    def _key(self, role: str, settings: list[str]) -> dict:
        return self.command("keys", "create", "--tenant", "acme", "--owner", role, *settings)

    def start(self):
        self.process = Process([self.binary, "serve", "--config", self.file], self.place, {**environment(), **DEADLINE},
                               "gate")
        try:
            self.process.listens(self.door, self.ports.admin)
        except Failed:
            self.process.stop()
            raise

    def stop(self):
        self.process.stop()

    def _ask(self, port: int, request: bytes):
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.sendall(request)
            return Stream(connection).response()

    def key(self, role: str) -> bytes:
        return self.keys[role]["secret"].encode()

    def settings(self, role: str) -> dict:
        return self.keys[role]["key"]
