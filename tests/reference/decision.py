"""The decision: what is answered to a request, and in which order (docs/spec/answers.md)."""

from . import network, scope

CODES = [
    "request_invalid",
    "credential_missing",
    "key_invalid",
    "key_revoked",
    "tenant_disabled",
    "owner_disabled",
    "key_disabled",
    "key_expired",
    "key_not_yet_valid",
    "ip_denied",
    "country_denied",
    "scope_missing",
    "quota_exhausted",
    "rate_limited",
    "unavailable",
]

# Presented and not genuine: answered without a look at anything else.
NOT_GENUINE = {
    "ambiguous": "request_invalid",
    "missing": "credential_missing",
    "refused": "key_invalid",
}

STATES = {
    "revoked": "key_revoked",
    "tenant_disabled": "tenant_disabled",
    "owner_disabled": "owner_disabled",
    "disabled": "key_disabled",
}

NEVER = float("inf")

ROUTE_LIMITS_MAX = 4


def deny(code, **details):
    """A denial; `scope_missing` and the two of metering have details."""
    return {"step": "deny", "code": code, **details}


def wait_for(need, **details):
    """What the host must fetch before it asks again."""
    return {"step": "await", "need": need, **details}


def decide(arg):
    """`decision.decide`: the next step for a request."""
    presented, head = arg["presented"], arg["head"]
    if not isinstance(presented, dict) and presented in NOT_GENUINE:
        return deny(NOT_GENUINE[presented])
    if head == "await":
        return wait_for("head")
    if head == "lost":
        return deny("unavailable")
    if presented == "unknown":
        return wait_for("record")
    if presented == "failed":
        return deny("unavailable")
    if presented == "absent":
        return deny("key_invalid")
    if presented == "ahead":
        return deny("unavailable") if head == "flagged" else wait_for("head")
    refusal = screen(presented, arg["request"])
    if refusal is not None:
        return refusal
    return meter(presented, arg["request"], arg["purses"], head == "flagged")


def screen(record, request):
    """The denials 4 to 12, or none."""
    if record["state"] in STATES:
        return deny(STATES[record["state"]])
    now = request["now"]
    if record["expires"] is not None and now >= record["expires"]:
        return deny("key_expired")
    if record["not_before"] is not None and now < record["not_before"]:
        return deny("key_not_yet_valid")
    denied = network.denied(request["address"], request["country"], record["ips"], record["countries"])
    if denied is not None:
        return deny(denied)
    missing = scope.first_missing(record["scopes"], request["required"])
    if missing is not None:
        return deny("scope_missing", scope=missing)
    return None


def meter(record, request, purses, flagged):
    """Takes the cost from every purse, or from none."""
    limits, quotas, of_route = record["limits"], record["quotas"], request.get("limits", [])
    if request["address"] is None and any(limit["scope"] == "ip" for limit in limits + of_route):
        return deny("unavailable")
    if len(purses) != len(limits) + len(quotas) + len(of_route) or len(of_route) > ROUTE_LIMITS_MAX:
        return deny("unavailable")
    if request["cost"] == 0:
        return {"step": "allow", "flagged": flagged}
    of_limits = list(zip(limits, purses))
    of_quotas = list(zip(quotas, purses[len(limits):]))
    of_route = list(zip(of_route, purses[len(limits) + len(quotas):]))
    refusal = refuse(of_limits + of_route, of_quotas)
    if refusal is not None:
        return refusal
    short = [numbers["name"] for numbers, purse in of_limits + of_quotas + of_route if purse["tokens"] < request["cost"]]
    if not short:
        return {"step": "allow", "flagged": flagged}
    if flagged:
        return deny("unavailable")
    return wait_for("tokens", limits=short)


def refuse(of_limits, of_quotas):
    """The denial if any purse refuses: a quota's before a limit's, with the longest wait of all."""
    refusing_quotas = waits_of(of_quotas)
    refusing_limits = waits_of(of_limits)
    if not refusing_quotas and not refusing_limits:
        return None
    code = "quota_exhausted" if refusing_quotas else "rate_limited"
    named, _ = longest(refusing_quotas or refusing_limits)
    _, wait_ms = longest(refusing_limits + refusing_quotas)
    return deny(code, limit=named, retry_after_ms=None if wait_ms == NEVER else wait_ms)


def waits_of(named_purses):
    """Name and wait of each purse that refuses."""
    waits = []
    for numbers, purse in named_purses:
        if "never" in purse:
            waits.append((numbers["name"], NEVER))
        elif "refused_ms" in purse:
            waits.append((numbers["name"], purse["refused_ms"]))
    return waits


def longest(waits):
    """The longest of some waits; of equals the first."""
    return max(waits, key=lambda wait: wait[1])


def order(_arg):
    """`decision.order`: all codes, the first that applies first."""
    return {"codes": CODES}


OPS = {"decision.decide": decide, "decision.order": order}
