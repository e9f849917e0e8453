"""The steps of a run: which follow from what the monitor, the alarm and the comparison say."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from penstock.scenario import run as scenario_run
from penstock.scenario import watch
from penstock.scenario.aws import Aws, Stage, StepFailedError
from penstock.scenario.capture import Window
from penstock.scenario.drift import Drifted
from penstock.scenario.monitoring import Check
from penstock.scenario.portions import portions
from penstock.scenario.progress import Step, Timeline, steps_of
from penstock.scenario.rows import Row
from penstock.scenario.run import Scenario
from penstock.scenario.serving import Answers
from penstock.scenario.training import TrainingRun

WATCHED = {
    "MonitorStateMachineArn": "arn:monitor",
    "MonitorAlarmName": "violations",
    "RetrainStateMachineArn": "arn:retrain",
    "TrainingStateMachineArn": "arn:training",
    "EndpointName": "digits-dev",
    "GateMetric": "accuracy",
}
ROWS = [Row("1", ("0", "16"))]
RECORDS = [f"record {number}".encode() for number in range(20)]
START = datetime(2026, 11, 22, 12, tzinfo=UTC)
PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/digits-dev/2"


class Nobody:
    def changed(self, step: Step) -> None:
        """Nobody watches."""


class World:
    """What the pipeline would do; `sent` are the deliveries.

    `served` are the packages waited for, `deployed` those that wait for the switch themselves.
    """

    def __init__(self) -> None:
        self.violations = 2
        self.decisions = [
            {"start": False, "reason": "no newer records"},
            {"start": True, "reason": "newer records"},
        ]
        self.registered = True
        self.first_registered = True
        self.first_failures = 0
        self.sent: list[int] = []
        self.served: list[str | None] = []
        self.deployed: list[str] = []
        self.alarm = "OK"
        self.alarm_while_sending: list[str] = []
        self.reference_violations = 0
        self.timeline = Timeline(Nobody())

    def training(self, registered: bool) -> TrainingRun:
        output = {
            "metric_value": 0.97,
            "serving_metric_value": 0.95,
            "registered": registered,
            "model_package_arn": PACKAGE if registered else None,
        }
        summary = {"unique": 9, "prepared_uri": "s3://lake/prepared/1/"}
        return TrainingRun("arn:run", {"TrainingJobName": "job"}, summary, output)

    def send(self, records: Sequence[bytes], step: str) -> None:
        self.sent.append(len(records))
        self.alarm_while_sending.append(self.alarm)


class Captured:
    def __init__(self, *_: Any) -> None:
        pass

    def wait_for(self, inference_ids: Sequence[str]) -> set[str]:
        return set(inference_ids)

    def window(self, _inference_ids: Sequence[str]) -> Window:
        return Window(START, START + timedelta(seconds=1))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    """Everything around the order of the steps is a stand-in."""
    world = World()

    class Retraining:
        def __init__(self, *_: Any) -> None:
            self.decisions = iter(world.decisions)

        def alarm_state(self) -> str:
            return "OK"

        def alarm_threshold(self) -> float:
            return 1.0

        def wait_for_state(self, wanted: str) -> None:
            world.alarm = wanted  # what is waited for happens

        def wait_for_decision(self) -> dict[str, Any]:
            return next(self.decisions)

        def training(self, _decision: dict[str, Any]) -> dict[str, Any]:
            return {"executionArn": "arn:run", "input": json.dumps({"cause": "alarm"})}

    class Follower:
        def __init__(self, *_: Any, within: str | None = None) -> None:
            self.registered = world.registered if within else world.first_registered

        def start(self) -> str:
            return "arn:run"

        def follow(self, _arn: str) -> TrainingRun:
            if world.first_failures:
                world.first_failures -= 1
                raise StepFailedError("the job died")
            return world.training(self.registered)

    batches = {"reference": 0, "drifted": 0, "retrained": 0}

    def ask(*_: Any, batch: str) -> Answers:
        batches[batch] += 1
        return Answers(1, (batch,), {"1": {"1": 1}})

    def check(*_: Any) -> Check:
        violations = world.violations if batches["drifted"] else world.reference_violations
        return Check(1, violations, ("pixels_0",)[:violations], "s3://lake/monitor/reports/1/")

    def serve(_aws: Aws, _stage: Stage, package: str, *_: Any) -> None:
        world.served.append(package)

    for module in (scenario_run, watch):
        monkeypatch.setattr(module, "TrainingFollower", Follower)
        monkeypatch.setattr(module, "ask", ask)
        monkeypatch.setattr(module, "held_out_rows", lambda *_: ROWS)
        monkeypatch.setattr(module, "wait_until_served", serve)
        monkeypatch.setattr(module, "note_training", lambda *_: None)
    monkeypatch.setattr(
        scenario_run, "wait_until_deployed", lambda *of: world.deployed.append(of[2])
    )
    monkeypatch.setattr(watch, "Captures", Captured)
    monkeypatch.setattr(watch, "Retraining", Retraining)
    monkeypatch.setattr(watch, "check", check)
    monkeypatch.setattr(watch, "served_package", lambda *_: PACKAGE)
    monkeypatch.setattr(watch, "baseline_uri", lambda *_: "s3://lake/monitor/baseline/1/")
    monkeypatch.setattr(watch, "drifted", lambda *_: Drifted(ROWS, "inverted"))
    monkeypatch.setattr(scenario_run, "Deliveries", lambda *_, **__: world)
    return world


def go(world: World, outputs: dict[str, str] = WATCHED, attempts: int = 1) -> Scenario:
    aws = Aws(client=lambda _: None, poll_seconds=0, patience_seconds=0)
    scenario = Scenario(aws, Stage("digits", "dev", outputs), world.timeline, attempts=attempts)
    scenario.run(RECORDS)
    return scenario


def statuses(world: World, *steps: str) -> list[str]:
    return [world.timeline.steps[step].status for step in steps]


def test_six_of_ten_records_come_first_and_the_others_when_the_alarm_has_gone_off(
    world: World,
) -> None:
    scenario = go(world)
    assert world.sent == [12, 8]
    assert statuses(world, "capture", "monitor", "alarm", "retrain") == ["succeeded"] * 4
    assert world.served == [PACKAGE, PACKAGE]
    assert scenario.findings["monitor"]["alarm"] == "ALARM"
    assert scenario.findings["monitor"]["retrained"] is True
    assert scenario.findings["retraining"]["serving_value"] == 0.95
    assert scenario.findings["retraining"]["registered"] is True
    assert scenario.findings["endpoint"]["captured"] == 1


def test_no_training_can_begin_while_the_later_records_arrive(world: World) -> None:
    # the hourly question starts one when the alarm is on and the lake has newer records
    go(world)
    assert world.alarm_while_sending == ["OK", "OK"]
    assert world.alarm == "ALARM"


def test_an_alarm_that_held_out_rows_set_off_cannot_end_and_nothing_is_trained(
    world: World,
) -> None:
    world.reference_violations = 1
    go(world)
    assert world.sent == [12]
    assert statuses(world, "monitor", "alarm", "retrain") == ["succeeded", "succeeded", "skipped"]


def test_a_model_that_is_not_better_is_not_waited_for_and_the_run_succeeds(world: World) -> None:
    world.registered = False
    scenario = go(world)
    assert world.served == [PACKAGE]
    assert statuses(world, "retrain") == ["succeeded"]
    assert scenario.findings["retraining"]["registered"] is False


def test_a_first_model_that_fails_is_begun_again_as_often_as_it_may_be(world: World) -> None:
    world.first_failures = 2
    go(world, attempts=3)
    assert world.served[0] == PACKAGE
    again = [
        (told.what, told.detail) for told in world.timeline.happenings if told.kind == "retrain"
    ]
    assert again[:2] == [("begun again", "the job died")] * 2
    world.first_failures = 2
    with pytest.raises(StepFailedError, match="the job died"):
        go(world, attempts=2)


def test_a_step_that_is_begun_again_says_nothing_of_its_failure(world: World) -> None:
    world.timeline.fail("train", "the job died")
    world.timeline.begin("train")
    world.timeline.end("train", "succeeded")
    assert world.timeline.steps["train"].detail == ""


def test_a_training_without_newer_records_fails_the_alarm_step(world: World) -> None:
    world.decisions[0]["start"] = True
    with pytest.raises(StepFailedError, match="began without newer records: no newer records"):
        go(world)
    assert world.sent == [12]


def test_where_nothing_drifted_there_is_no_alarm_to_wait_for(world: World) -> None:
    world.violations = 0
    scenario = go(world)
    assert statuses(world, "monitor", "alarm", "retrain") == ["succeeded", "skipped", "skipped"]
    assert scenario.findings["monitor"]["alarm"] == "OK"
    assert world.sent == [12]


def test_a_first_model_that_is_not_better_leaves_the_one_in_service(world: World) -> None:
    world.first_registered = False
    go(world)
    assert statuses(world, "register", "baseline", "serve", "invoke") == [
        "skipped",
        "skipped",
        "skipped",
        "succeeded",
    ]
    assert world.served == [PACKAGE]  # the second one


def test_a_scored_stream_goes_on_where_it_was_and_then_a_drift_trains_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    replayed: list[tuple[int, int]] = []

    class Replay:
        def __init__(self, *_: Any) -> None:
            pass

        def go(self, before: Sequence[bytes], live: Sequence[bytes]) -> None:
            assert [*before, *live] == RECORDS
            replayed.append((len(before), len(live)))

    monkeypatch.setattr(scenario_run, "Replay", Replay)
    del world.decisions[0]
    scenario = go(world, {**WATCHED, "ScoringFunctionName": "score"})
    assert world.sent == [12]  # the replay sends the others
    assert replayed == [(12, 8)]
    assert statuses(world, "alarm", "retrain") == ["succeeded"] * 2
    assert scenario.findings["monitor"]["retrained"] is True


def test_a_scored_stream_that_nobody_watches_is_replayed_and_no_more(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    replays: list[str] = []
    monkeypatch.setattr(
        scenario_run,
        "Replay",
        lambda *_: SimpleNamespace(go=lambda *_: replays.append("replayed")),
    )
    go(world, {"ScoringFunctionName": "score", "EndpointName": "digits-dev"})
    assert replays == ["replayed"]
    assert statuses(world, "invoke", "capture") == ["succeeded", "pending"]


def test_a_run_that_breaks_off_before_the_replay_says_nothing_of_anomalies(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise StepFailedError("no rows")

    monkeypatch.setattr(scenario_run, "held_out_rows", fail)
    monkeypatch.setattr(
        scenario_run, "Replay", lambda *_: pytest.fail("nothing is in service to replay it on")
    )
    aws = Aws(client=lambda _: None, poll_seconds=0, patience_seconds=0)
    stage = Stage("anomaly", "dev", {**WATCHED, "ScoringFunctionName": "score"})
    scenario = Scenario(aws, stage, world.timeline)
    with pytest.raises(StepFailedError, match="no rows"):
        scenario.run(RECORDS)
    assert statuses(world, "invoke", "score") == ["failed", "pending"]
    assert not scenario.findings.keys() & {"anomaly", "anomaly_drawing", "monitor"}


def test_a_replay_that_fails_ends_the_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    class Replay:
        def __init__(self, *_: Any) -> None:
            pass

        def go(self, *_: Any) -> None:
            raise StepFailedError("the scorer decided 3 points of cpu instead of 2")

    monkeypatch.setattr(scenario_run, "Replay", Replay)
    with pytest.raises(StepFailedError, match="points of cpu"):
        go(world, {**WATCHED, "ScoringFunctionName": "score"})
    assert statuses(world, "capture", "retrain") == ["pending"] * 2


@pytest.mark.parametrize("is_scored", [True, False])
def test_every_record_is_in_one_of_the_two_portions_in_order(is_scored: bool) -> None:
    for count in (0, 1, 9, 25):
        records = [f"{number:02}".encode() for number in range(count)]
        first, later = portions(records, is_scored=is_scored)
        assert sorted([*first, *later]) == records
        assert (first, later) == (sorted(first), sorted(later))
        assert not is_scored or [*first, *later] == records


def test_only_a_stage_that_scores_has_the_step_of_it() -> None:
    assert "score" in steps_of(is_scored=True)
    assert "score" not in steps_of(is_scored=False)
    assert set(steps_of(is_scored=True)) - set(steps_of(is_scored=False)) == {"score"}


@pytest.mark.parametrize(
    ("value", "serving", "said"),
    [
        (None, None, "not judged, without labels, not compared"),
        (0.5, None, "0.5000, not compared"),
        (0.5, 0.25, "0.5000 against 0.2500 in service"),
    ],
)
def test_a_retraining_says_what_its_model_was_compared_with(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    value: float | None,
    serving: float | None,
    said: str,
) -> None:
    def training(registered: bool) -> TrainingRun:
        output = {
            "metric_value": value,
            "serving_metric_value": serving,
            "registered": registered,
            "model_package_arn": PACKAGE,
        }
        summary = {"unique": 9, "prepared_uri": "s3://lake/prepared/1/"}
        return TrainingRun("arn:run", {"TrainingJobName": "job"}, summary, output)

    monkeypatch.setattr(world, "training", training)
    go(world)
    detail = world.timeline.steps["retrain"].detail
    assert detail == f"{said}: registered and in service"


@pytest.mark.parametrize("missing", ["MonitorStateMachineArn", "RetrainStateMachineArn"])
def test_a_stage_that_does_not_watch_and_act_gets_all_records_at_once(
    world: World, missing: str
) -> None:
    go(world, {name: value for name, value in WATCHED.items() if name != missing})
    assert world.sent == [20]
    assert statuses(world, "invoke", "capture") == ["succeeded", "pending"]


@pytest.mark.parametrize("registered", [True, False])
def test_with_serving_switched_off_nothing_is_asked_and_the_run_ends_well(
    world: World, monkeypatch: pytest.MonkeyPatch, registered: bool
) -> None:
    world.first_registered = registered
    monkeypatch.setattr(scenario_run, "switched_off", lambda *_: "serving is off: do this")
    monkeypatch.setattr(scenario_run, "ask", lambda *_, **__: pytest.fail("there is no endpoint"))
    scenario = go(world)
    assert world.sent == [20]  # no later ones, as nothing comes later
    assert world.deployed == [PACKAGE] * registered
    assert world.served == []
    assert statuses(world, "invoke", "capture") == ["skipped", "pending"]
    assert scenario.findings["not_served"] == "serving is off: do this"
