"""The deployment state machine: an approved model package becomes the endpoint's model."""

from __future__ import annotations

import json

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from pipelines.spec import Canary
from stacks.baseline import Baseline
from stacks.described_package import describe_packages, described_package
from stacks.failure_alert import failure_alert, send_alerts
from stacks.glue_run import run_job
from stacks.names import Names
from stacks.permission import Permission, allow
from stacks.policies import model_parameter_arn, serving_parameter_arn, start_machine
from stacks.sdk_call import sdk_call
from stacks.service_role import ServiceRole
from stacks.serving_update import allow_update, update_serving
from stacks.state_machine import LoggedStateMachine

TIMEOUT_HOURS = 4

# CDK sets no stack policies, so the machine does, before the endpoint can exist: from then on
# no update of the stack, by whomever, may delete or replace the endpoint unless it says so with
# a temporary policy. Chosen by type, as the resource is conditional.
STACK_POLICY = {
    "Statement": [
        {"Effect": "Allow", "Action": "Update:*", "Principal": "*", "Resource": "*"},
        {
            "Effect": "Deny",
            "Action": ["Update:Delete", "Update:Replace"],
            "Principal": "*",
            "Resource": "*",
            "Condition": {"StringEquals": {"ResourceType": ["AWS::SageMaker::Endpoint"]}},
        },
    ]
}


class DeploymentMachine(Construct):
    """CloudFormation stays the endpoint's only owner; this machine asks it to update.

    `baseline` is made first where there is a monitor: no model is served without what it is
    watched by. `RecordModel` comes after it, so a failure leaves the old model in place; one that
    comes later puts its name back, or every other update of the stack would meet the new model
    again, and every training be compared with it. With `canary` an update waits twice for as long
    as the new model is looked at. `switched` says that serving has a switch: while it is off, the
    model is recorded and waits.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        update_role: iam.IRole,
        baseline: Baseline | None,
        switched: bool,
        canary: Canary | None,
        alerts: sns.ITopic,
        key: kms.IKey,
        log_retention_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        minutes = 0 if baseline is None else baseline.monitor.timeout_minutes
        minutes += 0 if canary is None else 2 * canary.bake_minutes
        self.state_machine = LoggedStateMachine(
            self,
            "Workflow",
            log_group_name=f"{names.prefix}-deployment",
            description="Puts an approved model package behind the endpoint",
            start=self._build_states(
                names=names,
                update_role=update_role,
                baseline=baseline,
                switched=switched,
                alerts=alerts,
            ),
            permissions=self._permissions(
                names=names,
                update_role=update_role,
                baseline=baseline,
                switched=switched,
                alerts=alerts,
                key=key,
            ),
            timeout=Duration.minutes(TIMEOUT_HOURS * 60 + minutes),
            key=key,
            log_retention_days=log_retention_days,
        )
        self._build_rule(names)

    def _build_states(
        self,
        *,
        names: Names,
        update_role: iam.IRole,
        baseline: Baseline | None,
        switched: bool,
        alerts: sns.ITopic,
    ) -> sfn.IChainable:
        failed = failure_alert(
            self,
            subject=f"{names.endpoint}: a model was approved but not deployed",
            error="DeploymentFailed",
            alerts=alerts,
        )
        deployed = sfn.Succeed(self, "Deployed", state_name="Deployed")
        read = sdk_call(
            self,
            "ReadModel",
            "ssm:getParameter",
            {"Name": names.model_package_parameter},
            result_path="$.before",
            result_selector={"package_arn.$": "$.Parameter.Value"},
        )
        put_back = sdk_call(
            self,
            "PutBackModel",
            "ssm:putParameter",
            {
                "Name": names.model_package_parameter,
                "Type": "String",
                "Overwrite": True,
                "Value.$": "$.before.package_arn",
            },
            result_path="$.put_back",
        )
        look_again = sdk_call(
            self,
            "ReadRecordedModel",
            "ssm:getParameter",
            {"Name": names.model_package_parameter},
            result_path="$.recorded",
            result_selector={"package_arn.$": "$.Parameter.Value"},
        )
        # another model may have been approved meanwhile: its name is not to be overwritten
        look_again.next(
            sfn.Choice(self, "IsStillRecorded", state_name="IsStillRecorded")
            .when(
                sfn.Condition.string_equals_json_path(
                    "$.recorded.package_arn", "$.detail.ModelPackageArn"
                ),
                put_back.next(failed),
            )
            .otherwise(failed)
        )
        read.add_catch(failed, errors=["States.ALL"], result_path="$.error")
        for state in (look_again, put_back):
            state.add_catch(failed, errors=["States.ALL"], result_path="$.put_back")

        record = sdk_call(
            self,
            "RecordModel",
            "ssm:putParameter",
            {
                "Name": names.model_package_parameter,
                "Type": "String",
                "Overwrite": True,
                "Value.$": "$.detail.ModelPackageArn",
            },
            result_path="$.recorded",
        )
        protect = sdk_call(
            self,
            "ProtectEndpoint",
            "cloudformation:setStackPolicy",
            {"StackName": names.stack("serving"), "StackPolicyBody": json.dumps(STACK_POLICY)},
            result_path="$.protected",
        )
        deploy = update_serving(
            self,
            names=names,
            update_role=update_role,
            switched=switched,
            first=(record, protect),
            done=deployed,
            failed=look_again,
        )
        deploy = read.next(deploy)
        if baseline is None:
            return deploy
        make_baseline = baseline.state(self)
        make_baseline.add_catch(failed, errors=["States.ALL"], result_path="$.error")
        return described_package(
            self,
            package_arn="$.detail.ModelPackageArn",
            then=make_baseline.next(deploy),
            failed=failed,
        )

    def _build_rule(self, names: Names) -> None:
        machine = self.state_machine.machine
        role = ServiceRole(
            self,
            "RuleRole",
            service="events.amazonaws.com",
            description="Starts the deployment of an approved model package",
            permissions=[start_machine(machine)],
        )
        events.Rule(
            self,
            "Approved",
            description="A model package of this pipeline was approved",
            event_pattern=events.EventPattern(
                source=["aws.sagemaker"],
                detail_type=["SageMaker Model Package State Change"],
                detail={
                    "ModelPackageGroupName": [names.model_package_group],
                    "ModelApprovalStatus": ["Approved"],
                },
            ),
            targets=[targets.SfnStateMachine(machine, role=role.fixed)],
        )

    def _permissions(
        self,
        *,
        names: Names,
        update_role: iam.IRole,
        baseline: Baseline | None,
        switched: bool,
        alerts: sns.ITopic,
        key: kms.IKey,
    ) -> list[Permission]:
        stack = Stack.of(self)
        return [
            # CloudFormation reads the parameter in the caller's or the role's name
            allow(
                ["ssm:GetParameter", "ssm:GetParameters", "ssm:PutParameter"],
                [model_parameter_arn(stack, names)],
            ),
            *(
                [allow(["ssm:GetParameters"], [serving_parameter_arn(stack, names)])]
                if switched
                else []
            ),
            *allow_update(self, names=names, update_role=update_role),
            *send_alerts(alerts, key),
            *([] if baseline is None else [describe_packages(self, names), run_job(baseline.job)]),
        ]
