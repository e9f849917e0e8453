"""The codec's bytes are those of the SageMaker SDK 2, whatever is written.

Rows and records are made anew in each run; hypothesis prints the smallest that differ, and the line
that makes them again. The SDK is in an environment of its own, which `make clients` installs;
without it these tests are skipped.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from penstock.recordio import (
    BytesTensor,
    Reader,
    Record,
    Tensor,
    write_csr,
    write_dense,
    write_records,
)
from penstock.recordio.rows import SparseRows
from tests.unit.recordio_cores import using

pytestmark = [pytest.mark.runtime, pytest.mark.xdist_group("sagemaker-recordio")]

PYTHON = Path(sys.prefix, "runtimes", "sagemaker-sdk2", "bin", "python")
PROGRAM = Path(__file__).with_name("programs") / "sagemaker_recordio.py"
Arrays = dict[str, Any]

random_each_run = settings(
    max_examples=200,
    deadline=None,
    derandomize=False,  # also where CI is set
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Sdk:
    """The SDK's process."""

    def __init__(self) -> None:
        companions = Path(np.__file__).parents[1]
        incoming, outgoing = os.pipe()
        self._answers = os.fdopen(incoming, "rb")
        self._process = subprocess.Popen(
            [PYTHON, PROGRAM, companions, str(outgoing)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=[outgoing],
        )
        os.close(outgoing)

    def answer(self, arrays: Arrays) -> bytes:
        """Bytes of records. ValueError where the SDK raises one."""
        assert self._process.stdin is not None
        question = io.BytesIO()
        np.savez(question, **arrays)
        self._process.stdin.write(question.tell().to_bytes(8, "little") + question.getvalue())
        self._process.stdin.flush()
        head = self._answers.read(9)
        assert head, "the SDK's process has ended: see above"
        answer = self._answers.read(int.from_bytes(head[1:], "little"))
        if head[0]:
            raise ValueError(answer.decode())
        return answer

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate()
        self._answers.close()


@pytest.fixture(scope="module")
def sdk() -> Iterator[Sdk]:
    if not PYTHON.exists():
        pytest.skip("needs the SageMaker SDK 2: `make clients`")
    started = Sdk()
    yield started
    started.close()


WIDTHS = st.integers(1, 30) | st.sampled_from([59, 60, 127, 128, 129, 4100])
COLUMNS = st.sampled_from(
    [1, 4, 127, 128, 129, 16_383, 16_384, 2**21, 2**28 - 1, 2**28 + 9, 2**31 - 1]
)
TYPES = st.sampled_from(["f4", "f8", "i4", "i8"])


def numbers(dtype: str, shape: Any) -> st.SearchStrategy[Any]:
    """Of all sizes and signs, and where varints get longer; the one NaN that has no payload."""
    if dtype[0] == "i":
        edges = st.sampled_from([2**n + d for n in (7, 14, 21, 28) for d in (-1, 0)])
        elements = st.integers(-(2**31), 2**31 - 1) | st.integers(-3, 3) | edges
        return hnp.arrays(dtype, shape, elements=elements)
    floats = hnp.arrays(dtype, shape)
    return floats.map(lambda found: np.where(np.isnan(found), np.dtype(dtype).type("nan"), found))


@st.composite
def labelled(draw: st.DrawFn, rows: int) -> Arrays:
    dtype = draw(st.none() | TYPES)
    return {} if dtype is None else {"y": draw(numbers(dtype, rows))}


@st.composite
def dense(draw: st.DrawFn) -> Arrays:
    shape = (draw(st.integers(0, 5)), draw(WIDTHS))
    return {"x": draw(numbers(draw(TYPES), shape)), **draw(labelled(shape[0]))}


@st.composite
def sparse(draw: st.DrawFn) -> Arrays:
    counts = draw(st.lists(st.integers(0, 9) | st.sampled_from([63, 64, 300]), max_size=5))
    columns = draw(COLUMNS)
    stored = sum(counts)
    keys = st.integers(0, columns - 1) | st.integers(0, min(columns, 300) - 1)
    return {
        "data": draw(numbers(draw(TYPES), stored)),
        "indices": draw(hnp.arrays("i4", stored, elements=keys)),
        "pointers": np.concatenate([[0], np.cumsum(counts)]).astype("i4"),
        "columns": np.array(columns),
        **draw(labelled(len(counts))),
    }


def for_the_sdk(arrays: Arrays) -> Arrays:
    """It has no int32."""
    return {
        name: array.astype("i8") if name in ("x", "y", "data") and array.dtype == "i4" else array
        for name, array in arrays.items()
    }


def ours(arrays: Arrays) -> bytes:
    file = io.BytesIO()
    y = arrays.get("y")
    options = {} if y is None else {"label_dtype": "i4" if y.dtype.kind == "i" else y.dtype}
    if "x" in arrays:
        write_dense(file, arrays["x"], y, **options)
    else:
        write_csr(file, matrix(arrays), y, **options)
    return file.getvalue()


def matrix(arrays: Arrays) -> Any:
    shape = (len(arrays["pointers"]) - 1, int(arrays["columns"]))
    made = scipy.sparse.csr_matrix(shape, dtype=arrays["data"].dtype)
    made.data, made.indices, made.indptr = arrays["data"], arrays["indices"], arrays["pointers"]
    return made


def in_32_bits(values: Any) -> Any:
    return values.astype("i4") if values.dtype == "i8" else values


def check_read(data: bytes, arrays: Arrays) -> None:
    """Our reader has the very numbers back, in batches of two rows."""
    batches = list(Reader(data).row_batches(2))
    if "x" in arrays:
        values = [batch.values.tobytes() for batch in batches]
        assert b"".join(values) == in_32_bits(arrays["x"]).tobytes()
    else:
        assert all(isinstance(batch, SparseRows) for batch in batches)
        values = [batch.values.tobytes() for batch in batches]
        assert b"".join(values) == in_32_bits(arrays["data"]).tobytes()
        keys = [key for batch in batches for key in batch.indices.tolist()]
        assert keys == arrays["indices"].tolist()
        sizes = [size for batch in batches for size in np.diff(batch.pointers).tolist()]
        assert sizes == np.diff(arrays["pointers"]).tolist()
    labels = [batch.labels.tobytes() for batch in batches if batch.labels is not None]
    assert b"".join(labels) == (in_32_bits(arrays["y"]).tobytes() if "y" in arrays else b"")


@random_each_run
@given(arrays=dense() | sparse())
def test_rows_have_the_bytes_that_the_sdk_writes(sdk: Sdk, arrays: Arrays) -> None:
    theirs = sdk.answer(for_the_sdk(arrays))
    for core in ("compiled", "narrow", "numpy"):
        with using(core):
            assert ours(arrays) == theirs
            check_read(theirs, arrays)


@random_each_run
@given(arrays=dense() | sparse())
def test_the_sdk_reads_rows_and_writes_the_same(sdk: Sdk, arrays: Arrays) -> None:
    written = ours(arrays)
    assert sdk.answer({"records": np.frombuffer(written, np.uint8)}) == written


@settings(random_each_run, max_examples=30)
@given(
    values=hnp.arrays("i8", (3, 2), elements=st.integers(-5, 5)),
    beyond=st.integers(2**31, 2**63 - 1) | st.integers(-(2**63), -(2**31) - 1),
    at=st.tuples(st.integers(0, 2), st.integers(0, 1)),
)
def test_integers_beyond_32_bits_are_refused_by_both(
    sdk: Sdk, values: Any, beyond: int, at: tuple[int, int]
) -> None:
    values[at] = beyond
    with pytest.raises(ValueError, match="out of range"):
        sdk.answer({"x": values})
    with pytest.raises(ValueError, match="beyond 32 bits"):
        ours({"x": values})


@st.composite
def tensors(draw: st.DrawFn) -> Tensor:
    size = draw(st.integers(0, 9))
    values = draw(numbers(draw(TYPES), size))
    if draw(st.booleans()):
        shape = draw(st.sampled_from([(300,), (7, 50), (2**40,), (2**63,)]))
        return Tensor(
            values, draw(hnp.arrays(np.uint64, size, elements=st.integers(0, 299))), shape
        )
    return Tensor(values, None, (size,) if size and draw(st.booleans()) else None)


TEXTS = st.none() | st.text(max_size=20)
BYTES = st.builds(
    BytesTensor, st.lists(st.binary(max_size=9), max_size=3).map(tuple), st.none() | st.text()
)


def as_the_sdk_sorts(found: dict[str, Any]) -> dict[str, Any]:
    """By name, a longer one before the one that it begins with; UTF-8 has no byte 255."""
    return dict(sorted(found.items(), key=lambda item: item[0].encode() + b"\xff"))


MAPS = st.dictionaries(
    st.text("ab0\u00e4\U0001f600", max_size=3), tensors() | BYTES, max_size=4
).map(as_the_sdk_sorts)
RECORDS = st.builds(
    Record, features=MAPS, label=MAPS, uid=TEXTS, metadata=TEXTS, configuration=TEXTS
)


@random_each_run
@given(records=st.lists(RECORDS, max_size=4))
def test_the_sdk_reads_records_of_any_kind_and_writes_the_same(
    sdk: Sdk, records: list[Record]
) -> None:
    file = io.BytesIO()
    write_records(file, records)
    written = file.getvalue()
    assert sdk.answer({"records": np.frombuffer(written, np.uint8)}) == written
