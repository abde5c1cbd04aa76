"""The vectors of scopes, networks and decisions, as far as a request can bring them about.

Addresses and countries come from a trusted hop, required scopes and costs from a route, the rest from the key. Rows
that need an unknown address, a purse or a head in a given state, or the very millisecond of an instant run one level
lower; `elsewhere` says so.
"""

import json
from dataclasses import replace
from pathlib import Path


from ..row import Answer, Row, allowed, denied, request, row, x_api_key
from ..world import MAIN, Key, Route

F = "verdicts"
VECTORS = Path(__file__).parents[2] / "vectors"
#: Closer to an instant than this a row would depend on how fast it is played.
INSTANT_MS = 60_000
#: Forms that the HTTP layer takes and the core does not.
WITH_PORT = ("192.0.2.1:443", "[2001:db8::1]", "[2001:db8::1]:443")

ROUTES: list[Route] = []


def _route(scopes: list[str], cost: int = 1) -> str:
    """The path of a route that demands this."""
    for at, route in enumerate(ROUTES):
        if (route.scopes, route.cost) == (tuple(scopes), cost):
            return f"/verdicts/{at}/x"
    ROUTES.append(Route(f"/verdicts/{len(ROUTES)}/**", scopes=tuple(scopes), cost=cost))
    return f"/verdicts/{len(ROUTES) - 1}/x"


def verdict(vector: dict, key: Key, answer: Answer, path="/orders/1", address: str | None = None,
            country: str | None = None) -> Row:
    fields = [x_api_key("one")]
    if address is not None:
        fields.append(("X-Forwarded-For", address))
    if country is not None:
        fields.append(("CF-IPCountry", country))
    return row(F, "own", f"{vector['id']}: {vector['why']}", request(*fields, path=path), answer, config="verdicts",
               keys={"one": key}, vectors=1)


def _scopes():
    for vector in _rows("scopes", "scope.check"):
        held, required, missing = vector["in"]["held"], vector["in"]["required"], vector["out"]["missing"]
        if len(set(required)) < len(required):
            # No configuration lists a scope twice.
            continue
        challenge = f'Bearer realm="api", error="insufficient_scope", scope="{" ".join(required)}"'
        answer = denied("scope_missing", fields={"www-authenticate": challenge}) if missing else allowed("one")
        yield verdict(vector, Key(scopes=tuple(held)), answer, _route(required))



def _ruled(ips: dict, countries: dict, **more) -> Key:
    return Key(ips_allowed=tuple(ips["allow"]), ips_denied=tuple(ips["deny"]), countries_allowed=tuple(countries["allow"]),
               countries_denied=tuple(countries["deny"]), **more)


def _networks():
    for vector in _rows("network", "net.check"):
        given, code = vector["in"], vector["out"]["denied"]
        if given["address"] is None:
            continue
        yield verdict(vector, _ruled(given["ips"], given["countries"]), denied(code) if code else allowed("one"),
                      address=given["address"], country=given["country"])


def _addresses():
    """What is an address stands alone in an allow list; what is none leaves the hop itself, which is denied."""
    nobody = Key(ips_allowed=("0.0.0.0/0", "::/0"), ips_denied=("127.0.0.0/8",))
    for vector in _rows("network", "net.address"):
        text = vector["in"]["text"]
        if not isinstance(text, str) or text != text.strip() or not text or text in WITH_PORT or not text.isascii():
            continue
        address = vector["out"].get("address")
        if address is None:
            yield verdict(vector, nobody, denied("ip_denied"), address=text)
        else:
            length = 128 if ":" in address else 32
            yield verdict(vector, Key(ips_allowed=(f"{address}/{length}",)), allowed("one"), address=text)


def _offset(instant: int | None, now: int) -> int | None:
    return None if instant is None else instant - now


def _decisions():
    for vector in _rows("decisions", "decision.decide"):
        given, asked, out = vector["in"], vector["in"]["request"], vector["out"]
        record = given["presented"]
        if given["head"] != "fresh" or not isinstance(record, dict) or record["env"] != "live":
            continue
        if given["purses"] or record["limits"] or record["quotas"] or asked.get("limits"):
            continue
        if len(set(asked["required"])) < len(asked["required"]):
            continue
        offsets = [_offset(record[name], asked["now"]) for name in ("not_before", "expires")]
        if asked["address"] is None or any(offset is not None and abs(offset) < INSTANT_MS for offset in offsets):
            continue
        # Owner and tenant are the key's own: stopping them would stop those of other rows.
        key = _ruled(record["ips"], record["countries"], scopes=tuple(record["scopes"]), plan=record["plan"],
                     state=record["state"], not_before_ms=offsets[0], expires_ms=offsets[1])
        answer = allowed("one") if out["step"] == "allow" else denied(out["code"])
        yield verdict(vector, key, answer, _route(asked["required"], asked["cost"]), asked["address"], asked["country"])


def _rows(suite: str, op: str) -> list[dict]:
    vectors = json.loads((VECTORS / f"{suite}.json").read_text())["rows"]
    return [vector for vector in vectors if vector["op"] == op]


ROWS = [*_scopes(), *_networks(), *_addresses(), *_decisions()]
CONFIGS = {
    "verdicts": replace(MAIN, name="verdicts", routes=tuple(ROUTES), trusted_hops=("127.0.0.0/8",), country_header="CF-IPCountry"),
}
