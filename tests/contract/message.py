"""HTTP/1.1 messages as bytes: nothing is normalised, so that a row can judge what was really sent."""

import re
from dataclasses import dataclass, field

HEAD_MAX = 1 << 20
BODY_MAX = 64 << 20
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,15})(?:[ \t]*;[^\x00-\x08\x0a-\x1f\x7f]*)?")


class Broken(Exception):
    """What was received is no HTTP message."""


@dataclass
class Head:
    """The start line and the fields of a message, in the order received."""

    start: bytes
    fields: list[tuple[bytes, bytes]]
    raw: bytes = b""

    def all(self, name: str) -> list[bytes]:
        """The values of every field of this name."""
        wanted = name.lower().encode()
        return [value for given, value in self.fields if given.lower() == wanted]

    def one(self, name: str) -> bytes | None:
        """The value of the only field of this name; several are an error."""
        values = self.all(name)
        if len(values) > 1:
            raise Broken(f"{name} stands {len(values)} times")
        return values[0] if values else None


@dataclass
class Response(Head):
    """An answer, with its body unpacked from chunks."""

    status: int = 0
    body: bytes = b""
    interim: list[int] = field(default_factory=list)
    #: The name of the door through which it came.
    door: str = "tcp"


@dataclass
class Request(Head):
    """A request as the origin received it."""

    method: bytes = b""
    target: bytes = b""
    body: bytes = b""
    #: How the body was delimited: `length`, `chunked` or `none`.
    framing: str = "none"


def head_of(raw: bytes) -> Head:
    """Reads a head that ends with an empty line. Strict: what we judge must be well-formed."""
    lines = raw.split(b"\r\n")
    if lines[-2:] != [b"", b""] or any(b"\n" in line or b"\r" in line for line in lines):
        raise Broken("a head with lines that do not end in CR LF")
    fields = []
    for line in lines[1:-2]:
        name, colon, value = line.partition(b":")
        if not colon or not name or name != name.strip() or line[:1] in b" \t":
            raise Broken(f"no field: {line[:80]!r}")
        fields.append((name, value.strip(b" \t")))
    return Head(lines[0], fields, raw)


def framing_of(head: Head) -> tuple[str, int]:
    """How the body of this message is delimited by its own fields."""
    encodings, lengths = head.all("transfer-encoding"), head.all("content-length")
    if encodings:
        if lengths:
            raise Broken("Transfer-Encoding beside Content-Length")
        if len(encodings) > 1 or encodings[0].lower() != b"chunked":
            raise Broken(f"Transfer-Encoding: {encodings!r}")
        return "chunked", 0
    if lengths:
        if len(set(lengths)) > 1 or not lengths[0].isdigit():
            raise Broken(f"Content-Length: {lengths!r}")
        return "length", int(lengths[0])
    return "none", 0


def chunk_size(line: bytes) -> int:
    """The size that a chunk's line states."""
    found = _CHUNK.fullmatch(line)
    if not found:
        raise Broken(f"no size of a chunk: {line[:40]!r}")
    return int(found[1], 16)


class Stream:
    """Reads messages from a socket."""

    def __init__(self, connection):
        self.connection = connection
        self.held = b""
        #: Everything that was ever received, for reports.
        self.received = bytearray()

    def more(self) -> bool:
        data = self.connection.recv(65536)
        self.held += data
        self.received += data
        return bool(data)

    def until(self, mark: bytes, most: int) -> bytes | None:
        """Everything up to and with the mark; None at a clean end."""
        at = 0
        while (found := self.held.find(mark, at)) < 0:
            at = max(0, len(self.held) - len(mark))
            if len(self.held) > most:
                raise Broken("too long")
            if not self.more():
                if self.held:
                    raise Broken(f"cut off after {bytes(self.held[:120])!r}")
                return None
        end = found + len(mark)
        taken, self.held = self.held[:end], self.held[end:]
        return taken

    def exactly(self, length: int) -> bytes:
        parts, missing = [], length
        while missing:
            if not self.held and not self.more():
                raise Broken(f"cut off {missing} bytes early")
            part, self.held = self.held[:missing], self.held[missing:]
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def chunks(self) -> bytes:
        body = []
        while True:
            line = self.until(b"\r\n", 1024)
            if line is None:
                raise Broken("cut off within chunks")
            size = chunk_size(line[:-2])
            if size == 0:
                while (line := self.until(b"\r\n", HEAD_MAX)) != b"\r\n":
                    if line is None:
                        raise Broken("cut off within trailers")
                return b"".join(body)
            body.append(self.exactly(size))
            if self.exactly(2) != b"\r\n":
                raise Broken("a chunk that is longer than it says")

    def rest(self) -> bytes:
        while len(self.held) < BODY_MAX and self.more():
            pass
        taken, self.held = self.held, b""
        return taken

    def head(self) -> Head | None:
        raw = self.until(b"\r\n\r\n", HEAD_MAX)
        return None if raw is None else head_of(raw)

    def response(self, method: bytes = b"GET") -> Response | None:
        """The next final answer; None if the connection has ended."""
        interim = []
        while True:
            head = self.head()
            if head is None:
                return None
            parts = head.start.split(b" ", 2)
            if parts[0] not in (b"HTTP/1.1", b"HTTP/1.0") or len(parts) < 2 or not parts[1].isdigit():
                raise Broken(f"no status line: {head.start[:80]!r}")
            status = int(parts[1])
            if status >= 200 or status == 101:
                break
            interim.append(status)
        response = Response(head.start, head.fields, head.raw, status=status, interim=interim)
        if method != b"HEAD" and status not in (101, 204, 304):
            framing, length = framing_of(head)
            read = {"chunked": self.chunks, "length": lambda: self.exactly(length), "none": self.rest}
            response.body = read[framing]()
        return response

    def request(self, before_body=lambda _head: None) -> Request | None:
        """The next request; `before_body` may answer `100 Continue`."""
        head = self.head()
        if head is None:
            return None
        parts = head.start.split(b" ")
        if len(parts) != 3:
            raise Broken(f"no request line: {head.start[:80]!r}")
        request = Request(head.start, head.fields, head.raw, method=parts[0], target=parts[1])
        request.framing, length = framing_of(head)
        before_body(head)
        if request.framing == "chunked":
            request.body = self.chunks()
        elif request.framing == "length":
            request.body = self.exactly(length)
        return request
