"""Inputs of the suite `decisions` (docs/spec/answers.md)."""

LOOKUP = "2ccbc0e2728b2154939a868ede964808"
NOW = 1_790_000_000_000
COST_MAX = 2**32 - 1


def limit(name="burst", scope="key", burst=100):
    return {"name": name, "scope": scope, "burst": burst, "rate": 50, "period_ms": 1000, "changed": [1, 40]}


def quota(name="daily", scope="key", each="day", count=100000):
    return {"name": name, "scope": scope, "count": count, "each": each, "changed": [1, 40]}


def record(**fields):
    """A record that allows everything, but for the fields given."""
    return {
        "as_of": [1, 42],
        "lookup": LOOKUP,
        "key": "key_1",
        "tenant": "acme",
        "owner": "bob",
        "env": "live",
        "state": "active",
        "not_before": None,
        "expires": None,
        "plan": None,
        "scopes": ["orders:read", "invoices:*"],
        "limits": [],
        "quotas": [],
        "ips": {"allow": [], "deny": []},
        "countries": {"allow": [], "deny": []},
        **fields,
    }


def request(**fields):
    return {"now": NOW, "address": "192.0.2.7", "country": "DE", "required": [], "cost": 1, **fields}


def deciding(why, presented, head="fresh", purses=(), **asked):
    return why, "decision.decide", {
        "presented": presented, "head": head, "request": request(**asked), "purses": list(purses),
    }


def holds(tokens):
    return {"tokens": tokens}


def refused(wait_ms):
    return {"refused_ms": wait_ms}


NEVER = {"never": True}


# Before the record


def presented_rows():
    heads = ("fresh", "renew", "await", "flagged", "lost")
    for presented in ("ambiguous", "missing", "refused"):
        for head in heads:
            yield deciding(f"{presented} needs no head: the same with one that is {head}", presented, head)
    for presented in ("unknown", "failed", "absent", "ahead"):
        for head in heads:
            yield deciding(f"a genuine key, {presented}, under a head that is {head}", presented, head)
    yield deciding("a record that allows, fresh: allowed and not flagged", record())
    yield deciding("a record that allows, head to be renewed: allowed and not flagged", record(), "renew")
    yield deciding("a record that allows, head flagged: allowed and flagged", record(), "flagged")
    yield deciding("a record that allows is not looked at before the head has come", record(), "await")
    yield deciding("a record that allows cannot be used under a lost head", record(), "lost")
    yield deciding(
        "a revoked record is not looked at before the head has come",
        record(state="revoked"), "await",
    )
    yield deciding(
        "a revoked record under a lost head is unavailable: the head comes first",
        record(state="revoked"), "lost",
    )
    yield deciding("a denial under a flagged head is a plain denial", record(state="revoked"), "flagged")
    yield deciding("an expired key under a head to be renewed is denied", record(expires=NOW), "renew")


# States and times


def state_rows():
    for state in ("revoked", "tenant_disabled", "owner_disabled", "disabled"):
        yield deciding(f"the state {state} has its own code", record(state=state))
    yield deciding("a state comes before the expiry", record(state="disabled", expires=NOW))
    yield deciding("a state comes before not_before", record(state="disabled", not_before=NOW + 1))
    yield deciding("a state comes before network, scope and metering", record(
        state="owner_disabled", ips={"allow": [], "deny": ["192.0.2.0/24"]}, scopes=[], limits=[limit()],
    ), purses=[NEVER], required=["orders:read"])


