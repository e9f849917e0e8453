"""A private folder for as long as a command works; what killed commands have left is removed."""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "penstock-"
_LOCK = ".in-use"  # penstock-x.in-use beside penstock-x: locked for as long as its command lives


@contextmanager
def workplace() -> Iterator[Path]:
    """A new folder, removed at the end; stderr is told of each folder that was left behind.

    A command may be killed anywhere in here: the lock is made before its folder and removed after
    it, so that the next one finds whatever is left, of a removal that was broken off too.
    """
    _remove_abandoned()
    folder, lock = _new_folder()
    try:
        yield folder
    finally:
        _remove(folder)
        os.close(lock)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(folder.name + _LOCK)


def _new_folder() -> tuple[Path, int]:
    while True:
        lock, name = tempfile.mkstemp(prefix=_PREFIX, suffix=_LOCK)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if Path(name).exists():
            folder = Path(name.removesuffix(_LOCK))
            folder.mkdir(mode=stat.S_IRWXU)
            return folder, lock
        os.close(lock)  # another start has just taken it for abandoned


def _remove_abandoned() -> None:
    for name in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*{_LOCK}"):
        folder = Path(str(name).removesuffix(_LOCK))
        try:
            lock = os.open(name, os.O_RDWR)
        except OSError:
            continue  # somebody else's, or gone
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue  # at work
        else:
            was_there = folder.exists()
            if _remove(folder) and was_there:
                sys.stderr.write(f"removed {folder}, left behind by a command that was killed\n")
        finally:
            os.close(lock)


def _remove(folder: Path) -> bool:
    """Remove it and then its lock; False if some of it stays, for the next command to try."""
    for inner, _, _ in os.walk(folder):
        with suppress(OSError):
            Path(inner).chmod(stat.S_IRWXU)  # the code of functions is read-only
    shutil.rmtree(folder, ignore_errors=True)
    if folder.exists():
        return False
    _lock_of(folder).unlink(missing_ok=True)
    return True
