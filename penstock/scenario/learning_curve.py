"""The learning curve of a training job, read from its log."""

from __future__ import annotations

import re
from typing import Any

from penstock.scenario.aws import Aws

TRAINING_LOGS = "/aws/sagemaker/TrainingJobs"
# First-party algorithms log a line for every metric and epoch (SageMaker developer guide,
# "Linear learner tuning", whose metrics are read from such lines).
_LINE = re.compile(
    r"#quality_metric: host=(?P<host>\S+), epoch=(?P<epoch>\d+), "
    r"(?P<channel>\w+) (?P<metric>\S+) <\w+>=(?P<value>\S+)"
)


def learning_curve(aws: Aws, job_name: str) -> list[dict[str, Any]]:
    """`{"epoch": 0, "metrics": {"train:multiclass_accuracy": 0.9, ...}}`, by epoch."""
    found: dict[int, dict[str, float]] = {}
    pages = (
        aws.client("logs")
        .get_paginator("filter_log_events")
        .paginate(
            logGroupName=TRAINING_LOGS,
            logStreamNamePrefix=f"{job_name}/",
            filterPattern='"#quality_metric"',
        )
    )
    for page in pages:
        for event in page["events"]:
            line = _LINE.search(event["message"])
            if line:
                metrics = found.setdefault(int(line["epoch"]), {})
                metrics[f"{line['channel']}:{line['metric']}"] = float(line["value"])
    return [{"epoch": epoch, "metrics": found[epoch]} for epoch in sorted(found)]
