"""A deployed alarm, rule and schedule in a whole local cloud, and what its ledger says of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from penstock.localcloud.cloud import LocalCloud
from penstock.localcloud.ledger import Entry, Life
from tests.waiting import eventually

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("time-in-stacks")]

DIMENSIONS = [{"Name": "Endpoint", "Value": "e"}]


def machine(role: dict[str, Any]) -> dict[str, Any]:
    definition = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
    return {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {"DefinitionString": json.dumps(definition), "RoleArn": role},
    }


def template(state: str = "ENABLED") -> dict[str, Any]:
    role = {"Fn::GetAtt": ["Role", "Arn"]}
    alarm = {
        "Namespace": "data",
        "MetricName": "violations",
        "Dimensions": DIMENSIONS,
        "Statistic": "Maximum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "DatapointsToAlarm": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "Threshold": 1,
        "TreatMissingData": "ignore",
    }
    return {
        "Resources": {
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "AssumeRolePolicyDocument": {
                        "Statement": {
                            "Effect": "Allow",
                            "Action": "sts:AssumeRole",
                            "Principal": {
                                "Service": ["events.amazonaws.com", "scheduler.amazonaws.com"]
                            },
                        }
                    },
                    "Policies": [
                        {
                            "PolicyName": "starts",
                            "PolicyDocument": {
                                "Version": "2012-10-17",
                                "Statement": {
                                    "Effect": "Allow",
                                    "Action": "states:StartExecution",
                                    "Resource": "*",
                                },
                            },
                        }
                    ],
                },
            },
            "Monitor": machine(role),
            "Retrain": machine(role),
            "Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": alarm},
            "Percentile": {
                "Type": "AWS::CloudWatch::Alarm",
                "Properties": {
                    **{key: value for key, value in alarm.items() if key != "Statistic"},
                    "Namespace": "AWS/SageMaker",
                    "ExtendedStatistic": "p90",
                    "AlarmActions": ["arn:aws:ssm:us-east-1:123456789012:opsitem:1"],
                },
            },
            "OnAlarm": {
                "Type": "AWS::Events::Rule",
                "Properties": {
                    "State": state,
                    "EventPattern": {
                        "source": ["aws.cloudwatch"],
                        "detail-type": ["CloudWatch Alarm State Change"],
                        "resources": [{"Fn::GetAtt": ["Alarm", "Arn"]}],
                        "detail": {"state": {"value": ["ALARM"]}},
                    },
                    "Targets": [
                        {
                            "Id": "m",
                            "Arn": {"Ref": "Retrain"},
                            "RoleArn": role,
                            "Input": '{"cause": "alarm"}',
                        }
                    ],
                },
            },
            "Hourly": {
                "Type": "AWS::Scheduler::Schedule",
                "Properties": {
                    "State": state,
                    "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5},
                    "ScheduleExpression": "cron(20 * * * ? *)",
                    "ScheduleExpressionTimezone": "UTC",
                    "Target": {
                        "Arn": {"Ref": "Monitor"},
                        "RoleArn": role,
                        "Input": '{"scheduled_time": "<aws.scheduler.scheduled-time>"}',
                    },
                },
            },
        },
        "Outputs": {name: {"Value": {"Ref": name}} for name in ("Monitor", "Retrain", "Alarm")},
    }


class Deployed:
    """The stack in a cloud of its own."""

    def __init__(self, cloud: LocalCloud) -> None:
        self.cloud = cloud
        self.client = cloud.context.clients.deployer
        self.client("cloudformation").create_stack(
            StackName="watching",
            TemplateBody=json.dumps(template()),
            Capabilities=["CAPABILITY_IAM"],
        )
        self.outputs = self._settled("CREATE_COMPLETE")

    def update(self, state: str) -> None:
        self.client("cloudformation").update_stack(
            StackName="watching",
            TemplateBody=json.dumps(template(state)),
            Capabilities=["CAPABILITY_IAM"],
        )
        self._settled("UPDATE_COMPLETE")

    def _settled(self, status: str) -> dict[str, str]:
        def found() -> Any:
            (stack,) = self.client("cloudformation").describe_stacks()["Stacks"]
            return stack["StackStatus"] == status and stack

        outputs = eventually(found)["Outputs"]
        return {one["OutputKey"]: one["OutputValue"] for one in outputs}

    def inputs(self, machine: str) -> list[dict[str, Any]]:
        """What the machine's executions were started with."""
        states = self.client("stepfunctions")
        found = states.list_executions(stateMachineArn=self.outputs[machine])["executions"]
        return [
            json.loads(states.describe_execution(executionArn=one["executionArn"])["input"])
            for one in found
        ]

    def put(self, violations: int) -> None:
        one = {"MetricName": "violations", "Dimensions": DIMENSIONS, "Value": violations}
        self.client("cloudwatch").put_metric_data(Namespace="data", MetricData=[one])

    def alarm(self) -> str:
        names = [self.outputs["Alarm"]]
        found = self.client("cloudwatch").describe_alarms(AlarmNames=names)["MetricAlarms"]
        return str(found[0]["StateValue"])


@pytest.fixture
def deployed(tmp_path: Path) -> Iterator[Deployed]:
    with LocalCloud(workdir=tmp_path / "cloud") as cloud:
        yield Deployed(cloud)


def test_an_alarm_starts_a_machine_through_a_rule_and_a_schedule_another(
    deployed: Deployed,
) -> None:
    deployed.put(0)
    eventually(lambda: deployed.alarm() == "OK")
    deployed.put(3)
    # the next whole minute, which really passes on a machine that is never quiet
    assert eventually(lambda: deployed.inputs("Retrain"), seconds=90) == [{"cause": "alarm"}]
    assert deployed.alarm() == "ALARM"
    deployed.cloud.context.clock.sleep(3600)
    (monitored,) = eventually(lambda: deployed.inputs("Monitor"))
    assert monitored["scheduled_time"].endswith(":20:00Z")
    # set back, it returns to ALARM by itself, and the rule hears of it again
    deployed.client("cloudwatch").set_alarm_state(
        AlarmName=deployed.outputs["Alarm"], StateValue="OK", StateReason="again"
    )
    assert eventually(lambda: len(deployed.inputs("Retrain")) == 2)
    assert deployed.alarm() == "ALARM"


def test_both_can_be_switched_off_by_an_update(deployed: Deployed) -> None:
    deployed.update("DISABLED")
    deployed.put(3)
    eventually(lambda: deployed.alarm() == "ALARM")
    deployed.cloud.context.clock.sleep(3 * 3600)
    assert deployed.inputs("Retrain") == []
    assert deployed.inputs("Monitor") == []


def test_the_ledger_says_what_is_evaluated_and_started(deployed: Deployed) -> None:
    entries: dict[str, Entry] = {
        entry.resource.split("/")[1]: entry for entry in deployed.cloud.context.ledger.entries()
    }
    for name in ("Alarm", "OnAlarm", "Hourly"):
        assert entries[name].life is Life.LIVE
    assert entries["Alarm"].notes == ()
    assert entries["Hourly"].notes == (
        "FlexibleTimeWindow: the target starts when the window begins",
    )
    assert entries["Percentile"].life is Life.API_ONLY
    notes = " | ".join(entries["Percentile"].notes)
    for words in (
        "percentiles are not evaluated",
        "nobody here puts metrics of AWS/SageMaker",
        "opsitem:1 is not carried out",
    ):
        assert words in notes
