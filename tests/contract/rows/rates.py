"""Limits: exactly N of N, a wait that is true, and nothing gained by asking more."""

import time

from ..fields import rate_left, rate_policy
from ..row import Crowd, Row, Seen, allowed, denied, request, row, x_api_key
from ..world import Key, Limit

F = "rates"
HOUR = 3_600_000
#: A wait that is wrong is not sat out.
WAITS_MAX_S = 4


def sequence(name: str, cls: str, key: Key, expected: list, paths=("/orders/1",), keys: dict | None = None, **more) -> Row:
    """Requests one after the other; each is allowed (True) or refused by its code."""

    def play(stage):
        for at, holds in enumerate(expected):
            role, wanted = holds if isinstance(holds, tuple) else ("one", holds)
            sent = stage.fill(request(x_api_key(role), path=paths[at % len(paths)]))
            stage.check(allowed(role) if wanted is True else denied(wanted), stage.ask(sent), sent, f"request {at + 1}: ")

    return Row(F, name, cls, (play,), keys={"one": key, **(keys or {})}, config=more.pop("config", "main"), **more)


def crowd(name: str, burst: int, times: int) -> Row:
    counts = {200: burst, 429: times - burst} if times > burst else {200: times}
    return Row(F, name, "R01", (Crowd(request(x_api_key("one")), times, counts, Seen(identity="one")),),
               keys={"one": Key(limits=(Limit(burst, 1, HOUR),))})


NO = "rate_limited"


def _retry_after_is_true(stage):
    """Refused until a second before what Retry-After says, allowed at it."""
    stage.compares_origin = False
    for _ in range(2):
        got = stage.ask(request(x_api_key("one")))
        stage.expect(got.status == 200, f"the burst is refused: {got.status}")
    got = stage.ask(request(x_api_key("one")))
    told_at = time.monotonic()
    stage.expect(got.status == 429, f"the third is {got.status}")
    wait = int(got.one("retry-after") or b"0")
    stage.expect(2 <= wait <= 3, f"2.5 s until the next token, and Retry-After is {wait}")
    while time.monotonic() < told_at + min(wait, WAITS_MAX_S) - 1.05:
        got = stage.ask(request(x_api_key("one")))
        stage.expect(got.status == 429, f"allowed {told_at + wait - time.monotonic():.2f} s before Retry-After")
        time.sleep(0.1)
    time.sleep(max(0.0, told_at + min(wait, WAITS_MAX_S) - time.monotonic()))
    got = stage.ask(request(x_api_key("one")))
    stage.expect(got.status == 200, f"at Retry-After it is {got.status}, to wait {got.one('retry-after')}")


def _retry_after_of_dear_requests(stage):
    """A request of five tokens is told the wait for five."""
    stage.compares_origin = False
    got = stage.ask(request(x_api_key("one"), path="/cost/5"))
    stage.expect(got.status == 200, f"five of five are {got.status}")
    got = stage.ask(request(x_api_key("one"), path="/cost/5"))
    wait, told_at = int(got.one("retry-after") or b"0"), time.monotonic()
    stage.expect(got.status == 429 and 2 <= wait <= 3, f"status {got.status}, Retry-After {wait}, not 2.5 s")
    time.sleep(max(0.0, told_at + min(wait, WAITS_MAX_S) - time.monotonic()))
    got = stage.ask(request(x_api_key("one"), path="/cost/5"))
    stage.expect(got.status == 200, f"at Retry-After it is {got.status}")


def _persisted(stage) -> list[float]:
    """Asks twenty times a second for six seconds; when each request that passed was asked."""
    stage.compares_origin = False
    begin, admitted = time.monotonic(), []
    while time.monotonic() < begin + 6.0:
        asked = time.monotonic()
        got = stage.ask(request(x_api_key("one")))
        if got.status == 200:
            admitted.append(asked - begin)
        time.sleep(0.05)
    return admitted


def _hammering_gains_nothing(stage):
    """Asking twenty times a second does not bring the next token forward."""
    admitted = _persisted(stage)
    # Burst 2, one a second: at most 2 + 6 and the token of the moment.
    stage.expect(2 < len(admitted) <= 8, f"{len(admitted)} admitted in 6 s: {admitted}")


