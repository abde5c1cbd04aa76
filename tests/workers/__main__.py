"""Many gates as Workers: `cd tests && python -m workers`, and `python -m workers --guards` for copies that are broken.

The modules are those that `node workers/build.mjs` has laid beside their JavaScript.
"""

import argparse
import shutil
import sys
import tempfile
import time
import traceback
from pathlib import Path

from contract import workers_config
from contract.noticed import unnoticed

from . import broken, buckets, doors, faults, isolates, records, revocation, rolling, scripts, standing
from .fleet import FOLDERS_DEPLOYED, Fleet

CASES = {**revocation.CASES, **buckets.CASES, **faults.CASES, **isolates.CASES, **records.CASES, **standing.CASES, **rolling.CASES, **doors.CASES}


def play(only: str | None) -> int:
    held = failed = 0
    for name, case in CASES.items():
        if only and only not in name:
            continue
        begun = time.monotonic()
        try:
            told = case()
        except Exception:  # noqa: BLE001 - a case that breaks has failed
            failed += 1
            print(f"FAILED {name}\n{traceback.format_exc()}", flush=True)
            continue
        held += 1
        print(f"held  {name} ({time.monotonic() - begun:.0f} s): {told}", flush=True)
    print(f"tollgate-tally tests={held} rows=0 held={held} not_applicable=0 skipped=0")
    return 1 if failed or not held else 0


def guards(copies: dict[str, broken.Broken]) -> int:
    """Plays each broken copy with the case that must notice."""
    seen = 0
    for name, copy in copies.items():
        told = unnoticed(name, lambda name=name, copy=copy: guard(name, copy))
        seen += told is None
        if told is not None:
            print(f"FAILED {name}: {copy.case!r} {told}", flush=True)
    print(f"tollgate-tally tests={seen} rows=0 held={seen} not_applicable=0 skipped=0")
    return 1 if seen < len(copies) or not seen else 0


def guard(name: str, copy: broken.Broken) -> str | None:
    """One play of a broken copy: what its case says instead of what it must say, if it does."""
    begun = time.monotonic()
    Fleet.planted = copy.plants
    try:
        played = scripts.play(copy.file, copy.case) if copy.file else CASES[copy.case]()
    except AssertionError as why:
        if copy.says not in str(why):
            return f"says something else: {str(why)[:300]}"
        print(f"seen  {name} ({time.monotonic() - begun:.0f} s): {' '.join(str(why).split())[:160]}", flush=True)
        return None
    except Exception:  # noqa: BLE001 - what is broken in another way shows nothing
        return f"does not even run: {traceback.format_exc()}"
    finally:
        Fleet.planted = ()
    return f"holds all the same: {played}"


def modules(place: Path) -> bytes:
    """What is deployed, as bytes."""
    return b"".join((place / name).read_bytes() for name in sorted((workers_config.ENTRY, *workers_config.MODULES)))


def main() -> int:
    parser = argparse.ArgumentParser(prog="workers", description=__doc__)
    parser.add_argument("--only", help="cases, or broken copies, whose name contains this")
    parser.add_argument("--guards", action="store_true", help="copies of the modules that are broken, each of which a case must notice")
    parser.add_argument("--in-turn", action="store_true", help="of the broken copies that take long only one, each in its turn")
    parser.add_argument("--modules", type=Path, help="another folder of what is deployed, such as one that is built from broken source")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as held:
        # What is built anew meanwhile is for the next time.
        for folder in FOLDERS_DEPLOYED:
            shutil.copytree((arguments.modules or workers_config.WORKERS) / folder, Path(held) / folder)
        workers_config.WORKERS = Path(held)
        if not arguments.guards:
            return play(arguments.only)
        named = {name: copy for name, copy in broken.COPIES.items() if (arguments.only or "") in name}
        return guards(broken.in_turn(named, modules(workers_config.WORKERS)) if arguments.in_turn else named)


if __name__ == "__main__":
    sys.exit(main())
