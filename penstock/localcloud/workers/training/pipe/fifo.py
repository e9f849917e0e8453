"""The feeder's end of one FIFO: opened when a reader is there, written without ever hanging."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import select
import threading
from pathlib import Path

from penstock.localcloud.workers.training.pipe.chunk import Chunk

log = logging.getLogger(__name__)

PIPE_BYTES = 1 << 20  # the most that an unprivileged process may ask for by default
_SET_PIPE_SIZE = 1031  # F_SETPIPE_SZ, Linux
_POLL_SECONDS = 0.005
_WAIT_MILLISECONDS = 100


class StoppedError(Exception):
    """The job has ended: nobody reads any more."""


class FifoWriter:
    """Every wait looks for `stop`, so that ending never depends on what the reader does.

    `put` raises BrokenPipeError when the reader has closed its end, or has died.
    """

    def __init__(self, path: Path, stop: threading.Event) -> None:
        self._stop = stop
        self._file = self._open(path)
        self._room = select.poll()
        self._room.register(self._file, select.POLLOUT | select.POLLERR)

    def put(self, chunk: Chunk) -> None:
        """Write all of it. StoppedError, BrokenPipeError; OSError for a file that is too short."""
        done = 0
        while done < len(chunk):
            if self._stop.is_set():
                raise StoppedError
            try:
                done += self._some(chunk, done)
            except BlockingIOError:
                self._room.poll(_WAIT_MILLISECONDS)

    def close(self) -> None:
        """The reader sees the end of the file, once it has taken what is in the pipe."""
        os.close(self._file)

    def _some(self, chunk: Chunk, done: int) -> int:
        """How many bytes after the first `done` the pipe has room for."""
        if isinstance(chunk, bytes):
            return os.write(self._file, memoryview(chunk)[done:])
        # pages of the file go into the pipe as they are, nothing is copied
        sent = os.sendfile(self._file, chunk.file.fileno(), chunk.offset + done, chunk.count - done)
        if not sent:
            raise OSError(f"a file ends {chunk.count - done} bytes too early")
        return sent

    def _open(self, path: Path) -> int:
        while not self._stop.is_set():
            try:
                file = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
            except OSError as error:
                if error.errno != errno.ENXIO:  # ENXIO: nobody has opened it for reading yet
                    raise
                self._stop.wait(_POLL_SECONDS)
                continue
            try:
                fcntl.fcntl(file, _SET_PIPE_SIZE, PIPE_BYTES)
            except OSError as error:
                log.debug("pipe of the default size: %s", error)
            return file
        raise StoppedError
