"""A small Lambda runtime API: it hands events to a function's binary over HTTP, as Lambda does, and takes its answers.

`Function` starts a binary with an environment like Lambda's; `invoke` gives it one event and returns what it answered.
"""

import json
import os
import queue
import signal
import subprocess
import threading
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

BASE = "/2018-06-01/runtime"
#: For how long an invocation may take, as the template sets it.
TIMEOUT_MS = 8_000
#: How long anything is waited for before a test gives up on it.
DEADLINE_S = 30
STOPS_S = 5


class Silent(Exception):
    """There was no answer."""


@dataclass
class Answered:
    """What a function answered: a payload, or an error."""

    payload: object = None
    error: dict | None = None
    #: From when the event was handed over to when its answer had come.
    seconds: float = 0.0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "Runtime"

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path != f"{BASE}/invocation/next":
            return self._say(404)
        self.server.polled.set()
        invocation = self.server.next()
        if invocation is None:
            self.close_connection = True
            return None
        now_ms = time.time_ns() // 10**6
        self.send_response(200)
        for name, value in {
            "Lambda-Runtime-Aws-Request-Id": invocation.id, "Lambda-Runtime-Deadline-Ms": now_ms + invocation.timeout_ms,
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:authorizer",
            "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0",
            "Content-Type": "application/json", "Content-Length": len(invocation.event),
        }.items():
            self.send_header(name, str(value))
        self.end_headers()
        invocation.begun = time.perf_counter()
        self.wfile.write(invocation.event)
        return None

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        words = self.path.removeprefix(BASE).split("/")
        if words[1:2] == ["init"]:
            self.server.init_errors.append(body)
            return self._say(202)
        invocation = self.server.under_way.pop(words[2], None) if len(words) == 4 else None
        if invocation is None:
            return self._say(404)
        seconds = time.perf_counter() - invocation.begun
        if words[3] == "response":
            invocation.answers.put(Answered(payload=json.loads(body), seconds=seconds))
        else:
            invocation.answers.put(Answered(error=json.loads(body), seconds=seconds))
        return self._say(202)

    def _say(self, status: int):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()


class _Invocation:
    def __init__(self, event: bytes, timeout_ms: int):
        self.id, self.event, self.timeout_ms, self.begun = str(uuid.uuid4()), event, timeout_ms, 0.0
        self.answers: queue.Queue[Answered] = queue.Queue()


class Runtime(ThreadingHTTPServer):
    """The API of one function; several processes may ask it for events, as several environments do."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.waiting: queue.Queue[_Invocation | None] = queue.Queue()
        self.under_way: dict[str, _Invocation] = {}
        self.init_errors: list[bytes] = []
        self.polled = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """A function that is ended closes its connection: that is no news."""

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def next(self) -> _Invocation | None:
        invocation = self.waiting.get()
        if invocation is not None:
            self.under_way[invocation.id] = invocation
        return invocation

    def invoke(self, event: object, timeout_ms: int = TIMEOUT_MS) -> Answered:
        """One event, and what became of it. Bytes are handed over as they are."""
        text = event if isinstance(event, bytes) else json.dumps(event).encode()
        invocation = _Invocation(text, timeout_ms)
        self.waiting.put(invocation)
        try:
            return invocation.answers.get(timeout=DEADLINE_S)
        except queue.Empty:
            raise Silent(f"no answer in {DEADLINE_S} s") from None

    def close(self):
        for _ in range(16):
            self.waiting.put(None)
        self.shutdown()
        self.server_close()


class Function:
    """A function's binary, running as one environment."""

    def __init__(self, binary: Path, variables: dict[str, str], log: Path, runtime: Runtime | None = None):
        self.runtime = runtime or Runtime()
        self.log_path = log
        self.begun = time.perf_counter()
        given = {"PATH": os.environ.get("PATH", ""), **ENVIRONMENT, "AWS_LAMBDA_RUNTIME_API": self.runtime.address, **variables}
        self.runtime.polled.clear()
        with log.open("ab") as out:
            self.process = subprocess.Popen([binary], env=given, stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def wait_until_polled(self) -> float:
        """Waits until it asks for its first event; the seconds since it was started."""
        deadline = time.monotonic() + DEADLINE_S
        while not self.runtime.polled.wait(0.0005):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise Silent(f"it never asked for an event: {self.logs()[-600:]!r}")
        return time.perf_counter() - self.begun

    def invoke(self, event: object, timeout_ms: int = TIMEOUT_MS) -> Answered:
        return self.runtime.invoke(event, timeout_ms)

    def memory(self) -> int:
        """The most memory that it has had, in bytes."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
        raise Silent("no line about memory")

    def logs(self) -> bytes:
        return self.log_path.read_bytes()

    def alive(self) -> bool:
        return self.process.poll() is None

    @contextmanager
    def frozen(self):
        """It does not run, as between two events."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def stop(self):
        if self.alive():
            self.process.kill()
        self.process.wait(STOPS_S)
        self.runtime.close()


#: What Lambda sets in every environment.
ENVIRONMENT = {
    "AWS_LAMBDA_FUNCTION_NAME": "authorizer", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/authorizer", "AWS_LAMBDA_LOG_STREAM_NAME": "1", "AWS_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "LAMBDA_TASK_ROOT": "/var/task",
}
