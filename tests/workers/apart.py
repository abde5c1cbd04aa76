"""Gates in a process of their own, over the objects of a fleet: what becomes of it becomes of them alone."""

import json
import os
import signal
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

from contract import driver_workers
from contract.driver_workers import CLIENT, COUNTRY
from contract.workers_config import DATE, FLAGS, deployed, plain, quoted
from gate.deployed import until

from .fleet import ORIGIN, Fleet
from .process import ended, started

#: The bindings of objects that are elsewhere, and which of them gates ask.
FAR, ASKED = "tests/workers/far.mjs", ("BUCKET", "RELAY", "LEDGER")


class Apart:
    """One more workerd with gates, and nothing else."""

    def __init__(self, fleet: Fleet, name: str, gates: int = 1, secrets: str | None = None):
        self.fleet, self.name = fleet, name
        self.log_path = fleet.place / f"log-{name}"
        names = [f"gate{at}" for at in range(gates)]
        config = f"{name}.capnp"
        (fleet.place / config).write_text(config_of(fleet, names, secrets or fleet.secrets))
        self.process, ports = started(fleet.place, config, self.log_path, set(names))
        self.gates = [SimpleNamespace(address=("127.0.0.1", ports[name])) for name in names]

    def frozen(self):
        """See below."""
        return frozen(self.process)

    def close(self):
        ended(self.process)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


@contextmanager
def frozen(process: subprocess.Popen):
    """It stands still: nothing of it runs, and what is sent to it waits in the system."""
    process.send_signal(signal.SIGSTOP)
    try:
        until("it stands still", lambda: state(process.pid) == "T")
        yield time.monotonic()
    finally:
        process.send_signal(signal.SIGCONT)


def state(process: int) -> str:
    """As the system says it: `T` is stopped. Every thread of it must be."""
    states = set()
    for thread in os.listdir(f"/proc/{process}/task"):
        states.add(Path(f"/proc/{process}/task/{thread}/stat").read_text().rsplit(")", 1)[1].split()[0])
    return states.pop() if len(states) == 1 else ""


def config_of(fleet: Fleet, names: list[str], secrets: str) -> str:
    settings = driver_workers.settings(fleet.deployment, fleet.origin_port or 9)
    blob = quoted(json.dumps({"country": COUNTRY}))
    front = (f'http = (cfBlobHeader = "CF-Blob", injectRequestHeaders = [(name = "CF-Connecting-IP", value = {quoted(CLIENT)}), '
             f'(name = "CF-Blob", value = {blob})])')
    services = [f'(name = "{name}", worker = .gate)' for name in names]
    sockets = [f'(name = "{name}", address = "127.0.0.1:0", {front}, service = "{name}")' for name in names]
    bound = [f'(name = "TOLLGATE", json = {quoted(json.dumps(settings))})', '(name = "RECORDS", kvNamespace = "kv")',
             f'(name = "TOLLGATE_SECRETS", text = {quoted(secrets)})']
    bound += [f'(name = "{name}", wrapped = (moduleName = "test:far", entrypoint = "{name}", '
              f'innerBindings = [(name = "objects", service = "objects")]))' for name in ASKED]
    beside = ""
    if not fleet.origin_port:
        services.append('(name = "origin", worker = .origin)')
        bound.append('(name = "ORIGIN", service = "origin")')
        beside = plain("origin", ORIGIN)
    return f"""using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    {", ".join(services)},
    (name = "objects", external = (address = "127.0.0.1:{fleet.ports["objects"]}", http = ())),
    (name = "kv", external = (address = "127.0.0.1:{fleet.kv.port}", http = ())),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [
    {", ".join(sockets)},
  ],
  extensions = [(modules = [(name = "test:far", internal = true, esModule = embed "{FAR}")])],
);

const gate :Workerd.Worker = (
  modules = [
    {deployed()},
  ],
  compatibilityDate = "{DATE}",
  bindings = [
    {(","+chr(10)+"    ").join(bound)},
  ],
  compatibilityFlags = [{", ".join(map(quoted, FLAGS))}],
);
{beside}"""
