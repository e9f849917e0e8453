"""Where shards go: what a folder and an S3 prefix have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO, Protocol


class Attempt(Protocol):
    """A file that somebody writes and nobody sees: until `publish` it has no name."""

    def write(self, data: memoryview) -> None:
        """Append."""

    def finish(self) -> str:
        """All is written; returns the token by which the driver publishes it."""

    def abort(self) -> None:
        """It is not wanted."""


class Store(Protocol):
    """An output's files by their names, which are relative to `uri` (it ends with /).

    Tasks get a copy of it by pickle: `begin` is theirs, everything else is the driver's.
    """

    uri: str

    def prepare(self, channels: Sequence[str]) -> None:
        """Before the tasks."""

    def begin(self, name: str) -> Attempt:
        """Start to write what may become the file `name`."""

    def publish(self, name: str, token: str) -> None:
        """Make a finished attempt the file `name`, in one step; it takes the place of another."""

    def discard(self, name: str, token: str) -> None:
        """Drop a finished attempt."""

    def clean(self, channels: Sequence[str]) -> None:
        """After the tasks: what is left of attempts."""

    def names(self, folder: str) -> list[str]:
        """The names of all files below a folder (it ends with /), in order."""

    def open(self, name: str) -> BinaryIO:
        """Read a file; FileNotFoundError if there is none."""

    def put(self, name: str, content: bytes) -> None:
        """Write a small file in one step."""

    def delete(self, name: str) -> None:
        """Remove a file, if it is there."""


def is_s3(uri: str) -> bool:
    """Whether it is an address in S3 and not a path."""
    return uri.startswith(("s3://", "s3a://", "s3n://"))


def open_store(uri: str) -> Store:
    """The store at an s3:// address or a local path (of a file system that all tasks share)."""
    if is_s3(uri):
        from penstock.recordio.spark.s3_store import S3Store

        return S3Store("s3://" + uri.partition("://")[2].rstrip("/") + "/")
    from penstock.recordio.spark.local_store import LocalStore

    return LocalStore(uri)
