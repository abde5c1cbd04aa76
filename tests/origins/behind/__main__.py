"""Plays the story with each origin: `cd tests && python -m origins.behind --binary … [--node …] [--built NAME=PROGRAM] [--tools …]`."""

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from pathlib import Path

from contract.folders import FOLDERS
from contract.noticed import unnoticed

from . import enveloped
from .mistakes import MISTAKES, Short
from .origin import built, node, python
from .story import Story

PROJECT = Path(__file__).resolve().parents[3]
#: So many at once: each is a gate, an origin and its clients.
AT_ONCE = 6


def play(make) -> Story:
    story = make()
    story.play()
    return story


def main() -> int:
    parser = argparse.ArgumentParser(prog="origins.behind", description=__doc__)
    parser.add_argument("--binary", type=Path, required=True, help="the gate that a user would deploy")
    parser.add_argument("--node", type=Path, help="the Node that runs Express")
    parser.add_argument("--built", action="append", default=[], metavar="NAME=PROGRAM", help="an origin that was compiled")
    parser.add_argument("--tools", type=Path, help="the folder with Envoy, which stands in front of an origin then")
    parser.add_argument("--only", help="one of them")
    arguments = parser.parse_args()
    languages = [python(PROJECT, sys.executable)]
    if arguments.node:
        languages.append(node(arguments.node.absolute()))
    languages += [built(name, Path(path).absolute()) for name, _, path in (given.partition("=") for given in arguments.built)]
    kinds = [(Story, language) for language in languages]
    if arguments.tools:
        kinds.append((enveloped.EnvoyStory, enveloped.language(arguments.tools.absolute())))
    kinds = [(kind, language) for kind, language in kinds if arguments.only in (None, language.name)]
    began, checks, faults = time.monotonic(), 0, []
    with tempfile.TemporaryDirectory(prefix="tollgate-behind-", dir=FOLDERS) as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        binary, place = arguments.binary.absolute(), Path(folder)
        made = [partial(kind, one, binary, place / one.name) for kind, one in kinds]
        stories = pool.map(play, made)
        # By Python: what is noticed is the story's.
        folders = map("mistake-{}".format, count())
        short = lambda mistake: play(partial(Short, mistake, languages[0], binary, place / next(folders)))
        noticed = lambda mistake: None if short(mistake).faults else "does not notice"
        mistakes = () if arguments.only else MISTAKES
        whys = pool.map(lambda mistake: unnoticed(mistake.name, partial(noticed, mistake)), mistakes)
        stories, whys = list(stories), list(whys)
        for story in stories:
            print(f"{story.name}: {story.checks} checks, {len(story.faults)} failed")
            checks, faults = checks + story.checks, faults + story.faults
    missed = [f"{mistake.name}: {mistake.part} {why}" for mistake, why in zip(mistakes, whys) if why]
    faults += missed
    print(f"{len(mistakes)} mistakes, {len(missed)} unnoticed")
    for fault in faults:
        print(f"FAILED {fault}")
    print(f"{len(stories)} origins behind a real gate, {time.monotonic() - began:.1f} s")
    print(f"tollgate-tally tests={0 if faults else checks + len(mistakes)} rows=0")
    return 1 if faults or not stories else 0


if __name__ == "__main__":
    sys.exit(main())
