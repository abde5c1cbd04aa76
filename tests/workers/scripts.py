"""A test of Node's, played on a copy of what is deployed in which one rule is broken."""

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from contract import workers_config

from .fleet import FOLDERS_DEPLOYED, Fleet

#: The longest that one test takes, also where what it waits for never comes.
PLAYED_MAX_S = 120
NODE = workers_config.ROOT / "workers/node_modules"
TESTS = "tests/workers"


def play(file: str, name: str) -> str:
    """Plays one test of a file with what is planted: an `AssertionError` with what it says if it fails."""
    with tempfile.TemporaryDirectory(prefix="tollgate-scripts-") as held:
        place = lay(Path(held))
        only = ["--test", "--test-reporter=tap", "--test-name-pattern", f"^{re.escape(name)}$", f"{TESTS}/{file}"]
        ran = subprocess.run([NODE / ".bin/node", *only], cwd=place, capture_output=True, text=True, timeout=PLAYED_MAX_S)
    said = re.search(rf"^(not )?ok \d+ - {re.escape(name)}$", ran.stdout, re.MULTILINE)
    if said is None:
        raise LookupError(f"{file} has no test {name!r}: {ran.stdout[-500:]}{ran.stderr[-500:]}")
    if said[1]:
        error = ran.stdout[said.start() :]
        raise AssertionError(error[error.find("error:") :])
    return "one test"


def lay(place: Path) -> Path:
    """The modules as they are deployed, with their plants, where the tests look for them."""
    for folder in FOLDERS_DEPLOYED:
        shutil.copytree(workers_config.WORKERS / folder, place / "workers" / folder, ignore=shutil.ignore_patterns("src", "*.toml"))
    (place / "workers/node_modules").symlink_to(NODE)
    (place / TESTS).mkdir(parents=True)
    for path in (*(workers_config.ROOT / TESTS).glob("*.mjs"), workers_config.ROOT / "wrangler.toml"):
        shutil.copy(path, place / path.relative_to(workers_config.ROOT))
    for file, text, instead in Fleet.planted:
        Fleet.plant(place / "workers" / file, text, instead)
    return place
