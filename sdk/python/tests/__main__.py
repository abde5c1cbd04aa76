"""Runs all tests, and says what was run."""

import logging
import sys
import unittest

from .data import LINES, TALLY


def main() -> int:
    logging.getLogger("tollgate_origin").addHandler(logging.NullHandler())
    suite = unittest.defaultTestLoader.discover("tests", top_level_dir=".")
    result = unittest.TextTestRunner(stream=sys.stderr, verbosity=1).run(suite)
    for line in LINES:
        print(line)
    left_out = len(result.skipped) + len(result.expectedFailures)
    print(f"tollgate-tally tests={result.testsRun} rows={TALLY['rows']} skipped={left_out}")
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
