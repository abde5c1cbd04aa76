"""A way to a store that can be taken away: bytes both ways, or nothing at all."""

import socket
import threading
import time

CHUNK = 65_536
#: An answer that takes so long may come too late for whoever waits for it: messages are waited for at least 100 ms.
LATE_S = 0.03


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
            for one, other, sees in ((client, store, lambda: self._asked(asked)), (store, client, lambda: self._answered(asked))):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._pump, args=(one, other, sees), daemon=True).start()

    def late_since(self, begun: float) -> bool:
        """Whether the store took too long for an answer at any time since."""
        return any(came >= begun for came in list(self.late))

    def _asked(self, asked: list[float]):
        asked[:] = asked or [time.monotonic()]

    def _answered(self, asked: list[float]):
        now = time.monotonic()
        if asked and now - asked.pop() > LATE_S:
            self.late.append(now)

    def _pump(self, source: socket.socket, to: socket.socket, sees):
        try:
            while data := source.recv(CHUNK):
                sees()
                to.sendall(data)
        except OSError:
            pass
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
