"""One file of a FastFile channel, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.localcloud.workers.s3 import S3Address
from penstock.localcloud.workers.training.fastfile.lease import LeasedFile


@dataclass
class Entry:
    """`group` counts parts of the channel that are read ahead together, in the files' order.

    `asked_after` is a moment (time.monotonic) at which nobody waited for it yet, None while
    nobody does. A file that `is_first` of its group is held back even when it `is_filled`: its
    opening tells that the reader has come so far.
    """

    address: S3Address
    size: int
    file: LeasedFile
    group: int
    is_first: bool
    asked_after: float | None = None
    is_begun: bool = False
    is_filled: bool = False
    is_free: bool = False

    @property
    def is_wanted(self) -> bool:
        """Whether a program waits for it, or has."""
        return self.asked_after is not None
