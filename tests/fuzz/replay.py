"""Asks the oracle about files that are there: the corpus, or an input that the fuzzer found.

.venv/runtimes/fuzz/bin/python -m tests.fuzz.replay FILE_OR_FOLDER ...
"""

from __future__ import annotations

import sys
from pathlib import Path

from penstock.recordio import core
from tests.fuzz.oracle import check


def main() -> None:
    """The first disagreement ends it, with its traceback."""
    if core.compiled is None:
        sys.exit(f"there is no compiled core: set {core.LIBRARY_VARIABLE}")
    for place in map(Path, sys.argv[1:]):
        for file in sorted(place.iterdir()) if place.is_dir() else [place]:
            check(file.read_bytes(), core.compiled)


if __name__ == "__main__":
    main()
