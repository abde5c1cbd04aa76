"""HTTP/2 over TLS, agreed on by ALPN; frames by the package `h2`, which refuses what is malformed in answers."""

from dataclasses import replace

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, DataReceived, InformationalResponseReceived, ResponseReceived, StreamEnded, StreamReset, WindowUpdated
from h2.exceptions import ProtocolError

from ..message import Broken, Response
from ..row import Answer
from .base import Asked, Inexpressible, KeptOpen, Line, asked
from .plain import ONCE, Plain, wrapped

#: Fields of one connection: in HTTP/2 they are malformed, whatever they say.
OF_ONE_CONNECTION = {b"connection", b"keep-alive", b"proxy-connection", b"upgrade", b"te"}
#: Said otherwise here.
FRAMING = {b"host", b"transfer-encoding", b"content-length", b"trailer"}
#: So many requests of a crowd share a connection.
STREAMS = 100
RECEIVED = 65_536


class Streams(Line):
    """A connection of HTTP/2, opened again when the gate has ended it; several requests may be under way."""

    def __init__(self, gate):
        self.gate = gate
        self.open()

    def open(self):
        self.connection = wrapped(Plain().connect(self.gate), self.gate, "h2")
        # What is sent is not looked at: rows send what no client should.
        self.h2 = H2Connection(H2Configuration(header_encoding=None, validate_outbound_headers=False,
                                               normalize_outbound_headers=False))
        self.h2.initiate_connection()
        self.answers: dict[int, Response] = {}
        self.ended: dict[int, bool] = {}
        self.order: list[int] = []
        self.over = False
        self._flush()

    def send(self, data: bytes):
        request = asked(data)
        fields = spelled(request)
        if self.over:
            self.close()
            self.open()
        stream = self.h2.get_next_available_stream_id()
        self.order.append(stream)
        self.ended[stream] = False
        self.h2.send_headers(stream, fields, end_stream=not request.body and not request.trailers)
        self._flush()
        if request.body or request.trailers:
            self._body(stream, request)

    def _body(self, stream: int, request: Asked):
        rest = request.body
        while rest and not self.ended[stream]:
            most = min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size, len(rest))
            if most == 0:
                self._events()
                continue
            self.h2.send_data(stream, rest[:most], end_stream=most == len(rest) and not request.trailers)
            rest = rest[most:]
            self._flush()
        if request.trailers and not self.ended[stream]:
            self.h2.send_headers(stream, [(name.lower(), value) for name, value in request.trailers], end_stream=True)
            self._flush()

    def receive(self) -> Response | None:
        stream = self.order.pop(0)
        while not self.ended[stream] and not self.over:
            self._events()
        return self.answers.pop(stream, None) if self.ended[stream] else None

    def _events(self):
        data = self.connection.recv(RECEIVED)
        if not data:
            self.over = True
            return
        try:
            events = self.h2.receive_data(data)
        except ProtocolError as error:
            raise Broken(f"no HTTP/2: {error!r}") from error
        for event in events:
            self._event(event)
        self._flush()

    def _event(self, event):
        if isinstance(event, ResponseReceived):
            self.answers[event.stream_id] = _response(event.headers)
        elif isinstance(event, InformationalResponseReceived):
            pass
        elif isinstance(event, DataReceived):
            self.answers[event.stream_id].body += event.data
            self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamEnded):
            self.ended[event.stream_id] = True
        elif isinstance(event, StreamReset):
            # An answer that came before, whole or not, is none: the client was told to forget it. Except for a body
            # that was not asked for (RFC 9113, 8.1).
            if event.error_code != 0:
                self.answers.pop(event.stream_id, None)
            self.ended[event.stream_id] = True
        elif isinstance(event, ConnectionTerminated):
            self.over = True
        elif isinstance(event, WindowUpdated):
            pass

    def _flush(self):
        if data := self.h2.data_to_send():
            self.connection.sendall(data)

    def close(self):
        self.connection.close()


def spelled(request: Asked) -> list[tuple[bytes, bytes]]:
    """The fields of this request in HTTP/2."""
    hosts = request.all("host")
    if len(hosts) != 1 or request.method == b"CONNECT" or request.target.startswith(b"http"):
        raise Inexpressible("says whom it asks in a way that HTTP/2 has not")
    out = [(b":method", request.method), (b":scheme", b"https"), (b":authority", hosts[0]), (b":path", request.target)]
    for name, value in request.fields:
        if name.lower() in OF_ONE_CONNECTION:
            raise Inexpressible("sends a field of one connection, which is malformed in HTTP/2")
        if name.lower() not in FRAMING:
            out.append((name.lower(), value))
    if lengths := request.all("content-length"):
        out.append((b"content-length", lengths[0]))
    return out


def _response(fields) -> Response:
    status = next(value for name, value in fields if name == b":status")
    kept = [(bytes(name), bytes(value)) for name, value in fields if not name.startswith(b":")]
    start = b"HTTP/2 " + status
    raw = b"\r\n".join([start, *(name + b": " + value for name, value in kept)])
    return Response(start, kept, raw, status=int(status), door=Http2.name)


class Http2(KeptOpen):
    """Requests as streams of one connection."""

    name = "h2"
    secured = True
    lacks = {**ONCE, "wire": "sends bytes that only HTTP/1.1 can say", "websocket": "HTTP/2 upgrades nothing"}

    def line(self, stage) -> Streams:
        return Streams(stage.gate)

    def instead(self, expected: Answer, sent: bytes) -> Answer:
        # What is malformed is refused before there is anybody to answer: its stream is reset.
        return replace(expected, or_closed=True) if expected.code is None and 400 in expected.status else expected

    def at_once(self, stage, requests: list[bytes], connected) -> list[Response | None]:
        """All of them under way on a few connections before the first answer is read."""
        got = []
        lines = [(self.line(stage), requests[at : at + STREAMS]) for at in range(0, len(requests), STREAMS)]
        connected()
        for line, some in lines:
            for request in some:
                line.send(request)
        for line, some in lines:
            got += [line.receive() for _ in some]
            line.close()
        return got
