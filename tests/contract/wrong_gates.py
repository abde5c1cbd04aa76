"""Gates that are wrong in one way each. A row that does not notice is no guard."""

from dataclasses import dataclass

from reference import key as key_format

from . import fake_rules as rules
from .fake_gate import FakeGate


@dataclass(frozen=True)
class Wrong:
    """A mistake, what it replaces in the gate that is right, and the row that must notice."""

    name: str
    family: str
    #: A part of the row's name.
    row: str
    methods: dict


def _loose_prove(gate, text):
    """Forgets the tag."""
    try:
        _, body = key_format.parsed(gate.config.prefix, list(gate.config.envs), text)
    except Exception:
        return None
    for key in gate.deployment.keys.values():
        if key_format.parsed(gate.config.prefix, list(gate.config.envs), key.text)[1][:20] == body[:20]:
            return key.lookup
    return None


def _ignores_check(gate, text):
    return FakeGate.prove(gate, text[:-6] + key_format.check_of(text[:-6]))


def _reads_modulo(gate, text):
    """Takes a group of 2^64 for 0: numbers that wrap around."""
    tail = text[-50:-6]
    if len(text) < 52 or not all(symbol in key_format.SYMBOLS for symbol in tail):
        return None
    groups = [key_format.number_of(tail[at : at + 11]) % 2**64 for at in range(0, 44, 11)]
    without_check = text[:-50] + b"".join(key_format.base62(group, 11) for group in groups)
    return FakeGate.prove(gate, without_check + key_format.check_of(without_check))


def _trimming_prove(gate, text):
    return FakeGate.prove(gate, text.split(b"\0")[0].split(b" ")[0])


def _lowers_brands(gate, request, rule):
    value = request.one(b"x-api-key")
    return value[:8].lower() + value[8:] if value else FakeGate.find(gate, request, rule)


def _first_of_two(gate, request, rule):
    found = FakeGate.find(gate, request, rule)
    if found == "ambiguous":
        for name, value in request.fields:
            if name.lower() == b"authorization" and value[:7].lower() == b"bearer ":
                return value[7:]
            if name.lower() == b"x-api-key":
                return value
    return found


def _basic_too(gate, request, rule):
    import base64

    for name, value in request.fields:
        if name.lower() == b"authorization" and value.startswith(b"Basic "):
            return base64.b64decode(value[6:] + b"==").split(b":")[0]
    return FakeGate.find(gate, request, rule)


def _two_blanks(gate, request, rule):
    for name, value in request.fields:
        if name.lower() == b"authorization" and value[:7].lower() == b"bearer ":
            return value[7:].strip()
    return FakeGate.find(gate, request, rule)


def _query_always(gate, request, rule):
    for name, value in rules.parameters(request.query):
        if name == b"api_key":
            return value
    return FakeGate.find(gate, request, rule)


def _judges_users(gate, request, rule):
    found = FakeGate.find(gate, request, rule)
    if any(name.lower() == b"authorization" and b"eyJ" in value for name, value in request.fields):
        return "ambiguous"
    return found


def _tells_apart(gate, request, code, more=None, fields=()):
    answer = FakeGate.denied(gate, request, code, more, fields)
    if code == "key_invalid" and len(request.one(b"x-api-key") or b"") == 58:
        return answer.replace(b"and what to do", b"the tag is bad", 1)
    return answer


def _no_challenge(gate, code, more):
    return None


def _looks_up_forged(gate, text):
    lookup = FakeGate.prove(gate, text)
    if lookup is None and len(text) == 58:
        gate.asked += 1
    return lookup


def _never_caches(gate, lookup):
    gate.asked += 1
    return gate.by_lookup.get(lookup)


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


def _shows_key(gate, name, value):
    return True


def _keeps_query(gate, request):
    return request.query


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


def _anything_goes(gate, path):
    return path


def _resolves_dots(gate, path):
    if b"%" in path or b"\\" in path or b"#" in path:
        return rules.canonical(path)
    out = []
    for segment in path.split(b"/")[1:]:
        if segment == b"..":
            out = out[:-1]
        elif segment != b".":
            out.append(segment)
    return b"/" + b"/".join(out)


