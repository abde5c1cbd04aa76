"""The decision endpoint: a request as a question of nginx, of Traefik and Caddy, or of Envoy.

The adapter is the proxy, by the examples that users copy (`examples/`): it asks as they do, and after an allow it
takes from the request what they take, and hands it to the origin. The proxies themselves run in `tests/proxies`.
"""

import re
import socket
from dataclasses import replace
from urllib.parse import unquote_to_bytes

from ..judge import folded
from ..message import Request, Response, Stream
from ..row import Answer, Seen, Talk, denied
from .base import Asked, Inexpressible, KeptOpen, Line, asked
from .plain import DEADLINE_S, ONCE

#: The client's address as the proxy sees it: nobody who may ask, but on this machine.
CLIENT = b"127.0.0.9"
HOP = {b"connection", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"proxy-connection"}
#: What the proxy says itself, and what only its own hop is about.
PROXY = {b"x-forwarded-for", b"x-forwarded-method", b"x-forwarded-uri", b"x-original-uri", b"x-original-method", b"host", b"content-length", b"expect"}
#: Fields that the proxies take away or leave to the origin as the gate says.
CREDENTIALS = {"authorization", "x-api-key", "x-my-key"}
IDENTITY = b"tollgate-identity"
REMOVE = b"x-envoy-auth-headers-to-remove"

THROUGH = "what the origin receives and answers beside identity and key goes through the proxy, not through the gate"
BYTES = "bytes, connections and bodies end at the proxy"


class Questions(Line):
    """Asks as a proxy about each request, and forwards what may pass."""

    def __init__(self, door: "Question", stage):
        self.door, self.stage = door, stage
        self.open()

    def open(self):
        stage = self.stage
        self.connection = socket.create_connection(stage.gate.questions, DEADLINE_S)
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream, self.done = Stream(self.connection), False

    def send(self, data: bytes):
        self.request = asked(data)
        if any(name.lower() in HOP for name, _ in self.request.fields if name.lower() != b"transfer-encoding"):
            raise Inexpressible("sends a field of one connection, which ends at the proxy")
        hops = self.stage.gate.deployment.config.trusted_hops
        self.method, question = self.door.question(self.request, self.client(bool(hops)))
        if self.done:
            self.close()
            self.open()
        self.connection.sendall(question)

    def client(self, behind_hop: bool) -> bytes:
        """What the proxy says of the client's address: what it was told, if it is itself behind a hop."""
        return b", ".join([*(self.request.all("x-forwarded-for") if behind_hop else []), CLIENT])

    def receive(self) -> Response | None:
        answer = self.stream.response(self.method)
        self.done = answer is None or b"close" in [value.lower() for value in answer.all("connection")]
        if answer is None:
            return None
        answer.door = self.door.name
        if answer.status != 200:
            return self.door.told(answer)
        identities = answer.all(IDENTITY.decode())
        kept = [(name, value) for name, value in self.request.fields if name.lower() not in self.door.removed(answer)]
        kept = [(name, value) for name, value in self.door.without_key(kept, self.stage) if name.lower() != IDENTITY]
        fields = kept + [(IDENTITY, value) for value in identities]
        head = b"\r\n".join([self.request.method + b" " + self.request.target + b" HTTP/1.1",
                             *(name + b": " + value for name, value in fields)]) + b"\r\n\r\n"
        self.stage.gate.origin.receive(Request(head.split(b"\r\n")[0], fields, head, method=self.request.method,
                                               target=self.request.target, body=self.request.body))
        mine = {IDENTITY, REMOVE, b"content-length"}
        answer.fields = [(name, value) for name, value in answer.fields if name.lower() not in mine]
        # The identity is for the origin; whatever else is in this answer the client may see.
        answer.raw = b"\r\n".join(name + b": " + value for name, value in answer.fields)
        return answer

    def close(self):
        self.connection.close()


