"""A file that is not there yet: who opens it waits until it is given free (fcntl(2), leases)."""

from __future__ import annotations

import fcntl
import os
import resource
import signal
from pathlib import Path

_BREAK_TIME = Path("/proc/sys/fs/lease-break-time")
_USABLE_FILES = 0.5  # of those that this process may have open: others need some, too


class LeasesError(Exception):
    """Files cannot be put up like this here; the text says why."""


def break_seconds() -> float:
    """How long the kernel lets a program wait for a file; infinite when it sets no limit."""
    try:
        return float(_BREAK_TIME.read_text()) or float("inf")
    except OSError as error:
        raise LeasesError(f"this kernel knows no leases on files ({error.strerror})") from None


def check_files(count: int) -> None:
    """LeasesError when so many more files cannot be open at a time."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    usable = int(limit * _USABLE_FILES) - len(list(Path("/proc/self/fd").iterdir()))
    if count > usable:
        raise LeasesError(
            f"{count} files need to be open at a time, {usable} may be (half of ulimit -n)"
        )


class LeasedFile:
    """A file of its right size without its bytes, read-only for others.

    LeasesError when its file system gives no write lease (F_SETLEASE), as overlay and network file
    systems do.
    """

    def __init__(self, path: Path, size: int) -> None:
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        self._file = os.fdopen(os.open(path, flags, mode=0o444), "r+b", buffering=0)
        try:
            self._file.truncate(size)
            # the kernel tells with SIGIO that somebody waits, which would end this process
            fcntl.fcntl(self._file, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(self._file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        except OSError as error:
            self._file.close()
            raise LeasesError(f"no lease on {path.name}: {error.strerror}") from None

    @property
    def is_wanted(self) -> bool:
        """Whether somebody has opened it, and waits."""
        return fcntl.fcntl(self._file, fcntl.F_GETLEASE) != fcntl.F_WRLCK

    def write(self, data: bytes, offset: int) -> None:
        """Write all of `data` at `offset`. OSError."""
        view = memoryview(data)
        while view:
            written = os.pwrite(self._file.fileno(), view, offset)
            view, offset = view[written:], offset + written

    def give_free(self) -> None:
        """Whoever waits goes on, and nobody waits any more; once."""
        fcntl.fcntl(self._file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        self._file.close()
