"""Has the monitor check what was captured, and reads what it found."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from penstock.scenario.aws import Aws, Stage
from penstock.scenario.capture import Window
from penstock.scenario.execution import ExecutionFollower, output_of, start_execution


@dataclass(frozen=True)
class Check:
    """What one run of the monitor found; `features` are those with a violation."""

    rows: int
    violations: int
    features: tuple[str, ...]
    report_uri: str


def check(aws: Aws, stage: Stage, window: Window) -> Check:
    """Compare what was captured in this window with the baseline of the model that is served."""
    arn = start_execution(aws, stage["MonitorStateMachineArn"], window.given)
    found = output_of(ExecutionFollower(aws, None, {}).follow(arn), "the monitor")
    violations = _read(aws, found["report_uri"] + "constraint_violations.json")["violations"]
    features = dict.fromkeys(violation["feature_name"] for violation in violations)
    return Check(found["item_count"], found["violations"], tuple(features), found["report_uri"])


def baseline_uri(aws: Aws, stage: Stage, model_package_arn: str) -> str:
    """Where the baseline of a model lies: it is named after the run that trained the model."""
    package = aws.client("sagemaker").describe_model_package(ModelPackageName=model_package_arn)
    run = package["CustomerMetadataProperties"]["run"]
    return f"s3://{stage['LakeBucketName']}/{stage['MonitorPrefix']}baseline/{run}/"


def _read(aws: Aws, uri: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(aws.read(uri))
    return found
