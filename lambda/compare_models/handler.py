"""Says whether a new model beats the one that is served; standard library and boto3 only.

Given {"labels_uri", "answers_uri", "answer_field", "formula", "objective", "new_metric_value"}, it
computes the served model's metric from its answers to the test rows and answers {"metric_value",
"rows", "is_beaten"}; `objective` is "maximize" or "minimize". The labels are the column `label` of
a CSV file with a header, the answers JSON lines in the same order; a row whose label is empty does
not count. Both are read as streams, so memory does not grow with them.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from typing import Any

import boto3

LABEL_COLUMN = "label"
POSITIVE = 1.0
# SageMaker keeps a job's final metrics in single precision, and one row in a million is no better;
# of values above 1 it is a share
ROUNDING = 1e-6


class AnswersDoNotFitError(Exception):
    """Answers and labels are not those of the same rows, so they cannot be compared."""


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The served model's metric, and whether `new_metric_value` is better."""
    s3 = boto3.client("s3")
    labels = labels_of(text_lines(s3, event["labels_uri"]))
    answers = answers_of(text_lines(s3, event["answers_uri"]), event["answer_field"])
    measured = measure(labels, answers, event["formula"])
    new, served = event["new_metric_value"], measured["metric_value"]
    gain = {"maximize": new - served, "minimize": served - new}[event["objective"]]
    return {**measured, "is_beaten": gain > ROUNDING * max(1.0, abs(served))}


def text_lines(s3: Any, uri: str) -> Iterator[str]:
    """The lines of an object, with their ends."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    body = s3.get_object(Bucket=bucket, Key=key)["Body"]
    for line in body.iter_lines(chunk_size=1 << 20, keepends=True):
        yield line.decode()


def labels_of(lines: Iterable[str]) -> Iterator[float | None]:
    """The column `label`, None where it is empty. AnswersDoNotFitError if there is none."""
    rows = csv.reader(lines)
    header = next(rows, [])
    if LABEL_COLUMN not in header:
        raise AnswersDoNotFitError(f"the labels' file has no column {LABEL_COLUMN}")
    column = header.index(LABEL_COLUMN)
    for row in rows:
        yield float(row[column]) if row[column] else None


def answers_of(lines: Iterable[str], field: str) -> Iterator[float]:
    """One field of each JSON line. AnswersDoNotFitError for a line without it."""
    for number, line in enumerate((line for line in lines if line.strip()), start=1):
        try:
            yield float(json.loads(line)[field])
        except (ValueError, KeyError, TypeError):
            raise AnswersDoNotFitError(
                f"answer {number} is no JSON with a number {field}: {line.strip()[:200]}"
            ) from None


def measure(
    labels: Iterable[float | None], answers: Iterable[float], formula: str
) -> dict[str, Any]:
    """The metric and how many labelled rows it is of.

    Precision and recall are those of label 1, and 0 where they would divide by 0.

    Raises:
        AnswersDoNotFitError: there are more of the one than of the other, or none at all.
        KeyError: no such formula.
    """
    rows = equal = hits = predicted = actual = 0
    squares = 0.0
    try:
        for label, answer in zip(labels, answers, strict=True):
            if label is None:
                continue
            rows += 1
            equal += label == answer
            squares += (label - answer) ** 2
            hits += label == answer == POSITIVE
            predicted += answer == POSITIVE
            actual += label == POSITIVE
    except ValueError as error:
        raise AnswersDoNotFitError(f"after {rows} rows: {error}") from None
    if not rows:
        raise AnswersDoNotFitError("there are no labelled rows to compare")
    ratios: dict[str, tuple[float, int]] = {
        "accuracy": (equal, rows),
        "precision": (hits, predicted),
        "recall": (hits, actual),
        "mean_squared_error": (squares, rows),
    }
    above, below = ratios[formula]
    return {"metric_value": above / below if below else 0.0, "rows": rows}
