"""A deployment of several native gates on one store, and the clients that ask them."""

import json
import os
import re
import socket
import subprocess
import threading
import time
from pathlib import Path

from contract import native_store, native_trace
from contract.driver_native import NativeGate, NativeHost, environment, write_settings
from contract.host import Unavailable
from contract.origin import Origin
from contract.world import Config, Deployment

STOPS_S = 10
TIDY_S = 5

_READS = re.compile(rb"^\d+<reads> +" + native_trace._LOCK % (b"F_RDLCK", b"12[3-7]"))
_WRITES = re.compile(rb"^\d+<(?:leases|tidy)> +" + native_trace._LOCK % (b"F_WRLCK", b"120"))


class Shared:
    """One folder with configuration, secrets and store; gates on it are started and ended one by one."""

    def __init__(self, host: NativeHost, deployment: Deployment, place: Path | None = None, user: int | None = None):
        self.host, self.deployment, self.user = host, deployment, user
        self.origin = QuickOrigin()
        self.place = place or host._place()
        self.gates: list[Process] = []
        made = host.command(self.place, ["init"], config="init.toml")
        if made.returncode:
            raise Unavailable(f"init fails: {made.stderr.decode()}")
        write_settings(self.place, deployment, self.origin.port)
        native_store.fill(self.store, deployment)

    @property
    def store(self) -> Path:
        return self.place / "tollgate.db"

    def start(self, traced: bool = False) -> "Process":
        """One more gate; returns when it is ready."""
        gate = Process(self, traced)
        self.gates.append(gate)
        gate.wait_until_ready()
        return gate

    def type(self, *words: str) -> subprocess.CompletedProcess:
        """What an operator types; how it ended is for the caller to judge."""
        return subprocess.run(self.words(*words), cwd=self.place, capture_output=True, timeout=30, env=environment(),
                              **self.identity())

    def words(self, *words: str) -> list:
        return [self.host.binary, *words, "--json", "--config", self.place / "tollgate.toml"]

    def identity(self) -> dict:
        """Who runs gates and commands."""
        return {} if self.user is None else {"user": self.user, "group": self.user, "extra_groups": []}

    def did(self, *words: str) -> dict:
        """The same, where it must succeed."""
        done = self.type(*words)
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)}: {done.returncode}: {done.stderr.decode('utf-8', 'replace')[:300]}")
        return json.loads(done.stdout)

    def key(self, role: str) -> bytes:
        return self.deployment.keys[role].text

    def id(self, role: str) -> str:
        return self.deployment.keys[role].id

    def close(self):
        for gate in self.gates:
            gate.ask_to_stop()
        for gate in self.gates:
            gate.stop()
        self.origin.stop()


class Process(NativeGate):
    """One gate of several on a store."""

    def __init__(self, shared: Shared, traced: bool):
        # Not the driver's own beginning: the folder is there, and is somebody else's, too.
        self.host, self.deployment, self.origin, self.place = shared.host, shared.deployment, shared.origin, shared.place
        number = len(shared.gates)
        self.log_path = shared.host.folder / f"{self.place.name}-{number}.log"
        traces = shared.host.folder / f"{self.place.name}-{number}.trace"
        self.trace = native_trace.Count(traces)
        words = [shared.host.binary, "serve", "--config", self.place / "tollgate.toml"]
        # Python ignores SIGXFSZ, and so does what it starts unless it is told otherwise: a file that may not
        # grow is then an error of the write, as a full disk is.
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen([*(native_trace.command(traces) if traced else []), *words], cwd=self.place,
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment(),
                                            restore_signals=False, **shared.identity())
        self.address = self.admin = self.questions = ("", 0)

    def kill(self):
        """Ends it at once, whatever it was doing."""
        self.process.kill()
        self.process.wait()

    def asked_of_store(self) -> tuple[int, int]:
        """How many transactions there were for heads and records, and how many that write.

        The thread that tidies does so every `TIDY_S` seconds by one that writes, whoever asks what.
        """
        self.store_calls()
        lines = self.trace.trace.read_bytes().split(b"\n")
        return sum(bool(_READS.search(line)) for line in lines), sum(bool(_WRITES.search(line)) for line in lines)

    def resident(self) -> int:
        """Bytes of memory in use."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


class QuickOrigin(Origin):
    """An origin that remembers nothing: many requests pass."""

    def _serve(self, connection: socket.socket, number: int):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        held = b""
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        try:
            while data := connection.recv(65_536):
                held += data
                asked = held.count(b"\r\n\r\n")
                if asked:
                    connection.sendall(answer * asked)
                    held = held[held.rindex(b"\r\n\r\n") + 4 :]
        except OSError:
            pass
        finally:
            with self.lock:
                self.open.discard(connection)
            connection.close()


class Client:
    """One connection to one gate, opened again when it has ended."""

    def __init__(self, gate: Process):
        self.gate, self.connection, self.held = gate, None, b""

    def ask(self, key: bytes, path: str = "/orders") -> tuple[int, str]:
        """The status and the code of the answer; 0 if there is none."""
        request = b"GET %s HTTP/1.1\r\nHost: gate.test\r\nX-API-Key: %s\r\n\r\n" % (path.encode(), key)
        for _ in range(2):
            try:
                if self.connection is None:
                    self.connection = socket.create_connection(self.gate.address, 5)
                    self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self.held = b""
                self.connection.sendall(request)
                return self._answer()
            except (OSError, EOFError):
                self.close()
        return 0, "no_answer"

    def _answer(self) -> tuple[int, str]:
        while (end := self.held.find(b"\r\n\r\n")) < 0:
            self._more()
        head, self.held = self.held[: end + 4], self.held[end + 4 :]
        lowered = head.lower()
        start = lowered.index(b"\r\ncontent-length: ") + 18
        length = int(lowered[start : lowered.index(b"\r\n", start)])
        while len(self.held) < length:
            self._more()
        body, self.held = self.held[:length], self.held[length:]
        if b"\r\nconnection: close" in lowered:
            self.close()
        status = int(head[9:12])
        return status, json.loads(body)["code"] if b"problem+json" in lowered else ""

    def _more(self):
        data = self.connection.recv(65_536)
        if not data:
            raise EOFError
        self.held += data

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class Crowd:
    """Clients that ask all the time, each in a thread of its own, until told to stop."""

    def __init__(self):
        self.stopped = threading.Event()
        self.threads: list[threading.Thread] = []
        self.failure: BaseException | None = None

    def add(self, work):
        """`work` is called again and again."""

        def run():
            try:
                while not self.stopped.is_set():
                    work()
            except BaseException as error:  # noqa: BLE001 - told to whoever waits
                self.failure = error

        self.threads.append(threading.Thread(target=run, daemon=True))
        self.threads[-1].start()

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join(30)
        if self.failure:
            raise self.failure


def until(what: str, holds, deadline_s: float = 15.0):
    """Waits for an event; says which one did not come."""
    deadline = time.monotonic() + deadline_s
    while not (seen := holds()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {deadline_s} s")
        time.sleep(0.01)
    return seen


def verdict(faults: list[str], tests: int) -> int:
    """The last words of a step: what is wrong, or how many tests held. Its exit code."""
    for fault in faults:
        print(f"FAILED {fault}")
    held = 0 if faults else tests
    print(f"tollgate-tally tests={held} rows=0 held={held} not_applicable=0 skipped=0")
    return 1 if faults else 0


def drawn(name: str) -> Deployment:
    return Deployment.drawn(Config(name, routes=()))
