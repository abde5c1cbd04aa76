"""What a door is, and how the bytes of a request are read for one that speaks otherwise."""

import threading
from contextlib import contextmanager
from dataclasses import dataclass

from ..message import Broken, Response, Stream, chunk_size, framing_of, head_of
from ..row import Answer, Row

#: How many requests are begun at the same moment by threads of their own.
AT_ONCE = 32


class Inexpressible(Exception):
    """This door has no words for what a row sends; the message says why."""


class Line:
    """A client that asks one request after another, on one connection for as long as that is left open."""

    #: The row that asks.
    stage = None

    def send(self, data: bytes):
        raise NotImplementedError

    def receive(self) -> Response | None:
        """The answer to what was sent; None if there was none."""
        raise NotImplementedError

    def ask(self, data: bytes) -> Response | None:
        self.send(data)
        return self.receive()

    def close(self):
        raise NotImplementedError

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Door:
    """A way to the gate."""

    name: str
    #: Whether it leads to a gate that serves TLS.
    secured = False
    #: Whether it leads to the listener for questions.
    asks = False
    #: Whether a row may send its bytes as they stand.
    raw = False
    #: What it cannot do, by a word of a row's `needs` or by its family, and why.
    lacks: dict[str, str] = {}

    def because(self, row: Row) -> str | None:
        """Why a row does not apply here, as far as that can be told from the row."""
        if row.slow or row.last:
            return "looks at time or at the gate as a whole, which is the same whatever the door: shown over TCP"
        return next((self.lacks[word] for word in (row.family, *row.needs) if word in self.lacks), None)

    def connect(self, gate):
        """A connection for bytes as they stand."""
        raise Inexpressible(f"sends bytes of HTTP/1.1 piece by piece, which {self.name} does not carry")

    def line(self, stage) -> Line:
        """A client with a connection of its own."""
        raise NotImplementedError

    @contextmanager
    def client(self, stage):
        """A client for the next requests of a row, with a connection of its own."""
        with self.line(stage) as line:
            yield line

    def instead(self, expected: Answer, sent: bytes) -> Answer:
        """What this door answers where another would answer `expected`."""
        return expected

    def seen(self, stage, seen, sent: bytes):
        """What the origin receives through this door where it would receive `seen` through another."""
        return seen

    def at_once(self, stage, requests: list[bytes], connected) -> list[Response | None]:
        """Asks all of them at the same moment, each on a connection of its own, when `connected` has been called."""
        lines = [self.line(stage) for _ in requests]
        connected()
        got: list[Response | None] = [None] * len(requests)
        barrier = threading.Barrier(min(len(requests), AT_ONCE))

        def some(start: int):
            barrier.wait()
            for at in range(start, len(requests), barrier.parties):
                lines[at].send(requests[at])
            for at in range(start, len(requests), barrier.parties):
                try:
                    got[at] = lines[at].receive()
                except (Broken, OSError) as error:
                    stage.told.append(f"< (no answer: {error})")

        threads = [threading.Thread(target=some, args=(at,)) for at in range(barrier.parties)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for line in lines:
            line.close()
        return got


class KeptOpen(Door):
    """A door whose clients keep their connection for the rows that follow, as browsers and proxies do."""

    def __init__(self):
        self.kept = threading.local()

    @contextmanager
    def client(self, stage):
        lines = vars(self.kept).setdefault("lines", {})
        line = lines.pop(stage.gate, None) or self.line(stage)
        line.stage = stage
        try:
            yield line
        except Inexpressible:
            # Nothing was sent.
            lines[stage.gate] = line
            raise
        except BaseException:
            line.close()
            raise
        lines[stage.gate] = line


@dataclass
class Asked:
    """A request of HTTP/1.1, read."""

    method: bytes
    target: bytes
    fields: list[tuple[bytes, bytes]]
    body: bytes
    trailers: list[tuple[bytes, bytes]]

    def all(self, name: str) -> list[bytes]:
        return [value for given, value in self.fields if given.lower() == name.encode()]


class _Held:
    """Bytes that are all there, for a reader of connections."""

    def __init__(self, data: bytes):
        self.data = data

    def recv(self, most: int) -> bytes:
        taken, self.data = self.data[:most], self.data[most:]
        return taken


def asked(data: bytes) -> Asked:
    """Reads one whole request; what only HTTP/1.1 can say is not expressible."""
    head, mark, body = data.partition(b"\r\n\r\n")
    try:
        if not mark:
            raise Broken("no end")
        head = head_of(head + mark)
        words = head.start.split(b" ")
        if len(words) != 3 or words[2] != b"HTTP/1.1":
            raise Broken("no request line")
        framing, length = framing_of(head)
        trailers = []
        if framing == "chunked":
            body, trailers = _unpacked(body)
        elif len(body) != length:
            raise Broken("not as long as it says")
    except Broken as broken:
        raise Inexpressible("sends bytes that only HTTP/1.1 can say") from broken
    return Asked(words[0], words[1], head.fields, body, trailers)


def _unpacked(body: bytes) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    stream, parts = Stream(_Held(body)), []
    while size := chunk_size((stream.until(b"\r\n", 1024) or b"")[:-2]):
        parts.append(stream.exactly(size))
        stream.exactly(2)
    rest = stream.rest()
    return b"".join(parts), [] if rest == b"\r\n" else head_of(b"trailers\r\n" + rest).fields
