"""An origin that records every byte it receives."""

import re
import socket
import ssl
import threading
from dataclasses import dataclass

from .message import Broken, Head, Request, Stream

USUAL = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Origin: yes\r\nContent-Length: 6\r\n\r\norigin"
MARK = "x-contract-row"
IDLE_S = 30
#: How long the other side may take to say that it has heard of the end.
END_S = 1
_MARK = re.compile(rb"\r\n%s: *(\d+)\r\n" % MARK.encode(), re.IGNORECASE)


@dataclass
class Arrived:
    """A request as it arrived, and its mark; None if it has none or is no request."""

    mark: str | None
    request: Request | None
    raw: bytes
    connection: int
    broken: str | None = None


class Origin:
    """Listens on loopback, under TLS or not; answers `USUAL` unless a row gave its own answer."""

    def __init__(self, tls: ssl.SSLContext | None = None):
        self.tls = tls
        self.lock = threading.Lock()
        self.arrived: list[Arrived] = []
        #: What is answered to the requests of a row: bytes, or pieces with events to wait for in between.
        self.answers: dict[str, bytes | list[bytes | threading.Event]] = {}
        #: The marks of requests whose heads have arrived; their bodies may still be on the way.
        self.heads: set[str] = set()
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.listener.getsockname()[1]
        self.open = set()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            with self.lock:
                self.connections += 1
                number = self.connections
                self.open.add(connection)
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int):
        connection.settimeout(IDLE_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = Stream(connection)
        try:
            if self.tls:
                connection.do_handshake()
            while True:
                before = len(stream.received) - len(stream.held)
                try:
                    request = stream.request(lambda head: self._head(connection, head))
                except Broken as broken:
                    raw = bytes(stream.received[before:])
                    mark = _MARK.search(raw)
                    self._note(None, raw, number, str(broken), mark and mark[1].decode())
                    return
                if request is None:
                    return
                mark = request.all(MARK)
                mark = mark[0].decode("latin-1") if mark else None
                raw = bytes(stream.received[before : len(stream.received) - len(stream.held)])
                answer = self._note(request, raw, number, None, mark)
                if answer is None:
                    return
                if isinstance(answer, list):
                    self._pieces(connection, answer)
                    return
                if request.method == b"HEAD":
                    answer = answer[: answer.index(b"\r\n\r\n") + 4]
                connection.sendall(answer)
                if b"\r\nconnection: close" in answer.lower() or answer.startswith(b"HTTP/1.0"):
                    return
        except (OSError, TimeoutError):
            pass
        finally:
            with self.lock:
                self.open.discard(connection)
            if self.tls:
                _say_end(connection)
            connection.close()

    def _head(self, connection: socket.socket, head: Head):
        with self.lock:
            self.heads.update(mark.decode("latin-1") for mark in head.all(MARK))
        if any(value.lower() == b"100-continue" for value in head.all("expect")):
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _pieces(self, connection: socket.socket, pieces: list):
        for piece in pieces:
            if isinstance(piece, bytes):
                connection.sendall(piece)
            elif not piece.wait(IDLE_S):
                return

    def _note(self, request, raw: bytes, number: int, broken: str | None, mark: str | None = None):
        with self.lock:
            self.arrived.append(Arrived(mark, request, raw, number, broken))
            return self.answers.get(mark, USUAL)

    def receive(self, request: Request):
        """Notes a request that a proxy beside the gate forwards; what is answered goes past the gate."""
        mark = request.all(MARK)
        self._note(request, request.raw, 0, None, mark[0].decode("latin-1") if mark else None)

    def since(self, start: int) -> list[Arrived]:
        """Everything that arrived after the first `start` requests."""
        with self.lock:
            return self.arrived[start:]

    def count(self) -> int:
        with self.lock:
            return len(self.arrived)

    def stop(self):
        self.listener.close()
        with self.lock:
            connections = list(self.open)
        for connection in connections:
            try:
                # Not that of TLS, which is for whoever reads there.
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
            except OSError:
                pass


def _say_end(connection: ssl.SSLSocket):
    """Under TLS whoever ends a connection says so: otherwise it has broken off."""
    try:
        connection.settimeout(END_S)
        connection.unwrap()
    except (OSError, ValueError):
        pass