def time_rows():
    yield deciding("one millisecond before expires the key is valid", record(expires=NOW + 1))
    yield deciding("at expires the key is expired", record(expires=NOW))
    yield deciding("one millisecond after expires the key is expired", record(expires=NOW - 1))
    yield deciding("one millisecond before not_before the key is not yet valid", record(not_before=NOW + 1))
    yield deciding("at not_before the key is valid", record(not_before=NOW))
    yield deciding("one millisecond after not_before the key is valid", record(not_before=NOW - 1))
    yield deciding(
        "of a window of one millisecond its first instant is valid",
        record(not_before=NOW, expires=NOW + 1),
    )
    yield deciding(
        "of a window of one millisecond the instant after is expired",
        record(not_before=NOW - 1, expires=NOW),
    )
    yield deciding(
        "of a window of one millisecond the instant before is not yet valid",
        record(not_before=NOW + 1, expires=NOW + 2),
    )
    yield deciding(
        "expires of 2^53 is not reached one millisecond before",
        record(expires=2**53), now=2**53 - 1,
    )
    yield deciding("expires of 2^53 is reached at 2^53", record(expires=2**53), now=2**53)
    yield deciding("not_before of 1 holds at 1", record(not_before=1), now=1)
    yield deciding("not_before of 1 refuses at 0", record(not_before=1), now=0)
    yield deciding(
        "expiry comes before the address",
        record(expires=NOW, ips={"allow": [], "deny": ["192.0.2.7/32"]}),
    )
    yield deciding(
        "not_before comes before the address",
        record(not_before=NOW + 1, ips={"allow": [], "deny": ["192.0.2.7/32"]}),
    )


# Network and scopes


def allow_ips(*blocks):
    return {"allow": list(blocks), "deny": []}


def deny_ips(*blocks):
    return {"allow": [], "deny": list(blocks)}


def network_rows():
    yield deciding("an address inside the allow list passes", record(ips=allow_ips("192.0.2.0/24")))
    yield deciding("an address outside the allow list is denied", record(ips=allow_ips("198.51.100.0/24")))
    yield deciding("an address on the deny list is denied", record(ips=deny_ips("192.0.2.7/32")))
    yield deciding("an address beside the deny list passes", record(ips=deny_ips("192.0.2.6/32")))
    yield deciding("deny wins over allow", record(ips={"allow": ["192.0.2.0/24"], "deny": ["192.0.2.7/32"]}))
    yield deciding(
        "an unknown address is denied where addresses are allowed by list",
        record(ips=allow_ips("192.0.2.0/24")), address=None,
    )
    yield deciding(
        "an unknown address is denied where some are denied",
        record(ips=deny_ips("198.51.100.0/24")), address=None,
    )
    yield deciding("an unknown address passes where there are no network rules", record(), address=None)
    yield deciding(
        "an allow list of all IPv4 refuses an IPv6 address",
        record(ips=allow_ips("0.0.0.0/0")), address="2001:db8::7",
    )
    yield deciding("an allow list of all IPv6 refuses an IPv4 address", record(ips=allow_ips("::/0")))
    yield deciding(
        "an IPv6 address inside the allow list passes",
        record(ips=allow_ips("2001:db8::/32")), address="2001:db8::7",
    )
    yield deciding(
        "a v4-mapped address is the IPv4 address that a deny list holds",
        record(ips=deny_ips("192.0.2.7/32")), address="::ffff:c000:207",
    )
    yield deciding("a country on the allow list passes", record(countries={"allow": ["DE"], "deny": []}))
    yield deciding(
        "a country outside the allow list is denied",
        record(countries={"allow": ["FR"], "deny": []}),
    )
    yield deciding("a country on the deny list is denied", record(countries={"allow": [], "deny": ["DE"]}))
    yield deciding(
        "deny wins over allow for countries too",
        record(countries={"allow": ["DE"], "deny": ["DE"]}),
    )
    yield deciding(
        "an unknown country is denied where some are denied",
        record(countries={"allow": [], "deny": ["KP"]}), country=None,
    )
    yield deciding(
        "an unknown country passes where there are no rules for countries",
        record(ips=allow_ips("192.0.2.0/24")), country=None,
    )
    yield deciding(
        "the address is judged before the country",
        record(ips=deny_ips("192.0.2.7/32"), countries={"allow": [], "deny": ["DE"]}),
    )
    yield deciding(
        "a good address does not excuse a bad country",
        record(ips=allow_ips("192.0.2.0/24"), countries={"allow": [], "deny": ["DE"]}),
    )
    yield deciding(
        "the country comes before the scope",
        record(countries={"allow": [], "deny": ["DE"]}), required=["admin:write"],
    )
    yield deciding(
        "the address comes before the scope",
        record(ips=deny_ips("192.0.2.7/32")), required=["admin:write"],
    )


