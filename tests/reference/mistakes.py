"""Runs the rows against copies of the reference with one mistake in each.

A row set that no mistake contradicts proves little. `tests/vectors/wrong.py` lists the mistakes; each
must be noticed by at least one row.
"""

import importlib
import importlib.abc
import importlib.util
import sys
from contextlib import contextmanager
from pathlib import Path

from . import suites, vectors

PACKAGE = __package__
FOLDER = Path(__file__).resolve().parent


class Unusable(Exception):
    """A mistake that cannot be applied: its text is not there exactly once, or it does not load."""


class _ChangedSource(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module of the package from changed source, and leaves the others alone."""

    def __init__(self, module: str, source: str):
        self.full_name = f"{PACKAGE}.{module}"
        self.source = source

    def find_spec(self, full_name, path=None, target=None):
        if full_name == self.full_name:
            return importlib.util.spec_from_loader(full_name, self)
        return None

    def exec_module(self, module):
        exec(compile(self.source, f"<changed {self.full_name}>", "exec"), module.__dict__)


@contextmanager
def _changed_package(module: str, source: str):
    """Makes the package importable afresh, with one module changed; puts everything back after."""
    finder = _ChangedSource(module, source)
    kept = _take_out_package()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        _take_out_package()
        sys.modules.update(kept)


def _take_out_package() -> dict:
    """Takes the package and all its modules out of the imported ones."""
    names = [name for name in sys.modules if name == PACKAGE or name.startswith(f"{PACKAGE}.")]
    return {name: sys.modules.pop(name) for name in names}


def changed_source(module: str, text: str, replacement: str) -> str:
    """The source of a module with the mistake in it."""
    source = (FOLDER / f"{module}.py").read_text("utf-8")
    if "\n" in text or "\n" in replacement:
        raise Unusable("a mistake changes one line")
    if source.count(text) != 1:
        raise Unusable(f"its text stands {source.count(text)} times in {module}.py")
    return source.replace(text, replacement)


def contradicting_row(mistake, rows: list[dict]):
    """The id of the first row that notices the mistake, or None."""
    source = changed_source(mistake.module, mistake.text, mistake.replacement)
    return first_difference(mistake.module, source, rows)


def first_difference(module: str, source: str, rows: list[dict]):
    """The id of the first row that a copy with this source for one module answers differently, or None.

    An exception that is no refusal is a difference too.
    """
    with _changed_package(module, source):
        try:
            changed = importlib.import_module(f"{PACKAGE}.suites")
            ops = changed.load_ops()
        except Exception as error:
            raise Unusable(f"the changed module does not load: {error!r}") from error
        for row in rows:
            try:
                out = changed.answer(ops, row["op"], row["in"])
            except Exception:
                return row["id"]
            if not vectors.same(out, row["out"]):
                return row["id"]
    return None


def unchanged_copy_differs() -> str | None:
    """The id of a row that even a copy without a mistake answers differently: then nothing is shown."""
    source = (FOLDER / "wire.py").read_text("utf-8")
    return first_difference("wire", source, rows_for("wire"))


def rows_for(module: str) -> list[dict]:
    """All rows, those of the module's own suite first."""
    own_first = sorted(suites.SUITES, key=lambda suite: suites.SUITES[suite][0] != module)
    return [row for suite in own_first for row in vectors.read_rows(suite)]
