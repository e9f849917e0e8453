"""The guardrail of a changed endpoint: its alarm, and the canary that the alarm takes back."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Aws, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_sns as sns
from constructs import Construct

from pipelines.spec import Canary
from stacks.names import Names
from stacks.permission import Permission, allow

# beside its waits a deployment starts machines twice over, at worst
MACHINES_SECONDS = 3600


class Guardrail(Construct):
    """It is there before the endpoint is, which it knows by name alone; `deployment` is for that.

    The alarm counts errors of old and new machines together: SageMaker publishes those of one
    configuration under its name, which CloudFormation makes up only when it makes the resource.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        canary: Canary,
        variants: Sequence[str],
        alerts: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        alarm = cloudwatch.Alarm(
            self,
            "Alarm",
            alarm_name=names.rollback_alarm,
            alarm_description=f"{names.endpoint} answers requests with errors of its own",
            metric=_errors(names, variants),
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            threshold=canary.rollback_at_errors,
            evaluation_periods=1,
            datapoints_to_alarm=1,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        )
        alarm.add_alarm_action(actions.SnsAction(alerts))
        endpoint, bake_seconds = sagemaker.CfnEndpoint, canary.bake_minutes * 60
        self.deployment = endpoint.DeploymentConfigProperty(
            auto_rollback_configuration=endpoint.AutoRollbackConfigProperty(
                alarms=[endpoint.AlarmProperty(alarm_name=alarm.alarm_name)]
            ),
            blue_green_update_policy=endpoint.BlueGreenUpdatePolicyProperty(
                traffic_routing_configuration=endpoint.TrafficRoutingConfigProperty(
                    type="CANARY",
                    canary_size=endpoint.CapacitySizeProperty(
                        type="CAPACITY_PERCENT", value=canary.percentage
                    ),
                    wait_interval_in_seconds=bake_seconds,
                ),
                termination_wait_in_seconds=bake_seconds,
                maximum_execution_timeout_in_seconds=2 * bake_seconds + MACHINES_SECONDS,
            ),
        )


def _errors(names: Names, variants: Sequence[str]) -> cloudwatch.IMetric:
    """The errors of a minute, of all variants together: each one has a metric of its own."""
    period = Duration.seconds(60)
    metrics = [
        cloudwatch.Metric(
            namespace="AWS/SageMaker",
            metric_name="Invocation5XXErrors",
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


def watch_rollback_alarm(stack: Stack, names: Names) -> Permission:
    """Looking at the alarm that takes a new model back.

    SageMaker developer guide, auto-rollback configuration, asks for it on the execution role;
    whether the role that calls UpdateEndpoint needs it too is unconfirmed.
    """
    return allow(
        ["cloudwatch:DescribeAlarms"],
        [
            f"arn:{Aws.PARTITION}:cloudwatch:{stack.region}:{stack.account}:"
            f"alarm:{names.rollback_alarm}"
        ],
    )
