"""AWS::CloudWatch: alarms on one metric are evaluated and act; others are only kept."""

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
    life = Life.LIVE
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
    kept_only = {"EvaluateLowSampleCountPercentile": "percentiles are not evaluated here"}
    required = frozenset({"ComparisonOperator", "EvaluationPeriods"})
    replace_on = frozenset({"AlarmName"})
    name_property = "AlarmName"
    tag_style = "list"

    # what makes an alarm one that nobody evaluates here
    _NOT_EVALUATED = {
        "ExtendedStatistic": "percentiles",
        "Metrics": "metric math and queries",
        "ThresholdMetricId": "anomaly detection",
    }
    # namespaces of services whose metrics somebody here puts
    _MEASURED = frozenset({"AWS/Firehose"})

    def life_of(self, properties: Properties) -> tuple[Life, str]:
        """Only alarms on a plain statistic of one metric are evaluated."""
        if any(name in properties for name in self._NOT_EVALUATED):
            return Life.API_ONLY, ""
        return Life.LIVE, ""

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """PutMetricAlarm."""
        name = properties.get("AlarmName") or context.name(_NAME)
        self._note(context, properties)
        self._put(context, name, properties)
        return Created(name, {"Arn": context.arn("cloudwatch", f"alarm:{name}")})

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """PutMetricAlarm replaces the whole alarm."""
        self._note(context, new)
        self._put(context, physical_id, new)
        arn = context.arn("cloudwatch", f"alarm:{physical_id}")
        retag(context.client("cloudwatch"), old, new, ResourceARN=arn)

    def _note(self, context: ResourceContext, properties: Properties) -> None:
        for name, what in self._NOT_EVALUATED.items():
            if name in properties:
                context.note(f"{name}: {what} are not evaluated: the state never changes")
        namespace = str(properties.get("Namespace", ""))
        if namespace.startswith("AWS/") and namespace not in self._MEASURED:
            context.note(f"nobody here puts metrics of {namespace}: data come by PutMetricData")
        for name in ("AlarmActions", "OKActions", "InsufficientDataActions"):
            for action in properties.get(name, []):
                if str(action).split(":")[2] != "sns":
                    context.note(f"{name}: {action} is not carried out, only topics are told")

    @staticmethod
    def _put(context: ResourceContext, name: str, properties: Properties) -> None:
        arguments = {**properties, "AlarmName": name, "Tags": tag_list(tag_map(properties))}
        call(context.client("cloudwatch"), "put_metric_alarm", arguments)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteAlarms; one that is gone is no error for the API either."""
        context.client("cloudwatch").delete_alarms(AlarmNames=[physical_id])
