"""Starts the training state machine and follows it, state by state."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from penstock.scenario.aws import Aws, Stage, StepFailedError
from penstock.scenario.execution import (
    Event,
    ExecutionFollower,
    reason_of,
    start_execution,
)
from penstock.scenario.job_log import JobLog
from penstock.scenario.progress import Timeline

# State of the machine -> step of the run.
_STEP_OF_STATE = {
    "Prepare": "prepare",
    "Train": "train",
    "DescribeTraining": "train",
    "ReadMetric": "gate",
    "Compile": "register",
    "Register": "register",
}


@dataclass(frozen=True)
class TrainingRun:
    """What one execution made.

    `job` is the training job as the API describes it, `summary` the prepare step's summary.json,
    `output` the execution's own (metric_value, serving_metric_value, registered ...), empty if
    it failed. `model_package_arn` is None if no model was registered.
    """

    execution_arn: str
    job: dict[str, Any]
    summary: dict[str, Any]
    output: dict[str, Any] = field(default_factory=dict)

    @property
    def model_package_arn(self) -> str | None:
        """The registered model."""
        return self.output.get("model_package_arn")


class TrainingFollower:
    """One execution of the training state machine, reported as steps of a timeline.

    With `within` all of it is part of that step, which somebody else begins and ends.
    """

    def __init__(
        self, aws: Aws, stage: Stage, timeline: Timeline, *, within: str | None = None
    ) -> None:
        self._aws = aws
        self._stage = stage
        self._timeline = timeline
        self._within = within
        self._follower = ExecutionFollower(
            aws,
            None if within else timeline,
            _STEP_OF_STATE,
            listener=self._hear,
            progress=self._look_at_log,
        )
        self._state = ""
        self._job_name: str | None = None
        self._log: JobLog | None = None

    def start(self) -> str:
        """Start an execution; returns its ARN."""
        return start_execution(self._aws, self._stage["TrainingStateMachineArn"], {})

    def follow(self, execution_arn: str) -> TrainingRun:
        """Wait for the end; TrainingFailedError tells the step's error and cause."""
        try:
            execution = self._follower.follow(execution_arn)
        except StepFailedError as error:
            if not self._within:
                self._timeline.fail(self._follower.step or "prepare", str(error))
            raise
        job = self._job()
        summary = self._summary(job)
        if execution["status"] != "SUCCEEDED":
            why = reason_of(execution)
            if not self._within:
                step = self._follower.step or "prepare"
                self._timeline.fail(step, why, self._follower.seconds(step))
            raise TrainingFailedError(why, TrainingRun(execution_arn, job, summary))
        return TrainingRun(execution_arn, job, summary, json.loads(execution["output"]))

    def _hear(self, event: Event) -> None:
        entered = event.get("stateEnteredEventDetails")
        if entered:
            self._state = entered["name"]
        if entered and entered["name"] == "DescribeTraining" and not self._within:
            self._timeline.say("train", self._job_name or "")
        elif entered and entered["name"] == "ReadMetric" and not self._within:
            self._say_metric(self._job())
        elif entered and entered["name"] == "NotJudged" and not self._within:
            self._timeline.say("gate", "not judged: no anomaly is labelled in the test data")
        elif entered and self._within:
            self._timeline.say(self._within, f"state {entered['name']}")
        scheduled = event.get("taskScheduledEventDetails")
        if scheduled and scheduled["resource"].startswith("createTrainingJob"):
            job_name = json.loads(scheduled["parameters"])["TrainingJobName"]
            self._log = JobLog(self._aws, job_name)
            # what compiles a model is a training job, too, and trains nothing
            if self._state == "Train":
                self._job_name = job_name
            self._timeline.say(self._within or _STEP_OF_STATE[self._state], job_name)

    def _look_at_log(self) -> int:
        """When the job that runs last said something; what it says of epochs is passed on."""
        if self._log is None:
            return 0
        before = self._log.epoch_line
        self._log.look()
        if self._log.epoch_line != before and self._follower.step in (None, "train"):
            self._timeline.say(self._within or "train", f"{self._job_name}: {self._log.epoch_line}")
        return self._log.newest_ms

    def _job(self) -> dict[str, Any]:
        if self._job_name is None:
            return {}
        job: dict[str, Any] = self._aws.client("sagemaker").describe_training_job(
            TrainingJobName=self._job_name
        )
        return job

    def _say_metric(self, job: dict[str, Any]) -> None:
        wanted, demand = self._stage["GateMetric"], self._stage["GateDemand"]
        for metric in job.get("FinalMetricDataList", []):
            if metric["MetricName"] == wanted:
                self._timeline.say("gate", f"{wanted} {metric['Value']:.4f}, {demand}")
                return

    def _summary(self, job: dict[str, Any]) -> dict[str, Any]:
        """summary.json of the prepare step, beside the channels that the job read."""
        channels = job.get("InputDataConfig", [])
        if not channels:
            return {}
        channel_uri = channels[0]["DataSource"]["S3DataSource"]["S3Uri"].rstrip("/")
        prepared_uri = channel_uri.rpartition("/")[0] + "/"
        summary: dict[str, Any] = json.loads(self._aws.read(f"{prepared_uri}summary.json"))
        summary["prepared_uri"] = prepared_uri
        return summary


class TrainingFailedError(StepFailedError):
    """The execution did not succeed; `run` holds what there is of it."""

    def __init__(self, why: str, run: TrainingRun) -> None:
        super().__init__(why)
        self.run = run
