"""A replay: each newer point is decided once, in order, and told; anything else fails the step."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.scenario.aws import StepFailedError
from penstock.scenario.points import Point
from penstock.scenario.replay import Replay, newer
from penstock.scenario.scores import SeriesState
from tests.unit.scored_stage import (
    DEAD_LETTERS,
    STAGE,
    THRESHOLD,
    ScoredStage,
    at,
    record,
    text,
)

BEFORE = [record(series, minute, label=0) for minute in range(3) for series in ("cpu", "disk")]
LIVE = [
    record("cpu", 3, 2.0, label=0),
    record("disk", 3, 20.0, label=1),
    record("cpu", 4, 30.0, label=0),
    record("disk", 4, 3.0, label=0),
]


def replay(
    stage: ScoredStage, before: Sequence[bytes] = BEFORE, live: Sequence[bytes] = LIVE
) -> dict[str, Any]:
    """The part anomaly of what was found."""
    spoil, stage.spoil = stage.spoil, lambda: None
    stage.send(before)
    stage.in_service, stage.spoil = True, spoil
    Replay(stage.aws(), STAGE, stage.timeline, stage.findings, stage).go(before, live)  # type: ignore[arg-type]
    found: dict[str, Any] = stage.findings["anomaly"]
    return found


def test_each_newer_point_has_its_score_and_the_report_says_what_was_caught() -> None:
    stage = ScoredStage()
    assert replay(stage) == {
        "series": 2,
        "points": 4,
        "alerts": 2,
        "windows": {"labelled": 1, "hit": 1},
        "false_alerts": 1,
        "scored_records": 4,
        "threshold": THRESHOLD,
        "dead_letters": 0,
        "late": 0,
        "skipped": {},
        "told_again": 0,
        "by_series": [
            {"name": "cpu", "points": 2, "scored": 2, "alerts": 1, "labelled": 0, "hit": 0},
            {"name": "disk", "points": 2, "scored": 2, "alerts": 1, "labelled": 1, "hit": 1},
        ],
    }
    step = stage.timeline.steps["score"]
    assert (step.status, step.detail) == (
        "succeeded",
        "4 points scored, 1 of 1 labelled windows hit, 2 alerts",
    )


def test_the_curves_go_from_the_first_point_that_was_sent() -> None:
    stage = ScoredStage()
    replay(stage)
    cpu, _disk = stage.findings["anomaly_drawing"]["series"]
    assert cpu["times"] == [text(at(minute)) for minute in range(5)]
    assert cpu["scores"] == [None, None, None, 2.0, 30.0]
    assert (cpu["alerts"], cpu["live_from"]) == ([4], text(at(3)))


def counts(stage: ScoredStage, series: str, **more: int) -> None:
    for name, number in more.items():
        stage.items[series][name] += number


class Refusing(ScoredStage):
    """Its stream refuses the first of the live records, which then comes last."""

    def send(self, records: Sequence[bytes], _step: str = "ingest") -> list[bytes]:
        if records == LIVE:
            records = [*records[1:], records[0]]
        return super().send(records)


def test_a_point_that_was_refused_and_is_late_then_is_not_expected_to_be_scored() -> None:
    found = replay(Refusing())
    assert (found["scored_records"], found["late"]) == (3, 1)


def last_object(stage: ScoredStage) -> str:
    return max(stage.objects)


def tell(stage: ScoredStage, series: str, minute: float) -> None:
    told = {"series": series, "timestamp": text(at(minute)), "score": 1.0, "threshold": THRESHOLD}
    stage.store([told])


def swap_scores_of_cpu(stage: ScoredStage) -> None:
    lines = stage.objects[last_object(stage)].splitlines(keepends=True)
    stage.objects[last_object(stage)] = b"".join([lines[2], lines[1], lines[0], lines[3]])


def no_alert(stage: ScoredStage) -> None:
    next(queue for url, queue in stage.queues.items() if url != DEAD_LETTERS).bodies.popitem()


def another_alert(stage: ScoredStage) -> None:
    no_alert(stage)
    stage.publish(json.dumps({"series": "disk", "timestamp": text(at(4)), "score": 3.0}))


def one_alert_more(stage: ScoredStage) -> None:
    stage.publish(json.dumps({"series": "disk", "timestamp": text(at(4)), "score": 3.0}))


FAULTS: dict[str, tuple[Callable[[ScoredStage], object], str]] = {
    "a point lost": (
        lambda stage: counts(stage, "cpu", scored=-1),
        "^the scorer decided 1 points of cpu instead of 2$",
    ),
    "a point decided twice": (
        lambda stage: counts(stage, "disk", skipped=1),
        "^the scorer decided 3 points of disk instead of 2$",
    ),
    "one lost, another series' one decided twice": (
        lambda stage: (counts(stage, "cpu", scored=-1), counts(stage, "disk", scored=1)),
        "^the scorer decided 1 points of cpu instead of 2$",
    ),
    "not read to the end": (
        lambda stage: stage.items["disk"].update(at=at(3)),
        "the scorer of metrics to read 2 series to their end, in vain$",
    ),
    "a series never met": (
        lambda stage: stage.items.pop("disk"),
        "the scorer of metrics to read 2 series to their end, in vain$",
    ),
    "decided and never told": (
        lambda stage: stage.items["cpu"].update(outbox='{"scores": [{}]}'),
        "the scorer of metrics to read 2 series to their end, in vain$",
    ),
    "a score that is not in the lake": (
        lambda stage: stage.objects.clear(),
        "4 scores below stream-scores/, in vain$",
    ),
    "a score that was counted as skipped": (
        lambda stage: counts(stage, "cpu", scored=-1, skipped=1),
        "^the lake has 2 scores of cpu instead of 1$",
    ),
    "scores out of order": (
        swap_scores_of_cpu,
        r"^the score of cpu at 2026-11-22T12:03:00Z came after that of a later point$",
    ),
    "an alert that never came": (no_alert, f"2 alerts from {STAGE['AlertsTopicArn']}, in vain$"),
    "an alert of another point": (
        another_alert,
        "^2 scores are above their threshold, but the alerts are of others: "
        "of cpu at 2026-11-22T12:04:00Z, for one$",
    ),
    "an alert too many": (
        one_alert_more,
        "^2 scores are above their threshold, but the alerts are of others: "
        "of disk at 2026-11-22T12:04:00Z, for one$",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_fails_the_step_with_one_line(fault: str) -> None:
    stage = ScoredStage()
    spoil, why = FAULTS[fault]
    stage.spoil = lambda: spoil(stage)
    with pytest.raises(StepFailedError, match=why) as failed:
        replay(stage)
    assert "\n" not in str(failed.value)
    step = stage.timeline.steps["score"]
    assert (step.status, step.detail) == ("failed", str(failed.value))
    assert stage.findings.keys() == {"records"}
    assert list(stage.queues) == [DEAD_LETTERS]
    assert stage.subscriptions == {}


def test_scores_are_counted_by_series() -> None:
    """One too many here does not make up for one too few there."""
    stage = ScoredStage()

    def spoil() -> None:
        counts(stage, "cpu", scored=-1, skipped=1)
        lines = stage.objects[last_object(stage)].splitlines(keepends=True)
        stage.objects[last_object(stage)] = b"".join([lines[0], lines[2], lines[3]])

    stage.spoil = spoil
    with pytest.raises(StepFailedError, match="3 scores below stream-scores/, in vain"):
        replay(stage)


def test_a_series_of_duplicates_alone_that_is_decided_again_is_noticed() -> None:
    stage = ScoredStage()
    stage.spoil = lambda: counts(stage, "disk", scored=1)
    with pytest.raises(StepFailedError, match="decided 1 points of disk instead of 0"):
        replay(stage, live=[record("cpu", 3), record("disk", 2)])


def test_duplicates_and_late_points_change_nothing() -> None:
    found = replay(ScoredStage())
    noise = [
        LIVE[0],
        LIVE[0],
        record("cpu", 1, 99.0, label=1),  # of before
        LIVE[1],
        LIVE[2],
        record("cpu", 3.5, 99.0, label=1),  # late
        record("disk", 3, 0.0, label=0),  # a duplicate with another value
        LIVE[3],
        LIVE[2],
    ]
    stage = ScoredStage()
    assert replay(stage, live=noise) == found | {"late": 5}
    _cpu, disk = stage.findings["anomaly_drawing"]["series"]
    assert disk["values"][3] == 20.0


def test_a_late_point_at_the_end_is_not_where_the_scorer_has_to_come_to() -> None:
    stage = ScoredStage()
    stage.spoil = lambda: stage.items["cpu"].update(at=at(3))
    with pytest.raises(StepFailedError, match="to read 2 series to their end, in vain"):
        replay(stage, live=[*LIVE, record("cpu", 2.5)])


def test_copies_in_the_lake_are_told_again() -> None:
    stage = ScoredStage()
    stage.spoil = lambda: stage.objects.update(
        {f"{last_object(stage)}-again": stage.objects[last_object(stage)]}
    )
    assert replay(stage)["told_again"] == 4


def test_scores_of_another_day_are_none_of_this_replay() -> None:
    stage = ScoredStage()
    for minute in (-5, -9, -5):  # one told again, one out of order
        tell(stage, "cpu", minute)
    found = replay(stage)
    assert (found["told_again"], found["scored_records"]) == (0, 4)


def test_a_stage_that_has_seen_it_all_has_nothing_to_score() -> None:
    stage = ScoredStage()
    replay(stage)
    found = replay(stage)
    assert (found["points"], found["scored_records"], found["alerts"]) == (0, 0, 0)
    assert found["windows"] is None
    assert stage.findings["anomaly_drawing"]["series"][0]["live_from"] is None


def test_a_series_that_is_first_met_live_is_skipped_until_its_window_is_full() -> None:
    stage = ScoredStage()
    found = replay(stage, live=[*LIVE, record("net", 3, 99.0), record("net", 4, 4.0)])
    assert found["by_series"][-1] == {
        "name": "net",
        "points": 2,
        "scored": 1,
        "alerts": 0,
        "labelled": 0,
        "hit": 0,
    }


def test_what_the_transform_refused_is_no_point_and_a_dead_letter() -> None:
    stage = ScoredStage()
    found = replay(stage, [b"broken", *BEFORE], [*LIVE, b"broken too", b"broken"])
    assert (found["points"], found["dead_letters"]) == (4, 2)
    assert not stage.queues[DEAD_LETTERS].hidden


def test_a_missing_dead_letter_fails_the_step() -> None:
    stage = ScoredStage()
    stage.spoil = lambda: stage.queues[DEAD_LETTERS].bodies.popitem()
    with pytest.raises(StepFailedError, match=f"2 records in {DEAD_LETTERS}, in vain"):
        replay(stage, [b"broken", *BEFORE], [*LIVE, b"broken too"])


def test_what_the_model_refused_is_a_dead_letter_too() -> None:
    live = [*LIVE, record("cpu", 5, -1.0)]
    found = replay(ScoredStage(), live=live)
    assert (found["points"], found["scored_records"], found["dead_letters"]) == (5, 4, 1)
    stage = ScoredStage()
    stage.spoil = lambda: stage.queues[DEAD_LETTERS].bodies.clear()
    with pytest.raises(StepFailedError, match=f"1 records in {DEAD_LETTERS}, in vain"):
        replay(stage, live=live)


def test_dead_letters_that_come_in_portions_are_all_found() -> None:
    """A receive asks only some of SQS's servers: one look may not show all."""
    stage = ScoredStage()
    looks = []
    receive = stage.receive_message

    def some(*, QueueUrl: str, **request: Any) -> dict[str, Any]:
        if QueueUrl != DEAD_LETTERS:
            return receive(QueueUrl=QueueUrl, **request)
        looks.append(1)
        if len(looks) % 2 == 0:
            return {}
        return receive(QueueUrl=QueueUrl, **{**request, "MaxNumberOfMessages": 1})

    stage.receive_message = some  # type: ignore[method-assign]
    assert replay(stage, live=[*LIVE, b"one", b"two", b"three"])["dead_letters"] == 3


