"""One range of an S3 object: fetched by one thread, taken in order by another."""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Condition
from typing import Any, BinaryIO

from botocore.exceptions import ClientError

from penstock.localcloud.workers.s3 import S3Address
from penstock.localcloud.workers.training.pipe.chunk import Chunk, FilePart

CHUNK_BYTES = 512 << 10
RANGE_BYTES = 8 << 20
_WAIT_SECONDS = 0.1


class ChangedError(OSError):
    """Somebody wrote over an object while it was read: its parts do not belong together."""


@dataclass
class RangeRead:
    """Up to RANGE_BYTES of an object from byte `first` on; `etag` is that of the ranges before.

    `total` is the object's size, known with the first answer; `is_all` when that answer holds all
    of the object, whatever was asked for. `changed` is notified of all that
    happens; whoever holds it may look at the fields.
    """

    address: S3Address
    first: int
    changed: Condition
    etag: str = ""
    total: int | None = None
    is_all: bool = False
    error: Exception | None = None
    is_whole: bool = False
    _chunks: deque[Chunk] = field(default_factory=deque)
    _held: int = 0
    _file: BinaryIO | None = None

    def fetch(self, s3: Any, is_over: Callable[[], bool]) -> None:
        """Get it; what goes wrong is raised where it is taken."""
        try:
            answer = self._answer(s3)
            if answer is not None:
                self._keep(answer, is_over)
        except Exception as error:  # noqa: BLE001 - the thread that takes the bytes raises it
            with self.changed:
                self.error = error
                self.changed.notify_all()
            return
        with self.changed:
            self.is_whole = True
            self.changed.notify_all()

    def take(self) -> Chunk | None:
        """What has come, if it has; the caller holds `changed`. Raises what `fetch` met with."""
        if self._chunks:
            chunk = self._chunks.popleft()
            self._held -= 0 if isinstance(chunk, FilePart) else len(chunk)
            self.changed.notify_all()
            return chunk
        if self.error is not None:
            raise self.error
        return None

    def close(self) -> None:
        """What was taken from a local file has been sent."""
        if self._file is not None:
            self._file.close()

    def _answer(self, s3: Any) -> dict[str, Any] | None:
        """GetObject's answer, None for an object without a byte."""
        options = {"Bucket": self.address.bucket, "Key": self.address.key}
        options["Range"] = f"bytes={self.first}-{self.first + RANGE_BYTES - 1}"
        if self.etag:
            options["IfMatch"] = self.etag
        try:
            answer: dict[str, Any] = s3.get_object(**options)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "InvalidRange" and not self.first:
                self._know(0, "", is_all=True)  # no object but an empty one lacks a first byte
                return None
            if self.first and code in ("InvalidRange", "PreconditionFailed"):
                raise self._was_changed() from error
            raise
        ranged = answer.get("ContentRange")
        total = int(str(ranged).rpartition("/")[2] if ranged else answer["ContentLength"])
        if self.etag and (answer.get("ETag", self.etag), total) != (self.etag, self.total):
            raise self._was_changed()
        if self.first and not ranged:
            raise OSError(f"{self.address}: the answer to a request for a range has none")
        self._know(total, str(answer.get("ETag", "")), is_all=not ranged)
        return answer

    def _know(self, total: int, etag: str, *, is_all: bool) -> None:
        with self.changed:
            self.total, self.etag, self.is_all = total, etag, is_all
            self.changed.notify_all()

    def _was_changed(self) -> ChangedError:
        return ChangedError(
            f"{self.address} was changed while it was read: byte {self.first} and what follows "
            f"belong to another version than the bytes before (ETag {self.etag})"
        )

    def _keep(self, answer: dict[str, Any], is_over: Callable[[], bool]) -> None:
        body, expected = answer["Body"], int(answer["ContentLength"])
        part = _part(body, expected)
        if part is not None:
            self._file = body
            self._add(part, is_over)
            return
        got = 0
        try:
            while not is_over() and (data := body.read(CHUNK_BYTES)):
                got += len(data)
                self._add(data, is_over)
        finally:
            body.close()
        if got != expected and not is_over():
            raise OSError(f"{self.address}: {got} of {expected} bytes came, then no more")

    def _add(self, chunk: Chunk, is_over: Callable[[], bool]) -> None:
        with self.changed:
            self._chunks.append(chunk)
            self._held += 0 if isinstance(chunk, FilePart) else len(chunk)
            self.changed.notify_all()
            # only an answer that is longer than was asked for waits here
            while self._held > RANGE_BYTES and not is_over():
                self.changed.wait(_WAIT_SECONDS)


def _part(body: Any, count: int) -> FilePart | None:
    """The body as a part of a local file, when it is one: then it need not be read here."""
    try:
        file = body.fileno()
    except (AttributeError, OSError):
        return None
    return FilePart(body, body.tell(), count) if stat.S_ISREG(os.fstat(file).st_mode) else None
