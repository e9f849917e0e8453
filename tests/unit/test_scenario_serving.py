"""Waiting for the approved model and asking the endpoint: what is success, and what is not."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace
from typing import Any

import pytest

from penstock.scenario.aws import Aws, Stage, StepFailedError
from penstock.scenario.findings import note_answers
from penstock.scenario.rows import ROWS_AT_MOST, ROWS_PER_REQUEST, Row, held_out_rows
from penstock.scenario.serving import Answers, ask, confusion_matrix, wait_until_served

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
        self.inference_ids: list[str] = []

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
            "executionArn": executionArn,
            "status": status,
            "input": json.dumps({"detail": {"ModelPackageArn": package}}),
            "error": "DeploymentFailed",
            "cause": "the stack was rolled back",
        }

    def get_paginator(self, operation: str) -> Any:
        assert operation == "get_execution_history"
        return self

    def paginate(self, *, executionArn: str) -> list[dict[str, Any]]:
        assert executionArn in self.answers["executions"]
        return [{"events": []}]

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        assert (Bucket, Key) == ("lake", "prepared/1/holdout/test.csv")
        lines = ["id,label,f0,f1", *self.answers["rows"]]
        return {"Body": io.BytesIO("\n".join(lines).encode())}

    def invoke_endpoint(self, *, Body: bytes, **request: Any) -> dict[str, Any]:
        assert request["EndpointName"] == "digits-dev"
        rows = Body.decode().split("\n")
        start = sum(map(len, self.asked))
        self.asked.append(rows)
        self.inference_ids.append(request["InferenceId"])
        labels = self.answers["labels"][start : start + len(rows)]
        scores = self.answers.get("scores", [])[start : start + len(rows)]
        answer = (
            {"scores": [{"score": score} for score in scores]}
            if scores
            else {"predictions": [{"predicted_label": label} for label in labels]}
        )
        return {"Body": io.BytesIO(json.dumps(answer).encode())}


def wait(cloud: Cloud) -> None:
    wait_until_served(aws(cloud), STAGE, PACKAGE)


def aws(cloud: Cloud) -> Aws:
    return Aws(client=lambda _service: cloud, poll_seconds=0, patience_seconds=0.05)


STAGE = Stage("digits", "dev", OUTPUTS)


def ask_all(cloud: Cloud) -> Answers:
    return ask(aws(cloud), STAGE, held_out_rows(aws(cloud), "s3://lake/prepared/1/"), batch="b")


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
    with pytest.raises(StepFailedError, match="DeploymentFailed: the stack was rolled back"):
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
    answers = ask_all(cloud)
    assert [row for request in cloud.asked for row in request] == [f"{n},1" for n in range(count)]
    assert answers.rows == count
    assert list(answers.inference_ids) == cloud.inference_ids
    assert len(set(cloud.inference_ids)) == 3
    assert all(name.startswith("b-") for name in cloud.inference_ids)
    assert answers.accuracy == pytest.approx((count - 1) / count)


def test_an_answer_with_fewer_predictions_is_no_accuracy() -> None:
    with pytest.raises(StepFailedError, match="answered 2 rows with 1 predictions"):
        ask_all(Cloud(rows=["a,1,2,3", "b,1,2,3"], labels=[1]))


def test_an_answer_without_any_prediction_says_so() -> None:
    with pytest.raises(StepFailedError, match="answered 1 rows with 0 predictions"):
        ask_all(Cloud(rows=["a,1,2,3"]))


def test_rows_without_labels_are_asked_about_and_their_scores_kept() -> None:
    count = ROWS_PER_REQUEST + 2
    scores = [1.0 + place for place in range(count)]
    cloud = Cloud(rows=[f"id{n},,{n},1" for n in range(count)], scores=scores)
    answers = ask_all(cloud)
    assert [len(request) for request in cloud.asked] == [ROWS_PER_REQUEST, 2]
    assert answers.scores == tuple(scores)
    assert (answers.rows, answers.confusion, answers.accuracy) == (count, {}, None)
    assert answers.labels == ()
    assert answers.sentence == f"{count} rows, scores of 1.000 to {count}.000"


def test_an_endpoint_of_scores_has_a_mean_and_no_accuracy() -> None:
    findings: dict[str, Any] = {"metrics": {}}
    note_answers(findings, STAGE, Answers(2, ("a",), {}, scores=(1.0, 2.0)))
    assert findings == {
        "metrics": {},
        "endpoint": {
            "name": "digits-dev",
            "invocations": 1,
            "rows": 2,
            "captured": 0,
            "confusion": None,
            "mean_score": 1.5,
        },
    }


def test_an_endpoint_of_labels_has_an_accuracy_and_no_mean() -> None:
    findings: dict[str, Any] = {"metrics": {}}
    answers = Answers(4, ("a", "b"), {"0": {"0": 1, "1": 1}, "1": {"1": 2}})
    note_answers(findings, STAGE, answers)
    assert findings["metrics"] == {"endpoint_accuracy": 0.75}
    assert "mean_score" not in findings["endpoint"]
    assert findings["endpoint"]["confusion"]["counts"] == [[1, 1], [0, 2]]
    assert answers.sentence == "4 rows, accuracy 0.750"


@pytest.mark.parametrize(
    ("count", "asked"),
    [(1, 1), (ROWS_AT_MOST, ROWS_AT_MOST), (ROWS_AT_MOST + 1, 501), (7999, 1000)],
)
def test_of_many_rows_some_from_all_over_are_asked_about(count: int, asked: int) -> None:
    cloud = Cloud(rows=[f"id{n},,{n}" for n in range(count)])
    rows = held_out_rows(aws(cloud), "s3://lake/prepared/1/")
    assert len(rows) == asked <= ROWS_AT_MOST
    assert rows[0] == Row("", ("0",))
    assert int(rows[-1].features[0]) >= count - -(-count // asked)


def test_no_row_to_ask_about_is_a_failure() -> None:
    with pytest.raises(StepFailedError, match="no rows to ask about"):
        ask_all(Cloud())


def test_the_confusion_matrix_has_the_true_labels_in_its_rows() -> None:
    answers = ask_all(Cloud(rows=["a,1,0,0", "b,1,0,0", "c,10,0,0"], labels=[1, 2, 10]))
    assert confusion_matrix(answers.confusion) == {
        "labels": ["1", "2", "10"],
        "counts": [[1, 1, 0], [0, 0, 0], [0, 0, 1]],
    }


class ModelError(Exception):
    """As botocore raises it."""

    def __init__(self, status: int) -> None:
        super().__init__(f"Received server error ({status})")
        self.response = {"OriginalStatusCode": status}


class Failing(Cloud):
    """Fails its first requests with these statuses of the container."""

    exceptions = SimpleNamespace(ModelError=ModelError)
    statuses: list[int] = []

    def invoke_endpoint(self, *, Body: bytes, **request: Any) -> dict[str, Any]:
        if self.statuses:
            raise ModelError(self.statuses.pop(0))
        return super().invoke_endpoint(Body=Body, **request)


def failing(*statuses: int) -> Failing:
    cloud = Failing(rows=["a,1,0.5,1"], labels=[1])
    cloud.statuses = list(statuses)
    return cloud


def test_a_request_that_the_server_failed_is_sent_again_under_another_id() -> None:
    cloud = failing(0, 500)
    answers = ask(aws(cloud), STAGE, [Row("1", ("0.5", "1"))], batch="reference")
    assert (answers.accuracy, answers.repeated) == (1.0, 2)
    assert list(answers.inference_ids) == cloud.inference_ids
    assert answers.sentence == "1 rows, accuracy 1.000; 2 requests were sent again"


def test_a_request_that_the_model_refuses_is_not_sent_again() -> None:
    cloud = failing(400)
    with pytest.raises(ModelError):
        ask(aws(cloud), STAGE, [Row("1", ("0.5", "1"))], batch="reference")
    assert cloud.inference_ids == []


def test_an_endpoint_that_always_fails_is_given_up() -> None:
    with pytest.raises(StepFailedError, match="an answer of endpoint digits-dev"):
        ask(aws(failing(*[500] * 100_000)), STAGE, [Row("1", ("0.5", "1"))], batch="reference")
