"""Mistakes about limits and quotas."""

import time
from dataclasses import replace

from ..fake_gate import FakeGate
from .mistake import Wrong


def _one_too_many(gate, key, request, rule):
    denial = FakeGate.meter(gate, key, request, rule)
    if denial and key.id not in gate.cached:
        gate.cached[key.id] = True
        return None
    return denial


def _ignores_tenant(gate, key, numbers, request):
    return ("", *FakeGate.bucket(gate, key, numbers, request)[1:])


def _racy_meter(gate, key, request, rule):
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


def _forgets_quotas(gate, key, request, rule):
    spec, key.spec = key.spec, replace(key.spec, quotas=())
    try:
        return FakeGate.meter(gate, key, request, rule)
    finally:
        key.spec = spec


WRONG = [
    Wrong("admits one too many", "rates", "exactly 5 of a limit of 5, one after", {"meter": _one_too_many}),
    Wrong("shares owners across tenants", "rates", "an owner of the same name in another tenant", {"bucket": _ignores_tenant}),
    Wrong("reads and writes a bucket in two steps", "rates", "exactly 5 of a limit of 5, 40 at once", {"meter": _racy_meter}),
    Wrong("says Retry-After: 0", "rates", "Retry-After is true to one second", {"too_much": _retry_after("0")}),
    Wrong("promises too early a retry", "rates", "Retry-After of a dear request", {"too_much": _retry_after("1")}),
    Wrong("puts Retry-After off", "rates", "Retry-After is true to one second", {"too_much": _retry_after("60")}),
    Wrong("writes RateLimit as no structured field", "rates", "a refusal tells the policy", {"too_much": _bare_rates}),
    Wrong("extends the block of who hammers", "rates", "a refused client that hammers", {"meter": _extends_block}),
    Wrong("spends one limit when another refuses", "rates", "what one limit refuses costs the other nothing", {"meter": _partly_spent}),
    Wrong("forgets quotas", "quotas", "exactly 3 of 3 in all", {"meter": _forgets_quotas}),
    Wrong("forgets quotas under a crowd", "quotas", "exactly 20 of 20, 30 at once", {"meter": _forgets_quotas}),
]
