"""Finds the line that says why a program failed in what it printed."""

from __future__ import annotations

import re
from collections.abc import Sequence

MAX_CHARACTERS = 2000
_EXCEPTION = re.compile(r"^[A-Za-z_][\w.]*(?::|$)")


def error_line(lines: Sequence[str], exit_status: int) -> str:
    """The last exception of a Python traceback, else the last line, else the exit status.

    An exception of Spark's Java side has its reason in a line of its own, which is added.
    """
    starts = [index for index, line in enumerate(lines) if line.startswith("Traceback (most rec")]
    if starts:
        for index in range(starts[-1] + 1, len(lines)):
            if _EXCEPTION.match(lines[index]):
                return _with_java_cause(lines, index)[:MAX_CHARACTERS]
    for line in reversed(lines):
        if line.strip():
            return line.strip()[:MAX_CHARACTERS]
    return f"the script ended with exit status {exit_status} and printed nothing"


def _with_java_cause(lines: Sequence[str], index: int) -> str:
    line = lines[index].strip()
    following = lines[index + 1].strip() if index + 1 < len(lines) else ""
    return f"{line} {following.removeprefix(': ')}" if following.startswith(": ") else line
