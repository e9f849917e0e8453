"""The reviews' serving program: what it reads out of a request, and how it writes an answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jobs.reviews.forms import JSON, JSON_LINES, TEXT, RequestError, texts_of, written

PREDICTIONS = [{"predicted_label": 1, "score": 0.9}, {"predicted_label": 0, "score": 0.7}]


@pytest.mark.parametrize(
    ("body", "content_type", "texts"),
    [
        ('{"text": "so good"}', JSON, ["so good"]),
        ('{"texts": ["b", "", "a"]}', "Application/JSON; charset=utf-8", ["b", "", "a"]),
        ('{"id": "neg-1", "label": 0, "text": "a record"}', JSON, ["a record"]),
        (b'{"text": "na\xc3\xafve"}', JSON, ["naïve"]),
        # the container's toolkit hands all but JSON and CSV over so
        (bytearray("a line\nand “more”\n", "utf-8"), TEXT, ["a line\nand “more”\n"]),
        ('{"text": "one"}\n{"text": "two"}\r\n\n{"text": "3"}', JSON_LINES, ["one", "two", "3"]),
        (bytearray('{"text": "one\u2028two"}\n', "utf-8"), JSON_LINES, ["one\u2028two"]),
    ],
)
def test_texts_are_read_in_their_order(body: Any, content_type: str, texts: list[str]) -> None:
    assert texts_of(body, content_type) == texts


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        ("1,2", "text/csv", "Content-Type is 'text/csv': this model reads application/json"),
        ("{}", None, "Content-Type is None"),
        (" \n", TEXT, "the body is empty: a request has one text or more"),
        ("", JSON, "the body is empty"),
        ('{"text": ', JSON, r"not JSON \(Expecting value: line 1"),
        ("[" * 100_000, JSON, "not JSON"),
        ('["a"]', JSON, r'the body is \["a"\]: it must be a JSON object; send {"text"'),
        ('{"review": "a"}', JSON, r"fields \['review'\]: it must have either text or texts"),
        ('{"text": "a", "texts": ["b"]}', JSON, "both text and texts: it must have either"),
        ('{"text": 5}', JSON, "^text is 5: a text must be a string"),
        ('{"texts": "a"}', JSON, 'texts is "a": it must be a list of one string or more'),
        ('{"texts": []}', JSON, r"texts is \[\]: it must be a list of one string or more"),
        ('{"texts": ["a", null]}', JSON, r"texts\[1\] is null: a text must be a string"),
        ('{"text": "a"}\n\n{"test": "b"}', JSON_LINES, r"line 3 has fields \['test'\]"),
        ('{"text": "a"}\nb', JSON_LINES, 'line 2 is "b", not JSON'),
        ('{"text": "a"}\n{"text": [1]}', JSON_LINES, r"text of line 2 is \[1\]: a text must be"),
        (bytearray(b"caf\xe9"), TEXT, "byte 3 of the body is 0xe9: a body is UTF-8"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(body: Any, content_type: str | None, words: str) -> None:
    with pytest.raises(RequestError, match=words) as caught:
        texts_of(body, content_type)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("accept", ["", None, "*/*", "application/*", JSON])
def test_predictions_come_in_one_document(accept: str | None) -> None:
    assert json.loads(written(PREDICTIONS, JSON, accept)) == {"predictions": PREDICTIONS}
    assert json.loads(written(PREDICTIONS[:1], TEXT, accept)) == {"predictions": PREDICTIONS[:1]}


@pytest.mark.parametrize(
    ("content_type", "accept"), [(JSON_LINES, ""), (JSON_LINES, JSON_LINES), (JSON, JSON_LINES)]
)
def test_lines_are_answered_with_lines(content_type: str, accept: str) -> None:
    lines = written(PREDICTIONS, content_type, accept).splitlines()
    assert [json.loads(line) for line in lines] == PREDICTIONS


def test_an_answer_in_another_form_is_refused() -> None:
    with pytest.raises(RequestError, match=r"^Accept is 'text/csv': this model answers in "):
        written(PREDICTIONS, JSON, "text/csv")