def _matches_escaped(gate, request):
    rule = FakeGate.rule(gate, request)
    if request.target.startswith(b"/%"):
        return type(rule)("/**")
    return rule


def _matches_prefix(gate, request):
    if request.path.startswith(b"/public"):
        return next(route for route in gate.config.routes if route.public)
    return FakeGate.rule(gate, request)


def _matches_query(gate, request):
    if b"/public" in request.target:
        return next(route for route in gate.config.routes if route.public)
    return FakeGate.rule(gate, request)


def _grants_any_origin(gate, request, rule):
    origin = (request.one(b"origin") or b"*").decode("latin-1")
    return gate.plain(204, "No Content", b"", [("Access-Control-Allow-Origin", origin)])


def _grants_suffix(gate, request, rule):
    origin = request.one(b"origin").decode("latin-1")
    if any(origin.startswith(one) for one in rule.cors_origins):
        return gate.plain(204, "No Content", b"", [("Access-Control-Allow-Origin", origin)])
    return FakeGate.preflight(gate, request, rule)


def _forwards_preflights_signed(gate, request, connection, stream, identity, key=None, rule=None):
    if request.method == b"OPTIONS" and identity is None:
        found = rules.find(request.fields, None, gate.config, None)
        lookup = gate.prove(found) if isinstance(found, bytes) else None
        if lookup:
            identity = gate.identity(gate.by_lookup[lookup], request, gate.rule(request))
    return FakeGate.forward(gate, request, connection, stream, identity, key, rule)


def _scope_before_address(gate, key, request, rule):
    denial = FakeGate.screen(gate, key, request, rule)
    if denial and denial[0] == "ip_denied" and not key.spec.scopes and rule.scopes:
        return "scope_missing", {"scope": " ".join(rule.scopes)}
    return denial


def _forgets_owner(gate, key, request, rule):
    denial = FakeGate.screen(gate, key, request, rule)
    return None if denial == ("owner_disabled",) else denial


def _forgets_expiry(gate, key, request, rule):
    denial = FakeGate.screen(gate, key, request, rule)
    return None if denial == ("key_expired",) else denial


def _meters_first(gate, request, rule):
    found = gate.find(request, rule)
    lookup = gate.prove(found) if isinstance(found, bytes) else None
    key = lookup and gate.lookup(lookup)
    if key is not None:
        late = gate.meter(key, request, rule)
        return key, gate.screen(key, request, rule) or late
    return FakeGate.decide(gate, request, rule)


def _one_too_many(gate, key, request, rule):
    denial = FakeGate.meter(gate, key, request, rule)
    if denial and key.id not in gate.cached:
        gate.cached[key.id] = True
        return None
    return denial


def _counts_per_place(gate, key, numbers, request):
    place = b"authorization" if request.one(b"authorization") else b"x-api-key"
    return (*FakeGate.bucket(gate, key, numbers, request), place)


def _ignores_tenant(gate, key, numbers, request):
    return ("", *FakeGate.bucket(gate, key, numbers, request)[1:])


