"""A page that is played: its blocks, and whether an answer is the one that it shows."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

_FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)
_HEADING = re.compile(r"^## (.+)$", re.M)
_WITHIN = re.compile(r"\s+# within (\d+) s$")
_ENDS = re.compile(r"\s+# exit code (\d+)$")
_EXPORT = re.compile(r"^export (\w+)=\S+\s+# (.+)$")


@dataclass
class Command:
    """What a reader types, and what the page shows for an answer."""

    heading: str
    text: str
    #: For how long the answer may be another one.
    within_s: int = 0
    #: Its exit code.
    ends: int = 0
    #: The members that it must have, or its first line.
    expected: object = None


@dataclass
class Export:
    """What a reader keeps of an answer."""

    name: str
    where: str


def read(path: Path) -> tuple[str, list]:
    """The configuration that the page shows, and its commands in their order."""
    text = path.read_text()
    headings = [(found.start(), found[1]) for found in _HEADING.finditer(text)]
    configuration, steps = "", []
    for found in _FENCED.finditer(text):
        kind, block = found[1], found[2]
        heading = [name for at, name in headings if at < found.start()][-1]
        if kind == "toml":
            configuration = block
        elif kind == "sh":
            steps.extend(_commands(heading, block))
        elif kind in ("json", "text"):
            last = steps[-1]
            assert isinstance(last, Command) and last.expected is None, f"an answer to nothing: {block}"
            last.expected = json.loads(block) if kind == "json" else block.strip()
        else:
            raise AssertionError(f"a block of {kind}")
    return configuration, steps


def _commands(heading: str, block: str) -> list:
    found, held = [], ""
    for line in block.splitlines():
        held = f"{held}\n{line}" if held else line
        if line.endswith("\\") or held.count("'") % 2:
            continue
        export, within, ends = _EXPORT.match(held), _WITHIN.search(held), _ENDS.search(held)
        if export:
            found.append(Export(export[1], export[2]))
        else:
            text = _ENDS.sub("", _WITHIN.sub("", held))
            found.append(Command(heading, text, int(within[1]) if within else 0, int(ends[1]) if ends else 0))
        held = ""
    assert not held, f"a command that does not end: {held}"
    return found


def is_shown(expected, answer) -> bool:
    """Whether an answer is what the page shows: `…` is anything, and what the page leaves out may be there."""
    if isinstance(expected, dict):
        return isinstance(answer, dict) and all(name in answer and is_shown(value, answer[name]) for name, value in expected.items())
    if isinstance(expected, list):
        rest = iter(answer if isinstance(answer, list) else ())
        return isinstance(answer, list) and all(any(is_shown(one, other) for other in rest) for one in expected)
    if isinstance(expected, str) and "…" in expected:
        pattern = ".+".join(re.escape(part) for part in expected.split("…"))
        return isinstance(answer, str) and re.fullmatch(pattern, answer, re.S) is not None
    return type(expected) is type(answer) and expected == answer


def check():
    """It can tell answers apart."""
    alike = [({"a": 1}, {"a": 1, "b": 2}), ("key_…", "key_1"), ([{"a": None}], [{"a": None}]), ({}, {}), ([1, 2], [1, 3, 2])]
    unlike = [({"a": 1}, {"b": 1}), ({"a": 1}, {"a": True}), ("key_…", "key_"), ("key_…", "tg_1"), ([1, 2], [2, 1]), ([1, 1], [1]), ([], {}),
              ({"a": None}, {})]
    assert all(is_shown(*pair) for pair in alike) and not any(is_shown(*pair) for pair in unlike)
