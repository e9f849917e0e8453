"""AWS::CloudWatch: alarms. The API knows them; nothing evaluates them yet."""

from __future__ import annotations

from penstock.localcloud.cloudformation.names import NameRule
from penstock.localcloud.cloudformation.resource import (
    Created,
    Handler,
    Properties,
    ResourceContext,
    tag_map,
)
from penstock.localcloud.cloudformation.shapes import call
from penstock.localcloud.cloudformation.types.api import retag, tag_list
from penstock.localcloud.ledger import Life

_NAME = NameRule(max_length=255, forbidden=r"[^A-Za-z0-9_. -]")


class Alarm(Handler):
    """Ref is the alarm's name; attribute Arn."""

    type = "AWS::CloudWatch::Alarm"
    life = Life.API_ONLY
    properties = frozenset(
        {
            "ActionsEnabled",
            "AlarmActions",
            "AlarmDescription",
            "AlarmName",
            "ComparisonOperator",
            "DatapointsToAlarm",
            "Dimensions",
            "EvaluateLowSampleCountPercentile",
            "EvaluationPeriods",
            "ExtendedStatistic",
            "InsufficientDataActions",
            "MetricName",
            "Metrics",
            "Namespace",
            "OKActions",
            "Period",
            "Statistic",
            "Tags",
            "Threshold",
            "ThresholdMetricId",
            "TreatMissingData",
            "Unit",
        }
    )
    required = frozenset({"ComparisonOperator", "EvaluationPeriods"})
    replace_on = frozenset({"AlarmName"})
    name_property = "AlarmName"
    tag_style = "list"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """PutMetricAlarm."""
        name = properties.get("AlarmName") or context.name(_NAME)
        self._put(context, name, properties)
        return Created(name, {"Arn": context.arn("cloudwatch", f"alarm:{name}")})

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """PutMetricAlarm replaces the whole alarm."""
        self._put(context, physical_id, new)
        arn = context.arn("cloudwatch", f"alarm:{physical_id}")
        retag(context.client("cloudwatch"), old, new, ResourceARN=arn)

    @staticmethod
    def _put(context: ResourceContext, name: str, properties: Properties) -> None:
        arguments = {**properties, "AlarmName": name, "Tags": tag_list(tag_map(properties))}
        call(context.client("cloudwatch"), "put_metric_alarm", arguments)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteAlarms; one that is gone is no error for the API either."""
        context.client("cloudwatch").delete_alarms(AlarmNames=[physical_id])
