"""Text is read block by block: never all of it, and lines are whole and counted in every block."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from typing import Any, BinaryIO, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.recordio.files import FilesError, blocks, json_source
from penstock.recordio.files.batch import RowSource
from penstock.recordio.files.csv_source import CsvSource
from penstock.recordio.files.forms import as_dense
from penstock.recordio.files.json_source import JsonSource
from penstock.recordio.files.libsvm_source import LibsvmSource


def csv_rows(stream: BinaryIO) -> RowSource:
    return CsvSource(stream, header=False, label=None, features=["2"])


def json_rows(stream: BinaryIO) -> RowSource:
    return JsonSource(stream, label=None, features=(), columns=None)


def libsvm_rows(stream: BinaryIO) -> RowSource:
    return LibsvmSource(stream, with_label=True, columns=3, first_index=1)


SOURCES: dict[Callable[[BinaryIO], RowSource], Callable[[int, float], str]] = {
    csv_rows: lambda label, value: f'{label},"a ""b""\n,c",{value!r}\n',
    json_rows: lambda label, value: json.dumps({"features": [value], "label": label}) + "\n\n",
    libsvm_rows: lambda label, value: f"{label} 1:{value!r} # 5:5\n",
}


def read(source: RowSource) -> tuple[list[float], list[float]]:
    values: list[float] = []
    labels: list[float] = []
    for batch in source.batches():
        for rows in as_dense(batch.rows):
            values += rows.values[:, 0].tolist()
            assert rows.labels is not None
            labels += rows.labels.tolist()
    return values, labels


@pytest.mark.parametrize("kind", SOURCES)
@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=30),
    block_bytes=st.integers(1, 200),
    whole=st.booleans(),
)
def test_blocks_of_any_size_hold_the_same_rows(
    kind: Any, values: list[float], block_bytes: int, whole: bool
) -> None:
    text = "".join(SOURCES[kind](n, value) for n, value in enumerate(values))
    data = text.encode() if whole else text.rstrip().encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", block_bytes)
        patch.setattr(json_source, "BATCH_NUMBERS", 5)
        found, labels = read(kind(io.BytesIO(data)))
    assert found == values
    assert labels == list(range(len(values)))


@pytest.mark.parametrize("kind", SOURCES)
@settings(max_examples=60, deadline=None)
@given(wrong=st.integers(0, 29), block_bytes=st.integers(1, 200))
def test_the_line_of_what_is_wrong_is_right_in_every_block(
    kind: Any, wrong: int, block_bytes: int
) -> None:
    texts = [SOURCES[kind](n, n / 8) for n in range(30)]
    line = sum(text.count("\n") for text in texts[:wrong]) + 1
    texts[wrong] = texts[wrong].replace(repr(wrong / 8), '"oops"')
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", block_bytes)
        with pytest.raises(FilesError) as refused:
            read(kind(io.BytesIO("".join(texts).encode())))
    assert str(refused.value).startswith((f"line {line}, ", f"line {line}: "))
    assert "oops" in str(refused.value)


class Counted(io.BytesIO):
    """Knows how much of it was read."""

    done_bytes = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.done_bytes += len(data)
        return data


@pytest.mark.parametrize("kind", SOURCES)
def test_no_more_is_read_than_the_rows_need(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 4096)
    monkeypatch.setattr(json_source, "BATCH_NUMBERS", 50)
    texts = [SOURCES[kind](n, n / 8) for n in range(5000)]
    sizes = np.cumsum([len(text) for text in texts])
    stream = Counted("".join(texts).encode())
    rows = 0
    for batch in kind(cast("BinaryIO", stream)).batches():
        rows += len(batch.rows)
        assert stream.done_bytes - sizes[rows - 1] <= 2 * 4096
    assert rows == 5000


def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 64)
    monkeypatch.setattr(blocks, "LONGEST_LINE_BYTES", 1000)
    with pytest.raises(FilesError, match="line 2 has more than 1000 bytes: is this text"):
        list(blocks.blocks(io.BytesIO(b"1\n" + b"2" * 5000)))


def test_what_python_writes_as_csv_is_read() -> None:
    file = io.StringIO()
    fields = [[1, 'a "b"\n', 0.1], [0, ",", 1e300], [2, "", -2.5]]
    csv.writer(file).writerows(fields)  # with \r\n
    assert read(csv_rows(io.BytesIO(file.getvalue().encode()))) == ([0.1, 1e300, -2.5], [1, 0, 2])
