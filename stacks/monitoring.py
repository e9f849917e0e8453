"""Monitoring: the checks of captured requests, the alarm on them, automatic trainings."""

from __future__ import annotations

from aws_cdk import CfnOutput, CfnParameter
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from pipelines.spec import Network, Pipeline, Retrain
from stacks.baseline import Baseline
from stacks.layer import Layer
from stacks.monitor_machine import MonitorMachine
from stacks.names import Names
from stacks.retrain_machine import RetrainMachine
from stacks.violation_alarm import ViolationAlarm

RETRAINING_PARAMETER = "AutomaticRetraining"


class Monitoring(Layer):
    """What watches the endpoint from outside and acts: nothing refers to this stack."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        pipeline: Pipeline,
        baseline: Baseline | None,
        training: sfn.StateMachine,
        lake: s3.IBucket,
        alerts: sns.ITopic,
        key: kms.IKey,
        network: Network | None,
        log_retention_days: int,
    ) -> None:
        super().__init__(
            scope, construct_id, names=names, description="Monitor and retraining of the pipeline"
        )
        self._key = key
        self._network = network
        self._log_retention_days = log_retention_days
        alarm: cloudwatch.IAlarm | None = None
        if baseline is not None and is_watched_here(pipeline):
            alarm = self._build_monitor(names=names, baseline=baseline, lake=lake, alerts=alerts)
        if pipeline.retrain is not None:
            self._build_retrain(
                names=names,
                retrain=pipeline.retrain,
                training=training,
                alarm=alarm,
                lake=lake,
                alerts=alerts,
            )

    def _build_monitor(
        self, *, names: Names, baseline: Baseline, lake: s3.IBucket, alerts: sns.ITopic
    ) -> cloudwatch.IAlarm:
        alarm = ViolationAlarm(
            self,
            "Violations",
            names=names,
            at_violations=baseline.monitor.alarm_at_violations,
            alerts=alerts,
        )
        monitor = MonitorMachine(
            self,
            "Monitor",
            names=names,
            monitor=baseline.monitor,
            job=baseline.job,
            lake=lake,
            alerts=alerts,
            key=self._key,
            log_retention_days=self._log_retention_days,
        )
        machine = monitor.state_machine.machine
        CfnOutput(self, "MonitorStateMachineArn", value=machine.state_machine_arn)
        CfnOutput(self, "MonitorAlarmName", value=alarm.alarm_name)
        return alarm

    def _build_retrain(
        self,
        *,
        names: Names,
        retrain: Retrain,
        training: sfn.StateMachine,
        alarm: cloudwatch.IAlarm | None,
        lake: s3.IBucket,
        alerts: sns.ITopic,
    ) -> None:
        switch = CfnParameter(
            self,
            RETRAINING_PARAMETER,
            type="String",
            allowed_values=["ENABLED", "DISABLED"],
            default="ENABLED",
            description="Whether the pipeline trains again without being asked",
        )
        machine = RetrainMachine(
            self,
            "Retrain",
            names=names,
            retrain=retrain,
            training=training,
            alarm=alarm,
            lake=lake,
            alerts=alerts,
            state=switch.value_as_string,
            key=self._key,
            network=self._network,
            log_retention_days=self._log_retention_days,
        ).state_machine.machine
        CfnOutput(self, "RetrainStateMachineArn", value=machine.state_machine_arn)


def is_watched_here(pipeline: Pipeline) -> bool:
    """Whether the checks are this project's own, and not SageMaker's managed schedule."""
    return pipeline.monitor is not None and pipeline.monitor.engine == "penstock"
