"""The metrics of a run under their published names, and sending them to CloudWatch.

Source: Model Monitor, "CloudWatch metrics". `feature_non_null_` counts the values that are there,
so that its Sum over hours means something. Conflicts: the namespace is published in three spellings
and the dimensions in two. Followed is `aws/sagemaker/Endpoints/data-metrics` with Endpoint and
MonitoringSchedule: what is commonly queried, and the bring-your-own-container page's pair. No real
account has confirmed it; both can be given. CloudWatch keeps namespaces that begin with `AWS/` for
itself; that it takes those with `aws/` from anybody is unconfirmed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from penstock.monitor.profile import Profile

NAMESPACE = "aws/sagemaker/Endpoints/data-metrics"
_METRICS_PER_CALL = 1000  # CloudWatch PutMetricData


@dataclass(frozen=True)
class Metric:
    """One value, or one set of statistics (SampleCount, Sum, Minimum, Maximum)."""

    name: str
    value: float | None = None
    statistics: Mapping[str, float] | None = None


def metrics(profile: Profile, distances: Mapping[str, float]) -> list[Metric]:
    """Of every column: what it holds, how much of it is there, how far it has drifted."""
    found: list[Metric] = []
    for name, column in profile.columns.items():
        moments = column.moments
        if moments.count and math.isfinite(moments.sum):  # a sum may be beyond a double
            values = {
                "SampleCount": float(moments.count),
                "Sum": moments.sum,
                "Minimum": moments.minimum,
                "Maximum": moments.maximum,
            }
            found.append(Metric(f"feature_data_{name}", statistics=values))
        found.append(Metric(f"feature_non_null_{name}", float(column.present)))
        if name in distances:
            found.append(Metric(f"feature_baseline_drift_{name}", distances[name]))
    return found


def put_metrics(
    cloudwatch: Any,
    sending: Sequence[Metric],
    *,
    endpoint: str,
    schedule: str,
    timestamp: datetime,
    namespace: str = NAMESPACE,
) -> None:
    """Send metrics with a boto3 CloudWatch client, 1000 a call."""
    dimensions = [
        {"Name": "Endpoint", "Value": endpoint},
        {"Name": "MonitoringSchedule", "Value": schedule},
    ]
    data = [
        {
            "MetricName": metric.name,
            "Dimensions": dimensions,
            "Timestamp": timestamp,
            "Unit": "None",
            **(
                {"Value": metric.value}
                if metric.statistics is None
                else {"StatisticValues": dict(metric.statistics)}
            ),
        }
        for metric in sending
    ]
    for start in range(0, len(data), _METRICS_PER_CALL):
        cloudwatch.put_metric_data(
            Namespace=namespace, MetricData=data[start : start + _METRICS_PER_CALL]
        )