def scope_rows():
    yield deciding("a required scope that is held passes", record(), required=["orders:read"])
    yield deciding("a required scope that a star covers passes", record(), required=["invoices:write"])
    yield deciding("a required scope that is not held is named", record(), required=["orders:write"])
    yield deciding(
        "of several missing scopes the first of the route is named",
        record(), required=["b:x", "a:x"],
    )
    yield deciding(
        "a held scope before the missing one is not named",
        record(), required=["orders:read", "a:x"],
    )
    yield deciding(
        "all of sixteen required scopes are looked at",
        record(), required=["orders:read"] * 15 + ["a:x"],
    )
    yield deciding("the empty set grants nothing", record(scopes=[]), required=["orders:read"])
    yield deciding("the empty set is enough where nothing is required", record(scopes=[]))
    yield deciding(
        "a required star is covered by nothing but a star",
        record(scopes=["orders:read"]), required=["orders:*"],
    )
    yield deciding(
        "a missing scope comes before a limit that refuses",
        record(limits=[limit()]), purses=[refused(5)], required=["a:x"],
    )
    yield deciding(
        "a missing scope comes before a purse that must ask",
        record(limits=[limit()]), purses=[holds(0)], required=["a:x"],
    )
    yield deciding(
        "a missing scope comes before a count of purses that is wrong",
        record(limits=[limit()]), required=["a:x"],
    )
    yield deciding(
        "a missing scope comes before the address that a limit needs",
        record(limits=[limit(scope="ip")]), purses=[holds(9)], required=["a:x"], address=None,
    )
    yield deciding(
        "a missing scope under a flagged head is denied all the same",
        record(), "flagged", required=["a:x"],
    )


# Metering


ONE = record(limits=[limit()])
WIDEST = record(limits=[limit(burst=COST_MAX)])
TWO = record(limits=[limit("first"), limit("second")])
QUOTA = record(quotas=[quota()])
BOTH = record(
    limits=[limit("first"), limit("second")],
    quotas=[quota("daily"), quota("monthly", each="month")],
)


def purse_rows():
    yield deciding("no limit, no quota, no purse: unlimited", record(), cost=COST_MAX)
    yield deciding("a purse that holds exactly the cost takes", ONE, purses=[holds(7)], cost=7)
    yield deciding("a purse that holds one token more takes", ONE, purses=[holds(8)], cost=7)
    yield deciding("a purse that holds one token less must ask", ONE, purses=[holds(6)], cost=7)
    yield deciding("a purse that holds nothing must ask", ONE, purses=[holds(0)])
    yield deciding(
        "a cost of 2^32 - 1 is taken from a purse that holds it",
        WIDEST, purses=[holds(COST_MAX)], cost=COST_MAX,
    )
    yield deciding(
        "a cost of 2^32 - 1 asks where one token is missing",
        WIDEST, purses=[holds(COST_MAX - 1)], cost=COST_MAX,
    )
    yield deciding("a quota's purse that holds enough takes", QUOTA, purses=[holds(1)])
    yield deciding(
        "a quota's purse that holds too little must ask, by the quota's name",
        QUOTA, purses=[holds(0)],
    )
    yield deciding("both limits and both quotas take", BOTH, purses=[holds(1)] * 4)
    yield deciding(
        "one of four lacks tokens: it alone is asked for",
        BOTH, purses=[holds(1), holds(0), holds(1), holds(1)],
    )
    yield deciding(
        "all of four lack tokens: asked for in the record's order, limits first",
        BOTH, purses=[holds(0)] * 4,
    )
    yield deciding(
        "the first limit and the last quota lack tokens",
        BOTH, purses=[holds(1), holds(2), holds(2), holds(1)], cost=2,
    )
    yield deciding(
        "the limits of a record keep its order whatever their names",
        record(limits=[limit("z"), limit("a")]), purses=[holds(0), holds(0)],
    )
    yield deciding(
        "enough tokens under a flagged head: allowed and flagged",
        ONE, "flagged", purses=[holds(1)],
    )
    yield deciding("too few tokens under a flagged head: unavailable", ONE, "flagged", purses=[holds(0)])
    yield deciding(
        "one of two purses too empty under a flagged head: unavailable",
        TWO, "flagged", purses=[holds(1), holds(0)],
    )
    yield deciding(
        "a quota's purse too empty under a flagged head: unavailable, though the limits take",
        BOTH, "flagged", purses=[holds(1), holds(1), holds(1), holds(0)],
    )
    yield deciding(
        "too few tokens under a head to be renewed: they are asked for",
        ONE, "renew", purses=[holds(0)],
    )


