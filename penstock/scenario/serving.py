"""Waits until the approved model is behind the endpoint, then asks it about the test ids."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import Any

from penstock.scenario.aws import Aws, Stage, StepFailedError

ROWS_PER_REQUEST = 25  # a request stays far below 6 MB and the answer within its 60 s


@dataclass(frozen=True)
class Answers:
    """How the endpoint did on the test channel's rows."""

    accuracy: float
    rows: int
    invocations: int


def wait_until_served(aws: Aws, stage: Stage, model_package_arn: str) -> None:
    """Wait for the deployment that the approval started, then for the endpoint.

    StepFailedError if the package awaits a person's approval, or if the deployment fails.
    """
    sagemaker = aws.client("sagemaker")
    package = sagemaker.describe_model_package(ModelPackageName=model_package_arn)
    if package["ModelApprovalStatus"] != "Approved":
        raise StepFailedError(
            f"the model package is {package['ModelApprovalStatus']}: approve it with "
            f"`aws sagemaker update-model-package --model-package-arn {model_package_arn} "
            "--model-approval-status Approved`"
        )
    machines = aws.client("stepfunctions")
    looked_at: set[str] = set()

    def deployment() -> dict[str, Any] | None:
        listed = machines.list_executions(stateMachineArn=stage["DeploymentStateMachineArn"])
        for item in listed["executions"]:
            if item["status"] == "RUNNING" or item["executionArn"] in looked_at:
                continue
            execution: dict[str, Any] = machines.describe_execution(
                executionArn=item["executionArn"]
            )
            if model_package_arn in execution["input"]:
                return execution
            looked_at.add(item["executionArn"])
        return None

    execution = aws.wait_for(f"the deployment of {model_package_arn}", deployment)
    if execution["status"] != "SUCCEEDED":
        raise StepFailedError(
            f"the deployment ended {execution['status']}: {execution.get('error', '')} "
            f"{execution.get('cause', '')}"
        )
    endpoint = sagemaker.describe_endpoint(EndpointName=stage["EndpointName"])
    if endpoint["EndpointStatus"] != "InService":
        raise StepFailedError(
            f"endpoint {stage['EndpointName']} is {endpoint['EndpointStatus']}: "
            f"{endpoint.get('FailureReason', 'no reason given')}"
        )


def ask(aws: Aws, stage: Stage, prepared_uri: str) -> Answers:
    """Send the rows of holdout/test.csv to the endpoint and compare its labels with theirs."""
    bucket, _, prefix = prepared_uri.removeprefix("s3://").partition("/")
    body = aws.client("s3").get_object(Bucket=bucket, Key=f"{prefix}holdout/test.csv")["Body"]
    rows = list(csv.reader(io.StringIO(body.read().decode())))[1:]
    if not rows:
        raise StepFailedError(f"{prepared_uri}holdout/test.csv has no rows to ask about")
    runtime = aws.client("sagemaker-runtime")
    right = invocations = 0
    for start in range(0, len(rows), ROWS_PER_REQUEST):
        chunk = rows[start : start + ROWS_PER_REQUEST]
        answer = runtime.invoke_endpoint(
            EndpointName=stage["EndpointName"],
            ContentType="text/csv",
            Accept="application/json",
            Body="\n".join(",".join(row[2:]) for row in chunk).encode(),
        )
        invocations += 1
        predictions = json.loads(answer["Body"].read())["predictions"]
        if len(predictions) != len(chunk):
            raise StepFailedError(
                f"endpoint {stage['EndpointName']} answered {len(chunk)} rows with "
                f"{len(predictions)} predictions"
            )
        right += sum(
            float(prediction["predicted_label"]) == float(row[1])
            for prediction, row in zip(predictions, chunk, strict=True)
        )
    return Answers(accuracy=right / len(rows), rows=len(rows), invocations=invocations)
