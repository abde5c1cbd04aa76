"""The commands: `cd tests && python -m reference check`, and so on."""

import argparse
import json
import random
import sys

from . import mistakes, pages, suites, vectors

MISTAKES_MIN = 40


def written_suites() -> list[str]:
    """The suites whose cases somebody has written."""
    return [name for name in suites.SUITES if suites.load_cases(name)]


def write(arguments) -> int:
    names = arguments.suites or written_suites()
    ops = suites.load_ops(names)
    for suite in names:
        try:
            print(vectors.write(suite, ops, arguments.rewrite))
        except vectors.Edited as edited:
            print(f"{edited}\nRows are added, never edited.", file=sys.stderr)
            return 1
    return 0


def check(arguments) -> int:
    names = arguments.suites or list(suites.SUITES)
    ops = suites.load_ops(names)
    results = [vectors.check(suite, ops) for suite in names]
    if not arguments.suites:
        results.append(pages.check(ops))
    for line, faults in results:
        print("\n".join([line] + [f"  {fault}" for fault in faults]))
    return 1 if any(faults for _, faults in results) else 0


def wrong(arguments) -> int:
    from vectors.wrong import WRONG

    differs = mistakes.unchanged_copy_differs()
    if differs:
        print(f"RED: a copy without a mistake already contradicts {differs}")
        return 1
    red = 0
    for mistake in WRONG:
        try:
            row_id = mistakes.contradicting_row(mistake, mistakes.rows_for(mistake.module))
            found = row_id or "RED: no row contradicts it"
        except mistakes.Unusable as unusable:
            row_id, found = None, f"RED: {unusable}"
        red += row_id is None
        print(f"{mistake.module}: {mistake.why}: {found}")
    print(f"{len(WRONG)} mistakes (at least {MISTAKES_MIN}), {len(WRONG) - red} contradicted")
    return 1 if red or len(WRONG) < MISTAKES_MIN else 0


def random_cases(arguments) -> int:
    names = arguments.suites or written_suites()
    ops = suites.load_ops(names)
    sources = [
        (suites.load_cases(name).random_case, random.Random(f"{arguments.seed} {name}"))
        for name in names
    ]
    for number in range(arguments.count):
        random_case, rng = sources[number % len(sources)]
        op, argument = random_case(rng)
        out = suites.answer(ops, op, argument)
        sys.stdout.write(vectors.dump({"op": op, "in": argument, "out": out}) + "\n")
    return 0


def answer(_arguments) -> int:
    ops = suites.load_ops()
    for line in sys.stdin:
        question = json.loads(line)
        print(vectors.dump(suites.answer(ops, question["op"], question["in"])))
    return 0


def parsed_arguments():
    parser = argparse.ArgumentParser(prog="python -m reference", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(name, function, about, takes_suites=False):
        sub = commands.add_parser(name, help=about)
        sub.set_defaults(run=function)
        if takes_suites:
            sub.add_argument("suites", nargs="*", metavar="suite", help=", ".join(suites.SUITES))
        return sub

    sub = command("write", write, "write the vectors of all or some suites", takes_suites=True)
    sub.add_argument("--rewrite", action="store_true", help="number all rows anew, dropping old ones")
    command("check", check, "recompute every row of all or some suites", takes_suites=True)
    command("wrong", wrong, "show that each listed mistake is contradicted by a row")
    sub = command("random", random_cases, "print random cases as JSON lines", takes_suites=True)
    sub.add_argument("--count", type=int, required=True)
    sub.add_argument("--seed", type=int, required=True)
    command("answer", answer, "answer JSON lines {op, in} from the standard input")
    arguments = parser.parse_args()
    for suite in getattr(arguments, "suites", []):
        if suite not in suites.SUITES:
            parser.error(f"no suite is called {suite}")
    return arguments


if __name__ == "__main__":
    chosen = parsed_arguments()
    sys.exit(chosen.run(chosen))