def refusal_rows():
    yield deciding("a limit that refuses is named with its wait", ONE, purses=[refused(250)])
    yield deciding("a wait of one millisecond is told as it is", ONE, purses=[refused(1)])
    yield deciding("a limit that never gives has no time to retry", ONE, purses=[NEVER])
    yield deciding("a quota that refuses has its own code", QUOTA, purses=[refused(86_400_000)])
    yield deciding("a quota that never gives has no time to retry", QUOTA, purses=[NEVER])
    yield deciding(
        "of two limits the one that waits longer is named: the second",
        TWO, purses=[refused(10), refused(20)],
    )
    yield deciding(
        "of two limits the one that waits longer is named: the first",
        TWO, purses=[refused(20), refused(10)],
    )
    yield deciding(
        "of two limits that wait equally long the first is named",
        TWO, purses=[refused(20), refused(20)],
    )
    yield deciding("never is longer than any wait", TWO, purses=[refused(2**53), NEVER])
    yield deciding("of two limits that never give the first is named", TWO, purses=[NEVER, NEVER])
    yield deciding(
        "a limit that refuses after one that takes: nothing is taken and it is named",
        TWO, purses=[holds(5), refused(20)],
    )
    yield deciding("a limit that refuses before one that takes is named", TWO, purses=[refused(20), holds(5)])
    yield deciding("a refusal hides that another limit must ask", TWO, purses=[holds(0), refused(20)])
    yield deciding(
        "a refusal that comes first hides that a later limit must ask",
        TWO, purses=[refused(20), holds(0)],
    )
    yield deciding(
        "a refusing quota gives the code although a limit waits longer, whose wait is told",
        BOTH, purses=[refused(500), holds(1), refused(20), holds(1)],
    )
    yield deciding(
        "a refusing quota that waits longer than the limits gives code and wait",
        BOTH, purses=[refused(500), refused(600), holds(1), refused(9000)],
    )
    yield deciding(
        "a limit that never gives takes the time to retry from a refusing quota",
        BOTH, purses=[NEVER, holds(1), refused(20), holds(1)],
    )
    yield deciding(
        "of two refusing quotas the one that waits longer is named",
        BOTH, purses=[holds(1), holds(1), refused(20), refused(30)],
    )
    yield deciding(
        "of two quotas that wait equally long the first is named",
        BOTH, purses=[holds(1), holds(1), refused(30), refused(30)],
    )
    yield deciding(
        "a quota that never gives is named before one that comes first but gives later",
        BOTH, purses=[holds(1), holds(1), refused(30), NEVER],
    )
    yield deciding(
        "a refusing limit among quotas that take is a matter of rate",
        BOTH, purses=[holds(1), refused(40), holds(1), holds(1)],
    )
    yield deciding(
        "a refusing limit among quotas that must ask is a matter of rate",
        BOTH, purses=[holds(0), refused(40), holds(0), holds(0)],
    )
    yield deciding(
        "a refusing quota among limits that must ask exhausts the quota",
        BOTH, purses=[holds(0), holds(0), holds(1), refused(40)],
    )
    yield deciding("a refusal under a flagged head is a refusal", ONE, "flagged", purses=[refused(20)])
    yield deciding(
        "a refusal and too few tokens under a flagged head: the refusal counts",
        TWO, "flagged", purses=[holds(0), refused(20)],
    )
    yield deciding(
        "a quota exhausted under a flagged head is exhausted",
        QUOTA, "flagged", purses=[refused(20)],
    )
    yield deciding(
        "of two refusing quotas the longer is named although a limit waits longer than both, whose wait is told",
        BOTH, purses=[refused(500), holds(1), refused(20), refused(30)],
    )
    yield deciding(
        "a quota that never gives beside a limit that refuses: there is no time to retry",
        BOTH, purses=[refused(500), holds(1), NEVER, holds(1)],
    )
    yield deciding(
        "limits and quotas of one record are named each as its own kind: the limit never gives, the quota is named",
        BOTH, purses=[holds(0), NEVER, holds(0), refused(20)],
    )
    yield deciding("a refusal under a head to be renewed is told", QUOTA, "renew", purses=[refused(20)])
    yield deciding(
        "eight limits: the sixth waits longest",
        record(limits=[limit(f"l{n}") for n in range(8)]),
        purses=[refused(n) for n in (5, 1, 2, 3, 4, 9, 8, 7)],
    )
    yield deciding(
        "eight limits and four quotas all take",
        record(limits=[limit(f"l{n}") for n in range(8)], quotas=[quota(f"q{n}") for n in range(4)]),
        purses=[holds(3)] * 12, cost=3,
    )
    yield deciding(
        "eight limits and four quotas: the last quota lacks a token",
        record(limits=[limit(f"l{n}") for n in range(8)], quotas=[quota(f"q{n}") for n in range(4)]),
        purses=[holds(3)] * 11 + [holds(2)], cost=3,
    )


