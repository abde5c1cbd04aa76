"""A way to a store that can be taken away: bytes both ways, or nothing at all. It says what was asked for on it."""

import re
import socket
import threading
import time
from functools import partial

CHUNK = 65_536
#: An answer that takes so long may come too late for whoever waits for it: messages are waited for at least 100 ms.
LATE_S = 0.03
#: How a call of DynamoDB is named, and how long that may be.
CALL = re.compile(rb"x-amz-target: *DynamoDB_20120810\.(\w+)\r", re.IGNORECASE)
CALL_BYTES_MAX = 120


class Way:
    """Listens on loopback, and hands everything on to a port of this machine."""

    def __init__(self, port: int):
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.lock = threading.Lock()
        self.open: set[socket.socket] = set()
        self.cut = False
        #: When an answer that took too long came.
        self.late: list[float] = []
        #: The calls that were made, in their order.
        self.calls: list[str] = []
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def away(self):
        """From now on nobody gets through, also not on connections that stand."""
        with self.lock:
            self.cut = True
            for connection in self.open:
                _shut(connection)

    def back(self):
        with self.lock:
            self.cut = False

    def stop(self):
        self.away()
        self.listener.close()

    def _listen(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                if self.cut:
                    client.close()
                    continue
            try:
                store = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                client.close()
                continue
            with self.lock:
                self.open |= {client, store}
            # When the question that is open was asked; none is.
            asked: list[float] = []
            heard = bytearray()
            # Nobody waits for an answer that is given up: that is late as well.
            ways = ((client, store, partial(self._asked, asked, heard), lambda _, asked=asked: self._answered(asked)),
                    (store, client, lambda _, asked=asked: self._answered(asked), lambda _: None))
            for one, other, sees, over in ways:
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._pump, args=(one, other, sees, over), daemon=True).start()

    def late_since(self, begun: float) -> bool:
        """Whether the store took too long for an answer at any time since."""
        return any(came >= begun for came in list(self.late))

    def _asked(self, asked: list[float], heard: bytearray, data: bytes):
        asked[:] = asked or [time.monotonic()]
        heard += data
        for call in CALL.finditer(heard):
            self.calls.append(call[1].decode())
        # A name may come in two parts, and counts once.
        last = max((call.end() for call in CALL.finditer(heard)), default=0)
        del heard[: max(last, len(heard) - CALL_BYTES_MAX)]

    def _answered(self, asked: list[float]):
        now = time.monotonic()
        if asked and now - asked.pop() > LATE_S:
            self.late.append(now)

    def _pump(self, source: socket.socket, to: socket.socket, sees, over):
        try:
            while data := source.recv(CHUNK):
                sees(data)
                to.sendall(data)
        except OSError:
            pass
        over(time.monotonic())
        _shut(source)
        _shut(to)
        with self.lock:
            self.open -= {source}
        source.close()


def _shut(connection: socket.socket):
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
