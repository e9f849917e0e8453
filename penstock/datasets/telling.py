"""How the reader of a terminal is told of what is neither a result nor an error."""

from __future__ import annotations

import sys


def on_stderr(line: str) -> None:
    """One line, for a person."""
    sys.stderr.write(f"penstock: {line}\n")
    sys.stderr.flush()
