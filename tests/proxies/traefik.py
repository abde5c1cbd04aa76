"""Traefik, which is not run: what it documents that it sends is replayed, and what it does with answers.

Sources: the reference of the ForwardAuth middleware (doc.traefik.io/traefik/reference/routing-configuration/http/
middlewares/forwardauth: the table of X-Forwarded fields; what is done with authResponseHeaders), and
pkg/middlewares/auth/forward.go of traefik/traefik (every other field is copied but those of one connection; a
field of authResponseHeaders is deleted from the request before it is set from the answer; any answer but 2xx is
passed on whole).
"""

import socket
from pathlib import Path

import yaml

from contract.message import Request, Response, Stream, head_of

from .stage import Stage, forged, request, said

HOP = {b"connection", b"keep-alive", b"te", b"trailer", b"trailers", b"transfer-encoding", b"upgrade"}


class Traefik:
    """The middleware of the example, by its documented rules."""

    def __init__(self, stage: Stage, folder: Path):
        self.stage = stage
        settings = yaml.safe_load((folder / "dynamic.yaml").read_text())
        middleware = settings["http"]["middlewares"]["tollgate"]["forwardAuth"]
        self.path = middleware["address"].removeprefix("http://127.0.0.1:8081")
        self.replaced = {name.lower().encode() for name in middleware["authResponseHeaders"]}

    def question(self, sent: bytes, client: str) -> bytes:
        """What is asked about a request: the fields that are documented, in the place of any that it has."""
        head = head_of(sent.split(b"\r\n\r\n")[0] + b"\r\n\r\n")
        method, target, _ = head.start.split(b" ")
        told = {b"X-Forwarded-Method": method, b"X-Forwarded-Proto": b"http", b"X-Forwarded-Host": head.all("host")[0],
                b"X-Forwarded-Uri": target, b"X-Forwarded-For": client.encode()}
        ours = {name.lower() for name in told} | HOP | {b"host", b"content-length"}
        fields = [(name, value) for name, value in head.fields if name.lower() not in ours] + list(told.items())
        lines = [b"GET " + self.path.encode() + b" HTTP/1.1", b"Host: 127.0.0.1:8081"]
        return b"\r\n".join([*lines, *(name + b": " + value for name, value in fields)]) + b"\r\n\r\n"

    def ask(self, sent: bytes, client: str = "203.0.113.7") -> Response:
        with socket.create_connection(("127.0.0.1", self.stage.ports.decide), 5) as connection:
            connection.sendall(self.question(sent, client))
            return Stream(connection).response()

    def forwarded(self, sent: bytes, answer: Response) -> Request:
        """The request as it goes on to the origin after an allow."""
        head, _, body = sent.partition(b"\r\n\r\n")
        head = head_of(head + b"\r\n\r\n")
        method, target, _ = head.start.split(b" ")
        fields = [(name, value) for name, value in head.fields if name.lower() not in self.replaced]
        fields += [(name, value) for name, value in answer.fields if name.lower() in self.replaced]
        raw = b"\r\n".join(name + b": " + value for name, value in fields)
        return Request(head.start, fields, raw, method=method, target=target, body=body)


def allowed(traefik: Traefik):
    stage = traefik.stage
    for sent in (request(stage.bearer()), request(stage.x_api_key()), request(stage.x_api_key(), ("Authorization", "Bearer x"))):
        answer = traefik.ask(sent)
        if stage.expect(answer.status == 200, said(answer)):
            stage.judge_arrival(traefik.forwarded(sent, answer), "usual", "allowed")
    for method, status in (("GET", 200), ("DELETE", 403)):
        answer = traefik.ask(request(stage.bearer(), method=method))
        stage.expect(answer.status == status, f"{method}: {said(answer)}")


