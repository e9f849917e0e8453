"""A training that is followed: what its steps say, and what is kept of one that failed."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from penstock.scenario.aws import Aws, Stage, StepFailedError
from penstock.scenario.progress import Step, Timeline
from penstock.scenario.training import TrainingFailedError, TrainingFollower

STAGE = Stage("anomaly", "dev", {"GateMetric": "test:f1", "GateDemand": "at least 0.1"})
JOB = {
    "TrainingJobName": "job-1",
    "InputDataConfig": [
        {"DataSource": {"S3DataSource": {"S3Uri": "s3://lake/prepared/1/train/"}}},
    ],
    "FinalMetricDataList": [{"MetricName": "test:f1", "Value": 0.25}],
}
BEGAN = ("Prepare", "Train", "DescribeTraining")


class Nobody:
    def changed(self, step: Step) -> None:
        """Nobody watches."""


class Cloud:
    """One execution that went through some states, a second each."""

    def __init__(self, states: Sequence[str], status: str = "SUCCEEDED") -> None:
        self.states, self.status = states, status

    def get_paginator(self, _operation: str) -> Cloud:
        return self

    def paginate(self, **_request: Any) -> Iterator[dict[str, Any]]:
        seconds = itertools.count()
        for state in self.states:
            at = datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=next(seconds))
            events: list[dict[str, Any]] = [
                {"timestamp": at, "stateEnteredEventDetails": {"name": state}}
            ]
            if state in ("Train", "Compile"):
                name = "job-1" if state == "Train" else "job-1-neuron"
                task = {
                    "resource": "createTrainingJob.sync",
                    "parameters": json.dumps({"TrainingJobName": name}),
                }
                events.append({"timestamp": at, "taskScheduledEventDetails": task})
            yield {"events": events}

    def describe_execution(self, **_request: Any) -> dict[str, Any]:
        output = json.dumps({"metric_value": None, "model_package_arn": "arn:package/1"})
        return {"status": self.status, "output": output, "error": "Gate", "cause": "too low"}

    def describe_training_job(self, *, TrainingJobName: str) -> dict[str, Any]:
        assert TrainingJobName == "job-1"
        return JOB

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        assert (Bucket, Key) == ("lake", "prepared/1/summary.json")
        return {"Body": io.BytesIO(b'{"unique": 9}')}


def follower(cloud: Cloud, timeline: Timeline, within: str | None = None) -> TrainingFollower:
    aws = Aws(client=lambda _service: cloud, poll_seconds=0, patience_seconds=0.05)
    return TrainingFollower(aws, STAGE, timeline, within=within)


def statuses(timeline: Timeline) -> dict[str, str]:
    return {name: timeline.steps[name].status for name in ("prepare", "train", "gate", "register")}


def test_the_gate_says_the_metric_and_what_it_must_be() -> None:
    timeline = Timeline(Nobody())
    run = follower(Cloud([*BEGAN, "ReadMetric", "Register"]), timeline).follow("arn:run")
    assert set(statuses(timeline).values()) == {"succeeded"}
    assert timeline.steps["gate"].detail == "test:f1 0.2500, at least 0.1"
    assert timeline.steps["train"].detail == "job-1"
    assert run.summary == {"unique": 9, "prepared_uri": "s3://lake/prepared/1/"}
    assert (run.job, run.model_package_arn) == (JOB, "arn:package/1")


def test_the_job_that_compiles_a_model_is_not_the_one_that_trained_it() -> None:
    timeline = Timeline(Nobody())
    states = [*BEGAN, "ReadMetric", "Compile", "Register"]
    run = follower(Cloud(states), timeline).follow("arn:run")
    assert run.job["TrainingJobName"] == "job-1"
    assert timeline.steps["train"].detail == "job-1"
    assert timeline.steps["register"].detail == "job-1-neuron"


def test_a_model_that_nothing_can_judge_says_so_at_the_gate() -> None:
    timeline = Timeline(Nobody())
    follower(Cloud([*BEGAN, "NotJudged", "Register"]), timeline).follow("arn:run")
    assert timeline.steps["gate"].detail.startswith("not judged: ")
    assert statuses(timeline)["register"] == "succeeded"


def test_a_training_that_fails_keeps_what_there_is_of_it() -> None:
    timeline = Timeline(Nobody())
    with pytest.raises(TrainingFailedError, match="Gate: too low") as failed:
        follower(Cloud([*BEGAN, "ReadMetric"], "FAILED"), timeline).follow("arn:run")
    assert failed.value.run.job == JOB
    assert failed.value.run.model_package_arn is None
    assert statuses(timeline) == {
        "prepare": "succeeded",
        "train": "succeeded",
        "gate": "failed",
        "register": "pending",
    }


class Talking(Cloud):
    """Its job says something at each look, and ends after so many lines; without any it hangs."""

    def __init__(self, lines: int) -> None:
        super().__init__(["Prepare", "Train"], status="RUNNING")
        self.lines, self.said = lines, 0

    def get_paginator(self, operation: str) -> Any:
        if operation != "filter_log_events":
            return self
        log = Cloud([])
        log.paginate = lambda **_: [{"events": self._new()}]  # type: ignore[method-assign]
        return log

    def _new(self) -> list[dict[str, Any]]:
        if not self.lines:
            return []
        self.said += 1
        if self.said == self.lines:
            self.states, self.status = [*BEGAN, "ReadMetric", "Register"], "SUCCEEDED"
        return [{"timestamp": self.said, "message": f"epoch={self.said} train_loss=0.5\n"}]


class Watcher(Nobody):
    def __init__(self) -> None:
        self.said: list[str] = []

    def changed(self, step: Step) -> None:
        if step.name == "train":
            self.said.append(step.detail)


def test_a_job_that_goes_on_saying_things_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = itertools.count()
    monkeypatch.setattr("penstock.scenario.aws.time.monotonic", lambda: next(seconds))
    watcher = Watcher()
    timeline = Timeline(watcher)
    cloud = Talking(lines=40)
    aws = Aws(client=lambda _service: cloud, poll_seconds=0, patience_seconds=10)
    run = TrainingFollower(aws, STAGE, timeline).follow("arn:run")
    assert run.output["model_package_arn"] == "arn:package/1"
    assert "job-1: epoch=12 train_loss=0.5" in watcher.said
    assert timeline.steps["train"].detail == "job-1"


def test_a_job_that_says_nothing_is_given_up_and_the_step_fails() -> None:
    timeline = Timeline(Nobody())
    with pytest.raises(StepFailedError, match="waited 0 s for the execution run, in vain"):
        follower(Talking(lines=0), timeline).follow("arn:run")
    assert timeline.failed_step() == "train"


def test_a_training_within_another_step_is_part_of_it() -> None:
    timeline = Timeline(Nobody())
    cloud = Cloud([*BEGAN, "NotJudged", "Register"])
    follower(cloud, timeline, within="retrain").follow("arn:run")
    assert set(statuses(timeline).values()) == {"pending"}
    assert timeline.steps["retrain"].detail == "state Register"
    assert timeline.steps["gate"].detail == ""
