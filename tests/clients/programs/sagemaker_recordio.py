"""The SageMaker SDK 2's RecordIO-protobuf, asked by its tests on standard input.

The arguments are where numpy's companions (scipy) are when the SDK's own environment has none, and
the file descriptor for the answers: the SDK talks on standard output. Each question is eight bytes
of length and an npz file; each answer is a byte (0 answer, 1 refusal), eight bytes of length and
bytes:

- `x`, (n, D), or a CSR matrix's `data`, `indices`, `pointers` and `columns`, and maybe `y`: what
  the SDK's writer writes of it;
- `records`, bytes: the same records, parsed and serialized again by the SDK.
"""

import io
import os
import sys
from typing import Any

os.environ["SAGEMAKER_SUPPRESS_V2_WARNING"] = "1"
sys.path.append(sys.argv[1])  # last: what the SDK brings itself stays in use

import numpy as np
from sagemaker.amazon.common import (
    _write_recordio,
    read_recordio,
    write_numpy_to_dense_tensor,
    write_spmatrix_to_sparse_tensor,
)
from sagemaker.amazon.record_pb2 import Record
from scipy.sparse import csr_matrix


def main() -> None:
    """Answers until the input ends."""
    answers = os.fdopen(int(sys.argv[2]), "wb")
    while length := sys.stdin.buffer.read(8):
        question = np.load(io.BytesIO(sys.stdin.buffer.read(int.from_bytes(length, "little"))))
        try:
            refused, answer = 0, answer_to(question)
        except ValueError as error:
            refused, answer = 1, str(error).encode()
        answers.write(bytes([refused]) + len(answer).to_bytes(8, "little") + answer)
        answers.flush()


def answer_to(question: Any) -> bytes:
    """Bytes of records. ValueError as the SDK raises it."""
    file = io.BytesIO()
    if "records" in question:
        for payload in read_recordio(io.BytesIO(question["records"].tobytes())):
            record = Record()
            record.ParseFromString(payload)
            _write_recordio(file, record.SerializeToString(deterministic=True))
    elif "x" in question:
        write_numpy_to_dense_tensor(file, question["x"], question.get("y"))
    else:
        data, pointers = question["data"], question["pointers"]
        matrix = csr_matrix((len(pointers) - 1, int(question["columns"])), dtype=data.dtype)
        matrix.data, matrix.indices, matrix.indptr = data, question["indices"], pointers
        write_spmatrix_to_sparse_tensor(file, matrix, question.get("y"))
    return file.getvalue()


if __name__ == "__main__":
    main()
