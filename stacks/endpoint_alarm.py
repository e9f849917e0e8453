"""The alarm that goes off when the endpoint answers with errors of its own."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.names import Names

METRIC = "Invocation5XXErrors"


class EndpointAlarm(cloudwatch.Alarm):
    """One answer of 5xx within a minute is enough: the model failed, or the machines did.

    Names, dimensions and the 1 for each error: SageMaker developer guide, metrics in CloudWatch,
    endpoint invocation metrics. Without requests there is no data, and no alarm; the alarm is
    there before the endpoint is, and knows it by name alone.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        variant: str,
        alerts: sns.ITopic,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            alarm_description=f"{names.endpoint} answers requests with errors",
            metric=cloudwatch.Metric(
                namespace="AWS/SageMaker",
                metric_name=METRIC,
                dimensions_map={"EndpointName": names.endpoint, "VariantName": variant},
                statistic="Sum",
                period=Duration.seconds(60),
            ),
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            threshold=1,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        self.add_alarm_action(actions.SnsAction(alerts))
