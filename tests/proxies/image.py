"""What the Dockerfile builds, run as the image would run it: alone in a root of its own, as its user."""

import os
import shutil
import socket
import stat
import subprocess
from pathlib import Path

import yaml

from contract.message import Stream
from contract.origin import Origin

from .checks import Checks
from .example import Ports
from .process import Process, connects, environment
from .stage import request

#: Who owns the folder that is written, and nothing else.
USER = 65532


class Image:
    """What the image holds, in a folder, and a program in it run as the image would."""

    def __init__(self, binary: Path, folder: Path, user: int):
        self.root, self.user = folder / "image", user
        self.binary = self.root / "tollgate"
        (self.root / "data").mkdir(parents=True)
        shutil.copy2(binary, self.binary)
        # What every engine brings: names, and the devices that every program may expect.
        (self.root / "dev").mkdir()
        for name, number in (("null", 3), ("zero", 5), ("random", 8), ("urandom", 9)):
            os.mknod(self.root / "dev" / name, stat.S_IFCHR | 0o666, os.makedev(1, number))
            os.chmod(self.root / "dev" / name, 0o666)
        (self.root / "etc").mkdir()
        (self.root / "etc/hosts").write_text("127.0.0.1 origin\n")
        os.chown(self.root / "data", user, user)
        os.chmod(self.root / "data", 0o700)

    def words(self, *words: str) -> list[str]:
        return ["chroot", f"--userspec={self.user}:{self.user}", str(self.root), "/tollgate", *words]

    def run(self, *words: str, **more: str) -> subprocess.CompletedProcess:
        return subprocess.run(self.words(*words), capture_output=True, timeout=30, env={**environment(), **more})


def runs(checks: Checks, binary: Path, folder: Path, ports: Ports, origin: Origin, config: str):
    """The static program, alone in its root, as a user who owns nothing but /data: the steps of both examples."""
    header = binary.read_bytes()[:4096]
    checks.expect(header[:4] == b"\x7fELF" and b"ld-linux" not in header, "it is not linked statically")
    image = Image(binary, folder, USER)
    docker = {"TOLLGATE_GATE_LISTEN": f"127.0.0.1:{ports.gate}", "TOLLGATE_ADMIN_LISTEN": f"127.0.0.1:{ports.admin}",
              "TOLLGATE_ORIGIN_URL": f"http://origin:{origin.port}"}
    serves(checks, image, "/data/tollgate.toml", docker, ports, ["init", "--config", "/data/tollgate.toml"], {})
    # Kubernetes: the same program, its configuration from the ConfigMap, secrets and store where it mounts them.
    (image.root / "secrets").mkdir()
    secrets = image.root / "secrets/tollgate.secrets.json"
    shutil.copy(image.root / "data/tollgate.secrets.json", secrets)
    os.chown(secrets, 0, USER)
    os.chmod(secrets, 0o440)
    shutil.rmtree(image.root / "data")
    (image.root / "data").mkdir(mode=0o700)
    os.chown(image.root / "data", USER, USER)
    (image.root / "etc/tollgate").mkdir()
    text = ports.put_into(config).replace("0.0.0.0", "127.0.0.1")
    (image.root / "etc/tollgate/tollgate.toml").write_text(text)
    job = {"TOLLGATE_STORE_PATH": "/data/tollgate.db", "TOLLGATE_SECRETS": secrets.read_text()}
    serves(checks, image, "/etc/tollgate/tollgate.toml", {}, ports, ["init", "--config", "/data/init.toml"], job)
    written = sorted(str(path.relative_to(image.root)) for path in image.root.rglob("*") if path.stat().st_uid == USER)
    checks.expect(all(path.startswith("data") for path in written), f"it wrote {written}")


def serves(checks: Checks, image: Image, config: str, variables: dict, ports: Ports, init: list[str], job: dict):
    made = image.run(*init, **job)
    if not checks.expect(made.returncode == 0, f"{init}: {made.stderr.decode()}"):
        return
    again = image.run(*init, **job)
    checks.expect(again.returncode == 3, f"{init} a second time: {again.returncode}")
    process = Process(image.words("serve", "--config", config), image.root.parent, {**environment(), **variables}, "image")
    try:
        process.listens(ports.gate, ports.admin)
        for path in ("/readyz", "/healthz"):
            answer = ask(ports.admin, request(path=path))
            checks.expect(answer.status == 200, f"{path}: {answer.status}")
        created = image.run("keys", "create", "--config", config, "--tenant", "acme", "--owner", "me", "--unlimited", "--json",
                            **variables)
        if checks.expect(created.returncode == 0, f"keys create: {created.stderr.decode()}"):
            secret = yaml.safe_load(created.stdout)["secret"]
            answer = ask(ports.gate, request(("X-API-Key", secret)))
            checks.expect(answer.status == 200 and answer.body == b"origin", f"with a key: {answer.status} {answer.body!r}")
        checks.expect(ask(ports.gate, request()).status == 401, "without a key")
    finally:
        process.stop()
    checks.expect(process.process.returncode == 0, f"SIGTERM: {process.process.returncode} {process.log()[-500:]}")
    checks.expect(not connects(ports.gate), "it still listens")


def ask(port: int, sent: bytes):
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(sent)
        return Stream(connection).response()
