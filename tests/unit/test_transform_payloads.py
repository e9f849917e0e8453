"""Payloads of transform jobs: lines of objects, and how many go together."""

from __future__ import annotations

import pytest

from penstock.localcloud.workers.transform.payloads import TooLargeError, batches_of, lines_of


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
