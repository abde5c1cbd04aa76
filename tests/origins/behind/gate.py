"""The gate: the release binary in a folder of its own, as an operator would run it."""

import json
import subprocess
from pathlib import Path

from proxies.process import Failed, Process, environment, free_ports

COMMAND_S = 60
ISSUER = "https://gate.example"
#: What a busy machine needs, and nobody else would set.
PATIENCE = {"TOLLGATE_GATE_STORE_DEADLINE_MS": "2000"}
CONFIGURATION = """
[keys]
envs = ["live", "test"]

[identity]
issuer = "{issuer}"
audience = "{audience}"

[gate]
listen = "127.0.0.1:{port}"

[admin]
listen = "127.0.0.1:{admin}"

[origin]
url = "http://127.0.0.1:{origin}"

[[routes]]
path = "/bound/**"
bind = true
"""


class Gate:
    """One gate, with secrets, store and keys of its own."""

    def __init__(self, binary: Path, folder: Path, audience: str, origin: int, change=lambda text: text):
        self.binary, self.folder = binary, folder
        self.folder.mkdir()
        self.port, self.admin = free_ports(2)
        self.file = folder / "tollgate.toml"
        text = CONFIGURATION.format(issuer=ISSUER, audience=audience, port=self.port, admin=self.admin, origin=origin)
        self.file.write_text(change(text))
        self.command("init")
        self.jwks = f"http://127.0.0.1:{self.port}/.well-known/tollgate/jwks.json"
        self.process: Process | None = None

    def command(self, *words: str) -> dict:
        """What an operator types, which must succeed."""
        done = subprocess.run([self.binary, *words, "--json", "--config", self.file], cwd=self.folder, timeout=COMMAND_S,
                              capture_output=True, env=environment())
        if done.returncode:
            raise Failed(f"tollgate {' '.join(words)}: {done.stdout.decode()[-600:]}{done.stderr.decode()[-600:]}")
        return json.loads(done.stdout or b"null")

    def start(self):
        words = [self.binary, "serve", "--config", self.file]
        self.process = Process(words, self.folder, {**environment(), **PATIENCE}, "gate")
        self.process.listens(self.port, self.admin)

    def stop(self):
        if self.process:
            self.process.stop()

    def kill(self):
        """Ends it at once: keys grow old while a gate drains."""
        self.process.process.kill()
        self.process.process.wait()

    def seed(self, kid: str) -> bytes:
        """What the gate signs with."""
        secrets = json.loads((self.folder / "tollgate.secrets.json").read_text())
        [seed] = [key["seed"] for key in secrets["signing"] if key["kid"] == kid]
        return bytes.fromhex(seed)

    def signs(self, kid: str, from_ms: int):
        """Moves the moment from which a published key signs: the five minutes until then are not waited for."""
        file = self.folder / "tollgate.secrets.json"
        secrets = json.loads(file.read_text())
        [key] = [key for key in secrets["signing"] if key["kid"] == kid]
        key["from"] = from_ms
        fresh = file.with_suffix(".new")
        fresh.touch(0o600)
        fresh.write_text(json.dumps(secrets))
        fresh.rename(file)
