"""Payloads of transform jobs: lines of objects, and how many go together."""

from __future__ import annotations

import io

import numpy as np
import pytest

from penstock.localcloud.workers.transform.payloads import (
    TooLargeError,
    batches_of,
    frames_of,
    lines_of,
)
from penstock.recordio import Reader, RecordIOError, write_dense


@pytest.mark.parametrize(
    ("chunks", "lines"),
    [
        ([], []),
        ([b"a\nbc\n"], [b"a", b"bc"]),
        ([b"a\nb", b"", b"c\nd"], [b"a", b"bc", b"d"]),
        ([b"a\n\nb"], [b"a", b"", b"b"]),
    ],
)
def test_lines_are_whole_wherever_the_chunks_end(chunks: list[bytes], lines: list[bytes]) -> None:
    assert list(lines_of(chunks)) == lines


def test_frames_are_records_that_can_be_read_alone_and_together() -> None:
    file = io.BytesIO()
    rows = np.arange(12, dtype=np.float32).reshape(4, 3)
    write_dense(file, rows)
    whole = file.getvalue()
    frames = list(frames_of(io.BytesIO(whole)))
    assert (len(frames), b"".join(frames)) == (4, whole)
    (record,) = Reader(io.BytesIO(frames[2]))
    assert record.features["values"].values.tolist() == [6.0, 7.0, 8.0]
    with pytest.raises(RecordIOError, match="ends inside a record"):
        list(frames_of(io.BytesIO(whole[:-1])))


def test_as_many_records_go_together_as_fit_with_their_newlines() -> None:
    records = [b"aa", b"bb", b"cc", b"dddd", b"e"]
    assert list(batches_of(records, limit_bytes=5, one_each=False)) == [
        [b"aa", b"bb"],
        [b"cc"],
        [b"dddd"],
        [b"e"],
    ]
    assert list(batches_of(records[:2], limit_bytes=5, one_each=True)) == [[b"aa"], [b"bb"]]


def test_a_record_that_fits_into_no_request_is_an_error_with_both_sizes() -> None:
    with pytest.raises(TooLargeError, match="record of 6 bytes is larger than MaxPayloadInMB, 5"):
        list(batches_of([b"a", b"bbbbbb"], limit_bytes=5, one_each=False))
