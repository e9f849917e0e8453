"""Waiting for the approved model and asking the endpoint: what is success, and what is not."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from penstock.scenario.aws import Aws, Stage, StepFailedError
from penstock.scenario.serving import ROWS_PER_REQUEST, ask, wait_until_served

PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/digits-dev/2"
OUTPUTS = {"DeploymentStateMachineArn": "arn:machine", "EndpointName": "digits-dev"}


class Cloud:
    """What the scenario asks of SageMaker, Step Functions and S3."""

    def __init__(self, **answers: Any) -> None:
        self.answers: dict[str, Any] = {
            "approval": "Approved",
            "endpoint": {"EndpointStatus": "InService"},
            "executions": {"a": ("SUCCEEDED", PACKAGE)},
            "rows": [],
            "labels": [],
            **answers,
        }
        self.asked: list[list[str]] = []

    def describe_model_package(self, **_request: Any) -> dict[str, Any]:
        return {"ModelApprovalStatus": self.answers["approval"]}

    def describe_endpoint(self, **_request: Any) -> Any:
        return self.answers["endpoint"]

    def list_executions(self, **_request: Any) -> dict[str, Any]:
        listed = self.answers["executions"].items()
        return {"executions": [{"executionArn": a, "status": s} for a, (s, _) in listed]}

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:
        status, package = self.answers["executions"][executionArn]
        return {
            "status": status,
            "input": json.dumps({"detail": {"ModelPackageArn": package}}),
            "error": "DeploymentFailed",
            "cause": "the stack was rolled back",
        }

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        assert (Bucket, Key) == ("lake", "prepared/1/holdout/test.csv")
        lines = ["id,label,f0,f1", *self.answers["rows"]]
        return {"Body": io.BytesIO("\n".join(lines).encode())}

    def invoke_endpoint(self, *, Body: bytes, **request: Any) -> dict[str, Any]:
        assert request["EndpointName"] == "digits-dev"
        rows = Body.decode().split("\n")
        start = sum(map(len, self.asked))
        self.asked.append(rows)
        labels = self.answers["labels"][start : start + len(rows)]
        answer = {"predictions": [{"predicted_label": label} for label in labels]}
        return {"Body": io.BytesIO(json.dumps(answer).encode())}


def wait(cloud: Cloud) -> None:
    wait_until_served(aws(cloud), STAGE, PACKAGE)


def aws(cloud: Cloud) -> Aws:
    return Aws(client=lambda _service: cloud, poll_seconds=0, patience_seconds=0.05)


STAGE = Stage("digits", "dev", OUTPUTS)


def test_a_deployed_model_in_service_is_served() -> None:
    wait(Cloud())


def test_a_package_that_waits_for_a_person_says_the_command() -> None:
    with pytest.raises(StepFailedError, match=f"--model-package-arn {PACKAGE}"):
        wait(Cloud(approval="PendingManualApproval"))


def test_the_deployment_of_another_package_is_not_this_ones() -> None:
    others = {"a": ("SUCCEEDED", PACKAGE[:-1] + "1"), "b": ("RUNNING", PACKAGE)}
    with pytest.raises(StepFailedError, match="in vain"):
        wait(Cloud(executions=others))


def test_a_failed_deployment_fails_the_step_with_its_cause() -> None:
    with pytest.raises(StepFailedError, match="FAILED: DeploymentFailed the stack was rolled back"):
        wait(Cloud(executions={"a": ("FAILED", PACKAGE)}))


def test_an_endpoint_that_is_not_in_service_fails_the_step_with_its_reason() -> None:
    endpoint = {"EndpointStatus": "Failed", "FailureReason": "no ping"}
    with pytest.raises(StepFailedError, match="digits-dev is Failed: no ping"):
        wait(Cloud(endpoint=endpoint))


def test_every_row_is_asked_about_without_id_and_label() -> None:
    count = 2 * ROWS_PER_REQUEST + 1
    rows = [f"id{n},{n % 3}.0,{n},1" for n in range(count)]
    labels = [n % 3 if n != 4 else 9 for n in range(count)]
    cloud = Cloud(rows=rows, labels=labels)
    answers = ask(aws(cloud), STAGE, "s3://lake/prepared/1/")
    assert [row for request in cloud.asked for row in request] == [f"{n},1" for n in range(count)]
    assert (answers.rows, answers.invocations) == (count, 3)
    assert answers.accuracy == pytest.approx((count - 1) / count)


def test_an_answer_with_fewer_predictions_is_no_accuracy() -> None:
    with pytest.raises(StepFailedError, match="answered 2 rows with 1 predictions"):
        ask(aws(Cloud(rows=["a,1,2,3", "b,1,2,3"], labels=[1])), STAGE, "s3://lake/prepared/1/")


def test_no_row_to_ask_about_is_a_failure() -> None:
    with pytest.raises(StepFailedError, match="no rows to ask about"):
        ask(aws(Cloud()), STAGE, "s3://lake/prepared/1/")
