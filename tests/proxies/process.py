"""Processes: started, waited for until they listen, ended by their own id."""

import os
import random
import socket
import subprocess
import threading
import time
from pathlib import Path

READY_S = 20
STOPS_S = 10
POLL_S = 0.01

_PORTS = threading.Lock()
_GIVEN: set[int] = set()


class Failed(Exception):
    """A program did not do what was asked of it."""


class Process:
    """A server that was started; what it prints is kept."""

    def __init__(self, words: list, folder: Path, environment: dict[str, str], name: str):
        self.name, self.log_path = name, folder / f"{name}.log"
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen([str(word) for word in words], cwd=folder, env=environment,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def log(self) -> str:
        return self.log_path.read_bytes().decode("utf-8", "replace")

    def listens(self, *ports: int):
        """Returns when something answers on every one of the ports."""
        deadline = time.monotonic() + READY_S
        for port in ports:
            while not connects(port):
                if self.process.poll() is not None:
                    raise Failed(f"{self.name} ended with {self.process.returncode}: {self.log()[-1500:]}")
                if time.monotonic() > deadline:
                    raise Failed(f"{self.name} does not listen on {port} after {READY_S} s: {self.log()[-1500:]}")
                time.sleep(POLL_S)

    def stop(self):
        """Ends it, and only it."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(STOPS_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on, and that the system gives nobody who asks for just any: a gate that is
    stopped finds its port free when it is started again."""
    with _PORTS:
        return _unheld_ports(count)


def _unheld_ports(count: int) -> list[int]:
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    found: list[int] = []
    for port in random.sample(range(10_000, low), 1_000):
        if port in _GIVEN:
            continue
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        found.append(port)
        _GIVEN.add(port)
        if len(found) == count:
            return found
    raise Failed("there are no free ports")


def environment() -> dict[str, str]:
    """What every program gets: nothing of ours that would set a field of the gate."""
    return {name: value for name, value in os.environ.items() if not name.startswith("TOLLGATE_")}
