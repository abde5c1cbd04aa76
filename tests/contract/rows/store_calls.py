"""How often the store is asked, counted at the store: never for what is not proved or is held."""

import time

from ..row import Crowd, Row, Seen, allowed, denied, request, unproven, x_api_key
from ..world import Key, Limit

F = "store calls"
#: From what age on a head is renewed in the background, and how old it may be when counting begins.
RENEWED_S, FRESH_S = 0.5, 0.1


def counted(name: str, cls: str, play, **keys) -> Row:
    return Row(F, name, cls, (play,), config="counted", keys=keys, timed=True, needs=("calls",))


def _key(stage) -> int:
    """How often the store is asked for a key that was never seen."""
    return stage.gate.host.calls_of_a_key


def _ask(stage, role: str, answer=None, times=1, path="/orders/1"):
    for _ in range(times):
        sent = stage.fill(request(x_api_key(role), path=path))
        stage.check(answer or allowed(role.split("|")[0]), stage.ask(sent), sent)


def asked(stage, what: str, wanted: int, act, fresh=True, renews=True):
    """Judges how often the store was asked. Where a genuine key is asked for longer than a head stays fresh, the head
    is rightly read again, at most every half second."""
    if fresh:
        stage.fresh_head()
    before, begun = stage.gate.store_calls(), time.monotonic()
    act()
    took = time.monotonic() - begun
    calls = stage.gate.store_calls() - before
    times = int((took + FRESH_S - RENEWED_S) / RENEWED_S) + 1 if renews and took > RENEWED_S - FRESH_S else 0
    more = times * stage.gate.host.calls_of_a_head
    stage.expect(wanted <= calls <= wanted + more, f"{what}: the store was asked {calls} times, not {wanted}, in {took:.2f} s")


def _cold_then_warm(stage):
    asked(stage, "a key seen for the first time", _key(stage), lambda: _ask(stage, "one"))
    asked(stage, "twenty more within half a second", 0, lambda: _ask(stage, "one", times=20))


def _two_keys(stage):
    asked(stage, "two keys seen for the first time", 2 * _key(stage), lambda: (_ask(stage, "one"), _ask(stage, "two")))
    asked(stage, "the two in turn", 0, lambda: [(_ask(stage, "one"), _ask(stage, "two")) for _ in range(5)])


def _denied_is_held(stage):
    asked(stage, "a disabled key seen for the first time", _key(stage), lambda: _ask(stage, "off", denied("key_disabled")))
    asked(stage, "five more", 0, lambda: _ask(stage, "off", denied("key_disabled"), times=5))


def _after_a_pause(stage):
    _ask(stage, "one")
    time.sleep(1.3)
    asked(stage, "a held key after 1.3 s: the head, and nothing else", stage.gate.host.calls_of_a_head, lambda: _ask(stage, "one"), fresh=False)
    asked(stage, "at once again", 0, lambda: _ask(stage, "one", times=3))


def _forged_do_not_renew(stage):
    _ask(stage, "one")
    time.sleep(1.3)
    asked(stage, "forged keys after a pause", 0, lambda: _ask(stage, "one|forge:3", unproven(), times=10), fresh=False, renews=False)


def _scope_and_cost_ask_nothing(stage):
    _ask(stage, "one")
    asked(stage, "other routes of a held key", 0, lambda: (
        _ask(stage, "one", denied("scope_missing"), path="/admin/1"), _ask(stage, "one", path="/cost/5"), _ask(stage, "one", path="/cost/0")))


def _stampede(stage):
    before = []

    def connected():
        stage.fresh_head()
        before.append(stage.gate.store_calls())

    got = stage.at_once([stage.fill(request(x_api_key("one")))] * 200, connected)
    said = {response.status if response else 0 for response in got}
    calls = stage.gate.store_calls() - before[0]
    stage.expect(said == {200}, f"the answers are {said}")
    stage.expect(calls == _key(stage), f"200 at once asked the store {calls} times")
    stage.compares_origin = False


def _right_and_wrong(stage):
    """A right and a forged key of one holder at once: each gets its own answer."""
    right, wrong = stage.fill(request(x_api_key("one"))), stage.fill(request(x_api_key("one|forge:7")))
    got = stage.at_once([right, wrong] * 40)
    for at, response in enumerate(got):
        stage.expect(response is not None and response.status == (401 if at % 2 else 200), f"answer {at} is {response and response.status}")
    stage.compares_origin = False


def _leased(stage):
    """A limit is leased, not asked for at each request: hundreds of requests, a handful of calls."""
    _ask(stage, "one")
    before = stage.gate.store_calls()
    begun = time.monotonic()
    admitted = 0
    for _ in range(400):
        got = stage.ask(request(x_api_key("one")))
        admitted += got.status == 200
    calls, took = stage.gate.store_calls() - before, time.monotonic() - begun
    stage.expect(admitted == 400, f"{admitted} of 400 within the limit were admitted")
    stage.expect(calls <= 10 + 80 * took and calls < 200, f"400 requests in {took:.1f} s asked the store {calls} times")
    stage.compares_origin = False


def _refused_locally(stage):
    """A client that is refused asks the store nothing more until its time comes."""
    _ask(stage, "one")
    for _ in range(2):
        _ask(stage, "one", denied("rate_limited"))
    asked(stage, "fifty refusals", 0, lambda: _ask(stage, "one", denied("rate_limited"), times=20))


ROWS = [
    counted("a cold key is one read, a warm one none", "F09", _cold_then_warm, one=Key()),
    counted("two keys are two reads, and then none", "F11", _two_keys, one=Key(), two=Key()),
    counted("a refusal is held as an allow is", "own", _denied_is_held, off=Key(state="disabled")),
    Row(F, "after a pause the head is read again, and the record is not", "own", (_after_a_pause,), config="counted",
        needs=("calls", "freshness"), keys={"one": Key()}),
    counted("a forged key renews nothing", "own", _forged_do_not_renew, one=Key()),
    counted("scopes and costs are judged from what is held", "own", _scope_and_cost_ask_nothing, one=Key()),
    counted("200 requests at once for a cold key are one read", "F09", _stampede, one=Key()),
    counted("a right and a forged key at once get each their own answer", "F10", _right_and_wrong, one=Key()),
    Row(F, "a limit is leased, not asked for at each request", "R14", (_leased,), config="leases", needs=("calls",),
        keys={"one": Key(limits=(Limit(5_000, 5_000, 1_000),))}),
    Row(F, "a refused client asks the store nothing", "R09", (_refused_locally,), config="leases", needs=("calls",), timed=True,
        keys={"one": Key(limits=(Limit(1),))}),
    Row(F, "fifty clients of one cold key are all answered", "F09", (Crowd(request(x_api_key("one")), 50, {200: 50}, Seen(identity="one")),),
        config="counted", keys={"one": Key()}),
]
