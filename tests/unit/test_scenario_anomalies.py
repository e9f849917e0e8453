"""Windows, hits and false alerts of a replay, and the curves that the report draws."""

from __future__ import annotations

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from penstock.scenario.anomalies import Anomalies, Curve
from penstock.scenario.points import Key, Point
from tests.unit.scored_stage import at, text

THRESHOLD = 2.0
Scores = dict[Key, tuple[float, float]]


def points(labels: str, series: str = "cpu") -> list[Point]:
    """A point a minute, labelled 0, 1 or ? (nobody knows)."""
    return [
        Point(series, at(minute), float(minute), None if label == "?" else int(label))
        for minute, label in enumerate(labels)
    ]


def keys(places: range, series: str = "cpu") -> set[Key]:
    return {(series, at(minute)) for minute in places}


def scored(scores: dict[int, float], series: str = "cpu") -> Scores:
    return {(series, at(minute)): (score, THRESHOLD) for minute, score in scores.items()}


def test_a_window_at_the_border_counts_and_one_before_it_does_not() -> None:
    sent = points("0110" "0111" "1011")  # fmt: skip
    scores = scored({6: 1.0, 7: 1.5, 8: 3.0, 9: 1.0, 10: 2.0, 11: 2.0})
    anomalies = Anomalies(sent, keys(range(6, 12)), scores)
    assert anomalies.report()["windows"] == {"labelled": 2, "hit": 1}
    (curve,) = anomalies.drawing()["series"]
    assert curve["windows"] == [
        {"from": text(at(1)), "to": text(at(2)), "hit": None},
        {"from": text(at(5)), "to": text(at(8)), "hit": True},
        {"from": text(at(10)), "to": text(at(11)), "hit": False},
    ]
    assert curve["live_from"] == text(at(6))


def test_a_replayed_window_without_any_score_was_missed() -> None:
    anomalies = Anomalies(points("00011000"), keys(range(2, 8)), scored({6: 0.5, 7: 0.5}))
    assert anomalies.report()["windows"] == {"labelled": 1, "hit": 0}
    assert anomalies.drawing()["series"][0]["windows"][0]["hit"] is False


def test_an_alert_is_a_score_above_the_threshold_not_at_it() -> None:
    anomalies = Anomalies(points("000"), keys(range(3)), scored({0: 1.9, 1: 2.0, 2: 2.1}))
    assert anomalies.alerts == {("cpu", at(2))}
    assert anomalies.report()["alerts"] == 1


def test_each_score_is_judged_by_its_own_threshold() -> None:
    """Another model came into service in between."""
    scores = {("cpu", at(0)): (2.5, 2.0), ("cpu", at(1)): (2.5, 3.0)}
    anomalies = Anomalies(points("00"), keys(range(2)), scores)
    assert anomalies.alerts == {("cpu", at(0))}
    assert anomalies.report()["threshold"] == anomalies.drawing()["threshold"] == 3.0


def test_only_alerts_of_points_that_are_known_to_be_none_are_false() -> None:
    anomalies = Anomalies(points("01??0"), keys(range(5)), scored(dict.fromkeys(range(5), 9.0)))
    found = anomalies.report()
    assert (found["alerts"], found["false_alerts"]) == (5, 2)
    assert found["windows"] == {"labelled": 1, "hit": 1}


def test_without_labels_in_the_replay_nothing_is_judged() -> None:
    anomalies = Anomalies(points("011??"), keys(range(3, 5)), scored({3: 9.0, 4: 1.0}))
    found = anomalies.report()
    assert (found["windows"], found["false_alerts"]) == (None, None)
    assert (found["alerts"], found["points"]) == (1, 2)
    assert anomalies.sentence() == "2 points scored, 1 alerts"


