"""The switch machine: takes the endpoint away, or brings it back, by updating its stack."""

from __future__ import annotations

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from pipelines.spec import Environment, ServingSwitch
from stacks.failure_alert import failure_alert, refusal, send_alerts
from stacks.machine_schedule import MachineSchedule
from stacks.names import Names
from stacks.permission import allow
from stacks.policies import model_parameter_arn, serving_parameter_arn
from stacks.sdk_call import sdk_call
from stacks.serving import OFF, ON
from stacks.serving_update import allow_update, update_serving
from stacks.state_machine import LoggedStateMachine

TIMEOUT_HOURS = 4

# For the one update that the switch asks for: the endpoint may go, but not be replaced. The
# stack's own policy, which the deployment machine sets, holds again afterwards (CloudFormation
# user guide, prevent updates to stack resources, updating protected resources). That this asks
# for cloudformation:SetStackPolicy is unconfirmed.
SWITCH_POLICY = {
    "Statement": [
        {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
        {
            "Effect": "Deny",
            "Action": "Update:Replace",
            "Principal": "*",
            "Resource": "*",
            "Condition": {"StringEquals": {"ResourceType": ["AWS::SageMaker::Endpoint"]}},
        },
    ]
}


class SwitchMachine(Construct):
    """Input: {"switch": "on" | "off"}; from people, and from the schedules of the environment.

    The word goes to Parameter Store first, where every later deployment finds it, by whatever
    route. CloudFormation stays the endpoint's only owner.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        environment: Environment,
        switch: ServingSwitch,
        update_role: iam.IRole,
        alerts: sns.ITopic,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        parameter = serving_parameter_arn(stack, names)
        self.state_machine = LoggedStateMachine(
            self,
            "Workflow",
            log_group_name=f"{names.prefix}-serving-switch",
            description="Switches serving on or off",
            start=self._build_states(names=names, update_role=update_role, alerts=alerts),
            permissions=[
                allow(["ssm:PutParameter"], [parameter]),
                # CloudFormation reads the parameters in the caller's or the role's name
                allow(["ssm:GetParameters"], [model_parameter_arn(stack, names), parameter]),
                *allow_update(self, names=names, update_role=update_role),
                *send_alerts(alerts, key),
            ],
            timeout=Duration.hours(TIMEOUT_HOURS),
            key=key,
            log_retention_days=environment.log_retention_days,
        )
        self._build_schedules(names=names, environment=environment, switch=switch, key=key)

    def _build_states(
        self, *, names: Names, update_role: iam.IRole, alerts: sns.ITopic
    ) -> sfn.IChainable:
        failed = failure_alert(
            self,
            subject=f"{names.endpoint}: serving was not switched",
            error="SwitchFailed",
            alerts=alerts,
        )
        record = sdk_call(
            self,
            "RecordSwitch",
            "ssm:putParameter",
            {
                "Name": names.serving_parameter,
                "Type": "String",
                "Overwrite": True,
                "Value.$": "$.switch",
            },
            result_path="$.recorded",
        )
        switch = update_serving(
            self,
            names=names,
            update_role=update_role,
            switched=True,
            first=(record,),
            policy=SWITCH_POLICY,
            done=sfn.Succeed(self, "Switched", state_name="Switched"),
            failed=failed,
        )
        return (
            sfn.Choice(self, "CheckInput", state_name="CheckInput")
            .when(
                sfn.Condition.and_(
                    sfn.Condition.is_present("$.switch"),
                    sfn.Condition.or_(
                        *(sfn.Condition.string_equals("$.switch", word) for word in (ON, OFF))
                    ),
                ),
                switch,
            )
            .otherwise(
                refusal(
                    self,
                    "NoSuchPosition",
                    cause=f'the input must be {{"switch": "{ON}"}} or {{"switch": "{OFF}"}}',
                    failed=failed,
                )
            )
        )

    def _build_schedules(
        self, *, names: Names, environment: Environment, switch: ServingSwitch, key: kms.IKey
    ) -> None:
        hours, expires = switch.hours, environment.expires_utc
        if hours is not None:
            for word, time, end in (
                # after the environment expired nothing brings the endpoint back
                (ON, hours.start, None if expires is None else f"{expires}Z"),
                (OFF, hours.end, None),
            ):
                self._schedule(
                    names, word, word, hours.cron(time), key, timezone=hours.timezone, end=end
                )
        if expires is not None:
            self._schedule(names, "expiry", OFF, f"at({expires})", key)

    def _schedule(
        self,
        names: Names,
        what: str,
        word: str,
        expression: str,
        key: kms.IKey,
        *,
        timezone: str = "UTC",
        end: str | None = None,
    ) -> None:
        MachineSchedule(
            self,
            what.capitalize(),
            name=names.serving_schedule(what),
            description=f"Switches serving {word}",
            expression=expression,
            timezone=timezone,
            end=end,
            machine=self.state_machine.machine,
            machine_input={"switch": word},
            state="ENABLED",
            key=key,
        )