def test_without_labels_nothing_is_judged() -> None:
    stage = ScoredStage()
    found = replay(stage, [record("cpu", 0)], [record("cpu", 1, 20.0), record("cpu", 2)])
    assert (found["windows"], found["false_alerts"], found["alerts"]) == (None, None, 1)
    assert stage.timeline.steps["score"].detail == "2 points scored, 1 alerts"


def test_what_others_send_meanwhile_is_not_accounted_for() -> None:
    stage = ScoredStage()

    def spoil() -> None:
        stage.spoil = lambda: None
        stage.send([record("others", minute, 50.0) for minute in range(9)])

    stage.spoil = spoil
    found = replay(stage)
    assert (found["series"], found["points"], found["alerts"]) == (2, 4, 2)


@pytest.mark.parametrize("ahead_minutes", [0, 40])
def test_of_what_was_skipped_only_points_of_the_replay_count_by_any_clock(
    ahead_minutes: int,
) -> None:
    """The scorer may still be at those before when the replay begins: they are waited for."""
    stage = ScoredStage(log_ahead_ms=ahead_minutes * 60_000)
    stage.in_service = True
    paginate = stage.paginate

    def catch_up(**request: Any) -> Any:
        if "TableName" in request and not stage.items:
            stage.send(BEFORE)
        return paginate(**request)

    stage.paginate = catch_up  # type: ignore[method-assign]
    live = [*LIVE, record("net", 3), record("net", 4)]
    Replay(stage.aws(), STAGE, stage.timeline, stage.findings, stage).go(BEFORE, live)  # type: ignore[arg-type]
    assert [json.loads(line)["skipped"] for _, line in stage.log] == [
        {"window_not_full": 2},
        {"window_not_full": 1},
    ]
    assert stage.findings["anomaly"]["skipped"] == {"window_not_full": 1}


