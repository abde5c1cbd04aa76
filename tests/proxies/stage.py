"""Where a row is played: one client, one proxy, one gate, one origin."""

import json
import re
import socket
import time
from urllib.parse import unquote_to_bytes

from contract import fields
from contract.judge import QUOTA_TYPE, folded
from contract.message import Broken, Request, Response, Stream
from contract.origin import Origin
from reference import identity as identity_format
from reference import key as key_format
from reference.wire import Refused

from .example import Example, Ports
from .gate import Gate

ANSWER_S = 15
SETTLE_S = 0.05
SKEW_MS = 1_000
IDENTITY = b"tollgate-identity"
REALM = 'Bearer realm="api"'
#: Fields that are between gate and proxy only.
INTERNAL = (b"tollgate-identity", b"x-auth-status", b"x-auth-problem", b"x-envoy-auth-headers-to-remove")


def request(*given: tuple[str, str | bytes], path: str | bytes = "/orders/1", method: str = "GET", body: bytes = b"",
            version: str = "1.1", host: str = "api.example") -> bytes:
    """A request as bytes, exactly as it is written here."""
    path = path.encode() if isinstance(path, str) else path
    lines = [method.encode() + b" " + path + b" HTTP/" + version.encode(), b"Host: " + host.encode()]
    names = {name.lower() for name, _ in given}
    for name, value in given:
        lines.append(name.encode() + b": " + (value.encode() if isinstance(value, str) else value))
    if body and not names & {"content-length", "transfer-encoding"}:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def forged(key: bytes) -> bytes:
    """The key with one bit of its tag wrong and the right check: well-formed, and nobody made it."""
    head, tail = key[: -key_format.TAIL_SYMBOLS], key[-key_format.TAIL_SYMBOLS :]
    groups = [tail[at : at + 11] for at in range(0, 44, 11)]
    body = bytearray(b"".join(key_format.number_of(group).to_bytes(8, "big") for group in groups))
    body[20] ^= 1
    text = head + key_format.body_text(bytes(body))
    return text + key_format.check_of(text)


def readings(target: bytes) -> set[bytes]:
    """Every path that some origin might take this target for."""
    path = re.sub(rb"^https?://[^/]*", b"", target).split(b"?")[0]
    found, open_ends = set(), {path, path.split(b"#")[0]}
    for _ in range(3):
        open_ends |= {unquote_to_bytes(one) for one in open_ends}
        open_ends |= {one.replace(b"\\", b"/") for one in open_ends}
        open_ends |= {re.sub(rb";[^/]*", b"", one) for one in open_ends}
        open_ends |= {one.split(b"\0")[0] for one in open_ends}
        open_ends |= {re.sub(rb"//+", b"/", one) for one in open_ends}
    for one in open_ends:
        kept: list[bytes] = []
        for segment in one.split(b"/")[1:]:
            if segment == b"..":
                kept = kept[:-1]
            elif segment not in (b".", b""):
                kept.append(segment)
        found |= {one, b"/" + b"/".join(kept)}
    return found


