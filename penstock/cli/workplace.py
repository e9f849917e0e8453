"""A private folder for as long as a command works; what killed commands have left is removed."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX = "penstock-"
_LOCK = ".in-use"  # locked by the process that works in the folder, for as long as it lives


@contextmanager
def workplace() -> Iterator[Path]:
    """A new folder, removed at the end; stderr is told of each folder that was left behind."""
    _remove_abandoned()
    folder, lock = _new_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _new_folder() -> tuple[Path, int]:
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / _LOCK).exists():
            return folder, lock
        os.close(lock)  # another start has just taken it for abandoned


def _remove_abandoned() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            lock = os.open(folder / _LOCK, os.O_RDWR)
        except OSError:
            continue  # somebody else's, or not a command's
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue  # at work
        else:
            shutil.rmtree(folder, ignore_errors=True)
            sys.stderr.write(f"removed {folder}, left behind by a command that was killed\n")
        finally:
            os.close(lock)
