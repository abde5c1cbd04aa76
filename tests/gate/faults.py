"""What becomes of a store that is shared, killed, locked, full or read-only: `cd tests && python -m gate.faults`.

Nothing acknowledged is lost, nothing is let through beyond what the buckets hold, what needs no write goes on, and
what cannot be written is refused loudly.
"""

import argparse
import sys
import time
import traceback
from pathlib import Path

from contract.driver_native import NativeHost

from . import crashes, disks, sharing


CASES = {
    "a limit of N admits N over two processes": sharing.exactly,
    "an owner's limit admits N over two processes and two keys": sharing.of_an_owner,
    "a restart mints nothing": sharing.restarted,
    "a graceful restart loses nothing": sharing.ended,
    "a change is seen by processes that did not make it": sharing.changed,
    "gates killed while they lease stay within the bucket": crashes.gates_killed,
    "what was acknowledged survives every kill of a writer": crashes.writers_killed,
    "a store that another process has locked": disks.locked,
    "files that may not grow": disks.may_not_grow,
    "a disk that is full": disks.full,
    "a store that may only be read": disks.read_only,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="gate.faults", description=__doc__)
    parser.add_argument("--binary", help="the file that a user would deploy", default="../target/release/tollgate", type=Path)
    parser.add_argument("--only", help="cases whose name contains this")
    arguments = parser.parse_args()
    held = away = failed = 0
    for name, case in CASES.items():
        if arguments.only and arguments.only not in name:
            continue
        host = NativeHost(arguments.binary)
        begun = time.monotonic()
        try:
            told = case(host)
        except disks.NotHere as why:
            away += 1
            print(f"not applicable: {name}: {why}", flush=True)
            continue
        except Exception:  # noqa: BLE001 - a case that breaks has failed
            failed += 1
            print(f"FAILED {name}\n{traceback.format_exc()}", flush=True)
            continue
        finally:
            host.close()
        held += 1
        print(f"held  {name} ({time.monotonic() - begun:.0f} s): {told}", flush=True)
    print(f"tollgate-tally tests={held} rows=0 held={held} not_applicable={away} skipped=0")
    return 1 if failed or not held else 0


if __name__ == "__main__":
    sys.exit(main())
