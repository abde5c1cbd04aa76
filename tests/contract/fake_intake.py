"""How requests reach the made-up gate: over TCP, within TLS, as streams of HTTP/2, or as questions of a proxy."""

import json
import os
import socket
import ssl
import tempfile
import threading

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded

from . import fake_rules as rules
from .certificate import Certificate
from .message import Broken, Stream

ASKED = "access-control-request-method"
IDENTITY = b"tollgate-identity"
#: Who asks, by the path of the question, and where it says what it is about.
ASKERS = {b"/forward": (b"x-forwarded-method", b"x-forwarded-uri"), b"/nginx": (b"x-original-method", b"x-original-uri")}


class Exchange:
    """A request that the made-up gate has read."""

    def __init__(self, start: list[bytes], fields, peer: str):
        self.method, self.target = start[0], start[1]
        self.fields, self.peer = fields, peer
        self.path, self.query, self.unread = b"", None, False
        #: What is left of its limits, as fields.
        self.left: list[tuple[str, str]] = []

    def all(self, name: str) -> list[bytes]:
        return [value for given, value in self.fields if given.lower() == name.lower().encode()]

    def one(self, name: bytes) -> bytes | None:
        return next((value for given, value in self.fields if given.lower() == name), None)

    def has_body(self) -> bool:
        return any(name.lower() in (b"content-length", b"transfer-encoding") for name, _ in self.fields)

    def is_preflight(self) -> bool:
        return self.method == b"OPTIONS" and len(self.all("origin")) == len(self.all(ASKED)) == 1


class Memory:
    """A connection of which everything has arrived, and which keeps what is sent."""

    def __init__(self, data: bytes):
        self.data, self.sent = data, b""

    def recv(self, most: int) -> bytes:
        taken, self.data = self.data[:most], self.data[most:]
        return taken

    def sendall(self, data: bytes):
        self.sent += data


