"""A Lambda function as this project wants them: its folder is the package, its role is exact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from aws_cdk import Duration, Stack, SymlinkFollowMode
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from penstock.catalog import runtimes
from pipelines.spec import Network
from stacks.nag import acknowledge
from stacks.permission import Permission
from stacks.pipeline_log_group import PipelineLogGroup
from stacks.placement import attach_function
from stacks.policies import decrypt_with, write_log_group
from stacks.service_role import ServiceRole

LAMBDA = Path(__file__).parents[1] / "lambda"


class PipelineFunction(Construct):
    """`lambda/<folder>/handler.py`, on the standard library and boto3 alone.

    `permissions` are what the code itself needs; its log and its environment come on top.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        folder: str,
        description: str,
        role_description: str,
        permissions: Sequence[Permission],
        environment: Mapping[str, str],
        memory_mb: int,
        timeout_seconds: int,
        key: kms.IKey,
        network: Network | None,
        log_retention_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self.log_group = PipelineLogGroup(self, "Logs", key=key, retention_days=log_retention_days)
        role = ServiceRole(
            self,
            "Role",
            service="lambda.amazonaws.com",
            description=role_description,
            permissions=[
                write_log_group(self.log_group.log_group_arn),
                decrypt_with(key),
                *permissions,
                *attach_function(Stack.of(self), network),
            ],
        )
        runtime, facts = runtimes.lambda_python()
        self.function = lambda_.Function(
            self,
            "Function",
            description=description,
            runtime=lambda_.Runtime(runtime, lambda_.RuntimeFamily.PYTHON),
            handler="handler.handler",
            code=lambda_.Code.from_asset(
                str(LAMBDA / folder),
                exclude=["__pycache__", "*.pyc"],
                # a file that two functions share is a link in one of them
                follow_symlinks=SymlinkFollowMode.ALWAYS,
            ),
            environment=dict(environment),
            environment_encryption=key,
            memory_size=memory_mb,
            timeout=Duration.seconds(timeout_seconds),
            role=role.fixed,
            log_group=self.log_group,
        )
        if network is not None:
            self._place(network)
        acknowledge(
            self.function,
            "L1",
            reason=f"{runtime} is the runtime that the handler is tested on; "
            f"supported until {facts.supported_until}",
        )

    def _place(self, network: Network) -> None:
        """CDK's own way would look for route tables, and give the role a managed policy."""
        resource = self.function.node.default_child
        if not isinstance(resource, lambda_.CfnFunction):
            raise TypeError("the function's L1 resource is expected as its default child")
        resource.vpc_config = lambda_.CfnFunction.VpcConfigProperty(
            subnet_ids=list(network.subnets), security_group_ids=list(network.security_group_ids)
        )
