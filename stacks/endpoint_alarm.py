"""The alarm that goes off when the endpoint answers with errors of its own."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.names import Names

METRIC = "Invocation5XXErrors"


class EndpointAlarm(cloudwatch.Alarm):
    """So many answers of 5xx within a minute: the model failed, or the machines did.

    Names, dimensions and the 1 for each error: SageMaker developer guide, metrics in CloudWatch,
    endpoint invocation metrics. Without requests there is no data, and no alarm; the alarm is
    there before the endpoint is, and knows it by name alone. `alarm_name` is None unless somebody
    elsewhere has to know it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        variants: Sequence[str],
        at_errors: int,
        alarm_name: str | None,
        alerts: sns.ITopic,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            alarm_name=alarm_name,
            alarm_description=f"{names.endpoint} answers requests with errors",
            metric=_errors(names, variants),
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            threshold=at_errors,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        self.add_alarm_action(actions.SnsAction(alerts))


def _errors(names: Names, variants: Sequence[str]) -> cloudwatch.IMetric:
    """The errors of a minute, of all variants together: each one has a metric of its own."""
    period = Duration.seconds(60)
    metrics = [
        cloudwatch.Metric(
            namespace="AWS/SageMaker",
            metric_name=METRIC,
            dimensions_map={"EndpointName": names.endpoint, "VariantName": variant},
            statistic="Sum",
            period=period,
        )
        for variant in variants
    ]
    if len(metrics) == 1:
        return metrics[0]
    named: dict[str, cloudwatch.IMetric] = {f"v{n}": one for n, one in enumerate(metrics)}
    return cloudwatch.MathExpression(
        expression=" + ".join(f"FILL({name}, 0)" for name in named),
        using_metrics=named,
        period=period,
    )
