"""`python -m aws symbols BINARY…`: no symbol that a function needs is younger than the C library of Amazon Linux 2023."""

import re
import subprocess
import sys

#: What provided.al2023 has.
NEWEST = (2, 34)
_VERSION = re.compile(r"\bGLIBC_(\d+)\.(\d+)(?:\.(\d+))?\b")


def needed(binary: str) -> set[tuple[int, ...]]:
    """The versions of the C library that a binary's dynamic symbols name."""
    told = subprocess.run(["readelf", "--dyn-syms", "--wide", binary], capture_output=True, text=True, check=True).stdout
    return {tuple(int(part) for part in found if part) for found in _VERSION.findall(told)}


def main(arguments: list[str]) -> int:
    wrong = 0
    for binary in arguments:
        versions = needed(binary)
        young = sorted(version for version in versions if version[:2] > NEWEST)
        named = ".".join(map(str, max(versions))) if versions else "none"
        print(f"{binary}: {len(versions)} versions of the C library, the newest {named}")
        if young or not versions:
            print(f"RED: {binary} needs {young or 'nothing that could be read'}", file=sys.stderr)
            wrong += 1
    held = len(arguments) - wrong
    print(f"tollgate-tally tests={held} rows=0 held={held} not_applicable=0 skipped=0")
    return 1 if wrong or not arguments else 0
