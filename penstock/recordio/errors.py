"""What the codec raises: which record, where in the file, and which rule was broken."""

from __future__ import annotations

from functools import partial
from typing import Any


class RecordIOError(ValueError):
    """Bytes that are not RecordIO-protobuf, or a record that the caller cannot use.

    `record` counts from 0; `offset` is the byte offset from where reading began. `where` goes
    before them in the text: which channel and epoch.
    """

    def __init__(self, message: str, *, record: int, offset: int, where: str = "") -> None:
        super().__init__(f"{where}record {record} at byte {offset}: {message}")
        self.message = message
        self.record = record
        self.offset = offset
        self.where = where

    def __reduce__(self) -> tuple[Any, ...]:
        """Errors travel from a process that shares the reading to the one that waits for it."""
        again = partial(type(self), record=self.record, offset=self.offset, where=self.where)
        return again, (self.message,)


class ChannelError(ValueError):
    """What a training script wants of a channel, and cannot have."""


class WireError(ValueError):
    """A protobuf message that breaks a rule; `position` counts bytes within the message.

    Readers turn it into a RecordIOError, which knows the record and the file offset.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
