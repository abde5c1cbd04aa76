"""The Worker's module in another JavaScript runtime: `edge-runtime` on Node, with nothing of Cloudflare around it. Records
come from the driver's namespace, and heads, leases and limits from the real objects, all asked over HTTP. The Worker that
runs beside it is there for its administration only."""

import json
import re
import signal
import subprocess
import time
from contextlib import contextmanager

from . import workers_config
from .driver_workers import STOPS_S, WorkersGate, WorkersHost, settings
from .host import Unavailable
from .row import Row
from .world import Config, Deployment

NODE = workers_config.WORKERS / "node_modules" / ".bin" / "node"
RUNTIME = workers_config.WORKERS / "node_modules" / "edge-runtime"
SERVER = workers_config.ROOT / "tests" / "workers" / "edge_runtime.mjs"

_SPELLED = "the runtime's URL resolves dots and turns backslashes before anybody is asked: what is judged is what is forwarded"
_ASTERISK = "a URL holds no asterisk in place of a path"
#: Single rows that the Fetch API, its client or Node's server answer instead of the gate, by how they are called.
ROWS = {
    r"paths/(/\S*) has no one spelling": _SPELLED,
    r"reserved/GET (/\S*) is not forwarded": _SPELLED,
    r"paths//a\? is forwarded as it is": "the runtime's URL drops an empty query",
    r"paths/(an asterisk that is no OPTIONS|OPTIONS of an asterisk.*)": _ASTERISK,
    r"hygiene/other fields reach the origin in their order .*": "the runtime joins fields of one name before anybody is asked",
    r"bodies/a GET with a body": "a Request of the Fetch API has no body with GET",
    r"bodies/Expect: 100-continue of a refused request is not": "Node's server tells clients to go on before anybody is asked",
    r"bodies/an answer to HEAD": "the runtime takes Content-Length from every answer",
    r"bodies/an origin that answers with a folded line .*": "the runtime's client unfolds it",
    r"bodies/a connection serves many requests": "Node's server hands on requests of one connection side by side",
}


def respelled(target: str) -> bool:
    """Whether a URL spells this path otherwise than it was sent."""
    plain = target.replace("\\", "/")
    dots = re.search(r"(^|/)(\.|%2e){1,2}(/|$)", plain, re.IGNORECASE)
    return dots is not None or plain != target


class EdgeHost(WorkersHost):
    """Starts for each gate a Node with the module, and a workerd with the objects."""

    name = "edge-runtime"
    lacks = {
        **{word: why for word, why in WorkersHost.lacks.items() if not why.startswith("Cloudflare")},
        "door tls": "the platform ends TLS before the runtime",
        "door h2": "the platform ends HTTP/2 before the runtime",
        "wire": "Node's server reads the bytes of HTTP/1.1, and gives the runtime a request",
        "timeouts": "the platform's own patience with clients and origins holds",
        "limits": "the platform's own bounds of heads hold",
        "near": "its buckets are two processes further away than where it is deployed: the bound is shown here, the share on workers",
        "repeats": "the runtime joins fields of one name before anybody is asked: a key that is given twice is a list, which is 400",
        "methods": "Node's server knows the methods of HTTP and WebDAV, and refuses others and CONNECT itself",
        "fragment": "a URL's fragment is no part of what is asked for: neither judged nor forwarded",
        "hops": "the platform says where a client is: there are no hops to be configured",
        "metrics": "there is no page of metrics: the platform counts its requests",
        "websocket": "the runtime's client upgrades no connections",
    }

    def __init__(self, binary: str):
        missing = [path for path in (NODE, RUNTIME) if not path.exists()]
        if missing:
            raise Unavailable(f"there is no {missing[0]}: cargo xtask setup")
        super().__init__(binary)

    def because(self, row: Row, config: Config) -> str | None:
        for name, why in ROWS.items():
            found = re.fullmatch(name, f"{row.family}/{row.name}")
            if found and (why != _SPELLED or respelled(found[1])):
                return why
        return super().because(row, config)

    def gate(self, deployment: Deployment) -> "EdgeGate":
        return EdgeGate(self, deployment, self._place())


class EdgeGate(WorkersGate):
    """One gate in one runtime."""

    server: subprocess.Popen | None = None

    def run(self):
        self.run_worker()
        given = {"settings": settings(self.deployment, self.origin.port), "secrets": self.secrets,
                 "hops": bool(self.deployment.config.trusted_hops),
                 "objects": f"http://127.0.0.1:{self.ports['objects']}", "records": f"http://127.0.0.1:{self.kv.port}"}
        with self.log_path.open("ab") as log:
            self.server = subprocess.Popen([NODE, SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
        self.server.stdin.write(json.dumps(given).encode() + b"\n")
        self.server.stdin.flush()
        port = self.server.stdout.readline()
        if not port:
            raise Unavailable(f"{self.deployment.config.name}: the runtime ended: {self.logs().decode('utf-8', 'replace')[-600:]}")
        self.address = ("127.0.0.1", int(port))

    def alive(self) -> bool:
        return super().alive() and self.server is not None and self.server.poll() is None

    @contextmanager
    def frozen(self):
        self.server.send_signal(signal.SIGSTOP)
        try:
            time.sleep(0.05)
            yield
        finally:
            self.server.send_signal(signal.SIGCONT)

    def ask_to_stop(self):
        for process in (self.server, self.process):
            if process is not None and process.poll() is None:
                process.terminate()

    def stop_process(self):
        super().stop_process()
        if self.server is None:
            return
        try:
            self.server.wait(STOPS_S)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()
        self.server.stdin.close()
        self.server.stdout.close()
