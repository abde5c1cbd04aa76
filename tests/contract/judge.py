"""Compares what was seen with what a row demands, and with what holds for every row."""

import json
import re
from collections.abc import Callable

from reference import identity as identity_format
from reference.wire import Refused

from . import fields
from .message import Broken, Response
from .origin import Arrived
from .row import Answer, Seen
from .world import Deployment

IDENTITY = "tollgate-identity"
QUOTA_TYPE = "https://iana.org/assignments/http-problem-types#quota-exceeded"
SKEW_MS = 1_000
#: Windows of a key's random part: any of them in a log, answer or metric is a leak.
LEAK_LENGTH = 10
#: So much of an answer or a request is looked through.
LEAK_SEEN_MAX = 20_000

_FOLDED = re.compile(rb"[^a-z0-9]")


def folded(name: bytes) -> bytes:
    """A name as the loosest reader of headers sees it."""
    return _FOLDED.sub(b"-", name.lower())


def pieces(key: bytes) -> set[bytes]:
    """Every run of `LEAK_LENGTH` symbols of the part of a key that is secret."""
    tail = key[-50:]
    return {tail[at : at + LEAK_LENGTH] for at in range(len(tail) - LEAK_LENGTH + 1)}


class Judge:
    """Knows a deployment's keys and the public keys that its gate serves."""

    def __init__(self, deployment: Deployment, jwks: dict, clock_ms: Callable[[], int]):
        self.clock_ms = clock_ms
        self.deployment = deployment
        self.config = deployment.config
        self.jwks = jwks
        self.refresh_keys = None
        self.verified: dict[bytes, dict] = {}
        #: The one answer to what is unproven, for each door.
        self.alike: dict[str, tuple] = {}
        self.windows = set().union(*(pieces(key.text) for key in deployment.keys.values()))

    def leaks(self, data: bytes) -> bool:
        """Whether a run of symbols of any key stands in the data."""
        data = data[:LEAK_SEEN_MAX]
        return any(data[at : at + LEAK_LENGTH] in self.windows for at in range(len(data) - LEAK_LENGTH + 1))

    # Answers

    def answer(self, expected: Answer, got: Response) -> list[str]:
        """What is wrong with an answer."""
        faults = []
        if got.status not in expected.status:
            wanted = " or ".join(map(str, expected.status))
            return [f"the status is {got.status}, not {wanted} ({self._said(got)})"]
        for name, matcher in expected.fields.items():
            faults += self._field(name, matcher, got)
        if expected.body is not None and got.body != expected.body:
            faults.append(f"the body is {got.body[:200]!r}, not {expected.body[:200]!r}")
        if expected.seen is None and got.status >= 400:
            faults += self._problem(expected, got)
        faults += self._always(got, expected)
        if expected.unproven:
            faults += self._constant(got)
        return faults

    def _said(self, got: Response) -> str:
        return got.body[:160].decode("utf-8", "replace")

    def _field(self, name: str, matcher, got: Response) -> list[str]:
        try:
            value = got.one(name)
        except Broken as broken:
            return [str(broken)]
        if matcher is None:
            return [] if value is None else [f"{name}: {value!r} should be absent"]
        if value is None:
            return [f"{name} is absent"]
        value = value.decode("latin-1")
        if callable(matcher):
            fault = matcher(value)
            return [f"{name}: {value!r}: {fault}"] if fault else []
        return [] if value == matcher else [f"{name} is {value!r}, not {matcher!r}"]

    def _problem(self, expected: Answer, got: Response) -> list[str]:
        """The problem body and the challenge that every refusal with a code must have."""
        if expected.code is None:
            return []
        content = got.one("content-type") or b""
        if content.split(b";")[0].strip() != b"application/problem+json":
            return [f"the content type is {content!r} ({self._said(got)})"]
        try:
            body = json.loads(got.body)
        except ValueError:
            return [f"the body is no JSON: {got.body[:120]!r}"]
        faults = []
        if body.get("code") != expected.code:
            return [f"the code is {body.get('code')!r}, not {expected.code!r}"]
        if body.get("status") != got.status:
            faults.append(f"the body's status is {body.get('status')!r}")
        for name in ("type", "title", "detail", "instance"):
            if not isinstance(body.get(name), str) or not body[name]:
                faults.append(f"the body lacks {name}")
        kind = QUOTA_TYPE if got.status == 429 else "about:blank"
        if body.get("type") != kind:
            faults.append(f"the type is {body.get('type')!r}")
        if got.status == 429 and not isinstance(body.get("violated-policies"), list):
            faults.append("violated-policies is no list")
        return faults + self._challenge(expected.code, got)

    def _challenge(self, code: str, got: Response) -> list[str]:
        value = got.one("www-authenticate")
        realm = f'Bearer realm="{self.config.realm}"'
        if code == "credential_missing":
            wanted = realm
        elif got.status == 401:
            wanted = f'{realm}, error="invalid_token"'
        elif code == "request_invalid":
            wanted = f'{realm}, error="invalid_request"'
        elif code == "scope_missing":
            wanted = f'{realm}, error="insufficient_scope", scope="'
            if value is None or not value.decode("latin-1").startswith(wanted):
                return [f"the challenge is {value!r}"]
            return []
        else:
            return [] if value is None else [f"there is a challenge: {value!r}"]
        if value is None or value.decode("latin-1") != wanted:
            return [f"the challenge is {value!r}, not {wanted!r}"]
        return []

    def _always(self, got: Response, expected: Answer) -> list[str]:
        """What holds for every answer."""
        faults = []
        for name, _ in got.fields:
            if folded(name) == IDENTITY.encode():
                faults.append(f"the answer carries {name.decode()}")
        if not (expected.seen and expected.seen.key_shown) and self.leaks(got.raw + got.body):
            faults.append("the answer holds bytes of a key")
        if got.status == 429 or got.status == 503:
            faults += self._retry_after(got)
        faults += self._rates(got)
        return faults

    def _retry_after(self, got: Response) -> list[str]:
        value = got.one("retry-after")
        if value is not None and not (value.isdigit() and int(value) >= 1):
            return [f"Retry-After is {value!r}"]
        if got.status == 503 and value != b"1":
            return [f"Retry-After of a 503 is {value!r}"]
        return []

    def _rates(self, got: Response) -> list[str]:
        """The RateLimit fields parse, agree with each other and with Retry-After."""
        faults = []
        try:
            policy, left = got.one("ratelimit-policy"), got.one("ratelimit")
            policies = fields.rate_policy(policy.decode("latin-1")) if policy is not None else {}
            rates = fields.rate_left(left.decode("latin-1")) if left is not None else {}
        except (fields.NotStructured, Broken) as error:
            return [str(error)]
        for name, rate in rates.items():
            if name not in policies:
                faults.append(f"RateLimit names {name!r}, which no policy does")
            elif rate["r"] > policies[name]["q"]:
                faults.append(f"{rate['r']} left of {policies[name]['q']}")
        waits = [rate["t"] for rate in rates.values() if rate["r"] == 0 and "t" in rate]
        after = got.one("retry-after")
        if got.status == 429 and after and waits and int(after) < min(waits):
            faults.append(f"Retry-After {after!r} points earlier than t={min(waits)}")
        return faults

    def _constant(self, got: Response) -> list[str]:
        """All credentials that are not proved get the same bytes, but for the request's own id and the date."""
        try:
            ids = [json.loads(got.body)["instance"].encode(), *got.all("x-request-id")]
        except (ValueError, KeyError):
            return ["the body names no instance"]

        def masked(data: bytes) -> bytes:
            for instance in ids:
                data = data.replace(instance, b"<id of %d>" % len(instance))
            return data

        body = masked(got.body)
        shown = [
            (name, b"" if name.lower() == b"date" else masked(value))
            for name, value in got.fields
            # Whether the connection stays open depends on what else was wrong.
            if name.lower() != b"connection"
        ]
        same = self.alike.setdefault(got.door, (got.start, shown, body))
        if same != (got.start, shown, body):
            return [f"this is not the one answer to what is unproven: {got.raw!r}{got.body!r} against {same!r}"]
        return []

    # The origin

    def arrival(self, seen: Seen, sent_target: bytes, sent_body: bytes, arrived: Arrived) -> list[str]:
        """What is wrong with what the origin received."""
        request = arrived.request
        faults = []
        target = sent_target if seen.target is None else seen.target
        if request.target != target:
            faults.append(f"the origin was asked for {request.target!r}, not {target!r}")
        if seen.method is not None and request.method != seen.method:
            faults.append(f"the origin's method is {request.method!r}")
        body = sent_body if seen.body is None else seen.body
        if request.body != body:
            faults.append(f"the origin's body has {len(request.body)} bytes, not the {len(body)} sent")
        for name, values in seen.fields.items():
            got = [value.decode("latin-1") for value in request.all(name)]
            if got != values:
                faults.append(f"the origin received {name}: {got!r}, not {values!r}")
        return faults + self._identity(seen, request)

    def _identity(self, seen: Seen, request) -> list[str]:
        carried = [(name, value) for name, value in request.fields if folded(name) == IDENTITY.encode()]
        if seen.identity is None:
            return [f"the origin received {name!r}" for name, _ in carried]
        if len(carried) != 1 or carried[0][0].lower() != IDENTITY.encode():
            return [f"the origin received {len(carried)} identities: {[name for name, _ in carried]!r}"]
        try:
            claims = self.claims(carried[0][1], request)
        except Refused as refused:
            return [f"the identity is refused: {refused.code}"]
        key = self.deployment.keys[seen.identity]
        wanted = {
            "sub": key.owner, "key": key.id, "tenant": key.tenant, "env": key.spec.env,
            "scopes": list(key.spec.scopes), "plan": key.spec.plan,
        }
        faults = [
            f"the identity's {name} is {claims[name]!r}, not {value!r}"
            for name, value in wanted.items()
            if claims[name] != value
        ]
        if bool(claims["binding"]) != seen.bound:
            faults.append("the identity is bound" if claims["binding"] else "the identity is not bound")
        return faults

    def claims(self, token: bytes, request) -> dict:
        """Verifies an identity as an origin would, with the served keys and the reference."""
        argument = {
            "keys": self._public_keys(), "iss": self.config.issuer, "aud": self.config.audience,
            "skew_ms": SKEW_MS, "require_binding": False, "token": token.decode("latin-1"),
            "now_ms": self.clock_ms(), "method": request.method.decode("latin-1"),
            "path": {"hex": request.target.split(b"?")[0].hex()},
        }
        try:
            return identity_format.verify(argument)
        except Refused as refused:
            if refused.code != "unknown_kid" or self.refresh_keys is None:
                raise
            self.jwks = self.refresh_keys()
            return identity_format.verify({**argument, "keys": self._public_keys()})

    def _public_keys(self) -> list[dict]:
        return [
            {"kid": key["kid"], "alg": key["alg"], "x": identity_format.from_base64url(key["x"].encode()).hex()}
            for key in self.jwks["keys"]
        ]
