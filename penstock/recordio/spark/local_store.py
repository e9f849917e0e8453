"""Shards in a folder: attempts lie aside and are renamed when they are published."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from penstock.recordio.spark.layout import BESIDE

ATTEMPTS = "attempts"


class LocalStore:
    """A folder of a file system that the driver and all tasks share; see store.Store.

    Renaming is atomic there. The tasks never make a folder: an attempt that is late finds none
    and fails.
    """

    def __init__(self, path: str) -> None:
        self._root = Path(path).absolute()
        self.uri = f"{self._root}/"

    def prepare(self, channels: Sequence[str]) -> None:
        """Make the folders; what a killed run left behind goes."""
        self.clean(channels)
        for channel in channels:
            self._attempts(channel).mkdir(parents=True)

    def begin(self, name: str) -> LocalAttempt:
        """A new file aside. FileNotFoundError for an attempt whose job is over."""
        return LocalAttempt(self._attempts(name.partition("/")[0]) / uuid.uuid4().hex)

    def publish(self, name: str, token: str) -> None:
        """Rename the attempt."""
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self._attempt(name, token).replace(path)

    def discard(self, name: str, token: str) -> None:
        """Remove the attempt."""
        self._attempt(name, token).unlink(missing_ok=True)

    def clean(self, channels: Sequence[str]) -> None:
        """Remove all attempts."""
        for channel in channels:
            shutil.rmtree(self._attempts(channel), ignore_errors=True)

    def names(self, folder: str) -> list[str]:
        """Paths of files, relative to the output."""
        found = (path for path in (self._root / folder).rglob("*") if not path.is_dir())
        return sorted(str(path.relative_to(self._root)) for path in found)

    def open(self, name: str) -> BinaryIO:
        """The file, open."""
        return (self._root / name).open("rb")

    def put(self, name: str, content: bytes) -> None:
        """Written aside and renamed."""
        path = self._root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        aside = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        aside.write_bytes(content)
        aside.replace(path)

    def delete(self, name: str) -> None:
        """Unlink the file."""
        (self._root / name).unlink(missing_ok=True)

    def _attempts(self, channel: str) -> Path:
        return self._root / BESIDE / channel / ATTEMPTS

    def _attempt(self, name: str, token: str) -> Path:
        return self._attempts(name.partition("/")[0]) / token


class LocalAttempt:
    """A file with a name of its own, outside of the channel; see store.Attempt."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = path.open("xb", buffering=0)

    def write(self, data: memoryview) -> None:
        """Append; all of it."""
        while data:
            data = data[self._file.write(data) :]

    def finish(self) -> str:
        """Close it; the token is its name."""
        self._file.close()
        return self._path.name

    def abort(self) -> None:
        """Remove it."""
        self._file.close()
        self._path.unlink(missing_ok=True)
