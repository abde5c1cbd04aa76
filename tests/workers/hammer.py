"""Many connections, one thread: asks as fast as gates answer, and notes when each request was sent and answered."""

import select
import socket
import time
from dataclasses import dataclass

#: What is counted in windows: whole steps of so many seconds.
STEP_S = 0.01


@dataclass
class Asked:
    """One request and what became of it."""

    sent: float
    received: float
    status: int


class _Connection:
    def __init__(self, address, requests: list[bytes]):
        self.socket = socket.create_connection(address, 20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.requests, self.at, self.held, self.sent = requests, 0, b"", 0.0

    def ask(self):
        self.at += 1
        self.sent = time.monotonic()
        self.socket.sendall(self.requests[self.at % len(self.requests)])

    def status(self) -> int | None:
        """That of an answer that is whole."""
        data = self.socket.recv(65_536)
        if not data:
            raise EOFError("a gate has closed the connection")
        self.held += data
        end = self.held.find(b"\r\n\r\n")
        if end < 0:
            return None
        lowered = self.held[:end].lower()
        at = lowered.find(b"\r\ncontent-length: ")
        length = 0 if at < 0 else int(lowered[at + 18 :].split(b"\r", 1)[0])
        if len(self.held) < end + 4 + length:
            return None
        status, self.held = int(self.held[9:12]), b""
        return status


def request(key: bytes, path: str = "/orders") -> bytes:
    return b"GET %s HTTP/1.1\r\nHost: gate.test\r\nX-API-Key: %s\r\n\r\n" % (path.encode(), key)


def hammer(gates, requests: list[bytes], seconds: float, each: int = 4, rate: float | None = None) -> list[Asked]:
    """`each` connections to every gate; `rate` is that of all together, or as fast as it goes."""
    poll, connections, asked = select.epoll(), {}, []
    for gate in gates:
        for _ in range(each):
            connection = _Connection(gate.address, requests)
            connections[connection.socket.fileno()] = connection
            poll.register(connection.socket, select.EPOLLIN)
    begun = time.monotonic()
    end, waiting = begun + seconds, list(connections.values())
    outstanding = sent = 0
    try:
        while True:
            now = time.monotonic()
            due = len(connections) if rate is None else int((now - begun) * rate) - sent
            while waiting and due > 0 and now < end:
                waiting.pop(0).ask()
                sent, due, outstanding = sent + 1, due - 1, outstanding + 1
            if outstanding == 0 and now >= end:
                return asked
            for number, _ in poll.poll(0.002 if rate else 1):
                connection = connections[number]
                if (status := connection.status()) is not None:
                    asked.append(Asked(connection.sent, time.monotonic(), status))
                    outstanding -= 1
                    waiting.append(connection)
            if time.monotonic() > end + 20:
                raise AssertionError(f"{outstanding} requests were not answered")
    finally:
        for connection in connections.values():
            connection.socket.close()
        poll.close()


def exact(asked: list[Asked], burst: int, rate: float) -> int:
    """How many one exact bucket, full at first, would have admitted of these."""
    credit, before, admitted = float(burst), None, 0
    for one in sorted(asked, key=lambda one: one.sent):
        if before is not None:
            credit = min(float(burst), credit + rate * (one.sent - before))
        before = one.sent
        if credit >= 1:
            credit -= 1
            admitted += 1
    return admitted


def over(asked: list[Asked], burst: int, rate: float) -> tuple[float, int]:
    """By how much the fullest window is above what it may hold, and how many windows were looked at.

    An admission is surely within a window if it was sent after its beginning and answered before its end.
    """
    begun = min(one.sent for one in asked)
    step = lambda at: int((at - begun) / STEP_S)
    steps = step(max(one.received for one in asked)) + 1
    by_sent: list[list[int]] = [[] for _ in range(steps)]
    for one in asked:
        if one.status == 200:
            by_sent[step(one.sent)].append(step(one.received))
    within, most, windows = [0] * steps, float("-inf"), 0
    for first in range(steps - 1, -1, -1):
        for last in by_sent[first]:
            within[last] += 1
        inside = 0
        for last in range(first, steps):
            inside += within[last]
            windows += 1
            most = max(most, inside - burst - rate * (last - first + 1) * STEP_S)
    return most, windows
