"""Ends an engine when the local cloud that started it is gone, however it went."""

from __future__ import annotations

import os
import sys
import threading

VARIABLE = "PENSTOCK_LIFELINE"


def hold() -> None:
    """Watch standard input, if the local cloud says that it holds the other end of it."""
    if os.environ.get(VARIABLE) == "stdin":
        threading.Thread(target=_watch, name="lifeline", daemon=True).start()


def _watch() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        continue
    os._exit(1)