def test_each_series_has_its_own_line_and_they_add_up() -> None:
    sent = [*points("0011", "disk"), *points("001", "cpu")]
    live = keys(range(2, 4), "disk") | keys(range(1, 3), "cpu")
    scores = scored({2: 9.0, 3: 1.0}, "disk") | scored({2: 1.0}, "cpu")
    found = Anomalies(sent, live, scores).report()
    assert found["by_series"] == [
        {"name": "cpu", "points": 2, "scored": 1, "alerts": 0, "labelled": 1, "hit": 0},
        {"name": "disk", "points": 2, "scored": 2, "alerts": 1, "labelled": 1, "hit": 1},
    ]
    assert (found["series"], found["points"], found["scored_records"]) == (2, 4, 3)
    assert found["windows"] == {"labelled": 2, "hit": 1}


def test_of_points_at_one_time_the_first_is_drawn() -> None:
    sent = [*points("000"), Point("cpu", at(1), 99.0, 1)]
    (curve,) = Anomalies(sent, set(), {}).drawing()["series"]
    assert (curve["values"], curve["windows"]) == ([0.0, 1.0, 2.0], [])


def test_points_that_came_late_are_drawn_in_their_place_and_nothing_else() -> None:
    sent = points("0000")
    late = Point("cpu", at(0.5), 99.0, 1)
    anomalies = Anomalies([*sent, late], keys(range(2, 4)), scored({2: 1.0, 3: 1.0}))
    (curve,) = anomalies.drawing()["series"]
    assert curve["values"] == [0.0, 99.0, 1.0, 2.0, 3.0]
    assert curve["live_from"] == text(at(2))
    assert anomalies.report()["windows"] == {"labelled": 0, "hit": 0}


def test_the_drawing_is_what_anomaly_json_holds() -> None:
    anomalies = Anomalies(points("001"), keys(range(1, 3)), scored({2: 3.5}))
    expected = {
        "threshold": THRESHOLD,
        "series": [
            {
                "name": "cpu",
                "times": ["2026-11-22T12:00:00Z", "2026-11-22T12:01:00Z", "2026-11-22T12:02:00Z"],
                "values": [0.0, 1.0, 2.0],
                "scores": [None, None, 3.5],
                "alerts": [2],
                "windows": [
                    {"from": "2026-11-22T12:02:00Z", "to": "2026-11-22T12:02:00Z", "hit": True}
                ],
                "live_from": "2026-11-22T12:01:00Z",
            }
        ],
    }
    assert json.loads(json.dumps(anomalies.drawing())) == expected


def test_a_replay_of_nothing_has_nothing_to_draw() -> None:
    anomalies = Anomalies([], set(), {})
    assert anomalies.drawing() == {"threshold": None, "series": []}
    assert anomalies.report()["threshold"] is None


@given(
    labels=st.text("01?", max_size=25),
    border=st.integers(0, 25),
    heights=st.dictionaries(st.integers(0, 24), st.sampled_from([1.0, 3.0])),
)
def test_windows_are_the_labelled_points_and_an_alert_is_in_one_or_false_or_unknown(
    labels: str, border: int, heights: dict[int, float]
) -> None:
    sent = points(labels)
    live = keys(range(border, len(labels)))
    scores = scored(
        {place: score for place, score in heights.items() if border <= place < len(labels)}
    )
    curve = Curve("cpu", sent, live, scores)
    covered = [
        {place for place, point in enumerate(sent) if window.start <= point.at <= window.end}
        for window in curve.windows
    ]
    assert sorted(place for window in covered for place in window) == [
        place for place, label in enumerate(labels) if label == "1"
    ]
    assert all(max(one) + 1 < min(other) for one, other in pairwise(covered))
    for window, places in zip(curve.windows, covered, strict=True):
        assert window.is_live == (max(places) >= border)
        assert window.is_hit == any(
            heights.get(place) == 3.0 for place in places if place >= border
        )
    inside = sum(labels[place] == "1" for place in curve.alerts)
    unknown = sum(labels[place] == "?" for place in curve.alerts)
    assert curve.false_alerts + inside + unknown == len(curve.alerts)
    assert curve.report()["points"] == max(0, len(labels) - border)