def _racy_meter(gate, key, request, rule):
    import time

    held = {gate.bucket(key, numbers, request): numbers for numbers in key.spec.limits}
    left = {name: gate.buckets.setdefault(name, [numbers.burst, 0])[0] for name, numbers in held.items()}
    time.sleep(0.01)
    if any(tokens < rule.cost for tokens in left.values()):
        return FakeGate.meter(gate, key, request, rule)
    for name, tokens in left.items():
        gate.buckets[name] = [tokens - rule.cost, time.time_ns() // 10**6]
    return None


def _retry_after(seconds):
    def too_much(gate, key, request, rule, refused):
        code, more, fields = FakeGate.too_much(gate, key, request, rule, refused)
        return code, more, [(name, seconds if name == "Retry-After" else value) for name, value in fields]

    return too_much


def _bare_rates(gate, key, request, rule, refused):
    code, more, fields = FakeGate.too_much(gate, key, request, rule, refused)
    return code, more, [(name, "limit=3, remaining=0" if name == "RateLimit-Policy" else value) for name, value in fields]


def _extends_block(gate, key, request, rule):
    import time

    denial = FakeGate.meter(gate, key, request, rule)
    if denial:
        for numbers in key.spec.limits:
            gate.buckets[gate.bucket(key, numbers, request)][:] = [0, time.time_ns() // 10**6]
    return denial


def _partly_spent(gate, key, request, rule):
    denial = FakeGate.meter(gate, key, request, rule)
    if denial:
        for numbers in (*key.spec.limits, *key.spec.quotas):
            state = gate.buckets[gate.bucket(key, numbers, request)]
            state[0] = max(0, state[0] - rule.cost)
    return denial


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


def _stars_cover(gate, key, request, rule):
    """Takes a star on the side of the route for one on the side of the key."""
    denial = FakeGate.screen(gate, key, request, rule)
    return None if denial and denial[0] == "scope_missing" and any("*" in scope for scope in rule.scopes) else denial


def _unknown_country_passes(gate, key, request, rule):
    denial = FakeGate.screen(gate, key, request, rule)
    return None if denial == ("country_denied",) and request.one(b"cf-ipcountry") is None else denial


def _allow_wins(gate, key, request, rule):
    denial = FakeGate.screen(gate, key, request, rule)
    return None if denial == ("ip_denied",) and key.spec.ips_allowed and key.spec.ips_denied else denial


def _forgets_quotas(gate, key, request, rule):
    from dataclasses import replace

    spec, key.spec = key.spec, replace(key.spec, quotas=())
    try:
        return FakeGate.meter(gate, key, request, rule)
    finally:
        key.spec = spec


def _changes_late(gate, key, state):
    import threading

    threading.Timer(1.5, FakeGate.change, (gate, key, state)).start()


def _revokes_only_unknown(gate, key, state):
    """What is held is never looked at again."""
    if key.lookup not in gate.cached:
        FakeGate.change(gate, key, state)


def _changes_by_prefix(gate, key, state):
    for other in gate.deployment.keys.values():
        if other.id.startswith(key.id):
            FakeGate.change(gate, other, state)


def _enables_revoked(gate, key, state):
    FakeGate.change(gate, key, state)
    if state == "revoked":
        import threading

        threading.Timer(0.3, FakeGate.change, (gate, key, "active")).start()


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


def _echoes_key(gate, request, code, more=None, fields=()):
    return FakeGate.denied(gate, request, code, {**(more or {}), "given": (request.one(b"x-api-key") or b"").decode("latin-1")}, fields)


def _identity_of_first(gate, key, request, rule):
    first = gate.cached.setdefault("first", key)
    return FakeGate.identity(gate, first, request, rule)


def _never_bound(gate, key, request, rule):
    from dataclasses import replace

    return FakeGate.identity(gate, key, request, replace(rule, bind=False))


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
    Wrong("forgets the tag", "unproven credentials", "a forged tag", {"prove": _loose_prove}),
    Wrong("cuts a key off at a blank", "extraction", "a key with a word behind it", {"prove": _trimming_prove}),
    Wrong("lowers a brand", "unproven credentials", "an upper-case prefix", {"find": _lowers_brands}),
    Wrong("takes the first of two keys", "extraction", "two Authorization fields with different keys", {"find": _first_of_two}),
    Wrong("takes the first and ignores garbage", "extraction", "two Authorization fields, the second garbage", {"find": _first_of_two}),
    Wrong("accepts Basic", "extraction", "Basic {key:usual|base64}", {"find": _basic_too}),
    Wrong("trims behind the scheme", "extraction", "Bearer and two blanks", {"find": _two_blanks}),
    Wrong("reads the query where it is off", "extraction", "a key in the query is ignored where it is off", {"find": _query_always}),
    Wrong("judges an end user's token", "extraction", "an end user's token beside a key is neither", {"find": _judges_users}),
    Wrong("tells forged from mistyped", "mutations", "an upper-case brand is none of ours", {"denied": _tells_apart}),
    Wrong("sends no challenge", "extraction", "without any credential", {"challenge": _no_challenge}),
    Wrong("looks forged keys up", "unproven credentials", "a tag whose last bit is wrong", {"prove": _looks_up_forged}),
    Wrong("never caches", "store calls", "a cold key is one read", {"lookup": _never_caches}),
    Wrong("strips one spelling only", "hygiene", "Tollgate_Identity from a client is replaced", {"reaches_origin": _exact_name_only}),
    Wrong("folds underscores only", "hygiene", "Tollgate.Identity from a client is replaced", {"reaches_origin": _only_underscores}),
    Wrong("lets Connection delete the identity", "hygiene", "Connection: tollgate-identity deletes nothing", {"upstream_fields": _identity_is_hop_by_hop}),
    Wrong("keeps the client's identity", "hygiene", "Tollgate-Identity from a client is replaced", {"upstream_fields": _identity_first_wins}),
    Wrong("forwards what goes one hop", "hygiene", "a field that Connection names stays behind", {"reaches_origin": _passes_connection_fields}),
    Wrong("shows the origin the key", "extraction", "X-API-Key carries a key", {"keeps_key": _shows_key}),
    Wrong("leaves a key in the query", "extraction", "a key in the query is kept from the origin where it is off", {"upstream_query": _keeps_query}),
    Wrong("believes X-Forwarded-For from anybody", "forwarded", f"X-Forwarded-For: 192.0.2.7 does not lead into", {"address_of": _believes_anybody}),
    Wrong("believes the first address of the list", "forwarded", "the last address that is no hop counts", {"address_of": _believes_first}),
    Wrong("believes CF-Connecting-IP", "forwarded", "CF-Connecting-IP: 192.0.2.7 does not lead into", {"address_of": _believes_cloudflare}),
    Wrong("hands a spoofed X-Forwarded-For on", "forwarded", "a client's X-Forwarded-For does not reach", {"upstream_fields": _tells_spoof}),
    Wrong("splits a limit by a spoofed address", "forwarded", "a limit by address is not split", {"address_of": _believes_anybody}),
    Wrong("takes any path", "paths", "/a/%2e%2e/b has no one spelling", {"canonical": _anything_goes}),
    Wrong("forwards what it has not normalised", "paths", "/%7Eb is forwarded as /~b", {"canonical": _anything_goes}),
    Wrong("resolves dot segments", "paths", "/public/../admin/1 has no one spelling", {"canonical": _resolves_dots}),
    Wrong("matches rules on the escaped path", "paths", "/%61dmin/1 demands its scope", {"rule": _matches_escaped}),
    Wrong("matches by prefix of text", "paths", "/publicity/1 is not public", {"rule": _matches_prefix}),
    Wrong("matches on the query", "paths", "/admin/1?x=/public/1 is not public", {"rule": _matches_query}),
    Wrong("grants every page", "cors", "a preflight is refused by default", {"preflight": _grants_any_origin}),
    Wrong("compares origins by their start", "cors", "the origin https://app.example.evil.example", {"preflight": _grants_suffix}),
    Wrong("signs preflights", "cors", "a preflight with a key is forwarded without key", {"forward": _forwards_preflights_signed}),
    Wrong("looks at scopes before addresses", "denials", "ip_denied comes before scope_missing", {"screen": _scope_before_address}),
    Wrong("forgets stopped owners", "denials", "the key owner-stopped is answered", {"screen": _forgets_owner}),
    Wrong("forgets expiry", "denials", "the key expired is answered", {"screen": _forgets_expiry}),
    Wrong("meters before it screens", "denials", "a missing scope spends nothing", {"decide": _meters_first}),
    Wrong("admits one too many", "rates", "exactly 5 of a limit of 5, one after", {"meter": _one_too_many}),
    Wrong("counts each place of a key by itself", "extraction", "one key in every spelling has one counter", {"bucket": _counts_per_place}),
    Wrong("shares owners across tenants", "rates", "an owner of the same name in another tenant", {"bucket": _ignores_tenant}),
    Wrong("reads and writes a bucket in two steps", "rates", "exactly 5 of a limit of 5, 40 at once", {"meter": _racy_meter}),
    Wrong("says Retry-After: 0", "rates", "Retry-After is true to one second", {"too_much": _retry_after("0")}),
    Wrong("promises too early a retry", "rates", "Retry-After of a dear request", {"too_much": _retry_after("1")}),
    Wrong("puts Retry-After off", "rates", "Retry-After is true to one second", {"too_much": _retry_after("60")}),
    Wrong("writes RateLimit as no structured field", "rates", "a refusal tells the policy", {"too_much": _bare_rates}),
    Wrong("extends the block of who hammers", "rates", "a refused client that hammers", {"meter": _extends_block}),
    Wrong("spends one limit when another refuses", "rates", "what one limit refuses costs the other nothing", {"meter": _partly_spent}),
    Wrong("leaves answers public", "caching", "a public answer becomes private", {"private": _public}),
    Wrong("caches answers by URL", "caching", "two tenants on one URL", {"forward": _cached_answers}),
    Wrong("takes two lengths", "smuggling", "Content-Length twice with different values", {"bad_head": _loose_heads, "read_body": _first_length}),
    Wrong("reads any head", "smuggling", "no Host", {"bad_head": _no_check_of_heads}),
    Wrong("logs keys", "leakage", "no log line holds a byte", {"prove": _logs_keys}),
    Wrong("echoes the key", "unproven credentials", "a mistyped key", {"denied": _echoes_key}),
    Wrong("signs for whoever came first", "hygiene", "identities of two keys on one connection", {"identity": _identity_of_first}),
    Wrong("never binds", "paths", "a bound identity names method and path", {"identity": _never_bound}),
    Wrong("echoes the identity", "hygiene", "fields and body of the origin reach the client", {"downstream": _echoes_identity}),
    Wrong("lets health checks in", "hygiene", "User-Agent ELB-HealthChecker/2.0 opens nothing", {"decide": _health_agents}),
    Wrong("never looks at the check", "vectors", "the last symbol of the check is another", {"prove": _ignores_check}),
    Wrong("reads groups modulo 2^64", "mutations", "a group plus 2^64 or a check plus 2^32", {"prove": _reads_modulo}),
    Wrong("ignores the check of a mistyped key", "mutations", "another symbol in the place of any byte", {"prove": _ignores_check}),
    Wrong("lets the route's star cover", "verdicts", "everything required, nothing held", {"screen": _stars_cover}),
    Wrong("lets unknown countries pass", "forwarded", "an unknown country is refused where any is denied", {"screen": _unknown_country_passes}),
    Wrong("lets an allow list win", "verdicts", "deny", {"screen": _allow_wins}),
    Wrong("forgets quotas", "quotas", "exactly 3 of 3 in all", {"meter": _forgets_quotas}),
    Wrong("forgets quotas under a crowd", "quotas", "exactly 20 of 20, 30 at once", {"meter": _forgets_quotas}),
    Wrong("answers what is reserved for others", "reserved", "GET /.well-known/tollgate/other is not forwarded", {"reserved": _answers_reserved}),
    Wrong("takes any number of fields", "big heads", "200 fields, where 128 are allowed", {"fields_max": 10**6}),
    Wrong("takes heads of any size", "big heads", "a field of 128 kB", {"head_max": 10**9}),
    Wrong("revokes too late", "operations", "a revoked key is refused within a second", {"change": _changes_late}),
    Wrong("revokes only what it does not hold", "operations", "a revoked key is refused after nobody asked", {"change": _revokes_only_unknown}),
    Wrong("revokes what begins alike", "operations", "revoking a key leaves those with similar names", {"change": _changes_by_prefix}),
    Wrong("lets a revoked key in again", "operations", "a revoked key is refused within a second", {"change": _enables_revoked}),
    Wrong("changes bodies", "bodies", "a body of every byte there is", {"read_body": _drops_bodies}),
]
