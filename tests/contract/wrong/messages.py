"""Mistakes about what origin and client see: fields, bodies, logs."""

from .. import fake_rules as rules
from ..fake_gate import FakeGate
from .mistake import Wrong


def _exact_name_only(gate, name, tokens):
    return FakeGate.reaches_origin(gate, b"x" if rules.is_identity(name) and name.lower() != b"tollgate-identity" else name, tokens)


def _only_underscores(gate, name, tokens):
    if rules.is_identity(name) and name.lower().replace(b"_", b"-") != b"tollgate-identity":
        return True
    return FakeGate.reaches_origin(gate, name, tokens)


def _identity_is_hop_by_hop(gate, request, identity):
    fields = FakeGate.upstream_fields(gate, request, identity)
    tokens = rules.connection_tokens(request.fields)
    return [(name, value) for name, value in fields if name.lower() not in tokens]


def _identity_first_wins(gate, request, identity):
    sent = [(name, value) for name, value in request.fields if rules.is_identity(name)]
    return FakeGate.upstream_fields(gate, request, None if sent else identity) + sent


def _passes_connection_fields(gate, name, tokens):
    return rules.is_identity(name) is False and name.lower() != b"content-length" and name.lower() not in (b"transfer-encoding", b"connection")


def _believes_anybody(gate, request):
    value = request.one(b"x-forwarded-for")
    return value.split(b",")[0].strip().decode("latin-1") if value else request.peer


def _believes_first(gate, request):
    value = request.one(b"x-forwarded-for")
    if gate.config.trusted_hops and value:
        return value.split(b",")[0].strip().decode("latin-1")
    return FakeGate.address_of(gate, request)


def _believes_cloudflare(gate, request):
    value = request.one(b"cf-connecting-ip")
    return value.decode("latin-1") if value else FakeGate.address_of(gate, request)


def _tells_spoof(gate, request, identity):
    fields = FakeGate.upstream_fields(gate, request, identity)
    return fields + [(name, value) for name, value in request.fields if name.lower() == b"x-forwarded-for"]


def _public(gate, response):
    return (response.one("cache-control") or b"max-age=1").decode()


def _cached_answers(gate, request, connection, stream, identity, key=None, rule=None):
    kept = gate.cached.setdefault("answers", {})
    if request.method == b"GET" and request.target in kept:
        return kept[request.target]
    kept[request.target] = FakeGate.forward(gate, request, connection, stream, identity, key, rule)
    return kept[request.target]


def _answers_reserved(gate, request):
    return FakeGate.reserved(gate, request) if request.path.endswith(b"/jwks.json") else gate.plain(200, "OK", b"origin")


def _unknown_country_passes(gate, key, request, rule):
    denial = FakeGate.screen(gate, key, request, rule)
    return None if denial == ("country_denied",) and request.one(b"cf-ipcountry") is None else denial


def _loose_heads(gate, raw):
    lines = [line for line in raw.split(b"\r\n")[1:-2] if b"content-length" not in line.lower()]
    return rules.bad_head(b"\r\n".join([raw.split(b"\r\n")[0], *lines, b"", b""]))


def _first_length(gate, request, connection, stream):
    length = request.one(b"content-length")
    return ("length", stream.exactly(int(length))) if length else FakeGate.read_body(gate, request, connection, stream)


def _no_check_of_heads(gate, raw):
    return False


def _logs_keys(gate, text):
    gate.log += b"tried " + text + b"\n"
    return FakeGate.prove(gate, text)


def _identity_of_first(gate, key, request, rule):
    first = gate.cached.setdefault("first", key)
    return FakeGate.identity(gate, first, request, rule)


def _echoes_identity(gate, request, response, key, rule):
    answer = FakeGate.downstream(gate, request, response, key, rule)
    return answer.replace(b"\r\n", b"\r\nTollgate-Identity: x\r\n", 1)


def _health_agents(gate, request, rule):
    if b"ELB" in (request.one(b"user-agent") or b""):
        return next(iter(gate.by_lookup.values())), None
    return FakeGate.decide(gate, request, rule)


def _drops_bodies(gate, request, connection, stream):
    framing, body = FakeGate.read_body(gate, request, connection, stream)
    return framing, body.replace(b"\0", b"")


WRONG = [
    Wrong("strips one spelling only", "hygiene", "Tollgate_Identity from a client is replaced", {"reaches_origin": _exact_name_only}),
    Wrong("folds underscores only", "hygiene", "Tollgate.Identity from a client is replaced", {"reaches_origin": _only_underscores}),
    Wrong("lets Connection delete the identity", "hygiene", "Connection: tollgate-identity deletes nothing", {"upstream_fields": _identity_is_hop_by_hop}),
    Wrong("keeps the client's identity", "hygiene", "Tollgate-Identity from a client is replaced", {"upstream_fields": _identity_first_wins}),
    Wrong("forwards what goes one hop", "hygiene", "a field that Connection names stays behind", {"reaches_origin": _passes_connection_fields}),
    Wrong("believes X-Forwarded-For from anybody", "forwarded", "X-Forwarded-For: 192.0.2.7 does not lead into", {"address_of": _believes_anybody}),
    Wrong("believes the first address of the list", "forwarded", "the last address that is no hop counts", {"address_of": _believes_first}),
    Wrong("believes CF-Connecting-IP", "forwarded", "CF-Connecting-IP: 192.0.2.7 does not lead into", {"address_of": _believes_cloudflare}),
    Wrong("hands a spoofed X-Forwarded-For on", "forwarded", "a client's X-Forwarded-For does not reach", {"upstream_fields": _tells_spoof}),
    Wrong("splits a limit by a spoofed address", "forwarded", "a limit by address is not split", {"address_of": _believes_anybody}),
    Wrong("leaves answers public", "caching", "a public answer becomes private", {"private": _public}),
    Wrong("caches answers by URL", "caching", "two tenants on one URL", {"forward": _cached_answers}),
    Wrong("takes two lengths", "smuggling", "Content-Length twice with different values", {"bad_head": _loose_heads, "read_body": _first_length}),
    Wrong("reads any head", "smuggling", "no Host", {"bad_head": _no_check_of_heads}),
    Wrong("logs keys", "leakage", "no log line holds a byte", {"prove": _logs_keys}),
    Wrong("signs for whoever came first", "hygiene", "identities of two keys on one connection", {"identity": _identity_of_first}),
    Wrong("echoes the identity", "hygiene", "fields and body of the origin reach the client", {"downstream": _echoes_identity}),
    Wrong("lets health checks in", "hygiene", "User-Agent ELB-HealthChecker/2.0 opens nothing", {"decide": _health_agents}),
    Wrong("lets unknown countries pass", "forwarded", "an unknown country is refused where any is denied", {"screen": _unknown_country_passes}),
    Wrong("answers what is reserved for others", "reserved", "GET /.well-known/tollgate/other is not forwarded", {"reserved": _answers_reserved}),
    Wrong("takes any number of fields", "big heads", "200 fields, where 128 are allowed", {"fields_max": 10**6}),
    Wrong("takes heads of any size", "big heads", "a field of 128 kB", {"head_max": 10**9}),
    Wrong("changes bodies", "bodies", "a body of every byte there is", {"read_body": _drops_bodies}),
]