def secured(certificate: Certificate) -> ssl.SSLContext:
    """What a server shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2", "http/1.1"])
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "both.pem")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(certificate.chain + certificate.key)
        context.load_cert_chain(path)
    return context


class Intake:
    """Takes connections, reads requests, and has each answered by `answer` or `passes`."""

    head_max = 65_536
    fields_max = 128

    def open(self):
        """Begins to listen."""
        self.listeners = []
        self.tls = secured(self.deployment.certificate) if self.config.tls else None
        self.address = self.listen(self._serve)
        self.questions = self.listen(self._asked) if self.config.decide else ("", 0)

    def listen(self, serve) -> tuple[str, int]:
        listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.listeners.append(listener)
        threading.Thread(target=self._listen, args=(listener, serve), daemon=True).start()
        return listener.getsockname()[:2]

    def stop(self):
        for listener in self.listeners:
            listener.close()

    def bounds(self) -> tuple[int, int]:
        """The longest head, and the most fields."""
        return self.config.head_bytes_max or self.head_max, self.config.fields_max or self.fields_max

    def peer_within(self, peer: str) -> str:
        """The address of a client that speaks HTTP/1.1 within TLS."""
        return peer

    def _listen(self, listener, serve):
        while True:
            try:
                connection, peer = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._safely, args=(serve, connection, peer[0]), daemon=True).start()

    def _safely(self, serve, connection: socket.socket, peer: str):
        connection.settimeout(20)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            serve(connection, peer)
        except Exception:  # noqa: BLE001 whatever it stumbles over, it closes the connection
            pass
        finally:
            connection.close()

    def _serve(self, connection: socket.socket, peer: str):
        if self.tls:
            connection = self.tls.wrap_socket(connection, server_side=True)
        try:
            if self.tls and connection.selected_alpn_protocol() == "h2":
                self._streams(connection, peer)
                return
            if self.tls:
                peer = self.peer_within(peer)
            stream = Stream(connection)
            while self._one(connection, stream, peer):
                pass
        finally:
            connection.close()

    def _read(self, connection, stream: Stream, peer: str) -> Exchange | None:
        """A head, unless it is refused or there is none."""
        try:
            while (raw := stream.until(b"\r\n\r\n", self.bounds()[0])) is not None and raw.startswith(b"\r\n"):
                raw, stream.held = None, raw[2:] + stream.held
            if raw is not None and len(raw) > self.bounds()[0]:
                raise Broken("too large")
        except Broken:
            connection.sendall(b"HTTP/1.1 431 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return None
        if raw is None:
            return None
        if self.bad_head(raw):
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return None
        lines = raw.split(b"\r\n")[:-2]
        fields = [(name, value.strip(b" \t")) for name, _, value in (line.partition(b":") for line in lines[1:])]
        if len(fields) > self.bounds()[1]:
            connection.sendall(b"HTTP/1.1 431 Too Many\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return None
        request = Exchange(lines[0].split(b" "), fields, peer)
        request.last = b"close" in rules.connection_tokens(fields) or lines[0].endswith(b"1.0")
        return request

    def _one(self, connection, stream: Stream, peer: str) -> bool:
        request = self._read(connection, stream, peer)
        if request is None:
            return False
        answer = self.answer(request, connection, stream)
        if request.method == b"HEAD":
            answer = answer[: answer.index(b"\r\n\r\n") + 4]
        connection.sendall(answer)
        return not (request.last or request.unread)

    # HTTP/2

    def _streams(self, connection, peer: str):
        h2 = H2Connection(H2Configuration(client_side=False, header_encoding=None))
        h2.initiate_connection()
        connection.sendall(h2.data_to_send())
        heads, bodies = {}, {}
        while data := connection.recv(65_536):
            for event in h2.receive_data(data):
                if isinstance(event, RequestReceived):
                    heads[event.stream_id], bodies[event.stream_id] = event.headers, b""
                elif isinstance(event, DataReceived):
                    bodies[event.stream_id] += event.data
                    h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, StreamEnded):
                    head, body = heads.pop(event.stream_id), bodies.pop(event.stream_id)
                    self._say(connection, h2, event.stream_id, self._one_stream(head, body, peer))
            connection.sendall(h2.data_to_send())

    def fields_of_stream(self, fields) -> list[tuple[bytes, bytes]]:
        """The fields of a request as HTTP/1.1 would have them."""
        plain = [(bytes(name), bytes(value)) for name, value in fields if not name.startswith(b":") and name != b"cookie"]
        cookies = [bytes(value) for name, value in fields if name == b"cookie"]
        return plain + ([(b"cookie", b"; ".join(cookies))] if cookies else [])

    def _one_stream(self, head, body: bytes, peer: str):
        """The same request in HTTP/1.1, answered as that is."""
        said = dict(head[:4])
        fields = [(b"host", said[b":authority"]), *self.fields_of_stream(head)]
        if body and not any(name == b"content-length" for name, _ in fields):
            fields.append((b"content-length", b"%d" % len(body)))
        lines = [said[b":method"] + b" " + said[b":path"] + b" HTTP/1.1", *(name + b": " + value for name, value in fields)]
        memory = Memory(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        self._one(memory, Stream(memory), peer)
        return Stream(Memory(memory.sent)).response(said[b":method"])

    def _say(self, connection, h2: H2Connection, stream: int, answer):
        kept = [(name.lower(), value) for name, value in answer.fields if name.lower() not in (b"connection", b"transfer-encoding")]
        h2.send_headers(stream, [(b":status", b"%d" % answer.status), *kept], end_stream=not answer.body)
        rest = answer.body
        while rest:
            most = min(h2.local_flow_control_window(stream), h2.max_outbound_frame_size, len(rest))
            if most:
                h2.send_data(stream, rest[:most], end_stream=most == len(rest))
                rest = rest[most:]
            connection.sendall(h2.data_to_send())
            if not most:
                h2.receive_data(connection.recv(65_536))

    # Questions

    def _asked(self, connection: socket.socket, peer: str):
        stream = Stream(connection)
        while (question := self._read(connection, stream, peer)) is not None:
            answer = self.about(question)
            if question.method == b"HEAD":
                answer = answer[: answer.index(b"\r\n\r\n") + 4]
            connection.sendall(answer)

    def about(self, question: Exchange) -> bytes:
        """The answer to a question."""
        asker = question.target.split(b"?")[0]
        if asker in ASKERS:
            said = [question.all(name.decode()) for name in ASKERS[asker]]
            if [len(values) for values in said] != [1, 1]:
                return self.plain(500, "Nothing is asked about", b"")
            start = [said[0][0], said[1][0]]
        elif asker.startswith(b"/envoy/"):
            asker, start = b"/envoy", [question.method, question.target.removeprefix(b"/envoy")]
        else:
            return self.plain(404, "Not Found", b"")
        client = (question.one(b"x-forwarded-for") or b"").split(b",")[-1].strip().decode()
        request = Exchange(self.asked_about(asker, start), question.fields, client)
        if asker != b"/envoy" and any(self.is_alias(asker, name) for name, _ in question.fields):
            answer = self.denied(request, "request_invalid")
        else:
            answer = self.decided(request)
        return self.for_nginx(answer) if asker == b"/nginx" else answer

    def asked_about(self, asker: bytes, start: list[bytes]) -> list[bytes]:
        """Method and target."""
        return start

    def is_alias(self, asker: bytes, name: bytes) -> bool:
        return rules.is_identity(name) and name.lower() != IDENTITY

    def decided(self, request: Exchange) -> bytes:
        path, mark, query = request.target.partition(b"?")
        request.query, request.path = query if mark else None, self.canonical(path)
        if request.path is None or request.method != request.method.upper():
            return self.denied(request, "request_invalid")
        rule = self.rule(request)
        if rule.bind and request.path != path:
            return self.denied(request, "request_invalid")
        if rule.public or request.is_preflight() and rule.cors == "forward":
            return self.passes(request, None)
        if request.is_preflight():
            return self.denied(request, "credential_missing")
        key, denial = self.decide(request, rule)
        return self.denied(request, *denial) if denial else self.passes(request, self.identity(key, request, rule))

    def taken(self, request: Exchange, identity: bytes | None) -> list[bytes]:
        """The names of fields that the origin must not see."""
        names = [name for name, value in request.fields
                 if rules.carries_key(name, value, self.config) or self.is_alias(b"/envoy", name)]
        return names if identity else [*names, IDENTITY]

    def passes(self, request: Exchange, identity: bytes | None) -> bytes:
        fields = [("Cache-Control", "no-store"), *request.left,
                  ("X-Envoy-Auth-Headers-To-Remove", b",".join(self.taken(request, identity)).decode("latin-1"))]
        if identity:
            fields.append(("Tollgate-Identity", identity.decode()))
        return self.plain(200, "OK", b"", fields)

    def for_nginx(self, answer: bytes) -> bytes:
        """Every refusal as one that nginx understands, with what was meant in fields."""
        head, _, body = answer.partition(b"\r\n\r\n")
        status = head.split(b" ")[1]
        if status == b"200":
            return answer
        problem = json.dumps(json.loads(body)) if body else ""
        told = b"X-Auth-Status: " + status + b"\r\nX-Auth-Problem: " + problem.encode()
        shown = head if status in (b"401", b"403") else head.replace(b" " + status + b" ", b" 403 ", 1)
        return shown + b"\r\n" + told + b"\r\n\r\n" + body
