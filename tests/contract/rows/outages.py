"""A store that is damaged or gone, a process that stood still: nothing of it ever becomes an allow."""

import threading
import time

from ..message import Stream
from ..row import Row, allowed, denied, request, unproven, x_api_key
from ..world import DAMAGES, Key, Limit

F = "outages"
#: How long a request may take while the store does not answer: its deadline, and some for a busy machine.
ANSWERED_S = 2.5
STALENESS_S = 2.0

DAMAGE_CLASSES = {"cut": "P17", "nothing": "P17", "no": "P17", "field": "P18", "owner": "P18", "unknown": "P18", "scopes": "P21", "nested": "P21"}


def _class_of(damage: str) -> str:
    return next((cls for word, cls in DAMAGE_CLASSES.items() if word in damage), "P19")


def damaged(damage: str) -> Row:
    def play(stage):
        for role, answer in (("one", denied("unavailable")), ("two", allowed("two")), ("one", denied("unavailable"))):
            sent = stage.fill(request(x_api_key(role)))
            stage.check(answer, stage.ask(sent), sent, f"{role}: ")

    return Row(F, f"a key of which the store holds {damage} is unavailable, and no other", _class_of(damage), (play,),
               keys={"one": Key(damage=damage), "two": Key()}, needs=("damage", f"damage {damage}"))


def _status(stage, role: str, **more) -> int:
    begun = time.monotonic()
    got = stage.ask(request(x_api_key(role), **more))
    took = time.monotonic() - begun
    stage.expect(took < ANSWERED_S, f"{role} was answered after {took:.1f} s")
    return got.status if got else 0


def _gone(stage):
    """Known keys pass for as long as is set, unknown ones never; then nobody; and afterwards everybody again."""
    stage.compares_origin = False
    for role, known in (("one", 200), ("off", 401)):
        # The row before may have left the gate in the moment that it asks nobody after a failure.
        deadline = time.monotonic() + 5
        while _status(stage, role) != known and time.monotonic() < deadline:
            time.sleep(0.05)
    with stage.gate.without_store():
        gone = time.monotonic()
        stage.expect(_status(stage, "one") == 200, "a known key is refused at once")
        stage.expect(_status(stage, "cold") == 503, "an unknown key is not 503")
        sent = stage.fill(request(x_api_key("one|forge:3")))
        stage.check(unproven(), stage.ask(sent), sent)
        stage.expect(_status(stage, "off") == 401, "a disabled key is not refused")
        stage.expect(_status(stage, "one", path="/admin/1") == 403, "a missing scope is not missed")
        while time.monotonic() < gone + STALENESS_S + 1.2:
            asked = time.monotonic() - gone
            status = _status(stage, "one")
            if asked > STALENESS_S + 0.5:
                stage.expect(status == 503, f"{asked:.1f} s after the store was gone a known key is {status}")
            time.sleep(0.05)
        stage.expect(_status(stage, "off") in (401, 503), "a disabled key passes")
        stage.check(unproven(), stage.ask(sent), sent)
    back = time.monotonic()
    while _status(stage, "one") != 200:
        if time.monotonic() > back + 5:
            stage.fault("5 s after the store is back a known key is still refused")
            return
        time.sleep(0.05)
    stage.expect(_status(stage, "cold") == 200, "an unknown key is refused after the store is back")


def _leased_only(stage):
    """Without the store no more passes than was leased before; never more than the burst."""
    stage.compares_origin = False
    said = [_status(stage, "one") for _ in range(10)]
    with stage.gate.without_store():
        # Each request that must ask waits for its deadline: many at once.
        got = stage.at_once([stage.fill(request(x_api_key("one")))] * 120)
        said += [response.status if response else 0 for response in got]
    stage.expect(said.count(200) <= 100, f"{said.count(200)} passed of a limit of 100")
    stage.expect(set(said) <= {200, 429, 503}, f"the answers are {set(said)}")
    stage.expect(said.count(503) + said.count(429) >= 20, "without the store nobody is refused")


def _no_quota_is_invented(stage):
    """A limit that was never asked for is not taken for full or for none."""
    stage.compares_origin = False
    _status(stage, "one", path="/cost/0")
    with stage.gate.without_store():
        stage.expect(_status(stage, "one") == 503, "a limit that nobody could ask for lets a request pass")
    deadline = time.monotonic() + 5
    while (status := _status(stage, "one")) == 503 and time.monotonic() < deadline:
        time.sleep(0.05)
    stage.expect(status == 200, f"after the store is back it is {status}")


def _frozen_revoked(stage):
    """A key that is revoked while the process stands still is refused by its first answer afterwards."""
    stage.compares_origin = False
    stage.expect(_status(stage, "one") == 200, "it does not pass to begin with")
    key = stage.gate.deployment.keys[stage.role("one")]
    sent = stage.fill(request(x_api_key("one")))
    with stage.connect() as connection:
        with stage.gate.frozen():
            # It waits in the socket before, and is read after.
            connection.sendall(sent)
            stage.gate.operate(["keys", "revoke", key.id])
            time.sleep(1.5)
        stage.check(denied("key_revoked"), Stream(connection).response(), sent)
    stage.check(denied("key_revoked"), stage.ask(sent), sent)


def _frozen_limit(stage):
    """A process that stood still while its leases ended makes no tokens of it."""
    stage.compares_origin = False
    said = [_status(stage, "one") for _ in range(25)]
    with stage.gate.frozen():
        time.sleep(6)
    said += [_status(stage, "one") for _ in range(30)]
    stage.expect(said.count(200) <= 40, f"{said.count(200)} passed of a limit of 40")
    stage.expect(said.count(200) >= 25, f"only {said.count(200)} passed of a limit of 40: {said}")


def _frozen_crowd(stage):
    """Requests that wait while the process stands still are answered, each once."""
    stage.compares_origin = False
    got = []

    def crowd():
        got.extend(stage.at_once([stage.fill(request(x_api_key("one")))] * 20))

    _status(stage, "one")
    with stage.gate.frozen():
        thread = threading.Thread(target=crowd)
        thread.start()
        time.sleep(1.2)
    thread.join()
    said = {response.status if response else 0 for response in got}
    stage.expect(said <= {200, 503} and 0 not in said, f"the answers are {said}")


ROWS = [
    *(damaged(damage) for damage in DAMAGES),
    Row(F, "without its store known keys pass for the time that is set, unknown ones never", "F05", (_gone,), config="outage", timed=True, needs=("outage",),
        keys={"one": Key(), "cold": Key(), "off": Key(state="disabled")}),
    Row(F, "without its store only what was leased is spent", "F06", (_leased_only,), config="outage", timed=True, needs=("outage",),
        keys={"one": Key(limits=(Limit(100),))}),
    Row(F, "without its store a limit that was never asked for lets nobody pass", "F06", (_no_quota_is_invented,), config="outage", timed=True, needs=("outage",),
        keys={"one": Key(limits=(Limit(5),))}),
    Row(F, "a key that is revoked while the gate stands still is refused by its first answer", "V01", (_frozen_revoked,), config="frozen", timed=True,
        needs=("freeze", "operate"), keys={"one": Key()}),
    Row(F, "a gate that stood still makes no tokens of it", "R13", (_frozen_limit,), config="frozen", timed=True, needs=("freeze",),
        keys={"one": Key(limits=(Limit(40),))}),
    Row(F, "what waits while the gate stands still is answered", "F08", (_frozen_crowd,), config="frozen", timed=True, needs=("freeze",), keys={"one": Key()}),
]
