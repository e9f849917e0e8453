"""What the watching half of a run reads: captures, drifted rows, decisions, learning curves."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.scenario.aws import Aws, Stage, StepFailedError
from penstock.scenario.capture import Captures, Window
from penstock.scenario.execution import reason_of
from penstock.scenario.learning_curve import learning_curve
from penstock.scenario.monitoring import Check, check
from penstock.scenario.retraining import Retraining

STAGE = Stage(
    "digits",
    "dev",
    {
        "LakeBucketName": "lake",
        "CapturePrefix": "capture/",
        "EndpointName": "digits-dev",
        "RetrainStateMachineArn": "arn:retrain",
        "TrainingStateMachineArn": "arn:training",
        "MonitorAlarmName": "violations",
        "MonitorStateMachineArn": "arn:monitor",
    },
)


class Cloud:
    """Objects in a lake, an endpoint that captures, executions, a log."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.capture: dict[str, Any] = {"EnableCapture": True, "InitialSamplingPercentage": 100}
        self.executions: dict[str, dict[str, Any]] = {}
        self.trainings: dict[str, dict[str, Any]] = {}
        self.log: list[str] = []
        self.checked: dict[str, Any] = {}

    def aws(self) -> Aws:
        return Aws(client=lambda _service: self, poll_seconds=0, patience_seconds=0.05)

    def get_object(self, *, Key: str, **_request: Any) -> dict[str, Any]:
        return {"Body": io.BytesIO(self.objects[Key])}

    def get_paginator(self, operation: str) -> Any:
        self._operation = operation
        return self

    def paginate(self, **request: Any) -> Iterator[dict[str, Any]]:
        if self._operation == "filter_log_events":
            yield {"events": [{"message": line} for line in self.log]}
            return
        if self._operation == "get_execution_history":
            yield {"events": []}
            return
        for key in sorted(key for key in self.objects if key.startswith(request["Prefix"])):
            yield {"Contents": [{"Key": key}]}

    def describe_endpoint(self, **_request: Any) -> dict[str, Any]:
        return {"EndpointConfigName": "config"}

    def describe_endpoint_config(self, **_request: Any) -> dict[str, Any]:
        return {"DataCaptureConfig": self.capture}

    def list_executions(self, *, stateMachineArn: str, **_request: Any) -> dict[str, Any]:
        listed = self.trainings if stateMachineArn == "arn:training" else self.executions
        return {"executions": [{"executionArn": arn} for arn in listed]}

    def start_execution(self, *, input: str, **_request: Any) -> dict[str, Any]:
        self.executions["check"] = {**self.checked, "input": input}
        return {"executionArn": "check"}

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:
        found = {**self.executions, **self.trainings}[executionArn]
        return {"executionArn": executionArn, **found}

    def captured(self, name: str, minute: int, inference_ids: list[str]) -> None:
        """A capture file with one record for each id, a second apart."""
        self.objects[f"capture/digits-dev/main/2026/11/22/05/{name}.jsonl"] = b"\n".join(
            json.dumps(
                {
                    "captureData": {},
                    "eventMetadata": {
                        "eventId": "e",
                        "inferenceId": inference_id,
                        "inferenceTime": f"2026-11-22T05:{minute:02d}:{second:02d}Z",
                    },
                }
            ).encode()
            for second, inference_id in enumerate(inference_ids)
        )


def test_the_window_goes_from_the_first_to_the_last_request_and_knows_no_other() -> None:
    cloud = Cloud()
    cloud.captured("b", 10, ["mine-2", "mine-3"])
    cloud.captured("a", 7, ["others", "mine-1"])
    captures = Captures(cloud.aws(), STAGE)
    ids = ["mine-1", "mine-2", "mine-3"]
    assert captures.wait_for(ids) == set(ids)
    assert captures.window(ids) == Window(
        datetime(2026, 11, 22, 5, 7, 1, tzinfo=UTC), datetime(2026, 11, 22, 5, 10, 2, tzinfo=UTC)
    )
    assert captures.window(ids).given == {
        "window_start": "2026-11-22T05:07:01Z",
        "window_end": "2026-11-22T05:10:02Z",
    }


def test_a_request_that_is_never_captured_is_waited_for_in_vain() -> None:
    cloud = Cloud()
    cloud.captured("a", 7, ["mine-1"])
    captures = Captures(cloud.aws(), STAGE)
    with pytest.raises(StepFailedError, match="2 of 2 requests in the capture files, in vain"):
        captures.wait_for(["mine-1", "mine-2"])


def test_of_a_sample_one_request_is_enough() -> None:
    cloud = Cloud()
    cloud.capture["InitialSamplingPercentage"] = 20
    cloud.captured("a", 7, ["mine-2"])
    assert Captures(cloud.aws(), STAGE).wait_for(["mine-1", "mine-2"]) == {"mine-2"}


def test_an_endpoint_without_capture_is_named() -> None:
    cloud = Cloud()
    cloud.capture = {}
    with pytest.raises(StepFailedError, match="digits-dev captures nothing"):
        Captures(cloud.aws(), STAGE).wait_for(["mine-1"])