class Question(KeptOpen):
    """What all who ask have in common."""

    asks = True
    #: Whether another spelling of the identity's name is refused; else it is named, so that the proxy takes it away.
    refuses_spellings = True
    lacks = {
        **ONCE, "smuggling": BYTES, "bodies": BYTES, "big heads": BYTES, "wire": BYTES, "websocket": BYTES, "limits": BYTES, "timeouts": BYTES,
        "caching": THROUGH, "upstream": THROUGH, "reserved": "nothing is forwarded: what is asked about the gate's own paths is shown by the gate's tests",
    }

    def because(self, row) -> str | None:
        reason = super().because(row)
        if reason or row.origin is not None:
            return reason or THROUGH
        for step in row.steps:
            if isinstance(step, Talk) and any(self.through(answer, step.sent) for answer in step.answers):
                return THROUGH
        return None

    def through(self, answer: Answer, sent: tuple[bytes, ...]) -> bool:
        """Whether it is about what passes by the gate here: the query with its keys, and what an origin answers."""
        seen = answer.seen
        if seen is None:
            return False
        in_query = any(b"{key:" in piece.split(b"\r\n")[0] for piece in sent)
        of_others = any(name not in CREDENTIALS for name in seen.fields)
        by_query = in_query and seen.target is not None
        return by_query or of_others or seen.key_shown or answer.body is not None or answer.status != (200,)

    def line(self, stage) -> Questions:
        return Questions(self, stage)

    def question(self, request: Asked, client: bytes) -> tuple[bytes, bytes]:
        raise NotImplementedError

    def fields(self, request: Asked, *told: tuple[bytes, bytes]) -> bytes:
        """The fields of a question: those of the request, and what the proxy tells."""
        kept = [(name, value) for name, value in request.fields if name.lower() not in PROXY | HOP]
        lines = [b"Host: gate", *(name + b": " + value for name, value in (*kept, *told))]
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def told(self, answer: Response) -> Response:
        """A refusal as the proxy gives it to the client."""
        return answer

    def removed(self, answer: Response) -> set[bytes]:
        """Which fields the proxy takes from the request because the gate names them."""
        return set()

    def without_key(self, fields, stage):
        """The fields that are left when the proxy has taken from the request what its own configuration names."""
        mine = (stage.gate.deployment.config.header or "").lower().encode()
        brand = re.compile(rb"(?i)bearer[ \t]+%s_" % re.escape(stage.gate.deployment.config.prefix.encode()))
        return [(name, value) for name, value in fields
                if name.lower() not in (b"x-api-key", mine) and not (name.lower() == b"authorization" and brand.match(value))]

    def instead(self, expected: Answer, sent: bytes) -> Answer:
        request = asked(sent)
        if self.refuses_spellings and any(folded(name) == IDENTITY and name.lower() != IDENTITY for name, _ in request.fields):
            # These proxies take no other spelling away, so whoever sends one is refused.
            return denied("request_invalid")
        preflight = request.method == b"OPTIONS" and request.all("origin") and request.all("access-control-request-method")
        if preflight and expected.seen is None and request.target.startswith(b"/cors/"):
            return denied("credential_missing")
        path = request.target.split(b"?")[0]
        if expected.seen is not None and expected.seen.bound and unquote_to_bytes(path) != path:
            return denied("request_invalid")
        # What cannot be understood as a question is a failure or about nothing, of which every proxy makes a refusal.
        return replace(expected, status=(*expected.status, 404, 500)) if expected.code is None and 400 in expected.status else expected

    def seen(self, stage, seen: Seen, sent: bytes) -> Seen:
        # The proxy forwards method, target and body as they came, and with them a key in the query.
        shown = seen.key_shown or stage.judge.leaks(sent.split(b"\r\n")[0])
        return replace(seen, target=None, body=None, key_shown=shown)


#: Of proxies that take away what their own configuration names.
NAMED = {"named": "the names of other fields that carry a key are told to Envoy only"}


class Forward(Question):
    """Traefik's ForwardAuth and Caddy's forward_auth."""

    name = "forward"
    lacks = {**Question.lacks, **NAMED}

    def question(self, request: Asked, client: bytes) -> tuple[bytes, bytes]:
        told = ((b"X-Forwarded-Method", request.method), (b"X-Forwarded-Uri", request.target), (b"X-Forwarded-For", client))
        return b"GET", b"GET /forward HTTP/1.1\r\n" + self.fields(request, *told)


class Nginx(Question):
    """auth_request, which knows 401 and 403 only; the rest is told in fields."""

    name = "nginx"
    lacks = {**Question.lacks, **NAMED}

    def question(self, request: Asked, client: bytes) -> tuple[bytes, bytes]:
        told = ((b"X-Original-Method", request.method), (b"X-Original-URI", request.target), (b"X-Forwarded-For", client))
        return b"GET", b"GET /nginx HTTP/1.1\r\n" + self.fields(request, *told)

    def told(self, answer: Response) -> Response:
        status, problem = answer.one("x-auth-status"), answer.one("x-auth-problem")
        if answer.status in (401, 403) and status is not None:
            answer.fields = [(name, value) for name, value in answer.fields if name.lower() not in (b"x-auth-status", b"x-auth-problem")]
            answer.status, answer.body = int(status), problem or b""
        return answer


class Envoy(Question):
    """ext_authz over HTTP: the path follows its own, and the gate names the fields to be taken away."""

    name = "envoy"
    refuses_spellings = False

    def question(self, request: Asked, client: bytes) -> tuple[bytes, bytes]:
        if request.target == b"*":
            raise Inexpressible("asks about no path")
        start = request.method + b" /envoy" + request.target + b" HTTP/1.1\r\n"
        return request.method, start + self.fields(request, (b"X-Forwarded-For", client), (b"Content-Length", b"0"))

    def removed(self, answer: Response) -> set[bytes]:
        return {name.strip().lower() for value in answer.all(REMOVE.decode()) for name in value.split(b",")}

    def without_key(self, fields, stage):
        return fields
