"""What is started for each example, from exactly the files that a user copies."""

import re
import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

from contract.message import Stream

from .process import POLL_S, READY_S, Failed, Process, environment, free_ports

#: The ports that every example documents, and what listens there.
PORTS = {"8000": "clients", "8080": "gate", "8081": "decide", "9090": "admin", "3000": "origin"}
_PORT = re.compile(r"(?<![\d.])(?:%s)(?![\d.])" % "|".join(PORTS))


@dataclass(frozen=True)
class Ports:
    """The ports of one run."""

    clients: int
    gate: int
    decide: int
    admin: int
    origin: int

    @classmethod
    def free(cls, origin: int) -> "Ports":
        return cls(*free_ports(4), origin)

    def put_into(self, text: str) -> str:
        """The text with each documented port replaced, and nothing else."""
        return _PORT.sub(lambda found: str(getattr(self, PORTS[found[0]])), text)


@dataclass(frozen=True)
class Example:
    """A proxy's configuration in `examples/`."""

    name: str
    #: The folder that it is in.
    folder: str
    #: The server's configuration, beside which stands `tollgate.toml`.
    file: str
    #: Whether the gate is asked (`decide`) or forwards by itself (`front`).
    place: str
    #: Starts the proxy: of the tools' folder, the folder of this run, the configuration with its ports, and the ports.
    words: object
    #: What it cannot show, by the name of the need, with the reason.
    lacks: dict[str, str] = field(default_factory=dict)
    #: Whether its configuration says where clients come in; else that is said beside it.
    has_entrance: bool = True

    def configuration(self, examples: Path, run: Path, ports: Ports, change) -> Path:
        source = change((examples / self.folder / self.file).read_text())
        documented = {PORTS[port] for port in _PORT.findall(source)}
        needed = {"clients", "decide", "origin"} if self.place == "decide" else {"clients", "gate"}
        needed -= set() if self.has_entrance else {"clients"}
        if not needed <= documented:
            raise Failed(f"{self.folder}/{self.file} does not document the ports of {needed - documented}")
        copy = run / self.file
        copy.write_text(ports.put_into(source))
        return copy

    def start(self, examples: Path, tools: Path, run: Path, ports: Ports, change=lambda text: text) -> Process:
        """Starts the proxy; `change` breaks the configuration, where a test wants to see that noticed."""
        copy = self.configuration(examples, run, ports, change)
        process = Process(self.words(tools, run, copy, ports), run, servers_environment(tools, run), self.name)
        try:
            process.listens(ports.clients)
            if not self.has_entrance:
                knows(ports.clients)
        except Failed:
            process.stop()
            raise
        return process


def knows(port: int):
    """Returns when the server has read what it is to do with requests: it listens before."""
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        with socket.create_connection(("127.0.0.1", port), READY_S) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            got = Stream(connection).response()
        if got is not None and got.status != 404:
            return
        time.sleep(POLL_S)
    raise Failed(f"nothing is known of any request after {READY_S} s")


def servers_environment(tools: Path, run: Path) -> dict[str, str]:
    """Libraries that were unpacked beside the servers; a home that is nobody's."""
    libraries = [str(folder) for folder in (tools / "debian/usr/lib").glob("*-linux-*")]
    return {**environment(), "LD_LIBRARY_PATH": ":".join(libraries), "HOME": str(run), "XDG_DATA_HOME": str(run),
            "XDG_CONFIG_HOME": str(run)}


# nginx and Caddy are given what a distribution's own configuration says around a site.

_NGINX = """daemon off; master_process off; pid {run}/nginx.pid; error_log stderr notice;
events {{}}
http {{
    access_log off;
    client_body_temp_path {run}/body; proxy_temp_path {run}/proxy; fastcgi_temp_path {run}/fastcgi;
    uwsgi_temp_path {run}/uwsgi; scgi_temp_path {run}/scgi;
    include {file};
}}
"""
_CADDY = "{{\n\tadmin off\n\tstorage file_system {run}\n}}\nimport {file}\n"


def nginx(tools: Path, run: Path, file: Path, _ports: Ports) -> list:
    around = run / "nginx.conf"
    around.write_text(_NGINX.format(run=run, file=file))
    return [tools / "debian/usr/sbin/nginx", "-p", run, "-e", "stderr", "-c", around]


def caddy(tools: Path, run: Path, file: Path, _ports: Ports) -> list:
    around = run / "around.caddy"
    around.write_text(_CADDY.format(run=run, file=file))
    return [tools / "debian/usr/bin/caddy", "run", "--adapter", "caddyfile", "--config", around]


def haproxy(tools: Path, _run: Path, file: Path, _ports: Ports) -> list:
    return [tools / "debian/usr/sbin/haproxy", "-db", "-f", file]


def envoy(tools: Path, _run: Path, file: Path, _ports: Ports) -> list:
    return [tools / "python/bin/envoy", "-c", file, "--concurrency", "1", "--use-dynamic-base-id",
            "--log-level", "warning"]


def traefik(tools: Path, _run: Path, file: Path, ports: Ports) -> list:
    """What is static of a configuration is said on the command line, as containers do."""
    return [tools / "python/bin/traefik", f"--entryPoints.web.address=127.0.0.1:{ports.clients}",
            f"--providers.file.filename={file}", "--providers.file.watch=false", "--log.level=ERROR",
            "--global.checkNewVersion=false", "--global.sendAnonymousUsage=false"]