def test_a_check_of_a_window_names_each_feature_with_violations_once() -> None:
    cloud = Cloud()
    report = "monitor/reports/1/"
    output = {"item_count": 9, "violations": 3, "report_uri": f"s3://lake/{report}"}
    cloud.checked = {"status": "SUCCEEDED", "output": json.dumps(output)}
    cloud.objects[f"{report}constraint_violations.json"] = json.dumps(
        {"violations": [{"feature_name": name} for name in ("b", "a", "b")]}
    ).encode()
    window = Window(
        datetime(2026, 11, 22, 5, 7, 1, tzinfo=UTC), datetime(2026, 11, 22, 5, 8, tzinfo=UTC)
    )
    assert check(cloud.aws(), STAGE, window) == Check(9, 3, ("b", "a"), f"s3://lake/{report}")
    assert json.loads(cloud.executions["check"]["input"]) == window.given


def test_only_a_new_decision_that_an_alarm_began_is_waited_for() -> None:
    def decided(cause: str, status: str, reason: str) -> dict[str, Any]:
        return {
            "status": status,
            "input": json.dumps({"cause": cause}),
            "output": json.dumps({"start": False, "cause": cause, "reason": reason}),
        }

    cloud = Cloud()
    cloud.executions["old"] = decided("alarm", "SUCCEEDED", "before")
    retraining = Retraining(cloud.aws(), STAGE)
    cloud.executions = {
        "hourly": decided("schedule", "SUCCEEDED", "by the clock"),
        "running": decided("alarm", "RUNNING", ""),
        **cloud.executions,
    }
    with pytest.raises(StepFailedError, match="in vain"):
        retraining.wait_for_decision()
    cloud.executions["running"]["status"] = "SUCCEEDED"
    cloud.executions["running"] = decided("alarm", "SUCCEEDED", "nothing newer")
    assert retraining.wait_for_decision()["reason"] == "nothing newer"
    with pytest.raises(StepFailedError, match="in vain"):
        retraining.wait_for_decision()


def test_the_training_is_the_new_automatic_one_whoever_asked_for_it() -> None:
    cloud = Cloud()
    cloud.trainings = {"before": {"name": "retrain-2026-11-22-1"}}
    retraining = Retraining(cloud.aws(), STAGE)
    decision = {"start": False, "reason": "the training retrain-2026-11-22-2 is running"}
    cloud.trainings["by hand"] = {"name": "run-1"}
    with pytest.raises(StepFailedError, match="no training began: the training"):
        retraining.training(decision)
    cloud.trainings["hourly"] = {"name": "retrain-2026-11-22-2"}
    assert retraining.training(decision)["executionArn"] == "hourly"


def test_a_decision_that_failed_fails_the_step_with_its_cause() -> None:
    cloud = Cloud()
    retraining = Retraining(cloud.aws(), STAGE)
    cloud.executions["a"] = {
        "status": "FAILED",
        "input": '{"cause": "alarm"}',
        "error": "RetrainFailed",
        "cause": "no access",
    }
    with pytest.raises(StepFailedError, match="RetrainFailed: no access"):
        retraining.wait_for_decision()


def test_the_learning_curve_is_read_from_the_log_by_epoch() -> None:
    cloud = Cloud()
    line = "#quality_metric: host=algo-1, epoch={}, {} objective_loss <loss>={}"
    cloud.log = [
        line.format(1, "train", 0.25),
        line.format(0, "train", 0.5),
        line.format(0, "validation", 0.75),
        "#progress_metric: host=algo-1, completed 100 % of epochs",
    ]
    assert learning_curve(cloud.aws(), {"TrainingJobName": "job"}) == [
        {"epoch": 0, "metrics": {"train:objective_loss": 0.5, "validation:objective_loss": 0.75}},
        {"epoch": 1, "metrics": {"train:objective_loss": 0.25}},
    ]


def test_a_scripts_curve_is_read_by_the_metrics_that_its_job_defines() -> None:
    cloud = Cloud()
    cloud.log = ["epoch=1 train_loss=0.5", "epoch=2 train_loss=0.25", "epoch=2 ended", "test=1"]
    definitions = [{"Name": "train:loss", "Regex": "train_loss=([0-9.]+)"}]
    specification = {"TrainingImage": "image", "MetricDefinitions": definitions}
    job = {"TrainingJobName": "job", "AlgorithmSpecification": specification}
    assert learning_curve(cloud.aws(), job) == [
        {"epoch": 1, "metrics": {"train:loss": 0.5}},
        {"epoch": 2, "metrics": {"train:loss": 0.25}},
    ]


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        ("no access", "no access"),
        (json.dumps({"TrainingJobName": "a", "FailureReason": "AlgorithmError"}), "AlgorithmError"),
        (
            json.dumps({"ErrorMessage": "no records below s3://lake/"}),
            "no records below s3://lake/",
        ),
        (
            json.dumps(
                {
                    "detail": {"long": "x" * 999},
                    "error": {"Error": "States.TaskFailed", "Cause": '{"ErrorMessage": "empty"}'},
                }
            ),
            "States.TaskFailed: empty",
        ),
        (json.dumps({"many": "w" * 999}), '{"many": "wwwww'),
    ],
)
def test_the_reason_that_people_need_is_dug_out_of_a_cause(cause: str, reason: str) -> None:
    shown = reason_of({"status": "FAILED", "error": "Failed", "cause": cause})
    assert shown.startswith(f"Failed: {reason}")
    assert len(shown) < 400