def free_rows():
    yield deciding("a cost of 0 is allowed with empty purses", ONE, purses=[holds(0)], cost=0)
    yield deciding("a cost of 0 is allowed while a limit refuses", ONE, purses=[refused(20)], cost=0)
    yield deciding("a cost of 0 is allowed while a quota never gives", QUOTA, purses=[NEVER], cost=0)
    yield deciding(
        "a cost of 0 under a flagged head is allowed, flagged, with empty purses",
        ONE, "flagged", purses=[holds(0)], cost=0,
    )
    yield deciding(
        "a cost of 0 does not open a revoked key",
        record(state="revoked", limits=[limit()]), purses=[holds(0)], cost=0,
    )
    yield deciding(
        "a cost of 0 does not excuse a missing scope",
        ONE, purses=[holds(0)], cost=0, required=["a:x"],
    )
    yield deciding(
        "a cost of 0 does not excuse an unknown address with a limit of scope ip",
        record(limits=[limit(scope="ip")]), purses=[holds(1)], cost=0, address=None,
    )
    yield deciding(
        "a cost of 0 from an unknown address is allowed where no limit has scope ip",
        BOTH, purses=[holds(0), refused(20), NEVER, holds(0)], cost=0, address=None,
    )
    yield deciding("a cost of 0 does not excuse a purse too many", ONE, purses=[holds(0)] * 2, cost=0)
    yield deciding("a cost of 0 does not excuse a missing purse", ONE, cost=0)


def unavailable_rows():
    per_ip = record(limits=[limit("first"), limit("per_ip", "ip")])
    yield deciding(
        "an unknown address with a limit of scope ip is unavailable, never allowed",
        record(limits=[limit(scope="ip")]), purses=[holds(9)], address=None,
    )
    yield deciding(
        "a known address with a limit of scope ip is metered",
        record(limits=[limit(scope="ip")]), purses=[holds(9)],
    )
    yield deciding(
        "an IPv6 address with a limit of scope ip is metered",
        record(limits=[limit(scope="ip")]), purses=[holds(9)], address="2001:db8::7",
    )
    yield deciding(
        "an unknown address does not matter to limits of the other scopes",
        record(limits=[limit(scope, scope) for scope in ("key", "owner", "tenant", "global")]),
        purses=[holds(9)] * 4, address=None,
    )
    yield deciding(
        "the unknown address is looked at before a limit that refuses",
        per_ip, purses=[refused(20), holds(9)], address=None,
    )
    yield deciding(
        "the unknown address is looked at before a purse that must ask",
        per_ip, purses=[holds(0), holds(9)], address=None,
    )
    yield deciding(
        "an unknown address that an allow list refuses is denied before it is missed",
        record(limits=[limit(scope="ip")], ips=allow_ips("192.0.2.0/24")), purses=[holds(9)], address=None,
    )
    yield deciding(
        "an unknown address with a limit of scope ip is unavailable under a flagged head too",
        record(limits=[limit(scope="ip")]), "flagged", purses=[holds(9)], address=None,
    )
    yield deciding(
        "an address that is denied is denied although limit and quota refuse",
        record(limits=[limit()], quotas=[quota()], ips=deny_ips("192.0.2.7/32")), purses=[refused(5), NEVER],
    )
    yield deciding(
        "a country that is denied is denied although a purse must ask under a flagged head",
        record(limits=[limit()], countries={"allow": [], "deny": ["DE"]}), "flagged", purses=[holds(0)],
    )
    yield deciding("one purse too few is unavailable", TWO, purses=[holds(9)])
    yield deciding("one purse too many is unavailable", ONE, purses=[holds(9), holds(9)])
    yield deciding("a purse for a record without limits is unavailable", record(), purses=[holds(9)])
    yield deciding("a limit without a purse is not unlimited", ONE)
    yield deciding(
        "a quota without a purse is not unlimited",
        record(limits=[limit()], quotas=[quota()]), purses=[holds(9)],
    )
    yield deciding("a missing purse is noticed before one that refuses", TWO, purses=[refused(20)])
    yield deciding(
        "a key that is revoked is denied even if purses are missing",
        record(state="revoked", limits=[limit()]),
    )
    yield deciding(
        "an expired key is denied even if its limit lacks an address",
        record(expires=NOW, limits=[limit(scope="ip")]), purses=[holds(1)], address=None,
    )


