"""Small files of every kind of record, from which fuzzing begins."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix

from penstock.recordio import (
    BytesTensor,
    Record,
    Tensor,
    write_csr,
    write_dense,
    write_labels,
    write_records,
)
from penstock.recordio.frame import MAGIC_BYTES

DTYPES = ("f4", "f8", "i4")


def seeds() -> Iterator[bytes]:
    """The files' bytes."""
    labels: list[Any] = [None, *DTYPES]
    for dtype in DTYPES:
        dense = np.array([[1, -2, 3], [0, 300, 70_000]], dtype)
        sparse = csr_matrix(np.array([[0, 5, 0, -6], [0, 0, 0, 0], [7, 0, 0, 0]], dtype))
        sparse.resize(3, 20_000)
        for label in labels:
            rows = io.BytesIO()
            options = {} if label is None else {"label_dtype": label}
            y = None if label is None else [1, -2, 3]
            write_dense(rows, dense, None if y is None else y[:2], **options)
            yield rows.getvalue()
            rows = io.BytesIO()
            write_csr(rows, sparse, y, **options)
            yield rows.getvalue()
    mixed = io.BytesIO()
    for _ in range(2):
        write_dense(mixed, np.ones((2, 2), "f4"), [1, 2])
        write_csr(mixed, csr_matrix(np.eye(3, dtype="f8")))
    yield mixed.getvalue()
    odd = io.BytesIO()
    features = {
        "source": Tensor(np.array([4, -5], "i4")),
        "target": Tensor(np.array([0.5]), np.array([2**33], np.uint64), (2**20, 2**20)),
        "image": BytesTensor((b"\xff\x00", b""), "image/png"),
    }
    write_records(odd, [Record(features, {"values": Tensor(np.ones(2))}, "u", "{}", "c")])
    write_labels(odd, {"score": [0.25, 0.75], "predicted_label": 1})
    yield odd.getvalue()
    yield b"".join(
        MAGIC_BYTES + word.to_bytes(4, "little") + body
        for word, body in ((1 << 29 | 4, b"\x1a\x06ab"), (2 << 29, b""), (3 << 29, b""))
    )
    yield b""


def main() -> None:
    """A file for each in the folder that is given."""
    for number, seed in enumerate(seeds()):
        Path(sys.argv[1], f"seed-{number:02}").write_bytes(seed)


if __name__ == "__main__":
    main()
