"""A platform that can do nothing but answer: rows that need more must say so by a word of `host.NEEDS`."""

from .fake_gate import FakeGate
from .fake_host import FakeHost
from .host import NEEDS, Gate
from .parts import play
from .row import Row

CANNOT = "this platform can do nothing but answer"
SPARED = {"P15": "this platform reads heads itself"}


class BareGate(FakeGate):
    """Answers as it should; whatever else is asked of it is not there."""

    store_calls, logs, metrics = Gate.store_calls, Gate.logs, Gate.metrics
    operate, reload, without_store, frozen = Gate.operate, Gate.reload, Gate.without_store, Gate.frozen


class BareHost(FakeHost):
    """Lacks every word, and is spared a class."""

    lacks = dict.fromkeys(NEEDS, CANNOT)
    spares = SPARED


def unsaid(rows: list[Row], configs: dict) -> tuple[int, list[str]]:
    """How many rows hold for it, and what is wrong with the words by which the others say that they do not apply."""
    faults = []
    for row in rows:
        faults += [f"{row.family}/{row.name} needs {word!r}, which is no word of the seam"
                   for word in row.needs if word not in NEEDS and not word.startswith("damage ")]
    outcomes = play(lambda: BareHost(BareGate), rows, configs, patient=False)
    for one in outcomes:
        where = f"{one.row.family}/{one.row.name} at {one.row.door}"
        faults += [f"{where} uses what it does not say it needs: {fault}" for fault in one.faults[:1]]
        if one.row.cls in SPARED and one.because is None:
            faults.append(f"{where} is played on a platform that is spared {one.row.cls}")
        if (one.row.calls is not None and one.because is None) != (one.uncounted is not None):
            faults.append(f"{where}: nobody is told that calls were not counted")
    return sum(one.held for one in outcomes), faults
