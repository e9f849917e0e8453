"""A training script that only reads: one epoch of channel train, at a set speed.

.venv/bin/python -m benchmarks.pipe_trainer OPT_ML HOW MB_PER_SECOND

HOW: `batches` reads all records, `first` leaves after the first batch, `raw` reads the FIFO's bytes
and looks at none. It says "ready" and begins when it gets a line; then it says as JSON when the
first batch was there and when it ended (CLOCK_MONOTONIC), and how many bytes came.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.pace import Pace
from penstock.recordio.fifo import open_fifo
from penstock.recordio.pipe import open_channel

BATCH_ROWS = 1000
RAW_BYTES = 256 << 10


@dataclass(frozen=True)
class Reading:
    """What the trainer saw; times are of time.monotonic()."""

    first: float
    end: float
    bytes: int


class Trainer:
    """The script's process, ready to begin."""

    def __init__(self, opt_ml: Path, how: str, mb_per_second: float = 0) -> None:
        command = [sys.executable, "-m", "benchmarks.pipe_trainer"]
        command += [str(opt_ml), how, str(mb_per_second)]
        # OpenBLAS's threads wait busily for a while after numpy's import, here on the same cores
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        if self._process.stdout is None or self._process.stdout.readline() != "ready\n":
            raise RuntimeError("the trainer did not get ready")

    def begin(self) -> None:
        """The channel is there, or will be."""
        if self._process.stdin is None:
            raise RuntimeError("the trainer has no input")
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def end(self) -> Reading:
        """Wait for its end."""
        said, _ = self._process.communicate()
        return Reading(**json.loads(said))


def read(opt_ml: str, how: str, mb_per_second: float) -> Reading:
    """One epoch, or its first batch."""
    pace = Pace(mb_per_second)
    first = 0.0
    total = 0
    if how == "raw":
        room = bytearray(RAW_BYTES)
        _, fifo = open_fifo(Path(opt_ml, "input", "data"), "train", 0)
        with fifo:
            while count := fifo.readinto(room):  # type: ignore[attr-defined]
                first = first or time.monotonic()
                total += count
        return Reading(first, time.monotonic(), total)
    for x, _ in open_channel("train", opt_ml=opt_ml).batches(BATCH_ROWS):
        first = first or time.monotonic()
        if how == "first":
            break
        size = len(x) * x.strides[0]  # with the records' headers
        total += size
        pace.take(size)
    return Reading(first, time.monotonic(), total)


def main() -> None:
    """Get ready, wait, read, say."""
    opt_ml, how, mb_per_second = sys.argv[1:]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    found = read(opt_ml, how, float(mb_per_second))
    sys.stdout.write(json.dumps(vars(found)) + "\n")


if __name__ == "__main__":
    main()
