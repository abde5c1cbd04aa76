"""`cd tests && ../.tools/aws/bin/python -m aws NAME`: one suite of AWS's, such as `templates`, `deployed` or `terraform`.

Each is a module of this folder with a `main` that takes what follows its name and returns the exit code.
"""

import importlib
import sys
from pathlib import Path

SUITES = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if "\ndef main(" in path.read_text())


def main(arguments: list[str]) -> int:
    if not arguments or arguments[0] not in SUITES:
        print(f"which of {', '.join(SUITES)}?", file=sys.stderr)
        return 2
    name, *rest = arguments
    return importlib.import_module(f".{name}", __package__).main(rest)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
