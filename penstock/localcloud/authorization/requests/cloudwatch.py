"""CloudWatch: metrics by namespace, and alarms."""

from __future__ import annotations

from penstock.localcloud.authorization.call import Access, Call, NotDerivedError
from penstock.localcloud.authorization.lookups import Lookups
from penstock.localcloud.authorization.requests.naming import tag_context, texts

_WITHOUT = frozenset(
    [
        "DeleteAnomalyDetector",
        "DescribeAlarmsForMetric",
        "DescribeAnomalyDetectors",
        "DescribeInsightRules",
        "GetMetricData",
        "GetMetricStatistics",
        "GetMetricWidgetImage",
        "ListDashboards",
        "ListMetricStreams",
        "ListMetrics",
        "PutAnomalyDetector",
    ]
)


def accesses(call: Call, _lookups: Lookups) -> list[Access]:
    """PutMetricData with cloudwatch:namespace; the others on alarms and dashboards."""
    action = f"cloudwatch:{call.operation}"
    if call.operation == "PutMetricData":
        return [Access(action, "*", {"cloudwatch:namespace": (call.text("Namespace"),)})]
    if call.operation in _WITHOUT:
        return [Access(action, "*")]
    return [Access(action, resource, tag_context(call)) for resource in _resources(call)]


def _resources(call: Call) -> list[str]:
    if "Dashboard" in call.operation:
        names = texts(call.parameters.get("DashboardNames")) or (call.text("DashboardName"),)
        account = f"arn:{call.partition}:cloudwatch::{call.account_id}:dashboard"
        return [f"{account}/{name}" for name in names]
    if call.text("ResourceARN"):
        return [call.text("ResourceARN")]
    alarms = [*texts(call.parameters.get("AlarmNames")), call.text("AlarmName")]
    if any(alarms):
        return [call.arn("cloudwatch", f"alarm:{name}") for name in alarms if name]
    if call.operation in ("DescribeAlarms", "DescribeAlarmHistory"):
        # without names it lists all alarms (CloudWatch user guide, "Dashboard permissions": on *)
        return [call.arn("cloudwatch", "alarm:*")]
    raise NotDerivedError(f"no resource is known for cloudwatch:{call.operation}")