def _hammering_costs_nothing(stage):
    """Nor does it put it off."""
    admitted = _persisted(stage)
    stage.expect(len(admitted) >= 6, f"only {len(admitted)} admitted in 6 s: {admitted}")


def _hammered(stage) -> list[tuple[float, float]]:
    """Asks for four seconds; when each request that passed was asked and answered."""
    stage.compares_origin = False
    begin, admitted = time.monotonic(), []
    while time.monotonic() < begin + 4.0:
        asked = time.monotonic()
        got = stage.ask(request(x_api_key("one")))
        if got.status == 200:
            admitted.append((asked, time.monotonic()))
    return admitted


def _window_bound(stage):
    """In every window of time no more than the burst and what came in it."""
    admitted = _hammered(stage)
    for first in range(len(admitted)):
        for last in range(first, len(admitted)):
            # The admission lies somewhere between asking and answering: the widest window is the fair one.
            window = admitted[last][1] - admitted[first][0]
            most = 5 + 10 * window
            if last - first + 1 > most + 1e-6:
                stage.fault(f"{last - first + 1} admitted within {window:.3f} s, {most:.2f} are the most")
                return
    stage.expect(len(admitted) > 5, f"only {len(admitted)} were admitted")


def _window_share(stage):
    """A client that asks all the time gets most of what there is."""
    admitted = _hammered(stage)
    stage.expect(len(admitted) >= 0.8 * (5 + 10 * 4), f"only {len(admitted)} of about 45 were admitted")


def _left_is_true(stage):
    """What is said to be left never rises without time, and is never more than is true."""
    last = 10
    for at in range(10):
        sent = stage.fill(request(x_api_key("one")))
        got = stage.ask(sent)
        stage.check(allowed("one"), got, sent)
        policy, left = got.one("ratelimit-policy"), got.one("ratelimit")
        if policy is None or left is None:
            stage.fault(f"an allowed request of a limited key has RateLimit-Policy {policy!r} and RateLimit {left!r}")
            return
        policies, rates = rate_policy(policy.decode()), rate_left(left.decode())
        stage.expect(policies.get("burst") == {"q": 10, "w": 36_000}, f"the policy is {policies}")
        r = rates["burst"]["r"]
        stage.expect(r <= 9 - at, f"{r} are said to be left after {at + 1} of 10")
        stage.expect(r <= last, f"what is left rose from {last} to {r}")
        last = r
    sent = stage.fill(request(x_api_key("one")))
    got = stage.ask(sent)
    stage.check(denied(NO), got, sent)
    left = rate_left((got.one("ratelimit") or b'"burst";r=99').decode())
    stage.expect(left.get("burst", {}).get("r") == 0, f"after all of it {left} is left")


def _names_the_policy(stage):
    """A refusal names the limit that refuses."""
    import json

    for _ in range(2):
        sent = stage.fill(request(x_api_key("one")))
        got = stage.ask(sent)
        stage.check(allowed("one") if _ == 0 else denied(NO), got, sent)
    stage.expect(json.loads(got.body)["violated-policies"] == ["small"], f"the body is {got.body!r}")


def _trio(names: tuple[str, ...], absent: tuple[str, ...]):
    def play(stage):
        for answer in (allowed("one"), denied(NO)):
            sent = stage.fill(request(x_api_key("one")))
            got = stage.ask(sent)
            stage.check(answer, got, sent)
            for name in names:
                value = got.one(name)
                stage.expect(value is not None, f"{got.status}: {name} is absent")
                if value is not None and name.lower().startswith("x-ratelimit"):
                    stage.expect(value.isdigit(), f"{name} is {value!r}")
            for name in absent:
                stage.expect(got.one(name) is None, f"{got.status}: there is {name}")

    return play


STANDARD = ("RateLimit-Policy", "RateLimit")
TRIO = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
ONE = {"one": Key(limits=(Limit(1, 1, HOUR),))}

