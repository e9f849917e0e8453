"""RecordIO-protobuf: dense records written and read, against copying the same bytes."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt

from benchmarks.comparison import compare, say, seconds
from penstock.recordio import Reader, write_dense

ROWS = 200_000
FEATURES = 100
BATCH_ROWS = 10_000
RUNS = 31


class FreshMemory(io.RawIOBase):
    """A file of a known size in memory that nobody has touched yet."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._content: npt.NDArray[np.uint8] = np.empty(size, np.uint8)
        self.used = 0

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        """Append; ValueError when the file is full."""
        end = self.used + len(data)
        self._content[self.used : end] = np.frombuffer(data, np.uint8)
        self.used = end
        return len(data)


def main() -> None:
    """Print the comparisons recordio_write and recordio_read."""
    generator = np.random.default_rng(11)
    rows = generator.random((ROWS, FEATURES), dtype=np.float32)
    labels = (np.arange(ROWS) % 10).astype(np.float32)
    file = io.BytesIO()
    write_dense(file, rows, labels)
    encoded = file.getvalue()
    say(f"recordio: {ROWS} records, {len(encoded)} bytes")
    content = np.frombuffer(encoded, np.uint8)
    details = {"records": ROWS, "features": FEATURES, "type": "float32", "bytes": len(encoded)}

    def write() -> None:
        memory = FreshMemory(len(encoded))
        write_dense(memory, rows, labels)  # type: ignore[arg-type]
        if memory.used != len(encoded):
            raise RuntimeError(f"wrote {memory.used} bytes instead of {len(encoded)}")

    def read() -> None:
        found = sum(len(x) for x, _ in Reader(io.BytesIO(encoded)).batches(BATCH_ROWS))
        if found != ROWS:
            raise RuntimeError(f"read {found} records instead of {ROWS}")

    compare(
        "recordio_write",
        what="write_dense of float32 rows with labels into fresh memory",
        baseline="numpy copy of the encoded bytes into fresh memory",
        subject=lambda: seconds(write),
        against=lambda: seconds(content.copy),
        runs=RUNS,
        details=details,
    ).print()
    compare(
        "recordio_read",
        what=f"Reader.batches({BATCH_ROWS}) over the same records: every header checked",
        baseline="numpy copy of the encoded bytes into fresh memory",
        subject=lambda: seconds(read),
        against=lambda: seconds(content.copy),
        runs=RUNS,
        details={**details, "batch_records": BATCH_ROWS},
    ).print()


if __name__ == "__main__":
    main()
