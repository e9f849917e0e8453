"""The stream scorer: windows, scores, alerts, and what becomes of records that cannot be scored."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ReadTimeoutError

from penstock.series import rows_of
from tests.unit.stream_scorer_lab import (
    FIGURES,
    HANDLER,
    PACKAGE,
    CallError,
    Lab,
    Services,
    at,
    point,
    record,
    scores_of,
)


@pytest.fixture
def services() -> Services:
    return Services()


@pytest.fixture
def lab(services: Services) -> Lab:
    return Lab(services)


def cpu(start: int, count: int, value: float = 12.0) -> list[dict[str, Any]]:
    """Consecutive points of one series; number n is of minute n."""
    return [point(n, "cpu", n, value) for n in range(start, start + count)]


def skipped(capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    """The reasons in what was printed last."""
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    found: dict[str, int] = line["skipped"]
    return found


def test_a_deviation_is_what_the_job_makes_of_a_window(lab: Lab, services: Services) -> None:
    figures = {**FIGURES, "row": "deviation"}
    services.objects["scoring/run1/settings.json"] = json.dumps(figures).encode()
    values = np.array([8.0, 10.0, 14.0, 14.0, 14.0, 14.1, 3.0])
    assert lab.send([point(n, "cpu", n, value) for n, value in enumerate(values.tolist())]) is None
    asked = [row for rows in services.requests for row in rows]
    windows = np.lib.stride_tricks.sliding_window_view((values - 10.0) / 2.0, 3)
    assert np.array(asked) == pytest.approx(rows_of(windows[:, :, None], "deviation"), rel=1e-6)


def test_a_full_window_is_normalised_and_scored(lab: Lab, services: Services) -> None:
    values = [8.0, 10.0, 14.0, 10.0]
    sent = [point(n, "cpu", n, value) for n, value in enumerate(values)]
    assert lab.send(sent) is None
    assert services.requests == [[[-1.0, 0.0, 2.0], [0.0, 2.0, 0.0]]]
    assert services.scores() == [
        {
            "series": "cpu",
            "timestamp": at(minute),
            "value": values[minute],
            "score": score,
            "threshold": 5.0,
            "model": PACKAGE,
        }
        for minute, score in ((2, 7.0), (3, 4.0))
    ]
    assert services.items["cpu"]["scored"]["N"] == "2"
    assert services.items["cpu"]["skipped"]["N"] == "2"


def test_an_answer_with_commas_is_read_as_the_developer_guide_shows_it(
    lab: Lab, services: Services
) -> None:
    services.between_lines = ",\n"
    assert lab.send(cpu(0, 4)) is None
    assert [score["timestamp"] for score in services.scores()] == [at(2), at(3)]


def test_a_score_above_the_threshold_alerts_with_the_values_around_it(
    lab: Lab, services: Services
) -> None:
    lab.send([point(n, "cpu", n, value) for n, value in enumerate([8.0, 10.0, 14.0, 10.0])])
    (alert,) = services.alerts
    assert (alert["series"], alert["timestamp"], alert["score"]) == ("cpu", at(2), 7.0)
    assert alert["threshold"] == 5.0
    assert alert["values"] == [
        {"timestamp": at(n), "value": value} for n, value in enumerate([8.0, 10.0, 14.0])
    ]


def test_a_threshold_that_was_given_is_used_instead_of_the_training_scores(
    services: Services,
) -> None:
    Lab(services, ALERT_AT="6.5").send(cpu(0, 3, value=12.0))
    assert [score["threshold"] for score in services.scores()] == [6.5]
    assert services.alerts == []  # the score is 6
    other = Services()
    Lab(other, ALERT_AT="5.9").send(cpu(0, 3, value=12.0))
    assert len(other.alerts) == 1


def test_a_window_goes_on_from_one_batch_and_environment_to_the_next(
    lab: Lab, services: Services
) -> None:
    for minute in range(5):
        assert lab.send(cpu(minute, 1)) is None
        lab.restart()
    assert [score["timestamp"] for score in services.scores()] == [at(2), at(3), at(4)]


def test_series_do_not_mix(lab: Lab, services: Services) -> None:
    mixed = [
        point(2 * minute + n, name, minute, 1.0 + n)
        for minute in range(4)
        for n, name in enumerate(("cpu", "disk"))
    ]
    assert lab.send(mixed) is None
    for name in ("cpu", "disk"):
        mine = [score["timestamp"] for score in services.scores() if score["series"] == name]
        assert mine == [at(2), at(3)]
    assert len(services.requests) == 1  # one request for all series


def test_duplicates_and_late_points_are_not_scored(lab: Lab, services: Services) -> None:
    lab.send(cpu(0, 4))
    before = dict(services.items)
    assert lab.send([*cpu(0, 4), point(9, "cpu", 2.5, 1.0)]) is None
    assert len(services.scores()) == 2
    assert services.items == before


def test_of_points_in_one_place_of_the_grid_the_first_is_scored_and_the_last_stays(
    lab: Lab, services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    minutes = [(0, 12.0), (1, 12.0), (2, 12.0), (2.5, 14.0), (2.9, 16.0), (3, 12.0)]
    sent = [point(n, "cpu", minute, value) for n, (minute, value) in enumerate(minutes)]
    assert lab.send(sent) is None
    assert services.requests == [[[1.0, 1.0, 1.0], [1.0, 3.0, 1.0]]]
    assert skipped(capsys) == {"window_not_full": 2, "same_place": 2}
    assert lab.send(sent[3:5]) is None
    assert services.items["cpu"]["skipped"]["N"] == "4"


def test_windows_with_a_gap_wait_until_they_have_none(
    lab: Lab, services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.send([point(n, "cpu", minute, 12.0) for n, minute in enumerate([0, 1, 3, 4, 5])])
    assert [score["timestamp"] for score in services.scores()] == [at(5)]
    assert skipped(capsys) == {"window_not_full": 2, "gap": 2}


def test_each_series_has_its_own_grid(
    lab: Lab, services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = json.loads(json.dumps(FIGURES))
    figures["series"]["disk"]["grid_seconds"] = 300
    services.objects["scoring/run1/settings.json"] = json.dumps(figures).encode()
    lab.send([point(n, "disk", minute, 1.0) for n, minute in enumerate([0, 5, 9, 10, 15, 25])])
    assert [score["timestamp"] for score in services.scores()] == [at(10), at(15)]
    assert skipped(capsys) == {"window_not_full": 2, "same_place": 1, "gap": 1}
    lab.send([point(n, "cpu", minute, 1.0) for n, minute in enumerate([0, 5, 10])])
    assert skipped(capsys) == {"window_not_full": 2, "gap": 1}


def test_points_need_not_lie_on_the_grid_exactly(lab: Lab, services: Services) -> None:
    lab.send([point(n, "cpu", minute, 12.0) for n, minute in enumerate([0.1, 1.8, 2.5])])
    assert len(services.scores()) == 1


@pytest.mark.parametrize("case", ["none", "old", "other windows", "unknown series"])
def test_what_no_model_can_score_is_skipped_and_said(
    case: str, lab: Lab, services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    reason = {
        "none": "no_model",
        "old": "model_without_figures",
        "other windows": "model_of_other_windows",
        "unknown series": "unknown_series",
    }[case]
    sent = cpu(0, 3)
    if case == "none":
        services.package = "none"
    elif case == "old":
        services.run = "before"
    elif case == "other windows":
        figures = {**FIGURES, "window_points": 4}
        services.objects["scoring/run1/settings.json"] = json.dumps(figures).encode()
    else:
        sent = [point(n, "new", n, 1.0) for n in range(3)]
    assert lab.send(sent) is None
    assert (services.scores(), services.requests) == ([], [])
    assert skipped(capsys) == {reason: 3}


def test_scoring_begins_with_the_first_model_and_the_points_before_it_count_for_its_windows(
    lab: Lab, services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    services.package = "none"
    lab.send(cpu(0, 3))
    services.package = PACKAGE
    lab.send(cpu(3, 1))
    assert [score["timestamp"] for score in services.scores()] == [at(3)]


def test_without_an_endpoint_points_are_skipped(
    lab: Lab, services: Services, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(rows: Any) -> Any:
        raise CallError("ValidationError", "Endpoint anomaly-dev of account 1 not found.")

    services.endpoint = missing
    assert lab.send(cpu(0, 4)) is None
    assert skipped(capsys) == {"window_not_full": 2, "no_endpoint": 2}
    assert services.items["cpu"]["skipped"]["N"] == "4"


def test_a_new_model_is_noticed_after_a_while(lab: Lab, services: Services) -> None:
    lab.send(cpu(0, 3))
    services.package, services.run = PACKAGE.replace("/1", "/2"), "run2"
    services.objects["scoring/run2/settings.json"] = json.dumps(
        {**FIGURES, "score_mean": 0.0}
    ).encode()
    lab.send(cpu(3, 1))
    lab.pause(16)
    lab.send(cpu(4, 1))
    assert [score["threshold"] for score in services.scores()] == [5.0, 5.0, 3.0]


POISON = {
    b"{": "not JSON",
    b"[1]": "must be a JSON object",
    b"": "is empty",
    b"\xff": "not UTF-8",
    b'{"series": "cpu", "timestamp": "2026-11-22T00:00:00Z"}': "'value' is missing",
    b'{"series": "cpu", "timestamp": "soon", "value": 1}': "ISO 8601",
    b'{"series": "cpu", "timestamp": "2026-11-22T00:00:00Z", "value": "1"}': "must be a number",
    b'{"series": "", "timestamp": "2026-11-22T00:00:00Z", "value": 1}': "must not be empty",
    b'{"series": "cpu", "timestamp": "2026-11-22T00:00:00Z", "value": 1, "label": 2}': "at most 1",
    b'{"series": "' + b"x" * 2049 + b'", "timestamp": "2026-11-22T00:00:00Z", "value": 1}': "2048",
    b'{"value": 1' + b" " * 4096 + b"}": "more than 4096",
}


@pytest.mark.parametrize("data", POISON)
def test_a_poison_record_is_dead_at_once_with_its_reason_and_holds_nobody_up(
    data: bytes, lab: Lab, services: Services
) -> None:
    good = cpu(0, 3)
    assert lab.send([record(7, data), good[0], record(8, data), *good[1:]]) is None
    assert [dead["event_id"][-1] for dead in services.dead] == ["7", "8"]
    for dead in services.dead:
        assert POISON[data] in dead["reason"]
        assert dead["data"] == record(7, data)["kinesis"]["data"]
        assert dead["is_cut"] is False
    assert [score["timestamp"] for score in services.scores()] == [at(2)]


def test_a_large_poison_record_is_cut_to_what_a_message_holds(lab: Lab, services: Services) -> None:
    assert lab.send([record(0, b"x" * 1_000_000)]) is None
    (dead,) = services.dead
    assert dead["is_cut"] is True
    assert len(dead["data"]) == 150_000


def test_a_row_that_the_model_refuses_is_dead_and_its_neighbours_are_scored(
    lab: Lab, services: Services
) -> None:
    def picky(rows: list[list[float]]) -> list[Any]:
        if any(row[-1] == 45.0 for row in rows):  # the point with the value 100
            raise CallError("ModelError", OriginalStatusCode=400, OriginalMessage="too much")
        return scores_of(rows)

    services.endpoint = picky
    sent = [point(n, "cpu", n, 100.0 if n == 4 else 12.0) for n in range(8)]
    assert lab.send(sent) is None
    assert [score["timestamp"] for score in services.scores()] == [at(n) for n in (2, 3, 5, 6, 7)]
    (dead,) = services.dead
    assert dead == {
        "reason": "the model refuses the row: too much",
        "series": "cpu",
        "timestamp": at(4),
        "value": 100.0,
    }
    assert services.items["cpu"]["refused"]["N"] == "1"


def test_a_score_that_is_no_number_is_dead(lab: Lab, services: Services) -> None:
    services.endpoint = lambda rows: [float("nan")] * len(rows)
    assert lab.send(cpu(0, 3)) is None
    assert [dead["reason"] for dead in services.dead] == ["the model's score is not a number"]


FAILURES = {
    "server error": CallError("ModelError", OriginalStatusCode=500),
    "throttled by the container": CallError("ModelError", OriginalStatusCode=429),
    "throttled": CallError("ThrottlingException"),
    "forbidden": CallError("AccessDeniedException"),
    "timeout": ReadTimeoutError(endpoint_url="https://runtime"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_passing_failure_is_asked_about_again(failure: str, lab: Lab, services: Services) -> None:
    left = [FAILURES[failure], FAILURES[failure]]

    def flaky(rows: list[list[float]]) -> list[Any]:
        if left:
            raise left.pop()
        return scores_of(rows)

    services.endpoint = flaky
    assert lab.send(cpu(0, 4)) is None
    assert len(services.requests) == 3
    assert len(services.scores()) == 2


def test_answers_of_another_length_or_kind_are_failures(lab: Lab, services: Services) -> None:
    services.endpoint = lambda rows: [1.0]
    assert lab.send(cpu(0, 4)) == "0"
    services.endpoint = lambda rows: ["high"] * len(rows)
    assert lab.send(cpu(0, 4)) == "0"
    assert (services.scores(), services.items) == ([], {})


def test_ten_minutes_of_a_failing_endpoint_cost_few_requests_and_lose_nothing(
    lab: Lab, services: Services
) -> None:
    def failing(rows: Any) -> Any:
        raise FAILURES["server error"]

    services.endpoint = failing
    batch = [record(90, b"{"), *cpu(0, 6)]
    first = lab.send(batch)
    assert first == "0"  # the poison before it is finished
    attempts = 0
    while lab.now < 600:
        assert lab.send(batch[1:]) == "0"
        attempts += 1
        lab.pause(1)
    assert attempts > 500
    assert len(services.requests) < 75  # two times three, then one in ten seconds
    assert (services.scores(), services.items) == ([], {})
    services.endpoint = scores_of
    lab.pause(10)
    assert lab.send(batch[1:]) is None
    assert [score["timestamp"] for score in services.scores()] == [at(n) for n in (2, 3, 4, 5)]
    assert len(services.dead) == 1


def test_firehoses_refusals_are_sent_again_and_no_others(lab: Lab, services: Services) -> None:
    services.firehose_fails = [{0, 2}, {1}]
    assert lab.send(cpu(0, 5)) is None
    assert sorted(score["timestamp"] for score in services.scores()) == [at(2), at(3), at(4)]


def test_what_firehose_does_not_take_waits_in_the_table_and_is_not_scored_again(
    lab: Lab, services: Services
) -> None:
    services.firehose_fails = [{0}] * 4
    assert lab.send(cpu(0, 3)) == "0"
    assert services.scores() == []
    assert "expires" not in services.items["cpu"]
    services.endpoint = lambda rows: [99.0] * len(rows)  # would show in a second score
    assert lab.send(cpu(0, 4)) is None  # with a point that is new
    assert [score["score"] for score in services.scores()] == [6.0, 99.0]
    assert services.items["cpu"]["expires"] == {"N": str(int(lab.now) + 1000)}


def test_alerts_that_the_topic_does_not_take_are_sent_again_and_no_others(
    lab: Lab, services: Services
) -> None:
    services.endpoint = lambda rows: [99.0] * len(rows)
    services.topic_fails = [{0, 2}, {1}]
    assert lab.send(cpu(0, 14)) is None  # 12 alerts: two requests
    assert sorted(alert["timestamp"] for alert in services.alerts) == [at(n) for n in range(2, 14)]


def test_alerts_that_the_topic_never_takes_wait_in_the_table(lab: Lab, services: Services) -> None:
    services.endpoint = lambda rows: [99.0] * len(rows)
    services.topic_fails = [{0}] * 4
    assert lab.send(cpu(0, 3)) == "0"
    assert services.alerts == []
    assert lab.send(cpu(0, 3)) is None
    assert [alert["timestamp"] for alert in services.alerts] == [at(2)]


def test_somebody_elses_write_makes_the_batch_come_again(lab: Lab, services: Services) -> None:
    lab.send(cpu(0, 3))
    stale = lab.scorer._table.load(["cpu"])
    lab.send(cpu(3, 1))
    lab.scorer._table.load = lambda names: stale
    assert lab.send(cpu(3, 1)) == "3"
    assert len(services.scores()) == 2


def test_a_large_batch_is_finished_in_pieces_while_there_is_time(
    lab: Lab, services: Services
) -> None:
    sent = cpu(0, 450)
    times = iter([True, False])
    assert lab.scorer.process(sent, lambda: next(times)) == "400"
    assert len(services.scores()) == 398
    assert lab.scorer.process(sent[400:], lambda: True) is None
    assert len(services.scores()) == 448


def test_the_answer_names_the_first_unfinished_record(
    monkeypatch: pytest.MonkeyPatch, lab: Lab, services: Services
) -> None:
    monkeypatch.setenv("TIMEOUT_SECONDS", "60")
    monkeypatch.setattr(HANDLER, "scorer", lambda: lab.scorer)
    assert HANDLER.handler({"Records": cpu(0, 3)}, None) == {"batchItemFailures": []}
    services.endpoint = lambda rows: []
    assert HANDLER.handler({"Records": cpu(3, 2)}, None) == {
        "batchItemFailures": [{"itemIdentifier": "3"}]
    }


@pytest.mark.parametrize("name", ["TABLE_NAME", "ALERT_AT", "WINDOW_POINTS"])
def test_a_missing_setting_fails_at_once(name: str, services: Services, lab: Lab) -> None:
    environment = {key: value for key, value in lab.environment.items() if key != name}
    with pytest.raises(KeyError, match=name):
        HANDLER.build(environment, services, HANDLER.Breaker())
