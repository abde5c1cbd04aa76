"""HTTP/1.1 over TCP, as rows write it, and the same over TLS."""

import socket
import ssl

from ..message import Response, Stream
from .base import Door, KeptOpen, Line

DEADLINE_S = 10


class Bytes(Line):
    """A connection of HTTP/1.1, opened again when the gate has closed it."""

    def __init__(self, door: "Plain", gate):
        self.door, self.gate = door, gate
        self.open()

    def open(self):
        self.connection = self.door.connect(self.gate)
        self.stream, self.method, self.done = Stream(self.connection), b"", False

    def send(self, data: bytes):
        if self.done:
            self.close()
            self.open()
        self.method = data.split(b" ", 1)[0]
        try:
            self.connection.sendall(data)
        except OSError:
            # Refused while it was still being sent: the answer says so, or that there is none.
            pass

    def receive(self) -> Response | None:
        got = self.stream.response(self.method)
        self.done = got is None or b"close" in [value.lower() for value in got.all("connection")]
        if got is not None:
            got.door = self.door.name
        return got

    def close(self):
        self.connection.close()


class Plain(Door):
    """Rows as they are written."""

    name = "tcp"
    raw = True

    def because(self, row) -> str | None:
        return None

    def connect(self, gate) -> socket.socket:
        connection = socket.create_connection(gate.address, DEADLINE_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def line(self, stage) -> Bytes:
        return Bytes(self, stage.gate)


#: What says nothing that depends on the door: played once.
ONCE = {
    "vectors": "what is a key is decided behind every door: unproven credentials and mutations are played through each",
    "starts": "starts gates: no door is open yet",
    "operations": "an operator's doing, whatever the door: shown over TCP",
    "rotation": "an operator's doing, whatever the door: shown over TCP",
    "outage": "the store's doing, whatever the door: shown over TCP",
    "freeze": "stops the process, whatever the door: shown over TCP",
}


class Tls(KeptOpen, Plain):
    """The same bytes within TLS; the gate is told by its certificate."""

    name = "tls"
    secured = True
    lacks = {**ONCE, "wire": "closes one direction of a connection and reads on, which TLS cannot; the parser is the same"}

    def because(self, row) -> str | None:
        return Door.because(self, row)

    def connect(self, gate) -> ssl.SSLSocket:
        return wrapped(Plain.connect(self, gate), gate, "http/1.1")


def wrapped(connection: socket.socket, gate, protocol: str) -> ssl.SSLSocket:
    """Within TLS, with the protocol agreed on and the certificate proved to be the gate's."""
    certificate = gate.deployment.certificate
    context = _context(certificate.chain, protocol)
    try:
        secured = context.wrap_socket(connection, server_hostname=certificate.host)
    except OSError:
        connection.close()
        raise
    if secured.selected_alpn_protocol() != protocol:
        secured.close()
        raise ConnectionError(f"agreed on {secured.selected_alpn_protocol()}, not on {protocol}")
    return secured


_contexts: dict[tuple[str, str], ssl.SSLContext] = {}


def _context(chain: str, protocol: str) -> ssl.SSLContext:
    if (chain, protocol) not in _contexts:
        context = ssl.create_default_context(cadata=chain)
        context.set_alpn_protocols([protocol])
        _contexts[chain, protocol] = context
    return _contexts[chain, protocol]
