"""A progress bar of bytes on stderr, for what takes longer than a moment on a terminal."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

PATIENCE_SECONDS = 1.0
BETWEEN_SECONDS = 0.1


class ProgressBar:
    """Nothing is shown unless stderr is a terminal and a second has passed."""

    def __init__(self, title: str) -> None:
        self._title = title
        self._next = time.monotonic() + PATIENCE_SECONDS if sys.stderr.isatty() else float("inf")
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def at(self, done_bytes: int, total_bytes: int | None) -> None:
        """So far; without a total the bytes are shown alone."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + BETWEEN_SECONDS
        if self._progress is None:
            self._progress = _progress(known=total_bytes is not None)
            self._progress.start()
            self._task = self._progress.add_task(self._title, total=total_bytes)
        assert self._task is not None
        self._progress.update(self._task, completed=done_bytes, total=total_bytes, refresh=True)


def _progress(*, known: bool) -> Progress:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        FileSizeColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    title = TextColumn("{task.description}", markup=False)
    ends = (
        [BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn()]
        if known
        else [FileSizeColumn(), TransferSpeedColumn()]
    )
    console = Console(stderr=True)
    return Progress(title, *ends, console=console, transient=True, auto_refresh=False)
