"""The SageMaker SDK 2 as the baseline: a process in its own environment that is told what to time.

Run by benchmarks.recordio with the SDK's Python; the first argument is where scipy is, which that
environment has not. Each line on standard input names a piece of work, each line on standard
output tells the seconds it took.
"""

from __future__ import annotations

import io
import os
import sys
import time
from typing import Any

FEATURES = 100
COLUMNS = 100_000
STORED = 50
INTEGERS = 1000  # dense int32 values are below it


def main() -> None:
    """Answers until the input ends."""
    os.environ["SAGEMAKER_SUPPRESS_V2_WARNING"] = "1"
    sys.path.append(sys.argv[1])
    answers = os.fdopen(os.dup(1), "w")  # the SDK talks on standard output
    os.dup2(2, 1)
    import numpy as np
    from sagemaker.amazon.common import (  # type: ignore[import-not-found]
        read_records,
        write_numpy_to_dense_tensor,
        write_spmatrix_to_sparse_tensor,
    )
    from scipy.sparse import csr_matrix

    rows = int(sys.argv[2])
    generator = np.random.default_rng(11)
    labels = (np.arange(rows) % 10).astype(np.float32)
    dense = generator.random((rows, FEATURES), dtype=np.float32)
    indices = np.sort(generator.integers(0, COLUMNS, (rows, STORED), np.int32), 1).reshape(-1)
    data = generator.random(rows * STORED, dtype=np.float32)
    pointers = np.arange(0, rows * STORED + 1, STORED)
    sparse = csr_matrix((data, indices, pointers), shape=(rows, COLUMNS))
    integers = generator.integers(0, INTEGERS, (rows, FEATURES))  # the SDK refuses int32
    files = {"dense": io.BytesIO(), "sparse": io.BytesIO(), "integers": io.BytesIO()}
    write_numpy_to_dense_tensor(files["dense"], dense, labels)
    write_numpy_to_dense_tensor(files["integers"], integers, labels)
    write_spmatrix_to_sparse_tensor(files["sparse"], sparse, labels)

    def read(kind: str) -> list[Any]:
        files[kind].seek(0)
        return [record.features["values"].float32_tensor for record in read_records(files[kind])]

    def read_dense() -> Any:
        return np.array([tensor.values for tensor in read("dense")], np.float32)

    def read_integers() -> Any:
        files["integers"].seek(0)
        records = read_records(files["integers"])
        return np.array([r.features["values"].int32_tensor.values for r in records], np.int32)

    def read_sparse() -> Any:
        tensors = read("sparse")
        ends = np.cumsum([0, *(len(tensor.keys) for tensor in tensors)])
        values = np.concatenate([np.array(tensor.values, np.float32) for tensor in tensors])
        keys = np.concatenate([np.array(tensor.keys, np.int32) for tensor in tensors])
        return csr_matrix((values, keys, ends), shape=(rows, COLUMNS))

    work = {
        "dense_write": lambda: write_numpy_to_dense_tensor(io.BytesIO(), dense, labels),
        "dense_read": read_dense,
        "integers_write": lambda: write_numpy_to_dense_tensor(io.BytesIO(), integers, labels),
        "integers_read": read_integers,
        "sparse_write": lambda: write_spmatrix_to_sparse_tensor(io.BytesIO(), sparse, labels),
        "sparse_read": read_sparse,
    }
    for line in sys.stdin:
        started = time.perf_counter()
        work[line.strip()]()
        answers.write(f"{time.perf_counter() - started}\n")
        answers.flush()


if __name__ == "__main__":
    main()
