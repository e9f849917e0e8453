"""How the reader of a terminal is told of what is neither a result nor an error."""

from __future__ import annotations

import sys


def on_stderr(line: str) -> None:
    """One line, for a person."""
    sys.stderr.write(f"penstock: {line}\n")
    sys.stderr.flush()


class Progress:
    """A line that counts; on a terminal it is rewritten, elsewhere its first and last are told."""

    def __init__(self, what: str, *, of: int) -> None:
        self._what, self._of = what, of
        self._live = sys.stderr.isatty()

    def __enter__(self) -> Progress:
        self.at(0)
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            sys.stderr.write("\n")

    def at(self, done: int) -> None:
        """So many are done."""
        line = f"{self._what}: {done} of {self._of}"
        if self._live:
            sys.stderr.write(f"\rpenstock: {line}")
            sys.stderr.flush()
        elif done in (0, self._of):
            on_stderr(line)
