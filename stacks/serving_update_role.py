"""The narrow role that CloudFormation uses when an approval updates the serving stack."""

from __future__ import annotations

from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.guardrail import watch_rollback_alarm
from stacks.names import Names
from stacks.permission import Permission, allow
from stacks.policies import (
    grant_volumes,
    model_parameter_arn,
    pass_role,
    serving_parameter_arn,
)
from stacks.service_role import ServiceRole

GENERATED = "CloudFormation generates the rest of these names"


class ServingUpdateRole(ServiceRole):
    """Without a role of its own the update would reuse the deployer's administrator role.

    `monitor_role` is None unless Model Monitor watches the endpoint; with `guardrail` the role may
    look at the alarm that takes a new model back.

    CloudFormation names these two types after the logical id, without the stack's name
    (aws/aws-cli#4021), which is why the logical ids hold pipeline and environment; and SageMaker
    writes ARNs in lower case. Names that begin with the stack's are admitted as well.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        model_role: iam.IRole,
        monitor_role: iam.IRole | None,
        switched: bool,
        key: kms.IKey,
        guardrail: bool,
    ) -> None:
        stack = Stack.of(scope)
        account = f"{stack.region}:{stack.account}"
        sagemaker = f"arn:{Aws.PARTITION}:sagemaker:{account}"
        logical = names.serving_construct
        starts = (f"{names.prefix}-*", f"{logical}*", f"{logical.lower()}*")
        models = [f"{sagemaker}:model/{start}" for start in starts]
        configs = [f"{sagemaker}:endpoint-config/{start}" for start in starts]
        endpoint = f"{sagemaker}:endpoint/{names.endpoint}"
        watch = [] if monitor_role is None else _watch(sagemaker, names, monitor_role)
        super().__init__(
            scope,
            construct_id,
            service="cloudformation.amazonaws.com",
            description="Updates of the serving stack when a model is approved",
            permissions=[
                allow(
                    ["sagemaker:CreateModel", "sagemaker:DeleteModel", "sagemaker:DescribeModel"],
                    models,
                    wildcard=GENERATED,
                ),
                # a model of a package is made of that package, too; policies that share packages
                # with other accounts name this action on them (unconfirmed within one account)
                allow(
                    ["sagemaker:CreateModel", "sagemaker:DescribeModelPackage"],
                    [f"{sagemaker}:model-package/{names.model_package_group}/*"],
                    wildcard="versions of the pipeline's own group",
                ),
                allow(
                    [
                        "sagemaker:CreateEndpointConfig",
                        "sagemaker:DeleteEndpointConfig",
                        "sagemaker:DescribeEndpointConfig",
                    ],
                    configs,
                    wildcard=GENERATED,
                ),
                allow(
                    [
                        "sagemaker:CreateEndpoint",
                        "sagemaker:DeleteEndpoint",
                        "sagemaker:DescribeEndpoint",
                        "sagemaker:UpdateEndpoint",
                    ],
                    # both calls are authorized on the configuration as well
                    [endpoint, *configs],
                    wildcard=GENERATED,
                ),
                allow(
                    ["sagemaker:AddTags", "sagemaker:DeleteTags", "sagemaker:ListTags"],
                    [*models, *configs, endpoint],
                    wildcard=GENERATED,
                ),
                pass_role(model_role, to="sagemaker.amazonaws.com"),
                grant_volumes(key),
                allow(
                    ["ssm:GetParameters"],
                    [
                        model_parameter_arn(stack, names),
                        *([serving_parameter_arn(stack, names)] if switched else []),
                    ],
                ),
                *watch,
                *([watch_rollback_alarm(stack, names)] if guardrail else []),
            ],
        )


def _watch(sagemaker: str, names: Names, role: iam.IRole) -> list[Permission]:
    """What the handlers of both types call (CloudFormation schemas, handlers), and their tags."""
    return [
        allow(
            [
                "sagemaker:AddTags",
                "sagemaker:CreateDataQualityJobDefinition",
                "sagemaker:DeleteDataQualityJobDefinition",
                "sagemaker:DeleteTags",
                "sagemaker:DescribeDataQualityJobDefinition",
                "sagemaker:ListTags",
            ],
            [f"{sagemaker}:data-quality-job-definition/{names.monitor_schedule}-*"],
            wildcard="a digest of the definition ends its name",
        ),
        allow(
            [
                "sagemaker:AddTags",
                "sagemaker:CreateMonitoringSchedule",
                "sagemaker:DeleteMonitoringSchedule",
                "sagemaker:DeleteTags",
                "sagemaker:DescribeMonitoringSchedule",
                "sagemaker:ListTags",
                "sagemaker:UpdateMonitoringSchedule",
            ],
            [f"{sagemaker}:monitoring-schedule/{names.monitor_schedule}"],
        ),
        pass_role(role, to="sagemaker.amazonaws.com"),
    ]
