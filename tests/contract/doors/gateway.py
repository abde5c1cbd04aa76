"""API Gateway in front of a Lambda authorizer: a request becomes an event of each kind, and the answer what a client gets.

What API Gateway does stands here and nothing of what a gate decides: the stage in the path, joined fields, the client's
address, an integration that takes `X-API-Key` away and sets the identity, and the gateway responses of `template.yaml`.
The functions run with `TOLLGATE_AUTHORIZER_UNAUTHORIZED=deny`, so that a refusal says why; a Deny is a 403 on the wire, with
the status that is meant in `X-Auth-Status`, and is judged by that.
"""

import json
import secrets
from dataclasses import replace
from urllib.parse import parse_qsl, unquote_to_bytes

from ..judge import folded
from ..message import Request, Response
from ..row import Answer, Seen, denied
from .base import Asked, Inexpressible, Line, asked
from .questions import BYTES, CREDENTIALS, HOP, IDENTITY, Question

API, STAGE, CLIENT = "abcdef123", "live", "127.0.0.1"
DOMAIN = f"{API}.execute-api.us-east-1.amazonaws.com"
THROUGH = "what the origin receives and answers beside identity and key goes through API Gateway, not through the authorizer"
#: What `template.yaml` answers where the authorizer fails.
FAILED = {"type": "about:blank", "title": "Unavailable", "status": 503, "detail": "The key cannot be checked at the moment.",
          "instance": "urn:tollgate:request:{id}", "code": "unavailable"}
#: The members of a context that gateway responses put into fields.
TOLD = {"challenge": b"WWW-Authenticate", "retryAfter": b"Retry-After", "rateLimit": b"RateLimit", "rateLimitPolicy": b"RateLimit-Policy"}


class Events(Line):
    """Asks the authorizer about each request, and forwards what it allows."""

    def __init__(self, door: "Gateway", stage):
        self.door, self.stage = door, stage

    def send(self, data: bytes):
        self.request = request = asked(data)
        if any(name.lower() in HOP for name, _ in request.fields if name.lower() != b"transfer-encoding"):
            raise Inexpressible("sends a field of one connection, which ends at API Gateway")
        if not request.target.startswith(b"/") or b"#" in request.target:
            raise Inexpressible("asks for no path, which API Gateway refuses itself")
        self.id = secrets.token_hex(8)
        self.event = self.door.event(request, self.id)

    def receive(self) -> Response | None:
        answered = self.stage.gate.invoke(self.door.kind, self.event)
        if answered.error is not None:
            return self.failed()
        allowed, context = self.door.read(answered.payload, self.event)
        return self.passed(context) if allowed else self.refused(context)

    def failed(self) -> Response:
        body = json.dumps(FAILED, separators=(",", ":")).replace("{id}", self.id).encode() + b"\n"
        return self.response(503, [(b"Retry-After", b"1")], body)

    def refused(self, context: dict) -> Response:
        fields = [(TOLD[name], str(value).encode()) for name, value in context.items() if name in TOLD]
        body = context.get("body", "").encode()
        return self.response(context["status"], fields, body + b"\n" if body else b"")

    def passed(self, context: dict) -> Response:
        kept = [(name, value) for name, value in self.request.fields if name.lower() not in (b"x-api-key", IDENTITY)]
        fields = kept + [(IDENTITY, context[name].encode()) for name in ("identity",) if name in context]
        head = b"\r\n".join([self.request.method + b" " + self.request.target + b" HTTP/1.1",
                             *(name + b": " + value for name, value in fields)]) + b"\r\n\r\n"
        self.stage.gate.origin.receive(Request(head.split(b"\r\n")[0], fields, head, method=self.request.method,
                                               target=self.request.target, body=self.request.body))
        told = [(TOLD[name], context[name].encode()) for name in ("rateLimitPolicy", "rateLimit") if name in context]
        return self.response(200, told, b"", refused=False)

    def response(self, status: int, fields, body: bytes, refused=True) -> Response:
        if refused:
            fields = [*fields, (b"Content-Type", b"application/problem+json"), (b"Cache-Control", b"no-store")]
        fields = [*fields, (b"X-Request-Id", self.id.encode())]
        start = b"HTTP/1.1 %d " % status
        raw = b"\r\n".join([start, *(name + b": " + value for name, value in fields)])
        body = b"" if self.request.method == b"HEAD" else body
        return Response(start, fields, raw, status=status, body=body, door=self.door.name)

    def close(self):
        pass


