"""The suites, and the ops of the modules that answer them."""

import importlib
import importlib.util

from .wire import Refused

#: Each suite, the module that answers its ops, and the least number of its rows.
SUITES = {
    "keys": ("key", 120),
    "records": ("record", 80),
    "scopes": ("scope", 40),
    "network": ("network", 60),
    "buckets": ("bucket", 80),
    "leases": ("lease", 60),
    "heads": ("head", 30),
    "decisions": ("decision", 100),
    "identities": ("identity", 60),
    "engine": ("engine", 90),
    "audit": ("audit", 60),
}


def _module(name: str):
    """A module of this package, or None while nobody has written it."""
    full_name = f"{__package__}.{name}"
    if importlib.util.find_spec(full_name) is None:
        return None
    return importlib.import_module(full_name)


def load_ops(names=tuple(SUITES)) -> dict:
    """The ops of these suites (of all, unless named) by their names."""
    ops = {}
    for suite in names:
        module = _module(SUITES[suite][0])
        for name, function in (module.OPS if module else {}).items():
            if name in ops:
                raise ValueError(f"two modules define the op {name}")
            ops[name] = function
    return ops


def load_cases(suite: str):
    """The module that holds the inputs of a suite, or None while nobody has written it."""
    return _module(f"cases.{suite}")


def answer(ops: dict, op: str, argument):
    """What an op gives for its argument; a refusal becomes a value."""
    try:
        return ops[op](argument)
    except Refused as refused:
        return {"error": refused.code}
