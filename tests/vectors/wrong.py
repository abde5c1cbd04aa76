"""One-line mistakes of the reference, each contradicted by a row.

`cd tests && python -m reference wrong` applies each of them to a copy in memory and requires that a row
then differs. A row set that lets a mistake pass has a hole.
"""

import importlib
from pathlib import Path

#: Every mistake of every module in the folder `mistakes`, each of which holds one list `MISTAKES`.
WRONG = [
    mistake
    for path in sorted((Path(__file__).parent / "mistakes").glob("[a-z]*.py"))
    for mistake in importlib.import_module(f"vectors.mistakes.{path.stem}").MISTAKES
]
