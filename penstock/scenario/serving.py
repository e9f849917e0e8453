"""Waits until the approved model is behind the endpoint, then asks it about the test ids."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from penstock.scenario.aws import Aws, Stage, StepFailedError
from penstock.scenario.execution import ExecutionFollower, find_execution, reason_of
from penstock.scenario.progress import Timeline
from penstock.scenario.rows import Row, content_type, requests

NO_MODEL = "none"

# State of the deployment machine -> step of the run.
_STEP_OF_STATE = {
    "DescribePackage": "baseline",
    "MakeBaseline": "baseline",
    "RecordModel": "serve",
}


@dataclass(frozen=True)
class Answers:
    """How the endpoint did on some rows. `confusion[true][predicted]` counts them by label.

    `inference_ids` are those of the requests, as data capture keeps them. `labels` are those that
    the model answered, in the order of the rows; `scores` are there if it answers a score for each
    row instead. `repeated` requests had failed on the
    server's side and were sent again.
    """

    rows: int
    inference_ids: tuple[str, ...]
    confusion: dict[str, dict[str, int]]
    labels: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()
    repeated: int = 0

    @property
    def accuracy(self) -> float | None:
        """The share of labels that were right; None if the model answers none."""
        if not self.confusion:
            return None
        right = sum(counts.get(true, 0) for true, counts in self.confusion.items())
        return right / self.rows

    @property
    def sentence(self) -> str:
        """How it did, for those who watch."""
        again = f"; {self.repeated} requests were sent again" if self.repeated else ""
        if self.accuracy is not None:
            return f"{self.rows} rows, accuracy {self.accuracy:.3f}{again}"
        least, most = min(self.scores), max(self.scores)
        return f"{self.rows} rows, scores of {least:.3f} to {most:.3f}{again}"


def served_package(aws: Aws, stage: Stage) -> str | None:
    """The model package that is meant to be behind the endpoint; None before the first."""
    answer = aws.client("ssm").get_parameter(Name=stage["ModelPackageParameterName"])
    value: str = answer["Parameter"]["Value"]
    return None if value == NO_MODEL else value


def wait_until_served(
    aws: Aws,
    stage: Stage,
    model_package_arn: str,
    timeline: Timeline | None = None,
) -> None:
    """Wait as `wait_until_deployed`; StepFailedError also if the endpoint is not in service."""
    wait_until_deployed(aws, stage, model_package_arn, timeline)
    endpoint = aws.client("sagemaker").describe_endpoint(EndpointName=stage["EndpointName"])
    if endpoint["EndpointStatus"] != "InService":
        raise StepFailedError(
            f"endpoint {stage['EndpointName']} is {endpoint['EndpointStatus']}: "
            f"{endpoint.get('FailureReason', 'no reason given')}"
        )


def wait_until_deployed(
    aws: Aws,
    stage: Stage,
    model_package_arn: str,
    timeline: Timeline | None = None,
) -> None:
    """Wait for the deployment that the approval started.

    With a timeline the deployment's states are reported as its steps baseline and serve.
    StepFailedError if the package awaits a person's approval, or if the deployment fails.
    """
    package = aws.client("sagemaker").describe_model_package(ModelPackageName=model_package_arn)
    if package["ModelApprovalStatus"] != "Approved":
        raise StepFailedError(
            f"the model package is {package['ModelApprovalStatus']}: approve it with "
            f"`aws sagemaker update-model-package --model-package-arn {model_package_arn} "
            "--model-approval-status Approved`"
        )
    found = aws.wait_for(
        f"the deployment of {model_package_arn}",
        lambda: find_execution(
            aws,
            stage["DeploymentStateMachineArn"],
            lambda execution: model_package_arn in execution["input"],
        ),
    )
    execution = ExecutionFollower(aws, timeline, _STEP_OF_STATE).follow(found["executionArn"])
    if execution["status"] != "SUCCEEDED":
        raise StepFailedError(f"the deployment ended {execution['status']}: {reason_of(execution)}")


class Requests:
    """Requests to the endpoint, each under an inference id of its own.

    `inference_ids` are of those that were answered; one that failed on the server's side is sent
    again, with another id, and counted in `repeated`.
    """

    def __init__(self, aws: Aws, stage: Stage, batch: str) -> None:
        self._aws = aws
        self._endpoint = stage["EndpointName"]
        self._content_type = content_type(stage)
        self._batch = batch
        self._runtime = aws.client("sagemaker-runtime")
        self.inference_ids: list[str] = []
        self.repeated = 0

    def answer(self, body: bytes) -> dict[str, Any]:
        """The answer to these rows; StepFailedError if the endpoint fails again and again."""
        return self._aws.wait_for(
            f"an answer of endpoint {self._endpoint}", lambda: self._try(body)
        )

    def _try(self, body: bytes) -> dict[str, Any] | None:
        inference_id = f"{self._batch}-{uuid.uuid4()}"
        try:
            answer = self._runtime.invoke_endpoint(
                EndpointName=self._endpoint,
                ContentType=self._content_type,
                Accept="application/json",
                InferenceId=inference_id,
                Body=body,
            )
        except self._runtime.exceptions.ModelError as error:
            # 4xx: the model refuses the request, and would do so again
            if 400 <= error.response.get("OriginalStatusCode", 0) < 500:
                raise
            self.repeated += 1
            return None
        self.inference_ids.append(inference_id)
        document: dict[str, Any] = json.loads(answer["Body"].read())
        return document


def ask(aws: Aws, stage: Stage, rows: Sequence[Row], *, batch: str) -> Answers:
    """Send rows to the endpoint and compare its labels with theirs, if it answers labels.

    `batch` begins the inference id of every request.
    """
    asked = Requests(aws, stage, batch)
    confusion: dict[str, dict[str, int]] = {}
    labels: list[str] = []
    scores: list[float] = []
    for request in requests(rows, content_type(stage)):
        document = asked.answer(request.body)
        predictions = document.get("predictions", document.get("scores", []))
        if len(predictions) != len(request.rows):
            raise StepFailedError(
                f"endpoint {stage['EndpointName']} answered {len(request.rows)} rows with "
                f"{len(predictions)} predictions"
            )
        for prediction, row in zip(predictions, request.rows, strict=True):
            if "predicted_label" not in prediction:
                scores.append(prediction["score"])
                continue
            labels.append(f"{float(prediction['predicted_label']):g}")
            counts = confusion.setdefault(f"{float(row.label):g}", {})
            counts[labels[-1]] = counts.get(labels[-1], 0) + 1
    return Answers(
        len(rows),
        tuple(asked.inference_ids),
        confusion,
        labels=tuple(labels),
        scores=tuple(scores),
        repeated=asked.repeated,
    )


def confusion_matrix(confusion: dict[str, dict[str, int]]) -> dict[str, Any]:
    """`{"labels": [...], "counts": [[...]]}`, rows by the true label, columns by the predicted."""
    labels = {*confusion, *(label for row in confusion.values() for label in row)}
    order = sorted(labels, key=float)
    return {
        "labels": order,
        "counts": [[confusion.get(true, {}).get(label, 0) for label in order] for true in order],
    }
