"""Several environments of one function in one event loop: each is a process of the binary, with a Lambda runtime API of its own and
a way to the store that counts.

An environment answers one event after the other, as on Lambda.
"""

import asyncio
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .counted import Call, Counted
from .framing import parted
from .runtime_api import BASE, ENVIRONMENT, TIMEOUT_MS

#: How long a process has to ask for its first event.
READY_S = 60
STOPS_S = 5
#: What a caller is told who passes.
PASSES = ""
#: What is answered for a failure of ours.
UNAVAILABLE = "unavailable"

_NEXT = f"GET {BASE}/invocation/next ".encode()
_ANSWER = re.compile(rb"POST %s/invocation/([0-9]+)/(response|error) " % BASE.encode())
_TAKEN = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"
_ALLOWED = {"Action": "execute-api:Invoke", "Effect": "Allow"}


@dataclass(slots=True)
class Answer:
    """What became of an event: no code if it passes, or that of what it was refused for."""

    id: str
    code: str
    #: When the event was handed over, and when its answer had come: what was decided was decided between them.
    begun: float
    ended: float
    #: The calls of the store that it took.
    calls: list[Call]

    @property
    def seconds(self) -> float:
        return self.ended - self.begun


class Environment:
    """One environment of the function."""

    def __init__(self, name: str, log: Path):
        self.name, self.log_path = name, log
        self.process: subprocess.Popen | None = None
        self.polling: _Poll | None = None
        self.polled = asyncio.Event()
        self.number = 0
        #: The event that is asked, and who waits for what becomes of it.
        self.event: tuple[bytes, asyncio.Future] | None = None
        self.begun, self.before = 0.0, 0

    async def start(self, binary: Path, variables: dict[str, str], store: int):
        loop = asyncio.get_running_loop()
        self.way = await Counted(store).start()
        self.server = await loop.create_server(lambda: _Poll(self), "127.0.0.1", 0)
        port = self.server.sockets[0].getsockname()[1]
        given = {"PATH": os.environ.get("PATH", ""), **ENVIRONMENT, "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
                 "AWS_ENDPOINT_URL": self.way.endpoint, **variables}
        with self.log_path.open("ab") as out:
            self.process = subprocess.Popen([binary], env=given, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        async with asyncio.timeout(READY_S):
            await self.polled.wait()
        return self

    def put(self, event: Callable[[str], bytes]) -> asyncio.Future:
        """Hands an event over as soon as it is asked for one, also if it stands still; what becomes of it comes later."""
        assert self.event is None, "an environment answers one event after the other"
        self.number += 1
        waiter = asyncio.get_running_loop().create_future()
        self.event = (event(self.id), waiter)
        self._hand_over()
        return waiter

    @property
    def id(self) -> str:
        """Of the last event."""
        return f"{self.name}-{self.number}"

    async def ask(self, event: Callable[[str], bytes]) -> Answer:
        """One event, made for the id that it gets, and what became of it."""
        return await self.put(event)

    def poll(self, poll: "_Poll"):
        self.polling = poll
        self.polled.set()
        self._hand_over()

    def _hand_over(self):
        if self.event is None or self.polling is None:
            return
        poll, self.polling = self.polling, None
        event = self.event[0]
        self.before, self.begun = len(self.way.calls), time.monotonic()
        poll.transport.write((
            "HTTP/1.1 200 OK\r\n"
            f"Lambda-Runtime-Aws-Request-Id: {self.number}\r\nLambda-Runtime-Deadline-Ms: {time.time_ns() // 10**6 + TIMEOUT_MS}\r\n"
            "Lambda-Runtime-Invoked-Function-Arn: arn:aws:lambda:us-east-1:123456789012:function:authorizer\r\n"
            "Lambda-Runtime-Trace-Id: Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(event)}\r\n\r\n"
        ).encode() + event)

    def answered(self, number: int, failed: bool, body: bytes):
        assert self.event is not None and number == self.number, "an answer to nothing"
        waiter, ended = self.event[1], time.monotonic()
        self.event = None
        try:
            told = UNAVAILABLE if failed else code(json.loads(body))
        except Exception as error:  # noqa: BLE001 - told to whoever waits
            return waiter.set_exception(error)
        return waiter.set_result(Answer(self.id, told, self.begun, ended, self.way.calls[self.before:]))

    def logged(self, event: str) -> set[str]:
        """The ids of the requests that its log tells this of."""
        found = set()
        for line in self.log_path.read_bytes().splitlines():
            if event.encode() in line:
                told = json.loads(line)
                if told.get("event") == event:
                    found.add(told.get("request", ""))
        return found

    @contextmanager
    def frozen(self):
        """It does not run, as between two events."""
        self.freeze()
        try:
            yield
        finally:
            self.thaw()

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait(STOPS_S)
            self.server.close()
            self.way.stop()


def code(payload: dict) -> str:
    """Nothing if API Gateway lets a request pass for this answer, or what it is refused for."""
    (statement,) = payload["policyDocument"]["Statement"]
    if _ALLOWED.items() <= statement.items():
        return PASSES
    assert statement["Effect"] == "Deny", payload
    return payload["context"]["code"]


class _Poll(asyncio.Protocol):
    """A connection of the process to its runtime API."""

    def __init__(self, environment: Environment):
        self.environment, self.held = environment, b""

    def connection_made(self, transport: asyncio.Transport):
        self.transport = transport

    def data_received(self, data: bytes):
        self.held += data
        while message := parted(self.held):
            head, body, self.held = message
            if head.startswith(_NEXT):
                self.environment.poll(self)
                continue
            answer = _ANSWER.match(head)
            assert answer, f"the function says {head[:80]!r}"
            self.transport.write(_TAKEN)
            self.environment.answered(int(answer[1]), answer[2] == b"error", body)

    def connection_lost(self, _):
        if self.environment.polling is self:
            self.environment.polling = None
