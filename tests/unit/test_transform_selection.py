"""Filters of transform jobs: what a path selects, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.localcloud.workers.transform.processing import (
    BadRecordError,
    DataProcessing,
    UnsupportedProcessingError,
)
from penstock.localcloud.workers.transform.selection import (
    NotThereError,
    Selection,
    UnsupportedPathError,
)

RECORD = {"id": 7, "features": [1, 2, 3], "deep": {"a b": {"c": "x"}}}


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        ("$", [1, 2], [1, 2]),
        ("$[1:]", [1, 2, 3], [2, 3]),
        ("$[0,2:]", [1, 2, 3, 4], [1, 3, 4]),
        ("$[-1]", [1, 2, 3], 3),
        ("$[-2:]", [1, 2, 3], [2, 3]),
        ("$[1,1]", [1, 2], [2, 2]),
        ("$.features", RECORD, [1, 2, 3]),
        ("$.features[1:]", RECORD, [2, 3]),
        ("$['id','features']", RECORD, {"id": 7, "features": [1, 2, 3]}),
        ("$.deep['a b'].c", RECORD, "x"),
        ("$.deep.['a b']", RECORD, {"c": "x"}),
    ],
)
def test_a_path_selects(path: str, value: Any, found: Any) -> None:
    assert Selection.parse(path).of(value) == found


@pytest.mark.parametrize("path", ["$[3]", "$.other", "$[0:]", "$['id','other']"])
def test_what_is_not_there_is_an_error(path: str) -> None:
    with pytest.raises(NotThereError):
        Selection.parse(path).of(RECORD)


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("features", "begins with"),
        ("$[1:3]", "name the indexes"),
        ("$[:3]", "name the indexes"),
        ("$.*", "wildcards"),
        ("$[*]", "wildcards"),
        ("$..id", "cannot be read"),
        ("$[?(@.a)]", "no name, index or slice"),
        ("$[1:][0]", "only the last step"),
        ("$" + ".a" * 40, "63 characters"),
    ],
)
def test_other_paths_are_refused(path: str, says: str) -> None:
    with pytest.raises(UnsupportedPathError, match=says):
        Selection.parse(path)


def processing(content_type: str, accept: str, **settings: str) -> DataProcessing:
    return DataProcessing.of(
        {
            "TransformInput": {"ContentType": content_type, "SplitType": "Line"},
            "TransformOutput": {"Accept": accept, "AssembleWith": "Line"},
            "DataProcessing": settings,
        }
    )


def test_json_lines_are_joined_under_sagemakers_own_names() -> None:
    joined = processing("application/jsonlines", "application/jsonlines", JoinSource="Input")
    answers = joined.answers([b'{"id": 1}', b"[1, 2]"], b'{"label": 3}\n{"label": 4}\n')
    assert answers.decode().splitlines() == [
        '{"id": 1, "SageMakerOutput": {"label": 3}}',
        '{"SageMakerInput": [1, 2], "SageMakerOutput": {"label": 4}}',
    ]


def test_records_and_answers_without_processing_pass_byte_by_byte() -> None:
    plain = processing("text/csv", "application/x-recordio-protobuf")
    assert plain.request([b'a,"b"', b"\xff"]) == [b'a,"b"', b"\xff"]
    assert plain.answers([b"a"], b"\x00\xff\n\n") == b"\x00\xff\n\n"


def test_answers_that_are_not_one_for_each_record_are_bad() -> None:
    joined = processing("text/csv", "text/csv", JoinSource="Input")
    with pytest.raises(BadRecordError, match="1 answers to 2 records"):
        joined.answers([b"1", b"2"], b"3\n")
    with pytest.raises(BadRecordError, match="no JSON"):
        processing("application/json", "application/json", InputFilter="$.a").request([b"{"])


@pytest.mark.parametrize(
    ("content_type", "accept", "settings", "field"),
    [
        ("text/csv", "application/jsonlines", {"JoinSource": "Input"}, "TransformOutput.Accept"),
        ("text/libsvm", "text/csv", {"InputFilter": "$[1:]"}, "TransformInput.ContentType"),
        ("text/csv", "text/csv", {"OutputFilter": "$.*"}, "wildcards"),
    ],
)
def test_processing_that_is_not_documented_for_these_types_is_refused(
    content_type: str, accept: str, settings: dict[str, str], field: str
) -> None:
    with pytest.raises(UnsupportedProcessingError, match=field):
        processing(content_type, accept, **settings)
