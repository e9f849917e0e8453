"""Opens the FIFOs of a Pipe mode channel, one epoch's after the other."""

from __future__ import annotations

import fcntl
import logging
import re
import time
from pathlib import Path
from typing import BinaryIO, cast

from penstock.recordio.errors import ChannelError

log = logging.getLogger(__name__)

PIPE_BYTES = 1 << 20  # the most that an unprivileged process may ask for by default
_POLL_SECONDS = 0.002


def open_fifo(folder: Path, channel: str, epoch: int) -> tuple[int, BinaryIO]:
    """The FIFO `<channel>_<epoch>`, unbuffered, or that of the first later epoch there is.

    The next epoch's FIFO appears late, so this waits until it is there (SageMaker developer guide,
    your-algorithms-training-algo-running-container); a later one in its place means that another
    process has read this epoch. ChannelError if another reader has the FIFO open: each would get
    a part of the bytes.
    """
    while True:
        for number, path in _fifos(folder, channel, epoch):
            try:
                file = cast("BinaryIO", path.open("rb", buffering=0))
            except FileNotFoundError:
                break  # read by another process in this moment
            _claim(file, path)
            _enlarge(file)
            return number, file
        time.sleep(_POLL_SECONDS)


def _fifos(folder: Path, channel: str, epoch: int) -> list[tuple[int, Path]]:
    due = folder / f"{channel}_{epoch}"
    if due.exists():
        return [(epoch, due)]
    name = re.compile(re.escape(channel) + r"_(\d+)")
    found = [
        (int(match[1]), path) for path in folder.iterdir() if (match := name.fullmatch(path.name))
    ]
    return sorted(pair for pair in found if pair[0] >= epoch and pair[1].is_fifo())


def _claim(file: BinaryIO, path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise ChannelError(
            f"{path.name} is being read already: a FIFO gives each byte to one reader only. "
            "Let one process read the channel, or use FastFile or File mode"
        ) from None


def _enlarge(file: BinaryIO) -> None:
    """Fewer turns between the two sides; whoever feeds may have done it already."""
    try:
        fcntl.fcntl(file, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    except OSError as error:
        log.debug("pipe of its own size: %s", error)
