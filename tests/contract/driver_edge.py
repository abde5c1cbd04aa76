"""The Worker's module in another JavaScript runtime: `edge-runtime` on Node, with nothing of Cloudflare around it. Records
come from the driver's namespace, and heads, leases and limits from the real objects, all asked over HTTP."""

import json
import subprocess

from . import workers_config
from .driver_workers import CLIENT, COUNTRY, READY_S, STOPS_S, WorkersGate, WorkersHost, secrets, settings
from .host import Unavailable
from .row import Row
from .world import Config, Deployment

NODE = workers_config.WORKERS / "node_modules" / ".bin" / "node"
RUNTIME = workers_config.WORKERS / "node_modules" / "edge-runtime"
SERVER = workers_config.ROOT / "tests" / "workers" / "edge_runtime.mjs"


class EdgeHost(WorkersHost):
    """Starts for each gate a Node with the module, and a workerd with the objects."""

    name = "edge-runtime"
    lacks = WorkersHost.lacks

    def __init__(self):
        missing = [path for path in (NODE, RUNTIME) if not path.exists()]
        if missing:
            raise Unavailable(f"there is no {missing[0]}: cargo xtask setup")
        super().__init__()

    def gate(self, deployment: Deployment) -> "EdgeGate":
        return EdgeGate(self, deployment, self._place())


class EdgeGate(WorkersGate):
    """One gate in one runtime."""

    server: subprocess.Popen | None = None

    def run(self):
        told = settings(self.deployment, self.origin.port)
        hops = bool(self.deployment.config.trusted_hops)
        self._serve(workers_config.config(told, secrets(self.deployment), self.kv.port, self.storage, COUNTRY, CLIENT, gates=0), {"objects"})
        given = {"settings": told, "secrets": secrets(self.deployment), "hops": hops,
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

    def ask_to_stop(self):
        for process in (self.server, self.process):
            if process is not None and process.poll() is None:
                process.terminate()

    def stop_process(self):
        super().stop_process()
        try:
            self.server.wait(STOPS_S)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()
        self.server.stdin.close()
        self.server.stdout.close()