ROWS = [
    *(sequence(f"exactly {burst} of a limit of {burst}, one after the other", "R01", Key(limits=(Limit(burst, 1, HOUR),)),
               [True] * burst + [NO] * 3)
      for burst in (1, 2, 5, 31, 32, 33, 100)),
    *(crowd(f"exactly {burst} of a limit of {burst}, {times} at once", burst, times)
      for burst, times in ((1, 2), (1, 20), (5, 6), (5, 40), (31, 60), (32, 60), (100, 150), (50, 50))),
    sequence("a request that can never pass spends nothing of a fresh limit", "R07", Key(limits=(Limit(3, 1, HOUR),)),
             [NO, True, True, True, NO], ("/cost/5", "/a", "/b", "/c", "/d")),
    sequence("a dear request costs what its route says", "R01", Key(limits=(Limit(12, 1, HOUR),)),
             [True, True, NO, True, True, NO], ("/cost/5", "/cost/5", "/cost/5", "/a", "/b", "/c")),
    sequence("a request of no cost is never refused for a limit", "own", Key(limits=(Limit(1, 1, HOUR),)),
             [True, True, True, NO, True], ("/cost/0", "/cost/0", "/a", "/b", "/cost/0")),
    sequence("a dear request that equals the burst passes once", "own", Key(limits=(Limit(5, 1, HOUR),)), [True, NO, NO],
             ("/cost/5", "/cost/5", "/a")),
    row(F, "R08", "a request that can never pass has no Retry-After", request(x_api_key("one"), path="/cost/5"),
        denied(NO, fields={"retry-after": None}), keys={"one": Key(limits=(Limit(3, 1, 1000),))}),
    sequence("without limits nothing is refused", "own", Key(), [True] * 50),
    sequence("of two limits the tighter one refuses", "own",
             Key(limits=(Limit(5, 1, HOUR, name="wide"), Limit(2, 1, HOUR, name="small"))), [True, True, NO]),
    sequence("what one limit refuses costs the other nothing", "own",
             Key(owner="both@o", tenant="t-both", limits=(Limit(3, 1, HOUR, "owner", "wide"), Limit(1, 1, HOUR, name="small"))),
             [True, NO, NO, ("two", True), ("two", True), ("two", NO)],
             keys={"two": Key(owner="both@o", tenant="t-both", limits=(Limit(3, 1, HOUR, "owner", "wide"),))}),
    sequence("two keys have a counter each", "own", Key(limits=(Limit(1, 1, HOUR),)), [True, ("two", True), NO, ("two", NO)],
             keys={"two": Key(limits=(Limit(1, 1, HOUR),))}),
    sequence("keys of one owner share a limit of the owner", "own", Key(owner="shared@o", tenant="t-owner", limits=(Limit(2, 1, HOUR, "owner"),)),
             [True, ("two", True), NO, ("two", NO)],
             keys={"two": Key(owner="shared@o", tenant="t-owner", limits=(Limit(2, 1, HOUR, "owner"),))}),
    sequence("an owner of the same name in another tenant has a counter of its own", "F11",
             Key(owner="same@o", tenant="t-first", limits=(Limit(1, 1, HOUR, "owner"),)), [True, ("two", True), NO, ("two", NO)],
             keys={"two": Key(owner="same@o", tenant="t-second", limits=(Limit(1, 1, HOUR, "owner"),))}),
    sequence("keys of one tenant share a limit of the tenant", "own", Key(tenant="t-shared", limits=(Limit(2, 1, HOUR, "tenant"),)),
             [True, ("two", True), NO, ("two", NO)], keys={"two": Key(tenant="t-shared", limits=(Limit(2, 1, HOUR, "tenant"),))}),
    sequence("a route's own limit counts there", "own", Key(), [True, True, NO, True, NO], ("/search/1", "/search/2", "/search/1", "/a", "/search/1"),
             needs=("routes",)),
    sequence("a route's own limit counts besides that of the key", "own", Key(limits=(Limit(3, 1, HOUR),)), [True, True, NO, True, NO, NO],
             ("/search/1", "/search/1", "/search/1", "/a", "/a", "/search/1"), needs=("routes",)),
    sequence("a route's own limit is counted for each key by itself", "own", Key(), [True, True, NO, ("two", True), ("two", True), ("two", NO)],
             ("/search/1",), keys={"two": Key()}, needs=("routes",)),
    sequence("a route's own limit of the tenant is one for its keys, and costs what the route costs", "own", Key(tenant="t-export"),
             [True, ("two", NO), NO, ("three", True)], ("/export/1",), keys={"two": Key(tenant="t-export"), "three": Key()}, needs=("routes",)),
    sequence("a limit of the key and one of the route with the same name are two", "own", Key(limits=(Limit(1, 1, HOUR, name="search"),)),
             [True, NO, NO], ("/search/1", "/search/1", "/a"), needs=("routes",)),
    row(F, "R08", "a client is told the name of a route's own limit with an @", request(x_api_key("one"), path="/export/1"),
        allowed("one", answer={"ratelimit-policy": '"@export";q=3;w=10800'}), keys={"one": Key()}, needs=("routes",)),
    sequence("tenant and owner are never run together", "F11", Key(tenant="t-a", owner="b.c", limits=(Limit(1, 1, HOUR, "owner"),)),
             [True, ("two", True), ("three", True), NO, ("two", NO)],
             keys={"two": Key(tenant="t-a.b", owner="c", limits=(Limit(1, 1, HOUR, "owner"),)),
                   "three": Key(tenant="t", owner="a.b.c", limits=(Limit(1, 1, HOUR, "owner"),))}),
    sequence("limits of one name and different scopes are different", "F11",
             Key(tenant="t-same", owner="same", limits=(Limit(1, 1, HOUR, "owner", "same"),)), [True, ("two", True), NO, ("two", NO)],
             keys={"two": Key(tenant="t-same", owner="other", limits=(Limit(1, 1, HOUR, "tenant", "same"),))}),
    Row(F, "Retry-After is true to one second", "R08", (_retry_after_is_true,), config="rates", slow=True,
        keys={"one": Key(limits=(Limit(2, 1, 2_500),))}),
    Row(F, "Retry-After of a dear request is true to one second", "R08", (_retry_after_of_dear_requests,), config="rates", slow=True,
        keys={"one": Key(limits=(Limit(5, 1, 500),))}),
    Row(F, "a refused client that hammers gains nothing", "R09", (_hammering_gains_nothing,), config="rates", slow=True,
        keys={"one": Key(limits=(Limit(2, 1, 1_000),))}),
    Row(F, "a refused client that hammers loses nothing", "R09", (_hammering_costs_nothing,), config="rates", slow=True,
        keys={"one": Key(limits=(Limit(2, 1, 1_000),))}, needs=("near",)),
    Row(F, "no window of time holds more than burst and rate", "R04", (_window_bound,), config="rates", slow=True,
        keys={"one": Key(limits=(Limit(5, 10, 1_000),))}),
    Row(F, "a client that asks all the time gets most of what there is", "R04", (_window_share,), config="rates", slow=True,
        keys={"one": Key(limits=(Limit(5, 10, 1_000),))}, needs=("near",)),
    Row(F, "what is left is never more than is true, and never rises", "R10", (_left_is_true,), keys={"one": Key(limits=(Limit(10, 1, HOUR),))}),
    Row(F, "a refusal names the limit that refuses", "R08", (_names_the_policy,),
        keys={"one": Key(limits=(Limit(9, 1, HOUR, name="wide"), Limit(1, 1, HOUR, name="small")))}),
    row(F, "R08", "a refusal tells the policy as structured fields", request(x_api_key("one"), path="/cost/5"),
        denied(NO, fields={"ratelimit-policy": '"burst";q=3;w=3'}), keys={"one": Key(limits=(Limit(3, 1, 1000),))}),
    Row(F, "the old trio, where it is configured", "R08", (_trio(TRIO, STANDARD),), config="legacy", keys=ONE, needs=("styles",)),
    Row(F, "both, where both are configured", "R08", (_trio((*STANDARD, *TRIO), ()),), config="both", keys=ONE, needs=("styles",)),
    Row(F, "neither, where they are off", "R08", (_trio((), (*STANDARD, *TRIO)),), config="no-rates", keys=ONE, needs=("styles",)),
]
