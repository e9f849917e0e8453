"""Held-out rows made into such as the model was not trained on, for the monitor to find."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from penstock.scenario.aws import Aws, Stage
from penstock.scenario.rows import JSON, Row, content_type
from penstock.scenario.serving import Answers

LENGTH = "tokens"
WORDS_PER_TOKEN = 0.6


@dataclass(frozen=True)
class Drifted:
    """Rows to send, and in which way they are not those that they were made of."""

    rows: list[Row]
    how: str


def drifted(
    aws: Aws, stage: Stage, baseline: str, rows: Sequence[Row], answers: Answers
) -> Drifted:
    """By what the stage is asked: numbers are inverted, texts are short and of one class.

    Args:
        aws: where the baseline lies.
        stage: says the form of its requests.
        baseline: the address of its statistics.
        rows: held-out ones.
        answers: what the endpoint answered about them.
    """
    features = json.loads(aws.read(f"{baseline}statistics.json"))["features"]
    if content_type(stage) == JSON:
        return one_sided(features, rows, answers)
    return Drifted(inverted(features, rows), "inverted")


def inverted(features: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> list[Row]:
    """The rows with every number mirrored between the baseline's least and greatest of its column.

    Dark becomes bright, small becomes large: the drift that a broken sensor would bring.
    """
    numbers = [feature.get("numerical_statistics") for feature in features]
    return [
        Row(
            row.label,
            tuple(
                _mirrored(value, column) if column else value
                for value, column in zip(row.features, numbers, strict=True)
            ),
        )
        for row in rows
    ]


def one_sided(
    features: Sequence[Mapping[str, Any]], rows: Sequence[Row], answers: Answers
) -> Drifted:
    """The texts that the model gave its commonest label, cut to three fifths of a usual one.

    Another public writes, shorter and of one mind. The labels are the model's, for it is the
    model's that are watched: one that is wrong about a third of the texts would answer about those
    of one true label nearly as before. With three fifths nine texts of ten keep their label (with a
    sixth six of ten), and nearly all are shorter in tokens, of which a word is one or two.
    """
    (length,) = (feature for feature in features if feature["name"] == LENGTH)
    words = max(1, round(length["numerical_statistics"]["mean"] * WORDS_PER_TOKEN))
    label, _ = Counter(answers.labels).most_common(1)[0]
    chosen = [row for row, found in zip(rows, answers.labels, strict=True) if found == label]
    cut = [Row(row.label, (" ".join(row.features[0].split()[:words]),)) for row in chosen]
    return Drifted(cut, f"answered {label}, cut to {words} words")


def _mirrored(value: str, column: Mapping[str, Any]) -> str:
    return f"{column['min'] + column['max'] - float(value):.9g}" if value else value
