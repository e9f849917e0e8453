"""Drifted rows: numbers turned over, or texts that are shorter and nearly all of one class."""

from __future__ import annotations

import io
import json
from typing import Any

from penstock.scenario.aws import Aws, Stage
from penstock.scenario.drift import Drifted, drifted
from penstock.scenario.rows import Row
from penstock.scenario.serving import Answers

BASELINE = "s3://lake/monitor/baseline/1/"
PIXELS = [
    {"name": "a", "numerical_statistics": {"min": 0.0, "max": 16.0}},
    {"name": "b", "numerical_statistics": {"min": -1.0, "max": 0.5}},
    {"name": "c", "string_statistics": {}},
]
ANSWERED = [
    {"name": "predicted_label", "string_statistics": {}},
    {"name": "tokens", "numerical_statistics": {"mean": 5.0, "min": 2, "max": 9}},
]


def made(
    features: list[dict[str, Any]], rows: list[Row], labels: tuple[str, ...], **outputs: str
) -> Drifted:
    class Lake:
        def get_object(self, **request: str) -> dict[str, Any]:
            assert request == {"Bucket": "lake", "Key": "monitor/baseline/1/statistics.json"}
            return {"Body": io.BytesIO(json.dumps({"features": features}).encode())}

    aws = Aws(client=lambda _service: Lake(), poll_seconds=0, patience_seconds=0)
    answers = Answers(len(rows), ("a",), {}, labels=labels)
    return drifted(aws, Stage("reviews", "dev", outputs), BASELINE, rows, answers)


def test_numbers_are_mirrored_column_by_column_and_texts_beside_them_stay() -> None:
    rows = [Row("3", ("16", "0.25", "red")), Row("4", ("1", "", ""))]
    assert made(PIXELS, rows, ("3", "4")) == Drifted(
        [Row("3", ("0", "-0.75", "red")), Row("4", ("15", "", ""))], "inverted"
    )


def test_texts_that_were_answered_alike_are_cut_below_the_length_of_a_usual_one() -> None:
    rows = [
        Row("0", ("a bad film , really",)),
        Row("1", ("a good film , really",)),
        Row("1", ("so so",)),
    ]
    found = made(ANSWERED, rows, ("0", "1", "0"), RequestContentType="application/json")
    assert found == Drifted(
        [Row("0", ("a bad film",)), Row("1", ("so so",))], "answered 0, cut to 3 words"
    )
