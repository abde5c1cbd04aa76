"""After everything was sent: no byte of a key or secret stands in a log or metric, and labels are bounded."""

import re

from ..judge import LEAK_LENGTH, pieces
from ..row import Row

F = "leakage"
SERIES_MAX = 2_000


def _windows(stage) -> set[bytes]:
    made = getattr(stage.gate, "made", [])
    texts = [key.text for key in stage.gate.deployment.keys.values()] + made
    return set().union(*(pieces(text) for text in texts))


def _leaks(stage, text: bytes, where: str):
    windows = _windows(stage)
    found = {text[at : at + LEAK_LENGTH] for at in range(len(text) - LEAK_LENGTH + 1)} & windows
    stage.expect(not found, f"{where} holds {len(found)} pieces of keys")
    for secret in stage.gate.deployment.secrets():
        stage.expect(secret not in text, f"{where} holds a pepper or a seed")
    stage.compares_origin = False


def _logs(stage):
    text = stage.gate.logs()
    stage.expect(len(text) > 0, "there is no log at all")
    _leaks(stage, text, "the log")


def _metrics(stage):
    text = stage.gate.metrics()
    stage.expect(len(text) > 0, "there are no metrics at all")
    _leaks(stage, text, "the metrics")
    ids = [key.id.encode() for key in stage.gate.deployment.keys.values()]
    stage.expect(not any(re.search(rb'"[^"]*%s"' % re.escape(one), text) for one in ids[:50]), "the metrics name keys")
    series = [line for line in text.split(b"\n") if line and not line.startswith(b"#")]
    stage.expect(len(series) <= SERIES_MAX, f"there are {len(series)} series")


def _no_panic(stage):
    text = stage.gate.logs()
    stage.expect(b"panicked" not in text and b"RUST_BACKTRACE" not in text, "a request made the gate panic")
    stage.expect(stage.gate.alive(), "the gate has died")
    stage.compares_origin = False


ROWS = [
    Row(F, "no log line holds a byte of a key or secret", "O01", (_logs,), last=True, needs=("logs",)),
    Row(F, "no metric holds a byte of a key, and their number is bounded", "O03", (_metrics,), last=True, needs=("metrics",)),
    Row(F, "nothing panicked", "P22", (_no_panic,), last=True, needs=("logs",)),
]
