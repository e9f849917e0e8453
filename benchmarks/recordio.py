"""RecordIO-protobuf written and read: against copying the same bytes, and the SageMaker SDK 2."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from benchmarks.comparison import compare, say, seconds
from benchmarks.recordio_sdk import COLUMNS, FEATURES, INTEGERS, STORED
from penstock.recordio import Reader, core, write_csr, write_dense

ROWS = 200_000
SDK_ROWS = 4_000  # it takes a tenth of a second and more for them
BATCH_ROWS = 10_000
RUNS = 15
# a side is run again and again for so long, which is what the SDK takes: the first time is a fifth
# slower, on a core that was idle
STEADY_SECONDS = 0.1
# the ratio that is wanted, by the comparison's name
AT_LEAST = {
    "recordio_write": 0.6,
    "recordio_write_sdk": 200,
    "recordio_read_sdk": 250,
    "recordio_sparse_write_sdk": 200,
    "recordio_sparse_read_sdk": 25,
    "recordio_sparse_numpy_write_sdk": 20,
    "recordio_sparse_numpy_read_sdk": 8,
}
SDK = Path(sys.prefix, "runtimes", "sagemaker-sdk2", "bin", "python")


class FreshMemory(io.RawIOBase):
    """A file of a known size in memory that nobody has touched yet."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self._content: npt.NDArray[np.uint8] = np.empty(size, np.uint8)
        self.used = 0

    def writable(self) -> bool:
        """Yes."""
        return True

    def write(self, data: Any) -> int:
        """Append; ValueError when the file is full."""
        end = self.used + len(data)
        self._content[self.used : end] = np.frombuffer(data, np.uint8)
        self.used = end
        return len(data)


class Sdk:
    """The SDK's process; a side of a comparison is its seconds for as many rows as ours."""

    def __init__(self) -> None:
        companions = Path(np.__file__).parents[1]
        program = Path(__file__).with_name("recordio_sdk.py")
        self._process = subprocess.Popen(
            [SDK, program, companions, str(SDK_ROWS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def side(self, work: str) -> Callable[[], float]:
        """The seconds that it takes for ROWS rows, from those for SDK_ROWS."""

        def measure() -> float:
            if self._process.stdin is None or self._process.stdout is None:
                raise RuntimeError("the SDK's process has no pipes")
            self._process.stdin.write(work + "\n")
            self._process.stdin.flush()
            return float(self._process.stdout.readline()) * ROWS / SDK_ROWS

        return measure

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


class Work:
    """Rows of one kind, and how they are written and read."""

    def __init__(self, name: str, rows: Any, write: Callable[..., int]) -> None:
        self.name = name
        self.type = str(rows.dtype)
        self._rows = rows
        self._write = write
        self._labels = (np.arange(ROWS) % 10).astype(np.float32)
        file = io.BytesIO()
        write(file, rows, self._labels)
        self.encoded = file.getvalue()
        say(f"recordio: {ROWS} {name} records, {len(self.encoded)} bytes")

    def write(self) -> float:
        """Seconds to write all into fresh memory."""

        def work() -> None:
            memory = FreshMemory(len(self.encoded))
            self._write(memory, self._rows, self._labels)
            if memory.used != len(self.encoded):
                raise RuntimeError(f"wrote {memory.used} bytes instead of {len(self.encoded)}")

        return steady(work)

    def read(self) -> float:
        """Seconds to read all from memory, batch by batch, everything checked."""

        def work() -> None:
            found = sum(x.shape[0] for x, _ in Reader(self.encoded).batches(BATCH_ROWS))
            if found != ROWS:
                raise RuntimeError(f"read {found} records instead of {ROWS}")

        return steady(work)

    def copy(self) -> float:
        """Seconds to copy the encoded bytes into fresh memory."""
        content = np.frombuffer(self.encoded, np.uint8)
        return steady(lambda: FreshMemory(len(content)).write(content))


def steady(work: Callable[[], object]) -> float:
    """Seconds that `work` takes: the mean of as many times as there are in STEADY_SECONDS."""
    times = [seconds(work)]
    while sum(times) < STEADY_SECONDS:
        times.append(seconds(work))
    return sum(times) / len(times)


@contextmanager
def with_core(compiled: core.CompiledCore | None) -> Iterator[None]:
    """With the compiled core, or without any."""
    before = core.compiled
    core.compiled = compiled
    try:
        yield
    finally:
        core.compiled = before


def sparse_rows() -> csr_matrix:
    """STORED values in each row of COLUMNS columns."""
    generator = np.random.default_rng(11)
    indices = np.sort(generator.integers(0, COLUMNS, (ROWS, STORED), np.int32), 1).reshape(-1)
    values = generator.random(ROWS * STORED, dtype=np.float32)
    return csr_matrix((values, indices, np.arange(0, ROWS * STORED + 1, STORED)), (ROWS, COLUMNS))


def measure(work: Work, kind: str, sdk: Sdk | None) -> None:
    """Print writing and reading against copying, and against the SDK if it is there."""
    always: dict[str, Any] = {"records": ROWS, "type": work.type, "bytes": len(work.encoded)}
    name = f"recordio_{kind}" if kind != "dense" else "recordio"
    for verb, subject in (("write", work.write), ("read", work.read)):
        sides = [("", "numpy copy of the encoded bytes into fresh memory", work.copy)]
        if sdk is not None:
            side = sdk.side(f"{work.name}_{verb}")
            sides.append(("_sdk", f"the SageMaker SDK 2, of {SDK_ROWS} rows", side))
        for suffix, baseline, against in sides:
            details = {**always, "batch_records": BATCH_ROWS} if verb == "read" else dict(always)
            if (goal := AT_LEAST.get(f"{name}_{verb}{suffix}")) is not None:
                details["at_least"] = goal
            compare(
                f"{name}_{verb}{suffix}",
                what=f"{verb} {kind} rows with labels, {work.name}",
                baseline=baseline,
                subject=subject,
                against=against,
                runs=RUNS,
                details=details,
            ).print()


def main() -> None:
    """Print the comparisons recordio_write, recordio_read and those of sparse rows."""
    sdk = Sdk() if SDK.exists() else None
    if sdk is None:
        say("recordio: not against the SageMaker SDK 2, which `make clients` installs")
    dense = np.random.default_rng(11).random((ROWS, FEATURES), dtype=np.float32)
    measure(Work("dense", dense, write_dense), "dense", sdk)
    work = Work("sparse", sparse_rows(), write_csr)
    if core.compiled is None:
        say("recordio: no compiled core, sparse rows with numpy alone")
    else:
        measure(work, "sparse", sdk)
    with with_core(None):
        measure(work, "sparse_numpy", sdk)
    integers = np.random.default_rng(11).integers(0, INTEGERS, (ROWS, FEATURES), np.int32)
    work = Work("integers", integers, write_dense)
    if core.compiled is not None:
        measure(work, "integers", sdk)
    with with_core(None):
        measure(work, "integers_numpy", sdk)
    if sdk is not None:
        sdk.close()


if __name__ == "__main__":
    main()
