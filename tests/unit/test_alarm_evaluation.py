"""Alarm evaluation: the tables of the documentation, windows, statistics and what is said."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from penstock.localcloud.workers.alarms.evaluation import (
    AlarmSettings,
    evaluate,
    last_tick,
    next_change,
)
from penstock.localcloud.workers.alarms.metrics import (
    Datum,
    Metric,
    Metrics,
    on_the_clouds_clock,
)

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")


def settings(**changes: object) -> AlarmSettings:
    given: dict[str, object] = {
        "statistic": "Maximum",
        "period_seconds": 60,
        "evaluation_periods": 1,
        "datapoints_to_alarm": 1,
        "comparison": "GreaterThanOrEqualToThreshold",
        "threshold": 1.0,
        "treat_missing": "missing",
        "unit": None,
        **changes,
    }
    return AlarmSettings(**given)  # type: ignore[arg-type]


def datum(value: float, *, seconds_ago: float, count: float = 1) -> Datum:
    time = AT - timedelta(seconds=seconds_ago)
    return Datum(time, "None", value, value, value * count, count)


def drawn(picture: str) -> list[Datum]:
    """Data from a row of the documentation: oldest first, 0 fine, X breaching, - missing."""
    marks = picture.split()
    return [
        datum(1 if mark == "X" else 0, seconds_ago=60 * (len(marks) - position) - 30)
        for position, mark in enumerate(marks)
        if mark != "-"
    ]


# CloudWatch user guide, "How alarm state is evaluated when data is missing": state by treatment,
# in the order of TREATMENTS; None: the current state is retained
THREE_OF_THREE = [
    ("0 - X - X", ("OK", "OK", "OK", "OK")),
    ("0 - - - -", ("OK", "OK", "OK", "OK")),
    ("- - - - -", ("INSUFFICIENT_DATA", None, "ALARM", "OK")),
    ("0 X X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    ("- - X - -", ("ALARM", None, "ALARM", "OK")),
]
TWO_OF_THREE = [
    ("0 - X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    ("0 0 X 0 X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    ("0 - X - -", ("OK", "OK", "ALARM", "OK")),
    ("- - - - 0", ("OK", "OK", "ALARM", "OK")),
    ("- - - X -", ("ALARM", None, "ALARM", "OK")),
]


@pytest.mark.parametrize(
    ("needed", "picture", "expected"),
    [(3, *row) for row in THREE_OF_THREE] + [(2, *row) for row in TWO_OF_THREE],
)
def test_missing_data_is_treated_as_in_the_documentations_tables(
    needed: int, picture: str, expected: tuple[str | None, ...]
) -> None:
    states = tuple(
        evaluate(
            settings(evaluation_periods=3, datapoints_to_alarm=needed, treat_missing=treatment),
            drawn(picture),
            at=AT,
            now=AT,
        ).state
        for treatment in TREATMENTS
    )
    assert states == expected


def test_of_several_breaching_points_with_data_missing_the_oldest_one_decides() -> None:
    alarm = settings(evaluation_periods=3, datapoints_to_alarm=3)
    states = [
        evaluate(alarm, drawn(picture), at=AT, now=AT).state
        for picture in ("- - X X -", "- - - X X")
    ]
    assert states == ["ALARM", None]


@pytest.mark.parametrize(
    ("comparison", "below", "at", "above"),
    [
        ("GreaterThanOrEqualToThreshold", "OK", "ALARM", "ALARM"),
        ("GreaterThanThreshold", "OK", "OK", "ALARM"),
        ("LessThanThreshold", "ALARM", "OK", "OK"),
        ("LessThanOrEqualToThreshold", "ALARM", "ALARM", "OK"),
    ],
)
def test_each_comparison_says_on_which_side_the_threshold_itself_is(
    comparison: str, below: str, at: str, above: str
) -> None:
    alarm = settings(comparison=comparison)
    states = [
        evaluate(alarm, [datum(value, seconds_ago=1)], at=AT, now=AT).state for value in (0, 1, 2)
    ]
    assert states == [below, at, above]


@pytest.mark.parametrize(
    ("statistic", "value"),
    [("Maximum", 8), ("Minimum", 2), ("Sum", 14), ("Average", 3.5), ("SampleCount", 4)],
)
def test_each_statistic_is_taken_over_the_values_of_a_period(statistic: str, value: float) -> None:
    data = [datum(8, seconds_ago=1), datum(2, seconds_ago=60, count=3), datum(99, seconds_ago=61)]
    verdict = evaluate(settings(statistic=statistic), data, at=AT, now=AT)
    assert json.loads(verdict.reason_data)["recentDatapoints"] == [value]


def test_the_reason_is_worded_as_published() -> None:
    alarm = settings(comparison="GreaterThanThreshold", threshold=50.0)
    high = evaluate(alarm, [datum(99.5, seconds_ago=60)], at=AT, now=AT + timedelta(seconds=1.5))
    assert high.reason == (
        "Threshold Crossed: 1 out of the last 1 datapoints [99.5 (22/11/26 11:59:00)] was greater "
        "than the threshold (50.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    assert json.loads(high.reason_data) == {
        "version": "1.0",
        "queryDate": "2026-11-22T12:00:01.500+0000",
        "startDate": "2026-11-22T11:59:00.000+0000",
        "statistic": "Maximum",
        "period": 60,
        "recentDatapoints": [99.5],
        "threshold": 50.0,
    }
    low = evaluate(alarm, [datum(0.5, seconds_ago=60)], at=AT, now=AT)
    assert low.reason == (
        "Threshold Crossed: 1 out of the last 1 datapoints [0.5 (22/11/26 11:59:00)] was not "
        "greater than the threshold (50.0) (minimum 1 datapoint for ALARM -> OK transition)."
    )
    two = settings(evaluation_periods=2, datapoints_to_alarm=2, comparison="LessThanThreshold")
    reason = evaluate(two, drawn("0 0"), at=AT, now=AT).reason
    assert reason == (
        "Threshold Crossed: 2 out of the last 2 datapoints [0 (22/11/26 11:59:00), "
        "0 (22/11/26 11:58:00)] were less than the threshold (1.0) "
        "(minimum 2 datapoints for OK -> ALARM transition)."
    )


@pytest.mark.parametrize(
    ("treatment", "periods", "reason"),
    [
        ("missing", 1, "Insufficient Data: 1 datapoint was unknown."),
        ("missing", 2, "Insufficient Data: 2 datapoints were unknown."),
        (
            "notBreaching",
            1,
            "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint "
            "was treated as [NonBreaching].",
        ),
        (
            "breaching",
            3,
            "Threshold Crossed: no datapoints were received for 3 periods and 3 missing "
            "datapoints were treated as [Breaching].",
        ),
    ],
)
def test_the_reason_says_that_nothing_came(treatment: str, periods: int, reason: str) -> None:
    alarm = settings(
        treat_missing=treatment, evaluation_periods=periods, datapoints_to_alarm=periods
    )
    assert evaluate(alarm, [], at=AT, now=AT).reason == reason


@pytest.mark.parametrize("period_seconds", [10, 60, 300, 3600])
def test_between_the_ticks_of_next_change_nothing_changes(period_seconds: int) -> None:
    alarm = settings(
        period_seconds=period_seconds,
        evaluation_periods=2,
        datapoints_to_alarm=1,
        statistic="Sum",
    )
    data = [datum(1, seconds_ago=0.5), datum(4, seconds_ago=59), datum(16, seconds_ago=-90)]
    tick = timedelta(seconds=alarm.tick_seconds)

    def seen(at: datetime) -> object:
        verdict = evaluate(alarm, data, at=at, now=AT)
        return verdict.state, json.loads(verdict.reason_data)["recentDatapoints"]

    at, changes = AT, set()
    due: datetime | None = AT
    while due is not None:
        due = next_change(alarm, data, due)
        changes.add(due)
    for _ in range(6 * period_seconds // alarm.tick_seconds + 12):
        if at + tick not in changes:
            assert seen(at + tick) == seen(at), at
        at += tick
    assert seen(at)[0] == "INSUFFICIENT_DATA"  # type: ignore[index]
    assert len(changes) < 20, "an hour's period does not need a look each minute"


def test_what_is_put_before_a_minute_is_in_the_last_period_of_that_minute() -> None:
    alarm = settings()
    put_at = datetime(2026, 11, 22, 12, 0, 59, 999_000, tzinfo=UTC)
    tick = last_tick(alarm, put_at) + timedelta(seconds=60)
    data = [Datum(put_at, "None", 5, 5, 5, 1)]
    assert tick == datetime(2026, 11, 22, 12, 1, tzinfo=UTC)
    assert evaluate(alarm, data, at=tick, now=tick).state == "ALARM"


def test_a_stamp_of_the_real_clock_is_moved_to_the_clouds_time() -> None:
    real = AT
    cloud = AT + timedelta(hours=5)
    ago = timedelta(seconds=20)

    def read(stamp: datetime) -> datetime:
        return on_the_clouds_clock(stamp, cloud_now=cloud, real_now=real)

    assert read(real) == cloud
    assert read(real - ago) == cloud - ago
    assert read(cloud) == cloud
    assert read(cloud - ago) == cloud - ago


def test_metrics_are_told_apart_by_exact_dimensions_and_unit() -> None:
    metrics = Metrics()

    def put(value: float, **more: object) -> set[Metric]:
        one = {"MetricName": "violations", "Value": value, **more}
        return metrics.put("n", [one], cloud_now=AT, real_now=AT)

    endpoint = {"Name": "Endpoint", "Value": "e"}
    schedule = {"Name": "MonitoringSchedule", "Value": "s"}
    (bare,) = put(1)
    (one,) = put(2, Dimensions=[endpoint])
    (both,) = put(3, Dimensions=[endpoint, schedule], Unit="Count")
    assert put(4, Dimensions=[schedule, endpoint]) == {both}

    def values(metric: Metric, unit: str | None = None) -> list[float]:
        return [one.maximum for one in metrics.of(metric, unit=unit, since=AT)]

    assert (values(bare), values(one), values(both)) == ([1], [2], [3, 4])
    assert values(both, "Count") == [3]
    assert values(both, "Percent") == []


def test_values_with_counts_and_statistic_sets_are_added_up() -> None:
    metrics = Metrics()
    given: list[dict[str, Any]] = [
        {"MetricName": "m", "Values": [1.0, 5.0], "Counts": [3.0, 1.0]},
        {
            "MetricName": "m",
            "StatisticValues": {"Minimum": 2, "Maximum": 9, "Sum": 20, "SampleCount": 4},
        },
    ]
    (metric,) = metrics.put("n", given, cloud_now=AT, real_now=AT)
    data = metrics.of(metric, unit=None, since=AT)
    assert [(d.minimum, d.maximum, d.total, d.count) for d in data] == [
        (1, 5, 8, 4),
        (2, 9, 20, 4),
    ]
