"""A run of one shard's records: in memory, in a file of its own, or both."""

from __future__ import annotations

import marshal
import sys
from array import array
from dataclasses import dataclass, field
from pathlib import Path

_POINTERS_BYTES = 24  # of a key, of data, and the arrival


@dataclass(slots=True)
class Columns:
    """Partition keys, data and arrivals (seconds since the epoch), in the order of the shard."""

    keys: list[str] = field(default_factory=list)
    data: list[bytes] = field(default_factory=list)
    arrivals: array[float] = field(default_factory=lambda: array("d"))

    def write(self, path: Path) -> None:
        """Into a file that this process reads again. OSError when the disk takes no more."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(marshal.dumps((self.keys, self.data, self.arrivals.tobytes())))

    @classmethod
    def read(cls, path: Path) -> Columns:
        """From such a file."""
        keys, data, arrivals = marshal.loads(path.read_bytes())  # noqa: S302 (our own file)
        return cls(keys, data, array("d", arrivals))


@dataclass(slots=True, eq=False)
class Segment:
    """The numbers of its records begin with `first`; `size` is what they take in memory, in bytes.

    This stays in memory for as long as the records are kept, `columns` may be only in the file.
    """

    folder: Path
    first: int
    first_arrival: float
    last_arrival: float
    count: int = 0
    size: int = 0
    columns: Columns | None = field(default_factory=Columns)
    is_written: bool = False

    @property
    def path(self) -> Path:
        """Its file, there once it is written."""
        return self.folder / str(self.first)

    @property
    def last(self) -> int:
        """The number of its newest record."""
        return self.first + self.count - 1


def size_bytes(partition_key: str, data: bytes) -> int:
    """What a record takes in memory."""
    return sys.getsizeof(partition_key) + sys.getsizeof(data) + _POINTERS_BYTES
