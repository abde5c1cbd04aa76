"""`python -m aws processes --authorizer BINARY --tollgate BINARY`: several processes of the function share one table.

Each is the real binary with a Lambda runtime API of its own, over one real DynamoDB Local behind ways that count; keys are
revoked by the real command. What is asserted are guarantees and counts; times are told, and only the bound of revocations is held
against them.
"""

import argparse
import asyncio
import time
from pathlib import Path

from .calls import Calls
from .hot import Hot
from .limits import exactly
from .noticed import ROWS, noticed
from .revoked import Revocations
from .table import Table

#: A case that takes so long has failed: something is never answered.
CASE_MAX_S = 300


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="processes")
    parser.add_argument("--authorizer", type=Path, required=True)
    parser.add_argument("--tollgate", type=Path, required=True)
    given = parser.parse_args(arguments)
    table = Table(given.authorizer.resolve(), given.tollgate.resolve())
    try:
        return asyncio.run(play(table))
    finally:
        table.stop()


async def play(table: Table) -> int:
    print(f"what would be wrong is noticed: {noticed()}", flush=True)
    await table.begin()
    revocations = Revocations(table)
    await revocations.begin()
    # The third process of the first case stands still for a minute: meanwhile there is room for others.
    cases = {
        "keys are revoked while two processes are asked for them": revocations.in_use,
        "store calls": Calls(table).run,
        "a limit of N admits N": lambda: exactly(table),
        "keys were revoked while a process stood still": revocations.after_standing_still,
        "a hot key": Hot(table).run,
        "no secret stands in a log": table.no_secret_told,
    }
    held = 0
    for name, case in cases.items():
        begun = time.monotonic()
        try:
            async with asyncio.timeout(CASE_MAX_S):
                told = await case()
            held += 1
            print(f"{name}: {told} [{time.monotonic() - begun:.0f} s]", flush=True)
        except (Exception, asyncio.TimeoutError) as error:  # noqa: BLE001 - a case that breaks has failed
            print(f"FAILED {name}: {type(error).__name__}: {error}", flush=True)
    held += len(ROWS)
    print(f"tollgate-tally tests={held} rows=0 held={held} not_applicable=0 skipped=0")
    return 0 if held == len(ROWS) + len(cases) else 1
