"""Starts the training state machine and follows it, state by state."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from penstock.scenario.aws import Aws, Stage, StepFailedError
from penstock.scenario.progress import Timeline

# State of the machine -> step of the run.
_STEP_OF_STATE = {
    "Prepare": "prepare",
    "Train": "train",
    "DescribeTraining": "train",
    "ReadMetric": "gate",
    "Gate": "gate",
    "GateMissed": "gate",
    "MetricMissing": "gate",
    "Register": "register",
}
_ENDED = {"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"}


@dataclass(frozen=True)
class TrainingRun:
    """What one execution made: names, addresses and the training job as the API describes it."""

    execution_arn: str
    job: dict[str, Any]
    summary: dict[str, Any]
    model_package_arn: str | None


class TrainingFollower:
    """One execution of the training state machine, reported as steps of a timeline."""

    def __init__(self, aws: Aws, stage: Stage, timeline: Timeline) -> None:
        self._aws = aws
        self._stage = stage
        self._timeline = timeline
        self._machines = aws.client("stepfunctions")
        self._seen_events = 0
        self._current: str | None = None
        self._step_times: dict[str, tuple[Any, Any]] = {}
        self._job_name: str | None = None

    def start(self) -> str:
        """Start an execution; returns its ARN."""
        arn: str = self._machines.start_execution(
            stateMachineArn=self._stage["TrainingStateMachineArn"],
            name=f"run-{uuid.uuid4()}",
            input="{}",
        )["executionArn"]
        return arn

    def follow(self, execution_arn: str) -> TrainingRun:
        """Wait for the end; StepFailedError tells the step's error and cause."""
        execution = self._aws.wait_for(
            "the training state machine",
            lambda: self._look(execution_arn),
            progress=lambda: self._seen_events,
        )
        job = self._job()
        summary = self._summary(job)
        if execution["status"] != "SUCCEEDED":
            why = _reason(execution)
            step = self._current or "prepare"
            self._timeline.begin(step)
            self._timeline.end(step, "failed", why, self._seconds(step))
            raise TrainingFailedError(why, TrainingRun(execution_arn, job, summary, None))
        if self._current:
            self._finish(self._current)
        output = json.loads(execution["output"])
        return TrainingRun(execution_arn, job, summary, output["model_package_arn"])

    def _look(self, execution_arn: str) -> dict[str, Any] | None:
        execution: dict[str, Any] = self._machines.describe_execution(executionArn=execution_arn)
        self._read_history(execution_arn)
        return execution if execution["status"] in _ENDED else None

    def _read_history(self, execution_arn: str) -> None:
        pages = self._machines.get_paginator("get_execution_history").paginate(
            executionArn=execution_arn
        )
        events = [event for page in pages for event in page["events"]]
        for event in events[self._seen_events :]:
            self._read_event(event)
        self._seen_events = len(events)

    def _read_event(self, event: dict[str, Any]) -> None:
        entered = event.get("stateEnteredEventDetails")
        if entered:
            step = _STEP_OF_STATE.get(entered["name"])
            if step and step != self._current:
                if self._current:
                    self._finish(self._current)
                self._current = step
                self._timeline.begin(step)
                if step == "gate":
                    self._say_metric(self._job())
                self._step_times[step] = (event["timestamp"], event["timestamp"])
        if self._current:
            start, _ = self._step_times[self._current]
            self._step_times[self._current] = (start, event["timestamp"])
        scheduled = event.get("taskScheduledEventDetails")
        if scheduled and scheduled["resource"].startswith("createTrainingJob"):
            self._job_name = json.loads(scheduled["parameters"])["TrainingJobName"]
            self._timeline.say("train", self._job_name)

    def _finish(self, step: str) -> None:
        self._timeline.end(step, "succeeded", seconds=self._seconds(step))

    def _seconds(self, step: str) -> float | None:
        if step not in self._step_times:
            return None
        start, end = self._step_times[step]
        return float((end - start).total_seconds())

    def _job(self) -> dict[str, Any]:
        if self._job_name is None:
            return {}
        job: dict[str, Any] = self._aws.client("sagemaker").describe_training_job(
            TrainingJobName=self._job_name
        )
        return job

    def _say_metric(self, job: dict[str, Any]) -> None:
        wanted, least = self._stage["GateMetric"], self._stage["GateThreshold"]
        for metric in job.get("FinalMetricDataList", []):
            if metric["MetricName"] == wanted:
                self._timeline.say("gate", f"{wanted} {metric['Value']:.4f}, at least {least}")

    def _summary(self, job: dict[str, Any]) -> dict[str, Any]:
        """summary.json of the prepare step, beside the channels that the job read."""
        channels = job.get("InputDataConfig", [])
        if not channels:
            return {}
        uri = channels[0]["DataSource"]["S3DataSource"]["S3Uri"].rstrip("/")
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        parent = key.rsplit("/", 1)[0]
        body = self._aws.client("s3").get_object(Bucket=bucket, Key=f"{parent}/summary.json")
        summary: dict[str, Any] = json.loads(body["Body"].read())
        summary["prepared_uri"] = f"s3://{bucket}/{parent}/"
        return summary


class TrainingFailedError(StepFailedError):
    """The execution did not succeed; `run` holds what there is of it."""

    def __init__(self, why: str, run: TrainingRun) -> None:
        super().__init__(why)
        self.run = run


def _reason(execution: dict[str, Any]) -> str:
    error = execution.get("error", execution["status"])
    cause = execution.get("cause", "")
    try:
        described = json.loads(cause)
    except ValueError:
        return f"{error}: {cause}"
    # a .sync failure's cause is the whole job; its own reason is what people need
    reason = described.get("FailureReason") or described.get("ErrorMessage") or cause
    return f"{error}: {reason}"