def refusals(traefik: Traefik):
    stage, usual = traefik.stage, traefik.stage.gate.key("usual")
    cases = [
        (request(), 401, "credential_missing"), (request(("X-API-Key", forged(usual))), 401, "key_invalid"),
        (request(stage.bearer("expired")), 401, "key_expired"), (request(stage.bearer("revoked")), 401, "key_revoked"),
        (request(stage.bearer(), path="/admin/x"), 403, "scope_missing"),
        (request(stage.bearer(), stage.x_api_key("other")), 400, "request_invalid"),
    ]
    limited = request(stage.bearer("limited"))
    for _ in range(2):
        stage.expect(traefik.ask(limited).status == 200, "within the limit")
    for sent, status, code in [*cases, (limited, 429, "rate_limited")]:
        answer = traefik.ask(sent)
        if stage.expect(answer.status == status, f"{code}: {said(answer)}"):
            stage.challenge(answer, code, code)
            stage.problem(answer, status, code, code)
            stage.not_told(answer, sent, code)
            if status == 429:
                stage.expect(int(answer.all("retry-after")[0]) >= 1, f"Retry-After: {answer.all('retry-after')!r}")
                stage.rates(answer, code)


def spellings(traefik: Traefik):
    stage = traefik.stage
    for name in ("Tollgate-Identity", "tollgate-identity", "TOLLGATE-IDENTITY"):
        for given, role, path in (([stage.bearer()], "usual", "/orders/1"), ([], None, "/public/x")):
            sent = request((name, "forged"), *given, path=path)
            answer = traefik.ask(sent)
            if stage.expect(answer.status == 200, f"{name}: {said(answer)}"):
                stage.judge_arrival(traefik.forwarded(sent, answer), role, name)
    # Traefik passes these on as they are, unless its entry point is told otherwise: so they are refused.
    for name in ("Tollgate_Identity", "TOLLGATE_IDENTITY", "Tollgate.Identity", "tollgate~identity", "Tollgate+Identity"):
        for given, path in (([stage.bearer()], "/orders/1"), ([], "/public/x")):
            answer = traefik.ask(request((name, "forged"), *given, path=path))
            stage.expect(answer.status == 400, f"{name}: {said(answer)}")


def questions(traefik: Traefik):
    stage = traefik.stage
    usual = [stage.bearer(), ("X-Forwarded-For", "203.0.113.7")]
    method, target = ("X-Forwarded-Method", "GET"), ("X-Forwarded-Uri", "/orders/1")
    for given in ([], [method], [target], [method, target, target], [method, method, target],
                  [("X-Original-Method", "GET"), ("X-Original-URI", "/orders/1")], [method, ("X_Forwarded_Uri", "/orders/1")]):
        with socket.create_connection(("127.0.0.1", stage.ports.decide), 5) as connection:
            connection.sendall(request(*usual, *given, path="/forward"))
            answer = Stream(connection).response()
        stage.expect(answer.status >= 400, f"{given}: {said(answer)}")
    for path in ("/public/../admin/x", "/public/%2e%2e/admin/x", "//admin/x", "/admin%2fx", "/orders/..;/admin", "/%2561dmin",
                 "/%61dmin/x"):
        answer = traefik.ask(request(stage.bearer(), path=path))
        stage.expect(answer.status in (400, 403), f"{path}: {said(answer)}")


def addresses(traefik: Traefik):
    stage, key = traefik.stage, traefik.stage.bearer("bound")
    for sent, client, status in (
        (request(key), "127.0.0.2", 200), (request(key), "127.0.0.3", 403),
        (request(key, ("X-Forwarded-For", "127.0.0.2")), "127.0.0.3", 403),
        (request(key, ("X_Forwarded_For", "127.0.0.2")), "127.0.0.3", 403),
        (request(key, ("X-Real-Ip", "127.0.0.2")), "127.0.0.3", 403),
        (request(key, ("Forwarded", "for=127.0.0.2")), "127.0.0.3", 403),
    ):
        answer = traefik.ask(sent, client)
        stage.expect(answer.status == status, f"from {client}: {said(answer)}")


ROWS = {
    "replayed: an allow brings the identity, and takes every key and claimed identity away": allowed,
    "replayed: refusals are for the client as they are: status, challenge, Retry-After, problem body": refusals,
    "replayed: a spelling of the identity that Traefik would pass on is refused": spellings,
    "replayed: a question that does not say once what it is about, and a crooked path, is no allow": questions,
    "replayed: the client's address is what Traefik says, and nothing else": addresses,
}
