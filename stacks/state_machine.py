"""A state machine as this project wants it: logged in full, traced, its role written by hand."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_kms as kms
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.permission import Permission
from stacks.pipeline_log_group import PipelineLogGroup
from stacks.policies import run_state_machine
from stacks.service_role import ServiceRole


class LoggedStateMachine(Construct):
    """`permissions` are what the states themselves need; logging and tracing come on top."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        log_group_name: str,
        description: str,
        start: sfn.IChainable,
        permissions: Sequence[Permission],
        timeout: Duration,
        key: kms.IKey,
        log_retention_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        # vendedlogs: log delivery keeps one policy for all groups below that name
        log_group = PipelineLogGroup(
            self,
            "Logs",
            key=key,
            retention_days=log_retention_days,
            name=f"/aws/vendedlogs/states/{log_group_name}",
        )
        role = ServiceRole(
            self,
            "Role",
            service="states.amazonaws.com",
            description=description,
            permissions=[*permissions, *run_state_machine()],
        )
        self.machine = sfn.StateMachine(
            self,
            "Machine",
            comment=description,
            definition_body=sfn.DefinitionBody.from_chainable(start),
            role=role.fixed,
            timeout=timeout,
            tracing_enabled=True,
            logs=sfn.LogOptions(
                destination=log_group, level=sfn.LogLevel.ALL, include_execution_data=True
            ),
        )
        self.role_arn = role.role_arn
