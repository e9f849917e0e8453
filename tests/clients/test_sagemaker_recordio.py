"""The codec's bytes are those of the SageMaker SDK 2's writers, over sets made by properties.

The SDK is in an environment of its own, which `make clients` installs; without it this test is
skipped.
"""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse

from penstock.recordio import (
    BytesTensor,
    Reader,
    Record,
    Tensor,
    write_csr,
    write_dense,
    write_records,
)
from penstock.recordio.record import encode_record
from tests.unit.recordio_cores import using

pytestmark = pytest.mark.runtime

PYTHON = Path(sys.prefix, "runtimes", "sagemaker-sdk2", "bin", "python")
PROGRAM = Path(__file__).with_name("programs") / "write_recordio.py"
TYPES = ("f4", "f8", "i8")
WIDTHS = (1, 2, 11, 12, 13, 27, 28, 60, 127, 128, 129, 4100)
COLUMNS = (1, 4, 127, 128, 129, 16_383, 16_384, 20_000, 2**21, 2**28 + 9, 2**31 - 1)


def numbers(generator: np.random.Generator, shape: Any, dtype: str) -> Any:
    """Of all sizes and signs: floats are any bits but no NaN, integers any of 32 bits."""
    whole = generator.integers(-(2**31), 2**31, shape) >> generator.integers(0, 32, shape)
    if dtype == "i8":
        return whole
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    floats = generator.integers(0, 256, size, np.uint8).view(dtype).reshape(shape)
    return np.where(np.isnan(floats), whole, floats).astype(dtype)


def cases(seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    generator = np.random.default_rng(seed)
    for dtype in TYPES:
        for label in (None, *TYPES):
            for width in WIDTHS:
                rows = int(generator.integers(1, 6))
                arrays = {"x": numbers(generator, (rows, width), dtype)}
                if label:
                    arrays["y"] = numbers(generator, rows, label)
                yield f"dense {dtype} {label} {width}", arrays
            for columns in COLUMNS:
                counts = generator.choice([0, 1, 5, 40, 300], int(generator.integers(1, 6)))
                stored = int(counts.sum())
                spread = generator.integers(0, 31, stored)
                arrays = {
                    "d": numbers(generator, stored, dtype),
                    "i": ((generator.integers(0, 2**31, stored) >> spread) % columns).astype("i4"),
                    "p": np.concatenate([[0], np.cumsum(counts)]).astype("i4"),
                    "columns": np.array(columns),
                }
                if label:
                    arrays["y"] = numbers(generator, len(counts), label)
                yield f"sparse {dtype} {label} {columns}", arrays


def ours(arrays: dict[str, Any]) -> bytes:
    file = io.BytesIO()
    y = arrays.get("y")
    options = {} if y is None else {"label_dtype": {"i": "i4"}.get(y.dtype.kind, y.dtype)}
    if "x" in arrays:
        write_dense(file, arrays["x"], y, **options)
    else:
        shape = (len(arrays["p"]) - 1, int(arrays["columns"]))
        matrix = scipy.sparse.csr_matrix(shape, dtype=arrays["d"].dtype)
        matrix.data, matrix.indices, matrix.indptr = arrays["d"], arrays["i"], arrays["p"]
        write_csr(file, matrix, y, **options)
    return file.getvalue()


@pytest.mark.skipif(not PYTHON.exists(), reason="needs the SageMaker SDK 2: `make clients`")
def test_the_bytes_are_those_of_the_sdks_writers(tmp_path: Path) -> None:
    made = dict(cases(seed=20_261_122))
    stored = {f"{name}.{part}": a for name, parts in made.items() for part, a in parts.items()}
    np.savez(tmp_path / "cases.npz", **stored)
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    companions = Path(np.__file__).parents[1]
    subprocess.run(
        [PYTHON, PROGRAM, tmp_path / "cases.npz", theirs, companions],
        capture_output=True,
        check=True,
        text=True,
    )
    for core in ("compiled", "numpy"):
        with using(core):
            for name, arrays in made.items():
                assert ours(arrays) == (theirs / name).read_bytes(), f"{name}, {core}"
    record = Record(
        features={
            "image": BytesTensor((b"\xff\x00", b""), "image/png"),
            "source": Tensor(np.array([1, -1, 2**31 - 1, -(2**31)])),
            "target": Tensor(np.array([0.5, -2.0]), np.array([3, 2**40]), (2**30, 2**30)),
        },
        label={
            "predicted_label": Tensor(np.array([1], np.float32)),
            "score": Tensor(np.array([0.25, 0.75], np.float32)),
        },
        uid="u1",
        metadata='{"a": 1}',
        configuration="",
    )
    assert encode_record(record) == (theirs / "record").read_bytes()
    file = io.BytesIO()
    write_records(file, Reader(b"".join((theirs / name).read_bytes() for name in made)))
    assert file.getvalue() == b"".join((theirs / name).read_bytes() for name in made)