class Gateway(Question):
    """What all kinds have in common."""

    #: Which events, and how they are answered.
    kind = ""
    asks = False
    #: Whether fields are seen at all.
    sees_fields = True
    #: Whether an allow names what it is for.
    names_resources = True
    lacks = {
        "smuggling": BYTES, "bodies": BYTES, "big heads": BYTES, "wire": BYTES, "websocket": BYTES, "limits": BYTES, "timeouts": BYTES,
        "caching": THROUGH, "upstream": THROUGH,
        "reserved": "the public keys are served by an integration without code: tests/aws asks the deployed template for it",
        "named": "an integration takes away the fields that its mapping names: X-API-Key",
        "cors": "an authorizer answers no preflights: the API does, or the origin",
    }
    #: Families that are played through one kind only.
    once: dict[str, str] = {}

    def because(self, row) -> str | None:
        slow, last = row.slow, row.last
        # Nobody else is in front of these functions, so what looks at time or at the whole is played here.
        plain = replace(row, slow=False, last=False) if self.kind == "request" else row
        if self.once and {"outage", "freeze", "starts"}.intersection(row.needs):
            return ELSEWHERE
        return self.once.get(row.family) or (super().because(plain) if slow or last else super().because(row))

    def line(self, stage) -> Events:
        return Events(self, stage)

    def event(self, request: Asked, name: str) -> dict:
        raise NotImplementedError

    def read(self, payload: dict, event: dict) -> tuple[bool, dict]:
        """Whether API Gateway lets the request pass, and the context."""
        for value in payload["context"].values():
            assert isinstance(value, (str, int, bool)), "a context holds what API Gateway refuses"
        assert sum(len(name) + len(str(value)) for name, value in payload["context"].items()) <= 8_192
        document = payload["policyDocument"]
        (statement,) = document["Statement"]
        assert document["Version"] == "2012-10-17" and statement["Action"] == "execute-api:Invoke", payload
        assert len(statement["Resource"]) <= 512 and isinstance(payload["principalId"], str), payload
        arn = event.get("methodArn") or event.get("routeArn")
        allowed = statement["Effect"] == "Allow"
        assert not allowed or statement["Resource"] == arn, "an allow names something else than what was asked for"
        return allowed, payload["context"]

    def instead(self, expected: Answer, sent: bytes) -> Answer:
        request = asked(sent)
        if self.sees_fields and any(folded(name) == IDENTITY for name, _ in request.fields):
            return denied("request_invalid")
        path = request.target.split(b"?")[0]
        if expected.seen is not None and expected.seen.bound and unquote_to_bytes(path) != path:
            return denied("request_invalid")
        if expected.seen is not None and self.names_resources and not nameable(request):
            # A policy that names this path would mean others as well, or is longer than API Gateway takes.
            return denied("request_invalid")
        return expected

    def seen(self, stage, seen: Seen, sent: bytes) -> Seen:
        request = asked(sent)
        rest = [value for name, value in request.fields if name.lower() != b"x-api-key"] + [request.target]
        shown = seen.key_shown or any(stage.judge.leaks(value) for value in rest)
        # The mapping takes X-API-Key away and no other field: `docs/aws.md` says so.
        fields = {name: values for name, values in seen.fields.items() if name == "x-api-key" or name not in CREDENTIALS}
        return replace(seen, target=None, body=None, key_shown=shown, fields=fields)


def arn(request: Asked, path: str) -> str:
    return f"arn:aws:execute-api:us-east-1:123456789012:{API}/{STAGE}/{text(request.method)}{path}"


def nameable(request: Asked) -> bool:
    path = parts(request)[0]
    return "*" not in path and len(arn(request, path)) <= 512


def text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Inexpressible("sends bytes that are no UTF-8, which no event can hold") from None


def parts(request: Asked) -> tuple[str, str]:
    path, _, query = request.target.partition(b"?")
    return text(path), text(query)


