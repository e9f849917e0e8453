"""Has the monitor check what was captured, and reads what it found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from penstock.scenario.aws import Aws, Stage
from penstock.scenario.capture import Window
from penstock.scenario.execution import ExecutionFollower, output_of, start_execution
from penstock.scenario.serving import Row


@dataclass(frozen=True)
class Check:
    """What one run of the monitor found; `features` are those with a violation."""

    rows: int
    violations: int
    features: tuple[str, ...]
    report_uri: str


def check(aws: Aws, stage: Stage, window: Window) -> Check:
    """Compare the requests of this window with the baseline of the model that is served."""
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


def inverted(aws: Aws, baseline: str, rows: Sequence[Row]) -> list[Row]:
    """The rows with every number mirrored between the baseline's least and greatest of its column.

    Dark becomes bright, small becomes large: the drift that a broken sensor would bring.
    """
    statistics = _read(aws, f"{baseline}statistics.json")
    numbers = [feature.get("numerical_statistics") for feature in statistics["features"]]
    return [
        Row(
            row.label,
            tuple(
                _mirrored(value, column) if column else value
                for value, column in zip(row.features, numbers, strict=True)
            ),
        )
        for row in rows
    ]


def _mirrored(value: str, column: Mapping[str, Any]) -> str:
    return f"{column['min'] + column['max'] - float(value):.9g}" if value else value


def _read(aws: Aws, uri: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(aws.read(uri))
    return found
