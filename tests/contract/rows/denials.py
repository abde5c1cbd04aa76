"""Denials in their order, with their exact answers."""

import time
from itertools import combinations

from ..row import Row, allowed, denied, refused, request, row, x_api_key
from ..world import Key, Limit, Quota

F = "denials"

#: What can be wrong with a key and a request at once, in the order of the page. A group can hold only once.
WRONG = {
    "key_revoked": {"state": "revoked"},
    "tenant_disabled": {"state": "tenant_disabled"},
    "owner_disabled": {"state": "owner_disabled"},
    "key_disabled": {"state": "disabled"},
    "key_expired": {"expires_ms": -1_000},
    "key_not_yet_valid": {"not_before_ms": 3_600_000},
    "ip_denied": {"ips_denied": ("127.0.0.0/8",)},
    "country_denied": {"countries_allowed": ("NL",)},
    "scope_missing": {"scopes": ()},
    "quota_exhausted": {"quotas": (Quota(1),)},
    "rate_limited": {"limits": (Limit(1),)},
}
#: When keys that end or begin during the run do so.
IN_MS = 12_000
STATES = {"key_revoked", "tenant_disabled", "owner_disabled", "key_disabled"}
TIMES = {"key_expired", "key_not_yet_valid"}
#: This route demands a scope and costs more than a quota or a limit of one will ever give.
DEAR = "/dear/1"


def wrong_with(codes: tuple[str, ...]) -> Key:
    wrong = {"scopes": ("admin:all",)}
    for code in codes:
        wrong.update(WRONG[code])
    return Key(**wrong)


def possible(codes: tuple[str, ...]) -> bool:
    return len(STATES.intersection(codes)) <= 1 and len(TIMES.intersection(codes)) <= 1


def ordered(codes: tuple[str, ...]) -> Row:
    name = f"{codes[0]} comes before {', '.join(codes[1:])}" if len(codes) > 1 else f"{codes[0]} alone"
    return row(F, "own", name, request(x_api_key("wrong"), path=DEAR), denied(codes[0]), keys={"wrong": wrong_with(codes)})


def _spends_nothing(name: str, refused_request: bytes, answer, key: Key) -> Row:
    """Three refusals, and the only token is still there."""

    def play(stage):
        good = stage.fill(request(x_api_key("one")))
        sent = stage.fill(refused_request)
        for _ in range(3):
            stage.check(answer, stage.ask(sent), sent)
        stage.check(allowed("one"), stage.ask(good), good)
        stage.check(denied("rate_limited"), stage.ask(good), good)

    return Row(F, name, "R09", (play,), keys={"one": key})


def _says_when(stage):
    """An expired key is told so, and to ask for a new one."""
    import json

    sent = stage.fill(request(x_api_key("expired")))
    got = stage.ask(sent)
    stage.check(denied("key_expired"), got, sent)
    stage.expect(len(json.loads(got.body)["detail"]) > 20, "the detail says nothing")


def _clock(stage):
    """The gate's clock, in seconds."""
    return lambda: stage.gate.host.clock_ms() / 1000


def _expires(stage):
    """A key passes until its end and never after it."""
    now = _clock(stage)
    end = (stage.gate.deployment.now_ms + IN_MS) / 1000
    passed, answers = 0, set()
    while now() < end + 1.0:
        began = now()
        got = stage.ask(request(x_api_key("short")))
        done = now()
        if got is not None and got.status == 200:
            passed += 1
            stage.expect(began < end, f"admitted {began - end:.3f} s after its end")
        else:
            answers.add(None if got is None else got.status)
            stage.expect(done >= end, f"refused {end - done:.3f} s before its end")
        time.sleep(0.02)
    stage.expect(passed > 10 and answers == {401}, f"{passed} passed, then {answers}")
    stage.compares_origin = False


def _begins(stage):
    """A key is refused until its time and passes from then on."""
    now = _clock(stage)
    start = (stage.gate.deployment.now_ms + IN_MS) / 1000
    passed = 0
    while now() < start + 1.0:
        began = now()
        got = stage.ask(request(x_api_key("later")))
        done = now()
        if got is not None and got.status == 200:
            passed += 1
            stage.expect(done >= start, f"admitted {start - done:.3f} s too early")
        else:
            stage.expect(began < start, f"refused {began - start:.3f} s after it began")
        time.sleep(0.02)
    stage.expect(passed > 10, f"{passed} passed")
    stage.compares_origin = False


ROWS = [
    *(ordered((code,)) for code in WRONG),
    *(ordered(pair) for pair in combinations(WRONG, 2) if possible(pair)),
    ordered(("key_revoked", "key_expired", "ip_denied", "country_denied", "scope_missing", "quota_exhausted", "rate_limited")),
    ordered(("ip_denied", "country_denied", "scope_missing", "quota_exhausted", "rate_limited")),
    *(row(F, "V03" if "stopped" in role else "V05", f"the key {role} is answered {code}", request(x_api_key(role)), denied(code))
      for role, code in (("expired", "key_expired"), ("not-yet", "key_not_yet_valid"), ("disabled", "key_disabled"),
                         ("revoked", "key_revoked"), ("owner-stopped", "owner_disabled"), ("tenant-stopped", "tenant_disabled"),
                         ("ip-denied", "ip_denied"), ("ip-elsewhere", "ip_denied"), ("country-bound", "country_denied"),
                         ("country-denied", "country_denied"))),
    row(F, "own", "an address that is allowed passes", request(x_api_key("ip-here")), allowed("ip-here"), needs=("address",)),
    row(F, "own", "a held scope passes", request(x_api_key(), path="/scoped/read/1"), allowed()),
    row(F, "own", "a scope by its wildcard passes", request(x_api_key("other"), path="/scoped/read/1"), allowed("other")),
    row(F, "own", "no scope held is none", request(x_api_key("bare"), path="/scoped/read/1"),
        denied("scope_missing", fields={"www-authenticate": 'Bearer realm="api", error="insufficient_scope", scope="orders:read"'})),
    row(F, "own", "the challenge names all scopes that are demanded", request(x_api_key(), path="/scoped/two/1"),
        denied("scope_missing", fields={
            "www-authenticate": 'Bearer realm="api", error="insufficient_scope", scope="orders:read invoices:read"'})),
    row(F, "own", "two scopes held pass where two are demanded", request(x_api_key("other"), path="/scoped/two/1"), allowed("other")),
    row(F, "own", "two keys that differ are ambiguous before anything is known of them",
        request(x_api_key("revoked"), ("Authorization", "Bearer {key:disabled}")), denied("request_invalid")),
    Row(F, "an expired key is told that it expired", "own", (_says_when,)),
    _spends_nothing("a missing scope spends nothing", request(x_api_key("one"), path="/admin/1"), denied("scope_missing"), Key(limits=(Limit(1),))),
    _spends_nothing("a forged key of the same kind spends nothing", request(("X-API-Key", "{key:one|forge}")),
                    denied("key_invalid", unproven=True), Key(limits=(Limit(1),))),
    _spends_nothing("a preflight spends nothing", request(("Origin", "https://app.example"), ("Access-Control-Request-Method", "GET"),
                                                         x_api_key("one"), path="/cors/answer/1", method="OPTIONS"),
                    refused(200, 204), Key(limits=(Limit(1),))),
    Row(F, "a key that expires is refused from that moment on", "V04", (_expires,), config="rates", slow=True,
        keys={"short": Key(expires_ms=IN_MS)}),
    Row(F, "a key that begins is refused until that moment", "V05", (_begins,), config="rates", slow=True,
        keys={"later": Key(not_before_ms=IN_MS)}),
]
