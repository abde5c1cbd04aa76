"""Broken copies of the verifiers, each of which a named test must notice.

`python -m origins.broken_copies python`, `… node --node path/to/node` or `… go --go path/to/go`. A copy is a row of `broken/<language>.toml`:
`find` stands once in its `file` and is replaced; `test` must then fail, and by itself: a copy that cannot be
loaded shows nothing.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from contract.noticed import unnoticed

FOLDER = Path(__file__).resolve().parent
PROJECT = FOLDER.parent.parent
PATIENCE_S = 300
FIELDS = {"name", "why", "file", "find", "replace", "test"}


class Python:
    """A copy of the package and of its tests; a test is `module.Class.name`."""

    home = PROJECT / "sdk/python"

    def __init__(self, folder: Path, _arguments) -> None:
        self.folder = folder

    def prepare(self, copies) -> None:
        for copy in copies:
            place = self.folder / copy["name"]
            for name in ("src", "tests"):
                shutil.copytree(self.home / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
            (place / copy["file"]).write_text(copy["broken"])

    def play(self, copy) -> tuple[int, str, bool]:
        place = self.folder / copy["name"]
        environment = {**os.environ, "PYTHONPATH": str(place / "src"), "TOLLGATE_PROJECT": str(PROJECT)}
        done = run([sys.executable, "-m", "unittest", f"tests.{copy['test']}"], place, environment)
        name = copy["test"].rsplit(".", 1)[-1]
        return done.returncode, done.stderr, f"FAIL: {name} " in done.stderr or f"ERROR: {name} " in done.stderr


class Node:
    """A copy of the built modules beside the real ones; a test is `file: name`."""

    home = PROJECT / "sdk/node"

    def __init__(self, folder: Path, arguments) -> None:
        # Below the package, whose dependencies are found from there.
        self.folder = self.home / "dist/broken" / folder.name
        self.node = arguments.node

    def prepare(self, copies) -> None:
        asked = [{"file": copy["file"], "text": copy["broken"]} for copy in copies]
        done = subprocess.run([self.node, FOLDER / "transpile.mjs"], input=json.dumps(asked), capture_output=True,
                              text=True, timeout=PATIENCE_S, check=True)
        for copy, text in zip(copies, json.loads(done.stdout), strict=True):
            place = self.folder / copy["name"]
            shutil.copytree(self.home / "dist/esm", place)
            (place / Path(copy["file"]).with_suffix(".js").name).write_text(text)

    def play(self, copy) -> tuple[int, str, bool]:
        file, name = copy["test"].split(": ", 1)
        pattern = "^" + "".join(symbol if symbol.isalnum() or symbol in " ,':`" else "." for symbol in name) + "$"
        command = [self.node, "--test", "--test-reporter=tap", f"--test-name-pattern={pattern}", f"test/{file}.test.mjs"]
        done = run(command, self.home, {**os.environ, "TOLLGATE_DIST": str(self.folder / copy["name"])})
        return done.returncode, done.stdout, any(
            line.strip().startswith("not ok ") and line.endswith(f"- {name}") for line in done.stdout.splitlines()
        )


class Go:
    """A copy of the module, which is put the same rows; a test is the name of its function."""

    home = PROJECT / "sdk/go"

    def __init__(self, folder: Path, arguments) -> None:
        self.folder, self.go = folder, arguments.go

    def prepare(self, copies) -> None:
        for copy in copies:
            place = self.folder / copy["name"]
            place.mkdir()
            for file in (self.home / "go.mod", *self.home.glob("*.go")):
                shutil.copy(file, place)
            (place / copy["file"]).write_text(copy["broken"])

    def play(self, copy) -> tuple[int, str, bool]:
        command = [self.go, "test", "-count=1", "-vet=off", "-ldflags=-s -w", "-run", f"^{copy['test']}$", "."]
        environment = {**os.environ, "TOLLGATE_PROJECT": str(PROJECT)}
        done = run(command, self.folder / copy["name"], environment)
        return done.returncode, done.stdout + done.stderr, f"--- FAIL: {copy['test']} (" in done.stdout


LANGUAGES = {"python": Python, "node": Node, "go": Go}


def run(command, place, environment):
    return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=PATIENCE_S)


def read(language: str, home: Path) -> list[dict]:
    copies = tomllib.loads((FOLDER / f"broken/{language}.toml").read_text())["copy"]
    for copy in copies:
        if set(copy) != FIELDS or not all(copy.values()) and copy["replace"] != "":
            raise ValueError(f"{copy.get('name')}: its fields are {', '.join(sorted(FIELDS))}")
        text = (home / copy["file"]).read_text()
        if text.count(copy["find"]) != 1 or copy["find"] == copy["replace"]:
            raise ValueError(f"{copy['name']}: what it finds stands {text.count(copy['find'])} times in {copy['file']}")
        copy["broken"] = text.replace(copy["find"], copy["replace"])
    if len({copy["name"] for copy in copies}) < len(copies):
        raise ValueError("two copies have the same name")
    return copies


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("language", choices=LANGUAGES)
    parser.add_argument("--node", default="node", type=lambda path: shutil.which(path) and str(Path(shutil.which(path)).absolute()))
    parser.add_argument("--go", default="go", type=lambda path: shutil.which(path) and str(Path(shutil.which(path)).absolute()))
    parser.add_argument("--only")
    arguments = parser.parse_args()
    kind = LANGUAGES[arguments.language]
    copies = [copy for copy in read(arguments.language, kind.home) if arguments.only in (None, copy["name"])]
    missed = 0
    with tempfile.TemporaryDirectory(prefix="tollgate-origins-") as folder:
        language = kind(Path(folder), arguments)
        try:
            language.prepare(copies)
            with ThreadPoolExecutor(2) as pool:
                for copy, said in zip(copies, pool.map(lambda copy: missing(language, copy), copies), strict=True):
                    if said is not None:
                        missed += 1
                        print(f"{copy['name']}: {copy['test']} does not notice it\n{said}", file=sys.stderr)
        finally:
            shutil.rmtree(language.folder, ignore_errors=True)
    print(f"{len(copies)} broken copies, {missed} unnoticed")
    print(f"tollgate-tally tests={len(copies) - missed}")
    return 1 if missed or not copies else 0


def missing(language, copy: dict) -> str | None:
    """What a copy's test says that does not notice it."""

    def play() -> str | None:
        status, said, failed = language.play(copy)
        return None if status and failed else said[-1500:]

    return unnoticed(copy["name"], play)


if __name__ == "__main__":
    sys.exit(main())
