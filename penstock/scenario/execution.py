"""Follows one execution of a state machine and reports its states as steps of a timeline."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from penstock.scenario.aws import Aws, StepFailedError
from penstock.scenario.progress import Timeline

_LAST_EXECUTIONS = 20
_SHOWN_CHARACTERS = 300
ENDED = {"SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED"}
Event = dict[str, Any]


class ExecutionFollower:
    """One execution, from its start to its end.

    Args:
        aws: the account it runs in.
        timeline: where steps begin and end, by the times in the execution's history; None if
            nobody wants to know.
        step_of_state: a state's name -> the step it belongs to; other states belong to the step
            that is running.
        listener: told of every event of the history, in order.
        progress: something that changes while a state is at work, however long it is.
    """

    def __init__(
        self,
        aws: Aws,
        timeline: Timeline | None,
        step_of_state: Mapping[str, str],
        listener: Callable[[Event], None] | None = None,
        progress: Callable[[], object] = lambda: None,
    ) -> None:
        self._aws = aws
        self._timeline = timeline
        self._step_of_state = step_of_state
        self._listener = listener
        self._progress = progress
        self._machines = aws.client("stepfunctions")
        self._seen_events = 0
        self._step_times: dict[str, tuple[Any, Any]] = {}
        self.step: str | None = None

    def follow(self, execution_arn: str) -> dict[str, Any]:
        """Wait for the end and return the execution as the API describes it, however it ended.

        The step it failed in is left running: who called knows what to say about it.
        """
        execution = self._aws.wait_for(
            f"the execution {execution_arn.rsplit(':', 1)[-1]}",
            lambda: self._look(execution_arn),
            progress=lambda: (self._seen_events, self._progress()),
        )
        if execution["status"] == "SUCCEEDED" and self.step:
            self._finish(self.step)
        return execution

    def seconds(self, step: str) -> float | None:
        """How long a step took, by the history; None if it was never entered."""
        if step not in self._step_times:
            return None
        start, end = self._step_times[step]
        return float((end - start).total_seconds())

    def _look(self, execution_arn: str) -> dict[str, Any] | None:
        execution: dict[str, Any] = self._machines.describe_execution(executionArn=execution_arn)
        pages = self._machines.get_paginator("get_execution_history").paginate(
            executionArn=execution_arn
        )
        events = [event for page in pages for event in page["events"]]
        for event in events[self._seen_events :]:
            self._read(event)
        self._seen_events = len(events)
        return execution if execution["status"] in ENDED else None

    def _read(self, event: Event) -> None:
        entered = event.get("stateEnteredEventDetails")
        step = self._step_of_state.get(entered["name"]) if entered else None
        if self._timeline and step and step != self.step:
            if self.step:
                self._finish(self.step)
            self.step = step
            self._timeline.begin(step)
            self._step_times[step] = (event["timestamp"], event["timestamp"])
        if self.step:
            start, _ = self._step_times[self.step]
            self._step_times[self.step] = (start, event["timestamp"])
        if self._listener:
            self._listener(event)

    def _finish(self, step: str) -> None:
        if self._timeline:
            self._timeline.end(step, "succeeded", seconds=self.seconds(step))


def start_execution(aws: Aws, machine_arn: str, given: Mapping[str, Any]) -> str:
    """Start an execution with this input; returns its ARN."""
    arn: str = aws.client("stepfunctions").start_execution(
        stateMachineArn=machine_arn, name=f"run-{uuid.uuid4()}", input=json.dumps(given)
    )["executionArn"]
    return arn


def find_execution(
    aws: Aws, machine_arn: str, wanted: Callable[[dict[str, Any]], bool]
) -> dict[str, Any] | None:
    """The newest execution whose description is wanted, among the last ones, or None."""
    machines = aws.client("stepfunctions")
    listed = machines.list_executions(stateMachineArn=machine_arn, maxResults=_LAST_EXECUTIONS)
    for item in listed["executions"]:
        execution: dict[str, Any] = machines.describe_execution(executionArn=item["executionArn"])
        if wanted(execution):
            return execution
    return None


def reason_of(execution: Mapping[str, Any]) -> str:
    """Why an execution did not succeed: its error, and the cause that people need."""
    error = execution.get("error", execution["status"])
    return f"{error}: {_reason(execution.get('cause', ''))}"


def _reason(cause: str) -> str:
    """A .sync failure's cause is the whole job, a caught one's the whole state: dig for the reason.

    What cannot be told apart is shown from its beginning; the execution has all of it.
    """
    try:
        described = json.loads(cause)
    except ValueError:
        return cause
    if not isinstance(described, dict):
        return cause
    if isinstance(described.get("error"), dict):
        caught = described["error"]
        return f"{caught.get('Error', '')}: {_reason(caught.get('Cause', ''))}"
    if isinstance(described.get("serving"), dict):
        return f"the serving stack is {described['serving'].get('status')}"
    reason = described.get("FailureReason") or described.get("ErrorMessage")
    return str(reason or cause[:_SHOWN_CHARACTERS])


def output_of(execution: Mapping[str, Any], what: str) -> dict[str, Any]:
    """The output of an execution; StepFailedError if it did not succeed."""
    if execution["status"] != "SUCCEEDED":
        raise StepFailedError(f"{what}: {reason_of(execution)}")
    output: dict[str, Any] = json.loads(execution["output"])
    return output
