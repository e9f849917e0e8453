"""S3: the bodies of larger objects lie in files, not in memory."""

from __future__ import annotations

import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from moto.s3 import models

from penstock.localcloud.shims.patches import Patches

IN_MEMORY_BYTES = 16_384  # of one object; moto has its key and metadata in memory anyhow


class Body:
    """What moto's S3 uses of a temporary file: it writes a body as a whole, and reads it.

    moto's own holds up to 16 MB of each object in memory, and an open file for each larger one.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._in_memory: bytes | None = b""  # None: in the file
        self._position = 0
        self._is_closed = False

    def seek(self, position: int) -> None:
        """Read from there on."""
        self._position = position

    def truncate(self) -> None:
        """Empty it."""
        if self._in_memory is None:
            self._path.unlink(missing_ok=True)  # at the end, its folder may be gone before
        self._in_memory = b""

    def write(self, data: bytes) -> None:
        """Fill it; it must be empty. OSError when the disk is full."""
        if len(data) <= IN_MEMORY_BYTES:
            self._in_memory = bytes(data)
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_bytes(data)
        self._in_memory = None

    def read(self, size: int = -1) -> bytes:
        """So many bytes, or all that follow. ValueError once it is closed, as files have it."""
        if self._is_closed:
            raise ValueError("the object has been deleted")
        if self._in_memory is not None:
            end = None if size < 0 else self._position + size
            found = self._in_memory[self._position : end]
        else:
            with self._path.open("rb") as file:
                file.seek(self._position)
                found = file.read(size)
        self._position += len(found)
        return found

    def close(self) -> None:
        """The object is gone."""
        self.truncate()
        self._is_closed = True


def install(patches: Patches, *, folder: Path) -> None:
    """Bodies lie below `folder`, which is S3's own; whoever installs this removes it."""
    numbers = itertools.count()

    def body(*_max_size: Any, **_more: Any) -> Body:
        return Body(folder / str(next(numbers)))

    patches.replace(models, "tempfile", SimpleNamespace(SpooledTemporaryFile=body))
