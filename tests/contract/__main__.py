"""The commands: `cd tests && python -m contract run --host native --binary …`, and `guards`."""

import argparse
import sys
import time

from . import guards, report
from .doors import BY_NAME, DOORS, EVENTS
from .host import Host
from .parts import play
from .rows import all_rows


def _host(arguments) -> Host:
    if arguments.host == "native":
        from .driver_native import NativeHost

        return NativeHost(arguments.binary, arguments.origin_tls)
    if arguments.host == "workers":
        from .driver_workers import WorkersHost

        return WorkersHost(arguments.binary)
    if arguments.host == "edge-runtime":
        from .driver_edge import EdgeHost

        return EdgeHost(arguments.binary)
    if arguments.host == "lambda":
        from .driver_lambda import LambdaHost

        return LambdaHost(arguments.binary)
    from .fake_host import FakeHost

    return FakeHost()


def run(arguments) -> int:
    begun = time.monotonic()
    rows, configs = all_rows()
    host = _host(arguments)
    print(f"{host.name}: {host.artifact()}", flush=True)
    host.close()
    if arguments.sha256 and arguments.sha256 not in host.artifact():
        print(f"RED: this is not the file that was measured, whose sha256 is {arguments.sha256}")
        return 1

    def chosen(row) -> bool:
        return (arguments.only or "") in f"{row.family}/{row.name} [{row.cls}] ({row.config}) at {row.door}"

    ways = EVENTS if arguments.host == "lambda" else DOORS
    outcomes = play(lambda: _host(arguments), rows, configs, [BY_NAME[name] for name in arguments.doors or ways], chosen)
    lines = report.every(outcomes) if arguments.rows else []
    lines += [*report.away(outcomes), *report.failed(outcomes, arguments.verbose), *report.table(outcomes)]
    print("\n".join(lines))
    held = sum(one.held for one in outcomes)
    away = sum(one.because is not None for one in outcomes)
    vectors = sum(one.row.vectors for one in outcomes if one.held)
    again = [f"{one.row.name} at {one.row.door}" for one in outcomes if one.again]
    if again:
        print(f"played again, as the machine stood still or a store was not heard in time: {', '.join(again)}")
    print(f"{len(outcomes)} rows: {held} held ({vectors} checks of vectors), {len(outcomes) - held - away} failed, "
          f"{away} not applicable, {time.monotonic() - begun:.1f} s")
    print(report.tally(outcomes))
    return 0 if held and held + away == len(outcomes) else 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="contract", description=__doc__)
    commands = parser.add_subparsers(required=True)
    runs = commands.add_parser("run", help="play the rows on a host")
    runs.add_argument("--host", choices=("native", "workers", "edge-runtime", "lambda", "fake"), default="native")
    runs.add_argument("--binary", help="the file that a user would deploy", default="../target/release/tollgate")
    runs.add_argument("--sha256", help="what the binary must be: as `cargo xtask size` measured it")
    runs.add_argument("--origin-tls", action="store_true", help="origins are spoken to under TLS (native only)")
    runs.add_argument("--only", help="rows whose family, name, class, configuration or door contains this")
    runs.add_argument("--door", dest="doors", action="append", choices=tuple(BY_NAME), help="only this way to the gate")
    runs.add_argument("--verbose", action="store_true", help="what was sent and received where a row failed")
    runs.add_argument("--rows", action="store_true", help="a line for each row")
    runs.set_defaults(run=run)
    wrong = commands.add_parser("guards", help="gates that are wrong, each of which a row must catch")
    wrong.add_argument("--only", help="mistakes whose name contains this")
    wrong.add_argument("--verbose", action="store_true")
    wrong.set_defaults(run=lambda arguments: guards.run(arguments.only, arguments.verbose))
    arguments = parser.parse_args()
    return arguments.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
