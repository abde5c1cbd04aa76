"""Writes `adversarial.json`, or says whether it is what would be written: `python -m origins.generate [--check]`."""

import json
import sys
from collections import Counter
from pathlib import Path

from . import requests, values
from .answers import answers
from .documents import bases, documents, events
from .parts import DOCUMENT, FACTS, NOW
from .paths import PUBLIC, paths, publics

SEED = 20_261
FILE = Path(__file__).with_name("adversarial.json")


def rows() -> list[dict]:
    made = [row for family in (*requests.FAMILIES, *values.FAMILIES) for row in family()]
    made += values.edits(SEED)
    repeated = [why for why, times in Counter((row["group"], row["why"]) for row in made).items() if times > 1]
    if repeated:
        raise ValueError(f"two rows are called {repeated[0]}")
    return [{"id": f"origins-{at:03}", **row} for at, row in enumerate(made, 1)]


def text() -> str:
    """The file: one row per line."""
    head = {
        "seed": SEED, "issuer": FACTS["iss"], "audience": FACTS["aud"], "skew_ms": 5000, "now_ms": NOW, "jwks": DOCUMENT,
        "public": PUBLIC,
    }
    lists = {"requests": rows(), "sweeps": list(values.sweeps()), "documents": list(documents()), "events": list(events()), "bases": list(bases()),
             "answers": list(answers()), "paths": list(paths()), "publics": list(publics())}
    lines = [json.dumps(head)[:-1] + ","]
    for at, (name, items) in enumerate(lists.items()):
        body = ",\n".join(json.dumps(item) for item in items)
        lines.append(f'"{name}": [\n{body}\n]' + ("," if at < len(lists) - 1 else "}"))
    return "\n".join(lines) + "\n"


def main() -> int:
    made = text()
    if "--check" in sys.argv[1:]:
        if not FILE.exists() or FILE.read_text("ascii") != made:
            print("adversarial.json is not what its generator writes")
            return 1
        print(f"adversarial.json: {made.count('origins-')} requests, as its generator writes them")
        return 0
    FILE.write_text(made, "ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main())
