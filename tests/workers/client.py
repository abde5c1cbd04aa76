"""One connection to one gate."""

import json
import socket
import struct
import time

PATIENCE_S = 20
#: What a machine that is kept busy answers now and then: a store was asked, and was late.
LATE = (503, "unavailable")
#: So often somebody asks who wants a verdict.
VERDICT_MAX, PAUSE_S = 20, 0.05


class Client:
    """Asks with keys; opened again when the connection has ended."""

    def __init__(self, address, patience_s: float = PATIENCE_S):
        self.address = getattr(address, "address", address)
        self.patience_s, self.connection, self.held = patience_s, None, b""
        self.head = self.body = b""

    def ask(self, key: bytes, path: str = "/orders") -> tuple[int, str]:
        """The status and the code of the answer; 0 if there is none."""
        self.send(b"GET %s HTTP/1.1\r\nHost: gate.test\r\nX-API-Key: %s\r\n\r\n" % (path.encode(), key))
        return self.answer()

    def verdict(self, key: bytes, path: str = "/orders") -> tuple[int, str]:
        """The same, and once more where a busy machine had none."""
        for _ in range(VERDICT_MAX):
            if (answer := self.ask(key, path)) != LATE:
                break
            time.sleep(PAUSE_S)
        return answer

    def send(self, request: bytes):
        try:
            if self.connection is None:
                self.connection = socket.create_connection(self.address, self.patience_s)
                self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.held = b""
            self.connection.sendall(request)
        except OSError:
            self.close()

    def answer(self) -> tuple[int, str]:
        try:
            return self._answer()
        except (OSError, EOFError, AttributeError):
            self.close()
            return 0, "no_answer"

    def _answer(self) -> tuple[int, str]:
        while (end := self.held.find(b"\r\n\r\n")) < 0:
            self._more()
        self.head, self.held = self.held[: end + 2], self.held[end + 4 :]
        lowered = self.head.lower()
        if b"\r\ntransfer-encoding: chunked\r\n" in lowered:
            self.body = self._chunks()
        else:
            length = int(self.field("content-length") or 0)
            while len(self.held) < length:
                self._more()
            self.body, self.held = self.held[:length], self.held[length:]
        status = int(self.head[9:12])
        return status, json.loads(self.body)["code"] if b"problem+json" in lowered else ""

    def _chunks(self) -> bytes:
        body = b""
        while True:
            while (end := self.held.find(b"\r\n")) < 0:
                self._more()
            size = int(self.held[:end], 16)
            while len(self.held) < end + 4 + size:
                self._more()
            body += self.held[end + 2 : end + 2 + size]
            self.held = self.held[end + 4 + size :]
            if size == 0:
                return body

    def field(self, name: str) -> str | None:
        """The value of a field of the last answer."""
        start = self.head.lower().find(b"\r\n%s: " % name.encode())
        if start < 0:
            return None
        start += len(name) + 4
        return self.head[start : self.head.index(b"\r\n", start)].decode("latin-1")

    def _more(self):
        data = self.connection.recv(65_536)
        if not data:
            raise EOFError
        self.held += data

    def break_off(self):
        """Ends the connection so that the other side hears of it at once, and not only when it writes."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None