def many(pairs) -> dict[str, list[str]]:
    held: dict[str, list[str]] = {}
    for name, value in pairs:
        held.setdefault(name, []).append(value)
    return held


class RestRequest(Gateway):
    """A REST API's REQUEST authorizer."""

    name = kind = "request"

    def event(self, request: Asked, name: str) -> dict:
        path, query = parts(request)
        fields = many((text(field), text(value)) for field, value in request.fields)
        parameters = many(parse_qsl(query, keep_blank_values=True))
        return {
            "type": "REQUEST", "methodArn": arn(request, path), "resource": "/{proxy+}", "path": path, "httpMethod": text(request.method),
            "headers": {field: values[-1] for field, values in fields.items()}, "multiValueHeaders": fields,
            "queryStringParameters": {field: values[-1] for field, values in parameters.items()},
            "multiValueQueryStringParameters": parameters, "pathParameters": {"proxy": path[1:]}, "stageVariables": {},
            "requestContext": {"path": f"/{STAGE}{path}", "stage": STAGE, "requestId": name, "apiId": API, "domainName": DOMAIN,
                               "httpMethod": text(request.method), "identity": {"sourceIp": CLIENT}},
        }


class Http1(RestRequest):
    """An HTTP API's authorizer with payload 1.0."""

    name = kind = "http-1.0"

    def event(self, request: Asked, name: str) -> dict:
        event = super().event(request, name)
        return {**event, "version": "1.0", "path": f"/{STAGE}{event['path']}", "identitySource": ""}


class Http2(Gateway):
    """An HTTP API's authorizer with payload 2.0, answered by a policy."""

    name = kind = "http-2.0"

    def event(self, request: Asked, name: str) -> dict:
        path, query = parts(request)
        fields = many((text(field).lower(), text(value)) for field, value in request.fields)
        return {
            "version": "2.0", "type": "REQUEST", "routeArn": arn(request, path), "identitySource": [], "routeKey": "ANY /{proxy+}",
            "rawPath": f"/{STAGE}{path}", "rawQueryString": query, "headers": {field: ",".join(values) for field, values in fields.items()},
            "requestContext": {"stage": STAGE, "requestId": name, "apiId": API, "domainName": DOMAIN, "timeEpoch": 1583348638390,
                               "http": {"method": text(request.method), "path": f"/{STAGE}{path}", "sourceIp": CLIENT, "userAgent": "x"}},
        }


class Simple(Http2):
    """The same, answered by yes or no."""

    name = kind = "http-simple"
    names_resources = False

    def read(self, payload: dict, event: dict) -> tuple[bool, dict]:
        assert set(payload) == {"isAuthorized", "context"} and isinstance(payload["isAuthorized"], bool), payload
        return payload["isAuthorized"], payload["context"]


UNSEEN = "a TOKEN authorizer sees no fields: another spelling of the identity's name reaches the origin, whose verifier reads one only"


class Token(Gateway):
    """A REST API's TOKEN authorizer: it sees the value of one field and nothing else."""

    name = kind = "token"
    sees_fields = False

    def event(self, request: Asked, name: str) -> dict:
        path, query = parts(request)
        keys = request.all("x-api-key")
        others = [field for field, value in request.fields if field.lower().decode("latin-1") in CREDENTIALS - {"x-api-key"}]
        if others or query or len(keys) > 1:
            raise Inexpressible("a TOKEN authorizer sees the value of X-API-Key only")
        return {"type": "TOKEN", "methodArn": arn(request, path), "authorizationToken": text(keys[0]) if keys else None}

    def because(self, row) -> str | None:
        if any(key.ips_allowed or key.ips_denied for key in row.keys.values()):
            return "a TOKEN authorizer sees no address"
        return UNSEEN if row.family == "hygiene" else super().because(row)


#: They are shown through the kind that sees most.
ELSEWHERE = "whatever the kind of event: shown with REQUEST events"
for _door in (Token, Http1, Http2, Simple):
    _door.once = {family: ELSEWHERE for family in ("vectors", "starts", "operations", "rotation", "outage", "freeze", "quotas")}