def of_route(name="exports", scope="key"):
    return {"name": name, "scope": scope}


def route_rows():
    ours = [of_route()]
    yield deciding("a route's limit that holds enough takes", record(), purses=[holds(1)], limits=ours)
    yield deciding("a route's limit is no limit of the record: without its purse it is unavailable", record(), limits=ours)
    yield deciding("a route's limit that holds too little must ask, by its name", record(), purses=[holds(0)], limits=ours)
    yield deciding("a route's limit that refuses is a matter of rate", record(), purses=[refused(20)], limits=ours)
    yield deciding("a route's limit that never gives has no time to retry", record(), purses=[NEVER], limits=ours)
    yield deciding(
        "a record's purses and the route's all take",
        BOTH, purses=[holds(2)] * 5, cost=2, limits=ours,
    )
    yield deciding(
        "a route's limit that refuses after limits and quotas that take is named",
        BOTH, purses=[holds(1)] * 4 + [refused(7)], limits=ours,
    )
    yield deciding(
        "a quota gives the code though a route's limit waits longer, whose wait is told",
        QUOTA, purses=[refused(5), refused(70)], limits=ours,
    )
    yield deciding(
        "of a record's limit and a route's that wait equally long the record's is named",
        ONE, purses=[refused(9), refused(9)], limits=ours,
    )
    yield deciding(
        "of a record's limit and a route's the one that waits longer is named",
        ONE, purses=[refused(9), refused(10)], limits=ours,
    )
    yield deciding(
        "limits, quotas and a route's limits ask in this order",
        BOTH, purses=[holds(0)] * 6, limits=[of_route("one"), of_route("two", "tenant")],
    )
    yield deciding("a route's empty limit under a flagged head is unavailable", record(), "flagged", purses=[holds(0)], limits=ours)
    yield deciding(
        "a route's limit of scope ip without an address is unavailable",
        record(), purses=[holds(9)], limits=[of_route("per_ip", "ip")], address=None,
    )
    yield deciding(
        "a route's limit of scope ip with an address takes",
        record(), purses=[holds(9)], limits=[of_route("per_ip", "ip")],
    )
    four = [of_route(f"r{n}") for n in range(4)]
    whole = record(limits=[limit(f"l{n}") for n in range(8)], quotas=[quota(f"q{n}") for n in range(4)])
    yield deciding("eight limits, four quotas and four of the route all take", whole, purses=[holds(1)] * 16, limits=four)
    yield deciding(
        "eight limits, four quotas and four of the route: the last lacks a token",
        whole, purses=[holds(1)] * 15 + [holds(0)], limits=four,
    )
    yield deciding(
        "five limits of a route are too many",
        record(), purses=[holds(1)] * 5, limits=[of_route(f"r{n}") for n in range(5)],
    )
    yield deciding("a cost of 0 is allowed while a route's limit refuses", record(), purses=[refused(20)], cost=0, limits=ours)
    yield deciding("a cost of 0 does not excuse a route's missing purse", record(), cost=0, limits=ours)
    yield deciding("a disabled key is disabled whatever the route's limits say", record(state="disabled"), purses=[refused(20)], limits=ours)


