"""A small gate in Python, for the self-test only: rows must hold for it and fail for its wrong copies.

It keeps everything in memory and does no more than the rows need. It is nobody's reference.
"""

import json
import math
import secrets
import socket
import threading
import time
from dataclasses import replace

from reference import ed25519, network
from reference import identity as identity_format
from reference import key as key_format
from reference.scope import covers
from reference.wire import Refused

from . import fake_rules as rules
from .fake_intake import Exchange, Intake
from .host import Gate
from .message import Broken, Stream, framing_of
from .origin import Origin
from .row import STATUS
from .world import Deployment, Route

#: Fields that speak to shared caches only.
SHARED = {"cdn-cache-control", "surrogate-control", "cloudflare-cdn-cache-control", "vercel-cdn-cache-control"}


class FakeGate(Intake, Gate):
    """A gate without a store: what it would ask of one is counted where it looks a key up."""

    def __init__(self, deployment: Deployment):
        self.deployment, self.config = deployment, deployment.config
        self.origin = Origin()
        self.lock = threading.Lock()
        self.asked = 0
        self.several = False
        self.cached: dict[str, object] = {}
        self.buckets: dict[tuple, list] = {}
        self.by_lookup = {key.lookup: key for key in deployment.keys.values() if key.spec.state != "absent"}
        self.log = bytearray(b'{"event":"started"}\n')
        self.open()

    # Gate

    def store_calls(self) -> int:
        return self.asked

    def logs(self) -> bytes:
        return bytes(self.log)

    def alive(self) -> bool:
        return True

    def operate(self, words: list[str], fails: bool = False) -> dict:
        """Knows how keys, owners and tenants are stopped and resumed."""
        what, how, *of = words
        state = {"revoke": "revoked", "disable": "disabled", "stop": f"{what.removesuffix('s')}_disabled"}.get(how, "active")
        for key in self.deployment.keys.values():
            if {"keys": [key.id], "owners": [key.tenant, key.owner], "tenants": [key.tenant]}[what] == of:
                self.change(key, state)
        return {}

    def change(self, key, state: str):
        key.spec = replace(key.spec, state=state)

    # Answers

    def answer(self, request: Exchange, connection, stream: Stream) -> bytes:
        target = request.target
        if target.startswith(b"http://"):
            rest = target[7:]
            target = rest[rest.index(b"/") :] if b"/" in rest else b"/"
            if rest.partition(b"/")[0] != request.one(b"host"):
                return self.denied(request, "request_invalid")
        path, mark, query = target.partition(b"?")
        request.query = query if mark else None
        path = self.canonical(path)
        if path is None:
            return self.denied(request, "request_invalid")
        request.path = path
        if rules.matches("/.well-known/tollgate/**", path):
            return self.reserved(request)
        rule = self.rule(request)
        if rule.public:
            return self.forward(request, connection, stream, None)
        if request.is_preflight():
            if rule.cors == "forward":
                return self.forward(request, connection, stream, None)
            return self.preflight(request, rule)
        key, denial = self.decide(request, rule)
        if denial is not None:
            return self.denied(request, *denial)
        return self.forward(request, connection, stream, self.identity(key, request, rule), key, rule)

    def rule(self, request) -> Route:
        method = request.method.decode("latin-1")
        for route in self.config.routes:
            if (not route.methods or method in route.methods) and rules.matches(route.path, request.path):
                return route
        return Route("/**")

    def reserved(self, request) -> bytes:
        if request.path != b"/.well-known/tollgate/jwks.json" or request.method not in (b"GET", b"HEAD"):
            return self.plain(404, "Not Found", b"")
        x = ed25519.public_of(self.deployment.seed).hex()
        keys = [{"kid": self.deployment.kid, "alg": "EdDSA", "x": x}]
        text = identity_format.jwks({"keys": keys})["jwks"].encode()
        return self.plain(200, "OK", text, [("Content-Type", "application/jwk-set+json"),
                                            ("Cache-Control", "public, max-age=300")])

    def preflight(self, request, rule: Route) -> bytes:
        origin = request.one(b"origin").decode("latin-1")
        if rule.cors != "answer" or origin not in rule.cors_origins:
            return self.plain(403, "Forbidden", b"", [("Vary", "Origin")])
        return self.plain(204, "No Content", b"", [
            ("Access-Control-Allow-Origin", origin), ("Access-Control-Allow-Methods", ", ".join(rule.cors_methods)),
            ("Access-Control-Allow-Headers", ", ".join(rule.cors_headers)),
            ("Access-Control-Max-Age", str(rule.cors_max_age_s)), ("Vary", "Origin"),
        ])

    def plain(self, status: int, words: str, body: bytes, fields=()) -> bytes:
        lines = [f"HTTP/1.1 {status} {words}", *(f"{name}: {value}" for name, value in fields)]
        if status != 204:
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body

    def denied(self, request, code: str, more: dict | None = None, fields=()) -> bytes:
        status = STATUS[code]
        kind = "https://iana.org/assignments/http-problem-types#quota-exceeded" if status == 429 else "about:blank"
        instance = secrets.token_hex(16)
        body = {"type": kind, "title": code.replace("_", " "), "status": status, "detail": f"{code}, and what to do about it.",
                "instance": instance, "code": code, **(more or {})}
        out = [("Content-Type", "application/problem+json"), ("Cache-Control", "private, no-store"),
               ("X-Request-Id", instance), *fields]
        challenge = self.challenge(code, more or {})
        if challenge:
            out.append(("WWW-Authenticate", challenge))
        request.unread = request.has_body()
        return self.plain(status, code, json.dumps(body).encode(), out)

    def challenge(self, code: str, more: dict) -> str | None:
        realm = f'Bearer realm="{self.config.realm}"'
        if code == "credential_missing":
            return realm
        if code == "request_invalid":
            return f'{realm}, error="invalid_request"'
        if STATUS[code] == 401:
            return f'{realm}, error="invalid_token"'
        return f'{realm}, error="insufficient_scope", scope="{more["scope"]}"' if code == "scope_missing" else None

    # Deciding

    def canonical(self, path: bytes) -> bytes | None:
        return rules.canonical(path)

    def bad_head(self, raw: bytes) -> bool:
        return rules.bad_head(raw)

    def find(self, request, rule: Route):
        return rules.find(request.fields, request.query, self.config, rule.key_from)

    def prove(self, text: bytes) -> str | None:
        peppers = [{"id": at, "secret": secret.hex()} for at, secret in self.deployment.peppers.items()]
        argument = {"prefix": self.config.prefix, "envs": list(self.config.envs), "text": {"hex": text.hex()},
                    "peppers": peppers}
        try:
            return key_format.prove(argument)["lookup"]
        except Refused as refused:
            self.log += f'{{"reason":"{refused.code}"}}\n'.encode()
            return None

    def lookup(self, lookup: str):
        with self.lock:
            if lookup not in self.cached:
                self.asked += 1
                self.cached[lookup] = self.by_lookup.get(lookup)
            return self.cached[lookup]

    def address_of(self, request) -> str:
        if self.config.trusted_hops:
            values = [value for name, value in request.fields if name.lower() == b"x-forwarded-for"]
            for hop in reversed(b",".join(values).split(b",")):
                hop = hop.strip().decode("latin-1")
                if network.address_of(hop) is None:
                    break
                if not hop.startswith("127."):
                    return hop
        return request.peer

    def decide(self, request, rule: Route):
        found = self.find(request, rule)
        if found in ("missing", "ambiguous", "refused"):
            code = {"missing": "credential_missing", "ambiguous": "request_invalid", "refused": "key_invalid"}[found]
            return None, (code,)
        lookup = self.prove(found)
        key = lookup and self.lookup(lookup)
        if key is None:
            return None, ("key_invalid",)
        denial = self.screen(key, request, rule) or self.meter(key, request, rule)
        return key, denial

    def screen(self, key, request, rule: Route):
        spec, now = key.spec, time.time_ns() // 10**6
        states = {"revoked": "key_revoked", "tenant_disabled": "tenant_disabled",
                  "owner_disabled": "owner_disabled", "disabled": "key_disabled"}
        if spec.state in states:
            return (states[spec.state],)
        if spec.expires_ms is not None and now >= self.deployment.now_ms + spec.expires_ms:
            return ("key_expired",)
        if spec.not_before_ms is not None and now < self.deployment.now_ms + spec.not_before_ms:
            return ("key_not_yet_valid",)
        named = self.config.country_header
        country = request.one(named.lower().encode()) if named else None
        country = country.decode("latin-1") if country and country != b"XX" else None
        rules_of = lambda allow, deny: {"allow": list(allow), "deny": list(deny)}  # noqa: E731
        code = network.denied(self.address_of(request), country, rules_of(spec.ips_allowed, spec.ips_denied),
                              rules_of(spec.countries_allowed, spec.countries_denied))
        if code:
            return (code,)
        missing = next((scope for scope in rule.scopes if not any(covers(held, scope) for held in spec.scopes)), None)
        return ("scope_missing", {"scope": " ".join(rule.scopes)}) if missing else None

    def bucket(self, key, numbers, request) -> tuple:
        address = network.text_of(network.counted_as(network.address_of(self.address_of(request))))
        of = {"key": key.id, "owner": key.owner, "tenant": "", "ip": address, "global": ""}
        return key.tenant, numbers.scope, of[numbers.scope], numbers.name

    def meter(self, key, request, rule: Route):
        now = time.time_ns() // 10**6
        all_numbers = [(limit, limit.burst) for limit in key.spec.limits]
        all_numbers += [(quota, quota.count) for quota in key.spec.quotas]
        with self.lock:
            refused = []
            # It tells of one limit only: several would have to share a field.
            self.several = len(all_numbers) > 1
            for numbers, most in all_numbers:
                state = self.buckets.setdefault(self.bucket(key, numbers, request), [most, now])
                if hasattr(numbers, "burst"):
                    state[0] = min(most, state[0] + (now - state[1]) * numbers.rate / numbers.period_ms)
                    state[1] = now
                if state[0] < rule.cost:
                    refused.append((numbers, most, state))
            if not refused or rule.cost == 0:
                for numbers, most in all_numbers:
                    state = self.buckets[self.bucket(key, numbers, request)]
                    state[0] -= rule.cost
                    request.left += self.rates(numbers, most, state)
                return None
            return self.too_much(key, request, rule, refused)

    def too_much(self, key, request, rule, refused):
        quotas = [one for one in refused if not hasattr(one[0], "burst")]
        code = "quota_exhausted" if quotas else "rate_limited"
        numbers, most, state = (quotas or refused)[0]
        fields = []
        if hasattr(numbers, "burst"):
            if rule.cost <= numbers.burst:
                wait = math.ceil((rule.cost - state[0]) * numbers.period_ms / numbers.rate / 1000)
                fields.append(("Retry-After", str(max(1, wait))))
            fields += self.rates(numbers, most, state)
        return code, {"violated-policies": [numbers.name]}, fields

    def rates(self, numbers, most: int, state: list) -> list[tuple[str, str]]:
        if not hasattr(numbers, "burst") or self.several:
            return []
        window = math.ceil(numbers.burst * numbers.period_ms / numbers.rate / 1000)
        return [("RateLimit-Policy", f'"{numbers.name}";q={most};w={window}'),
                ("RateLimit", f'"{numbers.name}";r={int(state[0])}')]

    # Forwarding

    def identity(self, key, request, rule: Route) -> bytes:
        binding = None
        if rule.bind:
            binding = {"jti": secrets.token_hex(16), "method": request.method.decode(),
                       "path": {"hex": request.path.hex()}}
        token = identity_format.sign({
            "seed": self.deployment.seed.hex(), "kid": self.deployment.kid, "alg": "EdDSA",
            "iss": self.config.issuer, "aud": self.config.audience, "sub": key.owner, "key": key.id,
            "tenant": key.tenant, "env": key.spec.env, "scopes": list(key.spec.scopes), "plan": key.spec.plan,
            "binding": binding, "life_s": 10 if rule.bind else 30, "now_ms": time.time_ns() // 10**6,
        })
        return token["token"].encode()

    def keeps_key(self, name: bytes, value: bytes) -> bool:
        return self.config.forward or not rules.carries_key(name, value, self.config)

    def upstream_fields(self, request, identity: bytes | None) -> list[tuple[bytes, bytes]]:
        tokens = rules.connection_tokens(request.fields)
        fields = [(name, value) for name, value in request.fields
                  if self.reaches_origin(name, tokens) and self.keeps_key(name, value)]
        if identity is not None:
            fields.append((b"Tollgate-Identity", identity))
        fields.append((b"X-Forwarded-For", self.address_of(request).encode()))
        return fields

    def reaches_origin(self, name: bytes, tokens: set[bytes]) -> bool:
        return rules.reaches_origin(name, tokens) and name.lower() not in (b"content-length", b"expect")

    def upstream_query(self, request) -> bytes | None:
        return request.query if self.config.forward else rules.query_without_key(request.query, self.config)

    def read_body(self, request, connection, stream: Stream) -> tuple[str, bytes]:
        framing, length = framing_of(request)
        if (request.one(b"expect") or b"").lower() == b"100-continue":
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        return framing, stream.chunks() if framing == "chunked" else stream.exactly(length)

    def forward(self, request, connection, stream: Stream, identity, key=None, rule=None) -> bytes:
        framing, body = self.read_body(request, connection, stream)
        query = self.upstream_query(request)
        target = request.path + (b"" if query is None else b"?" + query)
        lines = [request.method + b" " + target + b" HTTP/1.1"]
        lines += [name + b": " + value for name, value in self.upstream_fields(request, identity)]
        if framing != "none":
            lines.append(b"Content-Length: %d" % len(body))
        with socket.create_connection(("127.0.0.1", self.origin.port), 10) as upstream:
            upstream.sendall(b"\r\n".join(lines) + b"\r\n\r\n" + body)
            response = Stream(upstream).response(request.method)
        if response is None:
            raise Broken("the origin said nothing")
        return self.downstream(request, response, key, rule)

    def downstream(self, request, response, key, rule) -> bytes:
        tokens = rules.connection_tokens(response.fields)
        fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.fields
                  if rules.reaches_origin(name, tokens) and name.lower() != b"content-length"]
        if key is not None and not rule.cache:
            fields = [(name, value) for name, value in fields if name.lower() not in SHARED | {"cache-control"}]
            fields += [("Cache-Control", self.private(response)), *request.left]
        answer = self.plain(response.status, response.start.split(b" ", 2)[2].decode(), response.body, fields)
        length = response.one("content-length")
        if request.method == b"HEAD" and length:
            answer = answer.replace(b"\r\nContent-Length: 0", b"\r\nContent-Length: " + length)
        return answer

    def private(self, response) -> str:
        return "no-store" if b"no-store" in (response.one("cache-control") or b"") else "private"
