"""Mistakes about paths, routes, preflights, and what refuses a key."""

from dataclasses import replace

from .. import fake_rules as rules
from ..fake_gate import FakeGate
from .mistake import Wrong


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


def _stars_cover(gate, key, request, rule):
    """Takes a star on the side of the route for one on the side of the key."""
    denial = FakeGate.screen(gate, key, request, rule)
    return None if denial and denial[0] == "scope_missing" and any("*" in scope for scope in rule.scopes) else denial


def _allow_wins(gate, key, request, rule):
    denial = FakeGate.screen(gate, key, request, rule)
    return None if denial == ("ip_denied",) and key.spec.ips_allowed and key.spec.ips_denied else denial


def _never_bound(gate, key, request, rule):
    return FakeGate.identity(gate, key, request, replace(rule, bind=False))


WRONG = [
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
    Wrong("never binds", "paths", "a bound identity names method and path", {"identity": _never_bound}),
    Wrong("lets the route's star cover", "verdicts", "everything required, nothing held", {"screen": _stars_cover}),
    Wrong("lets an allow list win", "verdicts", "deny", {"screen": _allow_wins}),
]
