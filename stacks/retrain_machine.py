"""The retrain state machine: starts a training on drift or by age, if the data is new."""

from __future__ import annotations

from aws_cdk import Aws, Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from pipelines.spec import Network, Retrain
from stacks.failure_alert import failure_alert, send_alerts
from stacks.function_call import function_call
from stacks.machine_schedule import MachineSchedule
from stacks.names import Names
from stacks.permission import allow
from stacks.policies import start_machine
from stacks.retrain_decision import RetrainDecision
from stacks.service_role import ServiceRole
from stacks.state_machine import LoggedStateMachine

# throttling comes under the base exception of the service (from experience, unconfirmed); the
# execution's name makes a second try harmless
START_RETRY = (
    "StepFunctions.AWSStepFunctionsException",
    "StepFunctions.ExecutionLimitExceededException",
)
ALREADY_STARTED = ("StepFunctions.ExecutionAlreadyExistsException",)
HOURLY = "cron(40 * * * ? *)"  # after the hour's check
TIMEOUT_MINUTES = 15


class RetrainMachine(Construct):
    """Input: {"cause": "alarm" | "schedule"}. It waits for no training, it only starts one.

    `state`, ENABLED or DISABLED, is that of the rule and of the schedule. Both cover what the
    other cannot: an alarm that goes off is an event, one that stays in ALARM until there is
    new data is not.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        retrain: Retrain,
        training: sfn.StateMachine,
        alarm: cloudwatch.IAlarm | None,
        lake: s3.IBucket,
        alerts: sns.ITopic,
        state: str,
        key: kms.IKey,
        network: Network | None,
        log_retention_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        decision = RetrainDecision(
            self,
            "Decision",
            retrain=retrain,
            training=training,
            alarm=alarm,
            lake=lake,
            key=key,
            network=network,
            log_retention_days=log_retention_days,
        )
        function = decision.function
        self.state_machine = LoggedStateMachine(
            self,
            "Workflow",
            log_group_name=f"{names.prefix}-retrain",
            description="Starts a training where requests have drifted or the model is old",
            start=self._build_states(
                names=names, function=function, training=training, alerts=alerts
            ),
            permissions=[
                allow(["lambda:InvokeFunction"], [function.function_arn]),
                start_machine(training),
                *send_alerts(alerts, key),
            ],
            timeout=Duration.minutes(TIMEOUT_MINUTES),
            key=key,
            log_retention_days=log_retention_days,
        )
        if alarm is not None:
            self._build_rule(alarm=alarm, state=state)
        MachineSchedule(
            self,
            "Schedule",
            name=names.retrain_schedule,
            description="Asks every hour whether the pipeline should train again",
            expression=HOURLY,
            machine=self.state_machine.machine,
            machine_input={"cause": "schedule"},
            state=state,
            key=key,
        )

    def _build_states(
        self,
        *,
        names: Names,
        function: lambda_.IFunction,
        training: sfn.StateMachine,
        alerts: sns.ITopic,
    ) -> sfn.IChainable:
        failed = failure_alert(
            self,
            subject=f"{names.endpoint}: an automatic training could not be started",
            error="RetrainFailed",
            alerts=alerts,
        )
        decide = function_call(
            self,
            "Decide",
            function=function,
            payload={"Payload.$": "$"},
            result={"ResultSelector": {"decision.$": "$.Payload"}, "OutputPath": "$.decision"},
        )
        start = sfn.CustomState(
            self,
            "StartTraining",
            state_json={
                "Type": "Task",
                "Resource": f"arn:{Aws.PARTITION}:states:::states:startExecution",
                "Parameters": {
                    "StateMachineArn": training.state_machine_arn,
                    "Name.$": "$.name",
                    # links the two executions in the console (Step Functions developer guide,
                    # start workflow executions from a task state)
                    "Input": {
                        "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$": "$$.Execution.Id",
                        "cause.$": "$.cause",
                        "reason.$": "$.reason",
                    },
                },
                "ResultSelector": {"execution_arn.$": "$.ExecutionArn"},
                "ResultPath": "$.training",
            },
        ).add_retry(
            errors=list(START_RETRY),
            interval=Duration.seconds(5),
            backoff_rate=2,
            max_attempts=4,
        )
        start.add_catch(
            sfn.Succeed(self, "AlreadyStarted", state_name="AlreadyStarted"),
            errors=list(ALREADY_STARTED),
            result_path="$.error",
        )
        for one in (decide, start):
            one.add_catch(failed, errors=["States.ALL"], result_path="$.error")
        start.next(sfn.Succeed(self, "TrainingStarted", state_name="TrainingStarted"))
        return decide.next(
            sfn.Choice(self, "ShouldStart", state_name="ShouldStart")
            .when(sfn.Condition.boolean_equals("$.start", True), start)
            .otherwise(sfn.Succeed(self, "NothingToDo", state_name="NothingToDo"))
        )

    def _build_rule(self, *, alarm: cloudwatch.IAlarm, state: str) -> None:
        machine = self.state_machine.machine
        role = ServiceRole(
            self,
            "RuleRole",
            service="events.amazonaws.com",
            description="Asks for a training when the alarm goes off",
            permissions=[start_machine(machine)],
        )
        rule = events.Rule(
            self,
            "Drifted",
            description="Requests of the endpoint have drifted",
            event_pattern=events.EventPattern(
                source=["aws.cloudwatch"],
                detail_type=["CloudWatch Alarm State Change"],
                resources=[alarm.alarm_arn],
                detail={"state": {"value": ["ALARM"]}},
            ),
            targets=[
                targets.SfnStateMachine(
                    machine,
                    role=role.fixed,
                    input=events.RuleTargetInput.from_object({"cause": "alarm"}),
                )
            ],
        )
        resource = rule.node.default_child
        assert isinstance(resource, events.CfnRule)
        resource.state = state
