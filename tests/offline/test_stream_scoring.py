"""The stream's scorer for real: a mapping, the function's own package, boto3 and the services."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.offline.scoring_lab import SERIES, ScoringLab, scoring_lab

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("stream-scoring")]

POINTS = 30


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[ScoringLab]:
    with scoring_lab(tmp_path) as lab:
        yield lab


def test_points_are_scored_once_and_in_order_through_ten_minutes_without_an_endpoint(
    lab: ScoringLab,
) -> None:
    clock = lab.lab.cloud.context.clock
    # before there is a model: nothing is scored, nothing waits
    lab.put(*((name, number, 1.0) for number in range(5) for name in SERIES))
    lab.lab.settled(lab.mapping, 15, seconds=60)
    assert lab.scores() == []
    assert lab.endpoint.requests == 0

    lab.serve()
    began = clock.now()
    lab.endpoint.fails_until = began + timedelta(minutes=10)
    points = [(name, number, float(number % 4)) for number in range(5, POINTS) for name in SERIES]
    lab.put(*points[:30])
    lab.lab.put(lab.stream, ("cpu", "{no json"), ("disk", "[]"))
    lab.put(*points[20:])  # ten of them again
    lab.put(("cpu", POINTS, 99.0), ("cpu", POINTS, 99.0))
    lab.lab.settled(lab.mapping, 15 + len(points) + 10 + 2 + 2, seconds=120)
    assert (clock.now() - began).total_seconds() >= 600
    assert lab.endpoint.requests < 100

    scores = lab.scores()
    assert len(scores) == len(points) + 1
    for name in SERIES:
        times = [score["timestamp"] for score in scores if score["series"] == name]
        assert len(times) == len(set(times)) == POINTS - 5 + (name == "cpu")
        (item,) = lab.client("dynamodb").query(
            TableName="windows",
            KeyConditionExpression="series = :name",
            ExpressionAttributeValues={":name": {"S": name}},
        )["Items"]
        assert (item["scored"]["N"], item["skipped"]["N"]) == (str(len(times)), "5")
        assert item["outbox"] == {"S": "{}"}

    dead = [json.loads(body) for body in lab.lab.messages(lab.dead, 2)]
    assert {letter["partition_key"] for letter in dead} == {"cpu", "disk"}
    assert all("JSON" in letter["reason"] for letter in dead)
    (alert,) = (json.loads(body) for body in lab.lab.messages(lab.alerts, 1))
    assert (alert["series"], alert["threshold"]) == ("cpu", 13.0)
    assert [value["value"] for value in alert["values"]] == [3.0, 0.0, 1.0, 99.0]
    assert lab.lab.messages(lab.dead, 0) == lab.lab.messages(lab.alerts, 0) == []
