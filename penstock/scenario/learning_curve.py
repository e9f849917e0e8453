"""The learning curve of a training job, read from its log."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from penstock.scenario.aws import Aws
from penstock.scenario.job_log import TRAINING_LOGS

# First-party algorithms log a line for every metric and epoch (SageMaker developer guide,
# "Linear learner tuning", whose metrics are read from such lines).
_LINE = re.compile(
    r"#quality_metric: host=(?P<host>\S+), epoch=(?P<epoch>\d+), "
    r"(?P<channel>\w+) (?P<metric>\S+) <\w+>=(?P<value>\S+)"
)
# a script names the epoch in the lines that its metrics are defined by
_EPOCH = re.compile(r"\bepoch=(\d+)")


def learning_curve(aws: Aws, job: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`{"epoch": 0, "metrics": {"train:multiclass_accuracy": 0.9, ...}}`, by epoch.

    `job` is a training job as the API describes it: of a script, the metrics that it defines.
    """
    definitions = job.get("AlgorithmSpecification", {}).get("MetricDefinitions", [])
    patterns = {one["Name"]: re.compile(one["Regex"]) for one in definitions}
    found: dict[int, dict[str, float]] = {}
    pages = (
        aws.client("logs")
        .get_paginator("filter_log_events")
        .paginate(
            logGroupName=TRAINING_LOGS,
            logStreamNamePrefix=f"{job['TrainingJobName']}/",
            filterPattern='"epoch="',
        )
    )
    for page in pages:
        for event in page["events"]:
            for epoch, name, value in _metrics(event["message"], patterns):
                found.setdefault(epoch, {})[name] = value
    return [{"epoch": epoch, "metrics": found[epoch]} for epoch in sorted(found)]


def _metrics(
    line: str, patterns: Mapping[str, re.Pattern[str]]
) -> Iterator[tuple[int, str, float]]:
    quality = _LINE.search(line)
    if quality:
        yield (
            int(quality["epoch"]),
            f"{quality['channel']}:{quality['metric']}",
            float(quality["value"]),
        )
        return
    epoch = _EPOCH.search(line)
    if epoch is None:
        return
    for name, pattern in patterns.items():
        value = pattern.search(line)
        if value:
            yield int(epoch[1]), name, float(value[1])
