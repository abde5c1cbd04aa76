"""What must hold behind every proxy when the gate is gone, or something else stands in its place."""

import socket
import threading

from .stage import Stage, request, said
from .table import row


@row("the gate is gone: 503 with Retry-After and never an allow; it is back: allowed, without touching the proxy")
def _(stage: Stage):
    stage.gate.stop()
    try:
        for given in ([stage.bearer()], [], [("X-API-Key", "x")]):
            for path in ("/orders/1", "/public/x"):
                got, arrived = stage.ask(request(*given, path=path))
                own = "unavailable" in stage.example.lacks
                gone = got is not None and got.status == (500 if own else 503)
                stage.expect(gone and not arrived, f"{path}: {said(got)}")
                if gone and not own:
                    stage.expect(got.all("retry-after") == [b"1"], f"Retry-After: {got.all('retry-after')!r}")
                    stage.problem(got, 503, "unavailable", path)
    finally:
        stage.gate.start()
    stage.allowed(request(stage.bearer()), what="afterwards")


class Imposter:
    """Something on the gate's port that is none: says what it was told to, or nothing at all."""

    def __init__(self, port: int, says: bytes | None):
        self.says, self.held = says, []
        self.listener = socket.create_server(("127.0.0.1", port), backlog=64)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.held.append(connection)
            if self.says is not None:
                threading.Thread(target=self._say, args=(connection,), daemon=True).start()

    def _say(self, connection: socket.socket):
        try:
            connection.recv(65536)
            connection.sendall(self.says)
            connection.close()
        except OSError:
            pass

    def stop(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.held:
            connection.close()


@row("what answers in the gate's place says nothing, nonsense or an error: never an allow", place="decide")
def _(stage: Stage):
    stage.gate.stop()
    try:
        for says in (None, b"", b"nonsense\r\n\r\n", b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n",
                     b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
                     b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
                     b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n",
                     b"HTTP/1.1 403 Forbidden\r\nX-Auth-Status: 200\r\nContent-Length: 0\r\n\r\n"):
            if says is None and "patience" in stage.example.lacks:
                continue
            imposter = Imposter(stage.ports.decide, says)
            try:
                got, arrived = stage.ask(request(stage.bearer()))
                stage.expect(not arrived and got is not None and got.status >= 300, f"{says!r}: {said(got)}")
            finally:
                imposter.stop()
    finally:
        stage.gate.start()
    stage.allowed(request(stage.bearer()), what="afterwards")
