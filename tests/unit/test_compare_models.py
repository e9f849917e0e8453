"""Comparing models: the metric of answers, what is better, and what cannot be compared."""

from __future__ import annotations

import importlib.util
import io
import struct
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from botocore.response import StreamingBody

SOURCE = Path(__file__).parents[2] / "lambda" / "compare_models" / "handler.py"
EVENT = {
    "labels_uri": "s3://lake/prepared/1/holdout/test.csv",
    "answers_uri": "s3://lake/prepared/1/scores/test_features.csv.out",
    "answer_field": "predicted_label",
    "formula": "accuracy",
    "objective": "maximize",
}


@pytest.fixture(scope="module")
def compare() -> ModuleType:
    spec = importlib.util.spec_from_file_location("compare_models", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Lake:
    """S3 with two objects; bodies are streams, as boto3 gives them."""

    def __init__(self, labels: bytes, answers: bytes) -> None:
        self._bodies = {"holdout/test.csv": labels, "scores/test_features.csv.out": answers}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        assert Bucket == "lake"
        body = self._bodies[Key.removeprefix("prepared/1/")]
        return {"Body": StreamingBody(io.BytesIO(body), len(body))}


def ask(
    compare: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    labels: str,
    answers: str,
    **event: Any,
) -> dict[str, Any]:
    lake = Lake(labels.encode(), answers.encode())
    monkeypatch.setattr(compare.boto3, "client", lambda service: {"s3": lake}[service])
    answer: dict[str, Any] = compare.handler({**EVENT, "new_metric_value": 0.9, **event}, None)
    return answer


LABELS = 'id,label,f0\na,1,5\n"b, ""c""\nd",0,5\ne,1,5\nf,3,5\n'
ANSWERS = (
    '{"score": 0.9, "predicted_label": 1}\n{"predicted_label": 1.0}\n\n'
    '{"predicted_label": 1}\n{"predicted_label": 0}'
)


@pytest.mark.parametrize(
    ("formula", "value"),
    [("accuracy", 0.5), ("precision", 2 / 3), ("recall", 1.0), ("mean_squared_error", 10 / 4)],
)
def test_the_metric_is_that_of_the_answers(
    compare: ModuleType, monkeypatch: pytest.MonkeyPatch, formula: str, value: float
) -> None:
    answer = ask(compare, monkeypatch, LABELS, ANSWERS, formula=formula)
    assert answer["metric_value"] == pytest.approx(value)
    assert answer["rows"] == 4


@pytest.mark.parametrize(
    ("new", "beaten"),
    [
        (0.76, True),
        (0.75, False),
        (0.74, False),
    ],
)
def test_only_a_greater_metric_beats(
    compare: ModuleType, monkeypatch: pytest.MonkeyPatch, new: float, beaten: bool
) -> None:
    answers = '{"predicted_label": 1}\n{"predicted_label": 0}\n{"predicted_label": 1}\n' * 4
    labels = "id,label\n" + "a,1\nb,0\nc,1\n" * 3 + "d,0\ne,1\nf,0\n"
    answer = ask(compare, monkeypatch, labels, answers, new_metric_value=new)
    assert (answer["metric_value"], answer["is_beaten"]) == (0.75, beaten)


@pytest.mark.parametrize(("new", "beaten"), [(3.99, True), (4.0, False), (4.01, False)])
def test_only_a_smaller_error_beats(
    compare: ModuleType, monkeypatch: pytest.MonkeyPatch, new: float, beaten: bool
) -> None:
    answer = ask(
        compare,
        monkeypatch,
        "id,label\na,1\nb,5\nc,\n",
        '{"score": 3}\n{"score": 3}\n{"score": 3}',
        answer_field="score",
        formula="mean_squared_error",
        objective="minimize",
        new_metric_value=new,
    )
    assert (answer["metric_value"], answer["rows"], answer["is_beaten"]) == (4.0, 2, beaten)


def test_an_equal_model_does_not_win_by_rounding_of_large_errors(
    compare: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In single precision 123456.4 squared is some hundreds less than it is."""
    served = 123456.4**2
    rounded = struct.unpack("f", struct.pack("f", served))[0]
    assert served - rounded > 100
    answer = ask(
        compare,
        monkeypatch,
        "id,label\na,0\n",
        '{"score": 123456.4}',
        answer_field="score",
        formula="mean_squared_error",
        objective="minimize",
        new_metric_value=rounded,
    )
    assert answer["is_beaten"] is False


def test_an_equal_model_does_not_win_by_rounding(
    compare: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SageMaker keeps final metrics in single precision, where 0.3 is a little more."""
    labels = "id,label\n" + "a,1\n" * 10
    answers = '{"predicted_label": 1}\n' * 3 + '{"predicted_label": 2}\n' * 7
    rounded_up = struct.unpack("f", struct.pack("f", 0.3))[0]
    assert rounded_up > 0.3
    answer = ask(compare, monkeypatch, labels, answers, new_metric_value=rounded_up)
    assert answer["is_beaten"] is False


def test_rows_whose_label_is_unknown_do_not_count(
    compare: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = LABELS + "g,,5\n" * 3
    answers = ANSWERS + '\n{"predicted_label": 1}' * 3
    answer = ask(compare, monkeypatch, labels, answers, formula="precision")
    assert (answer["metric_value"], answer["rows"]) == (pytest.approx(2 / 3), 4)


@pytest.mark.parametrize(
    ("labels", "answers", "says"),
    [
        (LABELS, ANSWERS + '\n{"predicted_label": 1}', "after 4 rows"),
        (LABELS, ANSWERS.rpartition("\n")[0], "after 3 rows"),
        (LABELS, '{"score": 0.9}', "answer 1 is no JSON with a number predicted_label"),
        (LABELS, "1,0", "answer 1"),
        ("id,kind\na,1\n", ANSWERS, "no column label"),
        ("id,label\n", "", "no labelled rows"),
        ("id,label,f0\na,,5\n", '{"predicted_label": 1}', "no labelled rows"),
    ],
)
def test_what_does_not_fit_together_is_an_error(
    compare: ModuleType, monkeypatch: pytest.MonkeyPatch, labels: str, answers: str, says: str
) -> None:
    with pytest.raises(compare.AnswersDoNotFitError, match=says):
        ask(compare, monkeypatch, labels, answers)


def test_memory_does_not_grow_with_the_rows(compare: ModuleType) -> None:
    def many() -> Iterator[float]:
        return (float(number % 2) for number in range(200_000))

    tracemalloc.start()
    try:
        assert compare.measure(many(), many(), "recall")["rows"] == 200_000
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
