"""Mistakes about what an operator does."""

import threading

from ..fake_gate import FakeGate
from .mistake import Wrong


def _changes_late(gate, key, state):
    threading.Timer(1.5, FakeGate.change, (gate, key, state)).start()


def _revokes_only_unknown(gate, key, state):
    """What is held is never looked at again."""
    if key.lookup not in gate.cached:
        FakeGate.change(gate, key, state)


def _changes_by_prefix(gate, key, state):
    for other in gate.deployment.keys.values():
        if other.id.startswith(key.id):
            FakeGate.change(gate, other, state)


def _enables_revoked(gate, key, state):
    FakeGate.change(gate, key, state)
    if state == "revoked":
        threading.Timer(0.3, FakeGate.change, (gate, key, "active")).start()


WRONG = [
    Wrong("revokes too late", "operations", "a revoked key is refused within a second", {"change": _changes_late}),
    Wrong("revokes only what it does not hold", "operations", "a revoked key is refused after nobody asked", {"change": _revokes_only_unknown}),
    Wrong("revokes what begins alike", "operations", "revoking a key leaves those with similar names", {"change": _changes_by_prefix}),
    Wrong("lets a revoked key in again", "operations", "a revoked key is refused within a second", {"change": _enables_revoked}),
]
