"""The violation alarm and what it sets going: a decision, and perhaps a training."""

from __future__ import annotations

import json
from typing import Any

from penstock.scenario.aws import Aws, Stage, StepFailedError
from penstock.scenario.execution import ENDED, find_execution, output_of

Decision = dict[str, Any]
_AUTOMATIC = "retrain-"  # the names of trainings that nobody started by hand


class Retraining:
    """Watches the alarm, and each new decision of the machine that answers to it."""

    def __init__(self, aws: Aws, stage: Stage) -> None:
        self._aws = aws
        self._stage = stage
        self._alarms = aws.client("cloudwatch")
        self._known = self._executions("RetrainStateMachineArn")
        self._known_trainings = self._executions("TrainingStateMachineArn")

    def alarm_state(self) -> str:
        """OK, ALARM or INSUFFICIENT_DATA."""
        state: str = self._alarm()["StateValue"]
        return state

    def alarm_threshold(self) -> float:
        """As many violations in one check set it off."""
        return float(self._alarm()["Threshold"])

    def wait_for_state(self, wanted: str) -> None:
        """Wait until the alarm has this state."""
        self._aws.wait_for(
            f"alarm {self._stage['MonitorAlarmName']} to be {wanted}",
            lambda: True if self.alarm_state() == wanted else None,
        )

    def wait_for_decision(self) -> Decision:
        """Wait for the end of the next execution that an alarm began; its output."""
        execution = self._aws.wait_for("a decision about training again", self._next)
        self._known.add(execution["executionArn"])
        return output_of(execution, "the decision about training again")

    def training(self, decision: Decision) -> dict[str, Any]:
        """The training execution that a decision started.

        Or the one that forbade it, because the hourly question came first. StepFailedError if
        neither is there.
        """
        begun = find_execution(
            self._aws,
            self._stage["TrainingStateMachineArn"],
            lambda execution: (
                execution["name"].startswith(_AUTOMATIC)
                and execution["executionArn"] not in self._known_trainings
            ),
        )
        if begun is None:
            raise StepFailedError(f"no training began: {decision['reason']}")
        return begun

    def _alarm(self) -> dict[str, Any]:
        name = self._stage["MonitorAlarmName"]
        alarms = self._alarms.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        if not alarms:
            raise StepFailedError(f"there is no alarm {name}: is the stage deployed?")
        found: dict[str, Any] = alarms[0]
        return found

    def _executions(self, machine: str) -> set[str]:
        listed = self._aws.client("stepfunctions").list_executions(
            stateMachineArn=self._stage[machine]
        )
        return {item["executionArn"] for item in listed["executions"]}

    def _next(self) -> dict[str, Any] | None:
        return find_execution(
            self._aws,
            self._stage["RetrainStateMachineArn"],
            lambda execution: (
                execution["executionArn"] not in self._known
                and execution["status"] in ENDED
                and json.loads(execution["input"]).get("cause") == "alarm"
            ),
        )
