"""Quotas: a count per day, month or in all, which does not refill."""

import datetime
import time

from ..row import Crowd, Row, Seen, denied, request, x_api_key
from ..world import Key, Limit, Quota
from .rates import sequence as _sequence

F = "quotas"
NO = "quota_exhausted"
#: So close to the end of a day a row may straddle it.
NEAR_MIDNIGHT_S = 20


def sequence(name: str, *rest, **more) -> Row:
    return Row(**{**vars(_sequence(name, *rest, **more)), "family": F})


def _now(stage) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(stage.gate.host.clock_ms() / 1000, datetime.UTC)


def _until_midnight(now: datetime.datetime) -> float:
    return 86_400 - (now - now.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()


def _until_next_month(now: datetime.datetime) -> float:
    first = now.replace(year=now.year + now.month // 12, month=now.month % 12 + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first - now).total_seconds()


def _waits_for(until):
    def play(stage):
        stage.compares_origin = False
        if until(_now(stage)) < NEAR_MIDNIGHT_S:
            time.sleep(until(_now(stage)) + 1)
        for at in range(4):
            sent = stage.fill(request(x_api_key("one")))
            got = stage.ask(sent)
            if at < 3:
                stage.expect(got.status == 200, f"request {at + 1} of 3 is {got.status}")
        stage.check(denied(NO), got, sent)
        if got.status == 429:
            wait, true = int(got.one("retry-after") or b"0"), until(_now(stage))
            stage.expect(-1 <= wait - true <= 2, f"Retry-After is {wait}, and the period ends in {true:.0f} s")

    return play


def _total_never_comes_back(stage):
    stage.compares_origin = False
    stage.expect(stage.ask(request(x_api_key("one"))).status == 200, "the first of one is refused")
    sent = stage.fill(request(x_api_key("one")))
    stage.check(denied(NO, fields={"retry-after": None}), stage.ask(sent), sent)


ROWS = [
    *(sequence(f"exactly {count} of {count} {words}", "R01", Key(quotas=(Quota(count, each),)), [True] * count + [NO] * 2)
      for count in (1, 3, 40) for each, words in (("total", "in all"), ("day", "a day"), ("month", "a month"))),
    Row(F, "exactly 20 of 20, 30 at once", "R01", (Crowd(request(x_api_key("one")), 30, {200: 20, 429: 10}, Seen(identity="one")),),
        keys={"one": Key(quotas=(Quota(20),))}),
    sequence("a dear request costs a quota what its route says", "own", Key(quotas=(Quota(11),)), [True, True, NO, True, NO],
             ("/cost/5", "/cost/5", "/cost/5", "/a", "/b")),
    sequence("a quota comes before a limit in what is said", "own", Key(limits=(Limit(1),), quotas=(Quota(1),)), [True, NO]),
    sequence("a limit alone says so", "own", Key(limits=(Limit(1),), quotas=(Quota(5),)), [True, "rate_limited"]),
    sequence("what a limit refuses costs the quota nothing", "own", Key(owner="q@o", tenant="t-quota", limits=(Limit(1),), quotas=(Quota(2, scope="owner"),)),
             [True, "rate_limited", "rate_limited", ("two", True), ("two", NO)],
             keys={"two": Key(owner="q@o", tenant="t-quota", quotas=(Quota(2, scope="owner"),))}),
    Row(F, "a total that is spent has no Retry-After", "R08", (_total_never_comes_back,), keys={"one": Key(quotas=(Quota(1),))}),
    Row(F, "a day that is spent ends at midnight in UTC", "R08", (_waits_for(_until_midnight),), config="rates", slow=True,
        needs=("bodies",), keys={"one": Key(quotas=(Quota(3, "day"),))}),
    Row(F, "a month that is spent ends with the month in UTC", "R08", (_waits_for(_until_next_month),), config="rates", slow=True,
        needs=("bodies",), keys={"one": Key(quotas=(Quota(3, "month"),))}),
]
