"""Who the client is: the peer, unless a configured hop says otherwise."""

from ..row import Row, allowed, denied, request, row, x_api_key
from ..world import Key, Limit

F = "forwarded"
ELSEWHERE = "192.0.2.7"

SPOOFS = (
    ("X-Forwarded-For", ELSEWHERE), ("X-Forwarded-For", f"{ELSEWHERE}, {ELSEWHERE}"), ("x-forwarded-for", ELSEWHERE),
    ("X_Forwarded_For", ELSEWHERE), ("Forwarded", f"for={ELSEWHERE}"), ("Forwarded", f'for="{ELSEWHERE}";proto=https'),
    ("X-Real-IP", ELSEWHERE), ("X-Client-IP", ELSEWHERE), ("CF-Connecting-IP", ELSEWHERE), ("True-Client-IP", ELSEWHERE),
    ("X-Cluster-Client-IP", ELSEWHERE), ("Fastly-Client-IP", ELSEWHERE), ("X-Original-Forwarded-For", ELSEWHERE),
    ("X-Envoy-External-Address", ELSEWHERE), ("X-ProxyUser-Ip", ELSEWHERE), ("Client-IP", ELSEWHERE), ("Via", f"1.1 {ELSEWHERE}"),
    ("X-Forwarded-Host", ELSEWHERE), ("X-Remote-Addr", ELSEWHERE),
)


def _unseen(stage):
    stage.settle()
    for one in stage.arrived():
        for name, value in one.request.fields if one.request else []:
            if name.lower() in (b"x-forwarded-for", b"forwarded", b"x-forwarded-proto", b"x-forwarded-host",
                                b"x-forwarded-port", b"x-forwarded-prefix", b"x-real-ip"):
                stage.expect(b"192.0.2" not in value and b"evil" not in value,
                             f"the origin received the client's {name!r}: {value!r}")


def spoof(name: str, *fields) -> Row:
    one = row(F, "S06", name, request(x_api_key(), *fields), allowed(), needs=("upstream",))
    return Row(**{**vars(one), "steps": (*one.steps, _unseen)})


def trusting(name: str, answer, *fields, role="ip-elsewhere", cls="S06") -> Row:
    return row(F, cls, name, request(x_api_key(role), *fields), answer, config="trusting")


def _rotating(stage):
    """A limit by address has one counter, whatever the client says of itself."""
    for at in range(5):
        sent = stage.fill(request(x_api_key("by-address"), ("X-Forwarded-For", f"198.51.100.{at}"), ("X-Real-IP", f"198.51.100.{at}")))
        stage.check(allowed("by-address") if at < 3 else denied("rate_limited"), stage.ask(sent), sent, f"request {at + 1}: ")


def _split(stage):
    """Behind a trusted hop every client has its own."""
    for at in range(6):
        sent = stage.fill(request(x_api_key("by-address"), ("X-Forwarded-For", f"198.51.100.{at % 2}")))
        stage.check(allowed("by-address") if at < 4 else denied("rate_limited"), stage.ask(sent), sent, f"request {at + 1}: ")


def _by_64(stage):
    """IPv6 counts by /64."""
    for at, address in enumerate(("2001:db8::1", "2001:db8::ffff", "2001:db8:0:0:1::", "2001:db8:0:1::1")):
        sent = stage.fill(request(x_api_key("by-address"), ("X-Forwarded-For", address)))
        stage.check(denied("rate_limited") if at == 2 else allowed("by-address"), stage.ask(sent), sent, f"{address}: ")


