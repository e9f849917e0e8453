"""The guardrail of a changed endpoint: a canary that the alarm on the endpoint takes back."""

from __future__ import annotations

from aws_cdk import Aws, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sagemaker as sagemaker

from pipelines.spec import Canary
from stacks.names import Names
from stacks.permission import Permission, allow

# beside its waits a deployment starts machines twice over, at worst
MACHINES_SECONDS = 3600


def guardrail(
    canary: Canary, alarm: cloudwatch.IAlarm
) -> sagemaker.CfnEndpoint.DeploymentConfigProperty:
    """How an endpoint goes from one model to the next; the first one has nothing to go from.

    The alarm counts errors of old and new machines together: SageMaker publishes those of one
    configuration under its name, which CloudFormation makes up only when it makes the resource.

    Whether CloudFormation's update fails when the alarm takes a model back is unconfirmed: the
    endpoint is InService again, with the configuration before (hashicorp/terraform-provider-aws
    issue 48997). People learn of it by the alarm, which tells the alerts topic.
    """
    endpoint, bake_seconds = sagemaker.CfnEndpoint, canary.bake_minutes * 60
    return endpoint.DeploymentConfigProperty(
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
