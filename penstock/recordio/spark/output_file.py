"""One file of an output in the making: written by a task, counted and checksummed on its way."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any

import numpy.typing as npt

from penstock.recordio.dense import write_dense
from penstock.recordio.spark.store import Attempt, Store


@dataclass(frozen=True)
class Written:
    """What a task says of a finished file; `token` is how the driver publishes it."""

    name: str
    rows: int
    bytes: int
    sha256: str
    token: str

    def to_json(self) -> str:
        """As it travels from a task to the driver."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Written:
        """As the driver reads it."""
        return cls(**json.loads(text))


class OutputFile:
    """A binary file to append to. It begins with the first byte; until published it is nowhere."""

    def __init__(self, store: Store, name: str) -> None:
        self.name = name
        self.rows = 0
        self.bytes = 0
        self._store = store
        self._attempt: Attempt | None = None
        self._digest = hashlib.sha256()

    def add(self, rows: npt.NDArray[Any], labels: npt.NDArray[Any] | None) -> None:
        """Append records. ValueError as in write_dense."""
        write_dense(self, rows, labels)  # type: ignore[arg-type]  # of a file it needs write alone
        self.rows += len(rows)

    def write(self, data: Any) -> int:
        """Append bytes; all of them."""
        view = memoryview(data).cast("B")
        if self._attempt is None:
            self._attempt = self._store.begin(self.name)
        self._attempt.write(view)
        self._digest.update(view)
        self.bytes += len(view)
        return len(view)

    def finish(self) -> Written | None:
        """What was written, None if that is nothing."""
        if self._attempt is None:
            return None
        token = self._attempt.finish()
        return Written(self.name, self.rows, self.bytes, self._digest.hexdigest(), token)

    def abort(self) -> None:
        """Drop what was written."""
        if self._attempt is not None:
            self._attempt.abort()