ROWS = [
    *(row(F, "S06" if "F" in name else "S07", f"{name}: {value} does not lead into an allowed network",
          request(x_api_key("ip-elsewhere"), (name, value)), denied("ip_denied"))
      for name, value in SPOOFS),
    *(row(F, "S06" if "F" in name else "S07", f"{name}: {value} does not lead out of a denied network",
          request(x_api_key("ip-denied"), (name, value)), denied("ip_denied"))
      for name, value in SPOOFS[:12]),
    *(row(F, "S07", f"{name} is no country where none is configured", request(x_api_key("country-bound"), (name, "NL")),
          denied("country_denied"))
      for name in ("CF-IPCountry", "X-Country", "X-Vercel-IP-Country", "CloudFront-Viewer-Country")),
    spoof("a client's X-Forwarded-For does not reach the origin as its own", ("X-Forwarded-For", ELSEWHERE)),
    spoof("nor do two of them", ("X-Forwarded-For", ELSEWHERE), ("X-Forwarded-For", "192.0.2.8")),
    spoof("nor a Forwarded", ("Forwarded", f"for={ELSEWHERE};host=evil.example")),
    spoof("nor X-Forwarded-Proto, -Host, -Port and -Prefix", ("X-Forwarded-Proto", "evil"), ("X-Forwarded-Host", "evil.example"),
          ("X-Forwarded-Port", "evil"), ("X-Forwarded-Prefix", "/evil")),
    Row(F, "a limit by address is not split by a rotating X-Forwarded-For", "S10", (_rotating,),
        keys={"by-address": Key(limits=(Limit(3, scope="ip"),))}, needs=("address",)),
    # Behind a configured hop.
    trusting("a trusted hop's X-Forwarded-For is believed", allowed("ip-elsewhere"), ("X-Forwarded-For", ELSEWHERE)),
    trusting("the last address that is no hop counts, not the first", denied("ip_denied"),
             ("X-Forwarded-For", f"{ELSEWHERE}, 203.0.113.9")),
    trusting("the same the other way round", allowed("ip-elsewhere"), ("X-Forwarded-For", f"203.0.113.9, {ELSEWHERE}")),
    trusting("trusted hops behind the client are passed over", allowed("ip-elsewhere"),
             ("X-Forwarded-For", f"203.0.113.9, {ELSEWHERE}, 127.0.0.9")),
    trusting("two fields are read as one list", denied("ip_denied"), ("X-Forwarded-For", ELSEWHERE),
             ("X-Forwarded-For", "203.0.113.9")),
    trusting("two fields in the other order", allowed("ip-elsewhere"), ("X-Forwarded-For", "203.0.113.9"),
             ("X-Forwarded-For", ELSEWHERE)),
    trusting("an address that cannot be read is nobody", denied("ip_denied"), ("X-Forwarded-For", "192.0.2.7.evil")),
    trusting("an address with a leading zero is nobody", denied("ip_denied"), ("X-Forwarded-For", "192.0.2.07")),
    trusting("an unknown client is nobody", denied("ip_denied"), ("X-Forwarded-For", "unknown")),
    trusting("without the field the hop itself is the client", denied("ip_denied")),
    trusting("X-Real-IP is not believed from a hop", denied("ip_denied"), ("X-Real-IP", ELSEWHERE)),
    trusting("a country that a hop names is believed", allowed("country-bound"), ("CF-IPCountry", "NL"), role="country-bound"),
    trusting("another country is refused", denied("country_denied"), ("CF-IPCountry", "BE"), role="country-bound"),
    trusting("XX is no country", denied("country_denied"), ("CF-IPCountry", "XX"), role="country-bound"),
    trusting("no country is no country", denied("country_denied"), role="country-bound"),
    trusting("a denied country is refused", denied("country_denied"), ("CF-IPCountry", "KP"), role="country-denied"),
    trusting("another than the denied country passes", allowed("country-denied"), ("CF-IPCountry", "NL"), role="country-denied"),
    trusting("an unknown country is refused where any is denied", denied("country_denied"), role="country-denied"),
    Row(F, "behind a trusted hop every client has a counter of its own", "S10", (_split,), config="trusting",
        keys={"by-address": Key(limits=(Limit(2, scope="ip"),))}),
    Row(F, "IPv6 clients count by /64", "S10", (_by_64,), config="trusting",
        keys={"by-address": Key(limits=(Limit(2, scope="ip"),))}),
]