def rows():
    yield "all codes in their order", "decision.order", {}
    yield from presented_rows()
    yield from state_rows()
    yield from time_rows()
    yield from network_rows()
    yield from scope_rows()
    yield from purse_rows()
    yield from refusal_rows()
    yield from free_rows()
    yield from unavailable_rows()
    yield from route_rows()


# Random cases

STATES = ("active",) * 40 + ("revoked", "tenant_disabled", "owner_disabled", "disabled")
HEADS = ("fresh",) * 16 + ("renew", "renew", "flagged", "flagged", "flagged", "await", "lost")
ADDRESSES = (
    "192.0.2.7", "192.0.2.8", "192.0.2.9", "198.51.100.1",
    "2001:db8::7", "2001:db8:1::", "::1", "::ffff:c000:207", None,
)
BLOCKS = ("192.0.2.0/24", "192.0.2.7/32", "0.0.0.0/0", "2001:db8::/32", "::/0", "198.51.100.0/31")
COUNTRIES = ("DE", "FR", "KP", "T1", None)
SCOPES = ("orders:read", "orders:*", "*:read", "invoices:write", "*:*", "a.b-c_1:x")


def some(rng, items, most):
    """A few of the items, often none."""
    return rng.sample(items, rng.randint(0, most)) if rng.random() < 0.25 else []


def random_purse(rng, cost):
    kind = rng.random()
    if kind < 0.02:
        return NEVER
    if kind < 0.1:
        return refused(rng.choice((1, 20, 20, 999, 86_400_000)))
    tokens = rng.choice((cost, cost, cost, cost, cost + 1, 2 * cost, max(0, cost - 1), 0))
    return holds(min(tokens, COST_MAX))


def random_numbers(rng):
    scopes = ("key", "owner", "tenant", "global")
    limits = [limit(f"l{n}", rng.choice((*scopes, "ip")), COST_MAX) for n in range(rng.randint(0, 4))]
    quotas = [quota(f"q{n}", rng.choice(scopes), count=COST_MAX) for n in range(rng.choice((0, 0, 1, 2, 4)))]
    return limits, quotas


def random_presented(rng):
    kind = rng.random()
    if kind < 0.1:
        return rng.choice(("ambiguous", "missing", "refused", "unknown", "failed", "absent", "ahead"))
    limits, quotas = random_numbers(rng)
    times = (None,) * 40 + (NOW - 1, NOW, NOW + 1)
    not_before = rng.choice(times)
    expires = rng.choice(times)
    if not_before is not None and expires is not None and not_before >= expires:
        not_before = None
    return record(
        state=rng.choice(STATES),
        not_before=not_before,
        expires=expires,
        scopes=rng.sample(SCOPES, rng.randint(0, 4)),
        limits=limits,
        quotas=quotas,
        ips={"allow": some(rng, BLOCKS, 3), "deny": some(rng, BLOCKS, 1)},
        countries={"allow": some(rng, COUNTRIES[:-1], 3), "deny": some(rng, COUNTRIES[:-1], 1)},
    )


def random_case(rng):
    """A request that mostly comes as far as its purses."""
    presented = random_presented(rng)
    cost = rng.choice((0, 1, 1, 2, 7, COST_MAX))
    count = 0
    if isinstance(presented, dict):
        count = len(presented["limits"]) + len(presented["quotas"])
    if rng.random() < 0.04:
        count = max(0, count + rng.choice((-1, 1)))
    return "decision.decide", {
        "presented": presented,
        "head": rng.choice(HEADS),
        "request": {
            "now": NOW,
            "address": rng.choice(ADDRESSES),
            "country": rng.choice(COUNTRIES),
            "required": some(rng, SCOPES, 3),
            "cost": cost,
        },
        "purses": [random_purse(rng, cost) for _ in range(count)],
    }
