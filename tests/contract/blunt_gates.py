"""Two gates that judge nothing: one lets everybody in as they are, one nobody. No row may hold for both."""

from .fake_gate import FakeGate
from .fake_host import FakeHost
from .fake_intake import Exchange
from .row import Row
from .world import Deployment, Route

#: Heads that these gates cannot read at all, so that they refuse them without judging.
UNREADABLE = {
    "lines that end in a line feed alone", "a head that ends in two line feeds", "lines that end in a carriage return alone",
    "the request line 'GET\\t/orders/1\\tHTTP/1.1'", "HTTP/2 without asking first",
}

#: The same at one door: the library of HTTP/2 under these gates resets such a stream.
UNREADABLE_AT = {("h2", "/a\\x00b has no one spelling"), ("h2", "an empty path")}


def unreadable(row: Row) -> bool:
    """Whether these gates refuse it because they cannot read it, not because they judge."""
    return row.name in UNREADABLE or (row.door, row.name) in UNREADABLE_AT


class OpenGate(FakeGate):
    """Forwards whatever it is sent, with everything in it, under the identity of whoever is first."""

    def answer(self, request, connection, stream) -> bytes:
        path, mark, query = request.target.partition(b"?")
        request.path, request.query = path, query if mark else None
        if path == b"/.well-known/tollgate/jwks.json" and request.method == b"GET":
            return self.reserved(request)
        key = next(iter(self.deployment.keys.values()))
        return self.forward(request, connection, stream, self.identity(key, request, self.rule(request)))

    def about(self, question) -> bytes:
        request = Exchange([question.method, question.target], question.fields, question.peer)
        key = next(iter(self.deployment.keys.values()))
        self.asked += 1
        return self.passes(request, self.identity(key, request, Route("/**")))

    def taken(self, request, identity) -> list[bytes]:
        return []

    def bad_head(self, raw: bytes) -> bool:
        self.log += raw
        return b":" not in raw

    def bounds(self) -> tuple[int, int]:
        return 10**9, 10**9

    def upstream_query(self, request) -> bytes | None:
        return request.query

    def upstream_fields(self, request, identity: bytes | None) -> list[tuple[bytes, bytes]]:
        self.asked += 1
        fields = [(name, value) for name, value in request.fields if name.lower() not in (b"content-length", b"transfer-encoding")]
        return [*fields, (b"Tollgate-Identity", identity or b"")]

    def change(self, key, state: str):
        pass


class ShutGate(FakeGate):
    """Refuses everything in one way, but shows the key set to whoever starts it."""

    def answer(self, request, connection, stream) -> bytes:
        self.asked += 2
        request.path, request.query = request.target, None
        self.log += b"a thread panicked\n"
        if request.one(b"x-contract-row") == b"0":
            request.path = b"/.well-known/tollgate/jwks.json"
            return self.reserved(request)
        return self.denied(request, "ip_denied")

    def about(self, question) -> bytes:
        self.asked += 2
        answer = self.denied(question, "ip_denied")
        return self.for_nginx(answer) if question.target == b"/nginx" else answer

    def bad_head(self, raw: bytes) -> bool:
        return b":" not in raw

    def change(self, key, state: str):
        pass


class BluntHost(FakeHost):
    """Plays what needs no operator."""

    lacks = {need: "these gates have no operator" for need in ("issue", "metrics", "outage", "freeze")}

    def refuses(self, deployment: Deployment) -> bool:
        """Nothing is ever wrong for the one, and everything for the other."""
        return self.kind is ShutGate
