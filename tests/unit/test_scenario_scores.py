"""What the scorer has done, as its table, its lake prefix, its queue and its log say."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.scenario.aws import Stage
from penstock.scenario.points import Point, moment, points_of, text_of
from penstock.scenario.scores import UNMET, ScoreReader, SeriesState
from tests.unit.scored_stage import STAGE, START, ScoredStage, at, text


def reader(stage: ScoredStage) -> ScoreReader:
    return ScoreReader(stage.aws(), STAGE)


def line(minute: float, score: float = 1.0, series: str = "cpu") -> dict[str, Any]:
    return {"series": series, "timestamp": text(at(minute)), "score": score, "threshold": 2.0}


def test_the_state_of_each_series_is_read_from_the_table() -> None:
    stage = ScoredStage()
    stage.items = {
        "cpu": {"at": at(1), "scored": 5, "skipped": 3, "refused": 1, "outbox": "{}"},
        "disk": {"at": at(2), "scored": 0, "skipped": 1, "refused": 0, "outbox": '{"alerts":[1]}'},
    }
    states = reader(stage).states()
    assert states == {
        "cpu": SeriesState(at(1), 5, 3, 1, is_told=True),
        "disk": SeriesState(at(2), 0, 1, 0, is_told=False),
    }
    assert states["cpu"].decided == 9
    assert states["cpu"].since(UNMET) == states["cpu"]
    assert states["cpu"].since(states["disk"]) == SeriesState(at(1), 5, 2, 1, is_told=True)


def test_each_object_is_read_once() -> None:
    stage = ScoredStage()
    found = reader(stage)
    stage.store([line(1, 1.5), line(1, 3.5, "disk")])
    assert found.look().by_key == {("cpu", at(1)): 1.5, ("disk", at(1)): 3.5}
    stage.store([line(2)])
    scores = found.look()
    assert scores.by_key.keys() == {("cpu", at(1)), ("cpu", at(2)), ("disk", at(1))}
    assert set(scores.thresholds.values()) == {2.0}
    assert (scores.copies, scores.late) == (0, [])


def test_copies_and_latecomers_are_told_apart() -> None:
    stage = ScoredStage()
    found = reader(stage)
    stage.store([line(1), line(3), line(1), line(3), line(4)])
    stage.store([line(2), line(1, series="disk"), line(4)])
    scores = found.look()
    assert (scores.copies, scores.late) == (3, [("cpu", at(2))])


def test_what_the_lake_had_before_is_of_another_run() -> None:
    stage = ScoredStage()
    stage.store([line(1)])
    assert reader(stage).look().by_key == {}


def letter(body: bytes) -> dict[str, Any]:
    return {
        "reason": "the record is not JSON",
        "sha256_of_data": hashlib.sha256(base64.b64encode(body)).hexdigest(),
    }


def test_dead_letters_are_found_by_their_bytes_or_their_point() -> None:
    stage = ScoredStage()
    stage.bury(letter(b"mine"))
    stage.bury(letter(b"mine"))
    stage.bury(letter(b"another's"))
    stage.bury({"reason": "the model refuses the row", **line(1)})
    stage.bury({"reason": "the model refuses the row", **line(9)})
    stage.bury({"requestContext": {}, "KinesisBatchInfo": {}})
    found = reader(stage)
    assert found.dead_letters([b"mine", b"not there"], [("cpu", at(1)), ("disk", at(1))]) == 2


def test_reasons_are_summed_over_the_scorers_lines() -> None:
    stage = ScoredStage()
    found = reader(stage)
    for text_ in (
        json.dumps({"event": "scored", "skipped": {"gap": 2, "no_model": 1}}),
        "START RequestId: scored",
        json.dumps({"event": "failed", "error": 'no "scored"', "skipped": {"gap": 9}}),
        json.dumps({"event": "scored", "skipped": {"gap": 3}}),
        json.dumps({"event": "scored", "skipped": {}}),
    ):
        stage.say(text_)
    assert found.skipped() == {"gap": 5, "no_model": 1}


@pytest.mark.parametrize(
    "told",
    [
        "2026-11-22T12:00:00Z",
        "2026-11-22T12:00:00",
        "2026-11-22 12:00:00",
        "2026-11-22T12:00:00.000",
        "2026-11-22T13:30:00+01:30",
        "2026-11-22T04:00:00.000000-08:00",
    ],
)
def test_a_time_without_a_zone_is_utc_wherever_it_is_read(
    told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        read = moment(told)
    finally:
        monkeypatch.undo()
        time.tzset()
    assert read == START
    assert text_of(read) == "2026-11-22T12:00:00Z"


@given(st.datetimes())
def test_fractions_of_a_second_are_kept(when: Any) -> None:
    assert text_of(moment(when.isoformat())) == f"{when.isoformat()}Z"
    assert moment(text_of(moment(when.isoformat()))).replace(tzinfo=None) == when


def test_records_are_points_by_the_fields_that_the_stage_names() -> None:
    outputs = {"SeriesField": "host", "TimeField": "when", "ValueField": "load"}
    bodies = [
        b'{"host": "a", "when": "2026-11-22T12:00:00.5", "load": 3, "bad": 1}',
        b'{"host": "a", "when": "2026-11-22T12:00:01+00:00", "load": 0.5, "bad": null}',
        b'{"host": "b", "when": "2026-11-22T12:00:02Z", "load": 1.5}',
    ]
    times = [at(seconds / 60) for seconds in (0.5, 1, 2)]
    assert points_of(Stage("x", "dev", {**outputs, "LabelField": "bad"}), bodies) == [
        Point("a", times[0], 3.0, 1),
        Point("a", times[1], 0.5, None),
        Point("b", times[2], 1.5, None),
    ]
    unlabelled = points_of(Stage("x", "dev", outputs), bodies)
    assert [point.label for point in unlabelled] == [None] * 3
