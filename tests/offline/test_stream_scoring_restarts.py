"""The stream's scorer through restarts: nothing is lost, and each point has one score, in order."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.offline.scoring_lab import SERIES, WINDOW, ScoringLab, scoring_lab

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("stream-scoring")]

Point = tuple[str, int, float]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[ScoringLab]:
    with scoring_lab(tmp_path) as lab:
        lab.serve()
        yield lab


def points(first: int, last: int) -> list[Point]:
    """Of every series, side by side; values that tell a window from those beside it."""
    return [(name, n, float(n * n % 11)) for n in range(first, last) for name in SERIES]


def each_is_scored_once_and_in_order(lab: ScoringLab, count: int) -> None:
    """Of so many points per series all that have a full window; copies are equal."""
    told = [json.loads(line) for line in dict.fromkeys(lab.lines)]
    for name in SERIES:
        values = [value for _, _, value in points(0, count)[:: len(SERIES)]]
        expected = [
            sum((value - 1.0) / 2.0 for value in values[last - WINDOW + 1 : last + 1])
            for last in range(WINDOW - 1, count)
        ]
        mine = [score for score in told if score["series"] == name]
        assert [score["score"] for score in mine] == pytest.approx(expected)
        times = [score["timestamp"] for score in mine]
        assert times == sorted(set(times))
        (item,) = lab.client("dynamodb").query(
            TableName="windows",
            KeyConditionExpression="series = :name",
            ExpressionAttributeValues={":name": {"S": name}},
        )["Items"]
        assert (item["scored"]["N"], item["skipped"]["N"]) == (str(len(expected)), str(WINDOW - 1))
        assert item["outbox"] == {"S": "{}"}
    lake = sorted(json.dumps(score) for score in lab.scores())
    assert lake == sorted(json.dumps(json.loads(line)) for line in lab.lines)


def test_a_function_killed_in_the_middle_of_its_batches_scores_each_point_once_and_in_order(
    lab: ScoringLab,
) -> None:
    """Before anything is written, after the decision, after the hand-over, after all of it."""
    places = ("asked", "decided", "told", "emptied")
    planned = {(place, number) for place in places for number in (2, 5, 8)}
    killed = set()

    def kill(place: str, number: int) -> None:
        if (place, number) in planned:
            killed.add((place, number))
            lab.kill()

    lab.on_call = kill
    sent = points(0, 60)
    lab.put(*sent[:90])
    lab.lab.put(lab.stream, ("cpu", "{no json"), ("disk", "[]"))
    lab.put(*sent[80:])  # ten of them again
    lab.lab.settled(lab.mapping, 180 + 10 + 2, seconds=120)
    assert killed == planned
    counts = lab.lab.worker.counts(lab.mapping)
    assert (counts.processed, counts.discarded) == (192, 0)
    each_is_scored_once_and_in_order(lab, 60)
    assert len(lab.lines) > len(set(lab.lines))  # what was killed behind Firehose is told again
    dead = [json.loads(body) for body in lab.lab.messages(lab.dead, 2)]
    assert {letter["partition_key"] for letter in dead} == {"cpu", "disk"}


def test_a_mapping_that_is_off_for_a_while_goes_on_in_order_and_loses_nothing(
    lab: ScoringLab,
) -> None:
    api = lab.client("lambda")
    first = 0
    for place in ("asked", "decided", "told", "emptied"):
        with lab.held_at(place) as reached:
            lab.put(*points(first, first + 30))
            assert reached.wait(20)
            api.update_event_source_mapping(UUID=lab.mapping, Enabled=False)
        lab.lab.until(lambda: not lab.is_working)
        counts = lab.lab.worker.counts(lab.mapping)
        assert counts.pending > 0
        lab.put(*points(first + 30, first + 40))
        time.sleep(0.3)
        assert lab.lab.worker.counts(lab.mapping) == counts
        api.update_event_source_mapping(UUID=lab.mapping, Enabled=True)
        first += 40
        lab.lab.settled(lab.mapping, first * len(SERIES), seconds=60)
    assert lab.lab.worker.counts(lab.mapping).discarded == 0
    each_is_scored_once_and_in_order(lab, first)
    assert len(lab.lines) == len(set(lab.lines))
    assert lab.lab.messages(lab.dead, 0) == []
