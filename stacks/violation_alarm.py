"""The alarm that goes off when a check has found too many violations."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.monitor_job import METRIC_NAMESPACE
from stacks.names import Names

METRIC = "violations"


class ViolationAlarm(cloudwatch.Alarm):
    """Judges each check by itself: a check sends one value, and between two there is none.

    Without data the alarm stays as it is, so what a check has said holds until the next one
    that had requests to look at.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        at_violations: int,
        alerts: sns.ITopic,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            alarm_description=f"Requests of {names.endpoint} no longer look like its training data",
            metric=cloudwatch.Metric(
                namespace=METRIC_NAMESPACE,
                metric_name=METRIC,
                dimensions_map={
                    "Endpoint": names.endpoint,
                    "MonitoringSchedule": names.monitor_schedule,
                },
                statistic="Maximum",
                period=Duration.seconds(60),
            ),
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            threshold=at_violations,
            evaluation_periods=1,
            datapoints_to_alarm=1,
            treat_missing_data=cloudwatch.TreatMissingData.IGNORE,
        )
        self.add_alarm_action(actions.SnsAction(alerts))
