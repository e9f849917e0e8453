"""A schedule that starts one state machine, with a role that can do nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aws_cdk import Aws, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.permission import allow
from stacks.policies import start_machine
from stacks.service_role import ServiceRole

# the time that a start was due, also if it comes late (EventBridge Scheduler user guide,
# context attributes)
SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"


class MachineSchedule(Construct):
    """`expression` is of that time zone, `state` ENABLED or DISABLED, `end` a last date in UTC.

    The L2 Schedule lets its role use the key for anything; here the key is bound to the
    schedule's name (EventBridge Scheduler user guide, encryption at rest). The role serves
    schedules of the default group of this account only: the condition must name a group, not a
    schedule (same guide, confused deputy prevention).
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        description: str,
        expression: str,
        machine: sfn.IStateMachine,
        machine_input: Mapping[str, str],
        state: str,
        key: kms.IKey,
        timezone: str = "UTC",
        end: str | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        account = f"arn:{Aws.PARTITION}:scheduler:{stack.region}:{stack.account}"
        role = ServiceRole(
            self,
            "Role",
            service="scheduler.amazonaws.com",
            description=description,
            permissions=[
                start_machine(machine),
                allow(
                    ["kms:Decrypt"],
                    [key.key_arn],
                    conditions={
                        "StringEquals": {
                            "kms:EncryptionContext:aws:scheduler:schedule:arn": (
                                f"{account}:schedule/default/{name}"
                            )
                        }
                    },
                ),
            ],
            only_for={
                "StringEquals": {
                    "aws:SourceAccount": stack.account,
                    "aws:SourceArn": f"{account}:schedule-group/default",
                }
            },
        )
        scheduler.CfnSchedule(
            self,
            "Schedule",
            name=name,
            description=description,
            schedule_expression=expression,
            schedule_expression_timezone=timezone,
            end_date=end,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            kms_key_arn=key.key_arn,
            state=state,
            target=scheduler.CfnSchedule.TargetProperty(
                arn=machine.state_machine_arn,
                role_arn=role.role_arn,
                input=json.dumps(dict(machine_input)),
            ),
        )