STREAM = st.lists(
    st.one_of(
        st.builds(
            record,
            st.sampled_from(["a", "b", "c"]),
            st.integers(0, 12),
            st.sampled_from([-1.0, 2.0, 20.0]),
            st.sampled_from([None, 0, 1]),
        ),
        st.sampled_from([b"broken", b"[]"]),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(before=STREAM, live=STREAM)
def test_whatever_is_sent_to_a_scorer_that_keeps_its_word_is_accounted_for(
    before: list[bytes], live: list[bytes]
) -> None:
    stage = ScoredStage()
    found = replay(stage, before, live)
    decided = sum(
        item["scored"] + item["skipped"] + item["refused"] for item in stage.items.values()
    )
    (_, told), _ = stage.log
    assert found["points"] == decided - sum(json.loads(told)["skipped"].values())
    assert found["scored_records"] == sum(item["scored"] for item in stage.items.values())
    assert found["points"] == sum(line["points"] for line in found["by_series"])


POINT = st.builds(
    Point,
    st.sampled_from(["a", "b"]),
    st.integers(0, 9).map(at),
    st.just(1.0),
    st.none(),
)


@given(
    points=st.lists(POINT),
    lasts=st.dictionaries(st.sampled_from(["a", "b"]), st.integers(-1, 9)),
)
def test_a_point_is_newer_if_none_of_its_series_came_before_it_at_its_time_or_later(
    points: list[Point], lasts: dict[str, int]
) -> None:
    states = {name: SeriesState(at(last), 1, 0, 0, True) for name, last in lasts.items()}
    expected = [
        point.key
        for place, point in enumerate(points)
        if all(
            point.at > earlier.at for earlier in points[:place] if earlier.series == point.series
        )
        and (point.series not in lasts or point.at > at(lasts[point.series]))
    ]
    assert newer(points, states) == expected
