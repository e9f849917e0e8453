"""Writes and reads RecordIO-protobuf with the SageMaker SDK 2: the cases of one npz file.

The arguments are the file of cases, the folder to write into, and where numpy's companions (scipy)
are when the SDK's own environment has none. Each case is an array `<case>.x`, or the three arrays
of a CSR matrix and its number of columns, and maybe `<case>.y`.
"""

import os
import sys
from pathlib import Path

os.environ["SAGEMAKER_SUPPRESS_V2_WARNING"] = "1"
sys.path.append(sys.argv[3])  # last: what the SDK brings itself stays in use

import numpy as np
from sagemaker.amazon.common import write_numpy_to_dense_tensor, write_spmatrix_to_sparse_tensor
from sagemaker.amazon.record_pb2 import Record
from scipy.sparse import csr_matrix

TENSORS = {"float32": "float32_tensor", "float64": "float64_tensor", "int64": "int32_tensor"}


def main() -> None:
    """One file for each case."""
    cases = np.load(sys.argv[1])
    folder = Path(sys.argv[2])
    for case in sorted({name.partition(".")[0] for name in cases.files}):
        y = cases.get(f"{case}.y")
        with (folder / case).open("wb") as file:
            if f"{case}.x" in cases:
                write_numpy_to_dense_tensor(file, cases[f"{case}.x"], y)
            else:
                data, indices, pointers = (cases[f"{case}.{part}"] for part in "dip")
                matrix = csr_matrix(
                    (len(pointers) - 1, int(cases[f"{case}.columns"])), dtype=data.dtype
                )
                matrix.data, matrix.indices, matrix.indptr = data, indices, pointers
                write_spmatrix_to_sparse_tensor(file, matrix, y)
    (folder / "record").write_bytes(everything().SerializeToString(deterministic=True))


def everything() -> Record:
    """A record with all that the format has."""
    record = Record(uid="u1", metadata='{"a": 1}', configuration="")
    record.features["image"].bytes.value.extend([b"\xff\x00", b""])
    record.features["image"].bytes.content_type = "image/png"
    record.features["source"].int32_tensor.values.extend([1, -1, 2**31 - 1, -(2**31)])
    record.features["target"].float64_tensor.values.extend([0.5, -2.0])
    record.features["target"].float64_tensor.keys.extend([3, 2**40])
    record.features["target"].float64_tensor.shape.extend([2**30, 2**30])
    record.label["predicted_label"].float32_tensor.values.extend([1.0])
    record.label["score"].float32_tensor.values.extend([0.25, 0.75])
    return record


if __name__ == "__main__":
    main()