class Stage:
    """One row on one example."""

    def __init__(self, example: Example, gate: Gate, origin: Origin, ports: Ports):
        self.example, self.gate, self.origin, self.ports = example, gate, origin, ports
        self.faults: list[str] = []
        self.checks = 0

    def expect(self, holds: bool, text: str) -> bool:
        self.checks += 1
        if not holds and len(self.faults) < 12:
            self.faults.append(text)
        return holds

    # Fields

    def bearer(self, role: str = "usual") -> tuple[str, bytes]:
        return "Authorization", b"Bearer " + self.gate.key(role)

    def x_api_key(self, role: str = "usual") -> tuple[str, bytes]:
        return "X-API-Key", self.gate.key(role)

    # Asking

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.ports.clients), ANSWER_S, (source, 0))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def ask(self, sent: bytes, source: str = "127.0.0.1") -> tuple[Response | None, list[Request]]:
        """The answer to one request, and what arrived at the origin meanwhile."""
        before = self.origin.count()
        got = None
        with self.connect(source) as connection:
            try:
                connection.sendall(sent)
                got = Stream(connection).response(sent.split(b" ", 1)[0])
            except (Broken, OSError) as error:
                self.expect(False, f"no answer: {error!r}")
        # An allowed request has arrived before it is answered; of a refused one nothing may follow.
        if got is None or got.status >= 400:
            time.sleep(SETTLE_S)
        arrived = self.origin.since(before)
        for one in arrived:
            self.expect(one.request is not None, f"the origin received no request: {one.broken}: {one.raw[:200]!r}")
        return got, [one.request for one in arrived if one.request is not None]

    # Judging

    def allowed(self, sent: bytes, role: str | None = "usual", source: str = "127.0.0.1", what: str = "",
                **more) -> Request | None:
        """It arrives once, with this role's identity, without any key, and is answered by the origin."""
        got, arrived = self.ask(sent, source)
        if not self.expect(got is not None and got.status == 200, f"{what}: answered {said(got)}"):
            return None
        if not self.expect(len(arrived) == 1, f"{what}: the origin received {len(arrived)} requests"):
            return None
        self.not_told(got, sent, what)
        expected = b"" if sent.startswith(b"HEAD ") else b"origin"
        self.expect(got.body == expected, f"{what}: the body is {got.body[:80]!r}")
        self.judge_arrival(arrived[0], role, what, **more)
        return arrived[0]

    def judge_arrival(self, one: Request, role: str | None, what: str, bound: bool = False):
        keys = [key["secret"].encode() for key in self.gate.keys.values()]
        self.expect(not any(key[-44:] in one.raw or key[-44:] in one.body for key in keys),
                    f"{what}: the origin received a key")
        carried = [(name, value) for name, value in one.fields if folded(name).replace(b"-", b"") == b"tollgateidentity"]
        if role is None:
            self.expect(not carried, f"{what}: the origin received {carried!r}")
            return
        if not self.expect([name.lower() for name, _ in carried] == [IDENTITY],
                           f"{what}: the origin received identities {carried!r}"):
            return
        try:
            claims = self.claims(carried[0][1], one, bound)
        except Refused as refused:
            self.expect(False, f"{what}: the identity is refused: {refused.code}")
            return
        settings = self.gate.settings(role)
        wanted = {"key": settings["id"], "sub": role, "tenant": "acme", "scopes": settings["settings"]["scopes"],
                  "plan": settings["settings"]["plan"]}
        given = {name: claims[name] for name in wanted}
        self.expect(given == wanted, f"{what}: the identity says {given}, not {wanted}")
        self.expect(bool(claims["binding"]) == bound, f"{what}: bound: {bool(claims['binding'])}")

    def claims(self, token: bytes, one: Request, bound: bool) -> dict:
        """Verifies an identity as an origin would, with the reference and the served keys."""
        keys = [{"kid": key["kid"], "alg": key["alg"], "x": identity_format.from_base64url(key["x"].encode()).hex()}
                for key in self.gate.jwks["keys"]]
        return identity_format.verify({
            "keys": keys, "iss": "tollgate", "aud": "origin", "skew_ms": SKEW_MS, "require_binding": bound,
            "token": token.decode("latin-1"), "now_ms": time.time_ns() // 10**6,
            "method": one.method.decode("latin-1"), "path": {"hex": one.target.split(b"?")[0].hex()},
        })

    def refused(self, sent: bytes, status: int, code: str, source: str = "127.0.0.1", what: str = "") -> Response | None:
        """It never arrives; the client sees status, challenge and problem body of the gate."""
        got, arrived = self.ask(sent, source)
        self.expect(not arrived, f"{what}: it reached the origin: {[one.start for one in arrived]!r}")
        if not self.expect(got is not None and got.status == status, f"{what}: answered {said(got)}, not {status}"):
            return None
        self.not_told(got, sent, what)
        self.challenge(got, code, what)
        if not sent.startswith(b"HEAD "):
            self.problem(got, status, code, what)
        return got

    def turned_away(self, sent: bytes, what: str, statuses=(400, 401, 403, 404), source: str = "127.0.0.1"):
        """It never arrives, whoever of the two refuses it."""
        got, arrived = self.ask(sent, source)
        self.expect(not arrived, f"{what}: it reached the origin: {[one.start for one in arrived]!r}")
        self.expect(got is not None and got.status in statuses, f"{what}: answered {said(got)}, not {statuses}")

    def challenge(self, got: Response, code: str, what: str):
        given = [value.decode("latin-1") for value in got.all("www-authenticate")]
        if code == "credential_missing":
            wanted = [REALM]
        elif got.status == 401:
            wanted = [f'{REALM}, error="invalid_token"']
        elif code == "scope_missing":
            wanted = [f'{REALM}, error="insufficient_scope", scope="admin:all"']
        elif code == "request_invalid":
            wanted = [f'{REALM}, error="invalid_request"']
        else:
            wanted = []
        self.expect(given == wanted, f"{what}: the challenge is {given!r}, not {wanted!r}")

    def problem(self, got: Response, status: int, code: str, what: str):
        kind = (got.all("content-type") or [b""])[0].split(b";")[0]
        self.expect(kind == b"application/problem+json", f"{what}: the content type is {kind!r}")
        try:
            body = json.loads(got.body)
        except ValueError:
            self.expect(False, f"{what}: the body is no JSON: {got.body[:200]!r}")
            return
        given = {name: body.get(name) for name in ("status", "code", "type")}
        wanted = {"status": status, "code": code, "type": QUOTA_TYPE if status == 429 else "about:blank"}
        self.expect(given == wanted, f"{what}: the body says {given}, not {wanted}")

    def not_told(self, got: Response, sent: bytes, what: str):
        """No client is told what is between gate and proxy, or given back a key."""
        inside = [name for name, _ in got.fields if name.lower() in INTERNAL]
        self.expect(not inside, f"{what}: the client is told {inside!r}")
        keys = [key["secret"].encode() for key in self.gate.keys.values()]
        self.expect(not any(key[-44:] in got.raw + got.body for key in keys), f"{what}: the answer holds a key")
        cached = b",".join(got.all("cache-control"))
        if b"tg_" in sent and "private" not in self.example.lacks:
            self.expect(b"private" in cached or b"no-store" in cached, f"{what}: Cache-Control is {cached!r}")

    def rates(self, got: Response, what: str):
        """The RateLimit fields reach the client and can be read."""
        policy, left = got.all("ratelimit-policy"), got.all("ratelimit")
        if self.expect(len(policy) == 1 and len(left) == 1, f"{what}: RateLimit is {policy!r} {left!r}"):
            self.expect(fields.rate_policy(policy[0].decode())["burst"]["q"] == 2, f"{what}: {policy!r}")
            self.expect(fields.rate_left(left[0].decode())["burst"]["r"] <= 2, f"{what}: {left!r}")


def said(got: Response | None) -> str:
    return "with nothing" if got is None else f"{got.status} {got.body[:120]!r}"
