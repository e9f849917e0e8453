"""What the codec raises: which record, where in the file, and which rule was broken."""

from __future__ import annotations


class RecordIOError(ValueError):
    """Bytes that are not RecordIO-protobuf, or a record that the caller cannot use.

    `record` counts from 0; `offset` is the byte offset from where reading began.
    """

    def __init__(self, message: str, *, record: int, offset: int) -> None:
        super().__init__(f"record {record} at byte {offset}: {message}")
        self.message = message
        self.record = record
        self.offset = offset


class WireError(ValueError):
    """A protobuf message that breaks a rule; `position` counts bytes within the message.

    Readers turn it into a RecordIOError, which knows the record and the file offset.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
