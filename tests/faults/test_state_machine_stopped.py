"""Somebody stops an execution in the middle: nothing is half-made, and the next one succeeds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from penstock.localcloud.shims import stepfunctions
from tests.faults.jobs_lab import sagemaker_with, told
from tests.offline.sagemaker_lab import DIGITS, SageMakerLab
from tests.offline.test_step_functions import execute
from tests.processes import processes_below
from tests.waiting import eventually

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("state-machine-stopped")]

FAULT = "state-machine-stopped"
LONG = {**DIGITS, "epochs": "400", "early_stopping_patience": "400"}


def states(lab: SageMakerLab, hyperparameters: dict[str, str]) -> dict[str, Any]:
    """A training, as the pipeline's machine has it: whatever fails is caught and told."""
    request = lab.request("any", HyperParameters=hyperparameters)
    named = {key: value for key, value in request.items() if key != "TrainingJobName"}
    return {
        "Train": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
            "Parameters": {**named, "TrainingJobName.$": "$$.Execution.Name"},
            "ResultSelector": {"artifact.$": "$.ModelArtifacts.S3ModelArtifacts"},
            "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 3}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Alert"}],
            "Next": "Register",
        },
        "Register": {"Type": "Pass", "Result": {"registered": True}, "End": True},
        "Alert": {"Type": "Fail", "Error": "TrainingFailed"},
    }


def started(lab: SageMakerLab) -> SageMakerLab:
    context = lab.cloud.context
    stepfunctions.install(
        lab.cloud.patches, clients=context.clients, clock=context.clock, faults=context.faults
    )
    return lab


def entered(lab: SageMakerLab, execution: dict[str, Any]) -> list[str]:
    """The states that it came to, and how its history ends."""
    history = lab.cloud.client("stepfunctions").get_execution_history(
        executionArn=execution["executionArn"], maxResults=1000
    )["events"]
    names = [
        event["stateEnteredEventDetails"]["name"]
        for event in history
        if "stateEnteredEventDetails" in event
    ]
    return [*names, history[-1]["type"]]


def test_the_job_that_it_waits_for_is_stopped_and_nothing_is_caught(tmp_path: Path) -> None:
    with sagemaker_with(tmp_path, f"{FAULT}=Train") as lab:
        machine = states(started(lab), LONG)
        execution = execute(lab.cloud, machine)

        assert (execution["status"], execution["error"]) == ("ABORTED", "Stopped")
        assert execution["cause"] == "somebody stopped it in state Train"
        assert "output" not in execution
        assert entered(lab, execution) == ["Train", "ExecutionAborted"]
        job = lab.ended(execution["name"])
        assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "Stopped")
        eventually(lambda: not processes_below(tmp_path), 10)

        again = execute(lab.cloud, states(lab, DIGITS), seconds=60)
        assert (again["status"], json.loads(again["output"])) == ("SUCCEEDED", {"registered": True})
        assert lab.ended(again["name"])["TrainingJobStatus"] == "Completed"
        entry = told(lab.cloud, FAULT)
        assert entry["happened"] == 1
        assert "was stopped in state Train (1 time)" in entry["line"]
        assert "the job of Train was stopped by .sync (1 time)" in entry["line"]


def test_a_state_that_waits_for_no_job_does_not_begin(tmp_path: Path) -> None:
    with sagemaker_with(tmp_path, f"{FAULT}=Register") as lab:
        execution = execute(lab.cloud, states(started(lab), DIGITS), seconds=60)

        assert execution["status"] == "ABORTED"
        assert entered(lab, execution) == ["Train", "ExecutionAborted"]
        assert lab.ended(execution["name"])["TrainingJobStatus"] == "Completed"


def test_whoever_stops_it_says_why(tmp_path: Path) -> None:
    with sagemaker_with(tmp_path) as lab:
        started(lab)
        machines = lab.cloud.client("stepfunctions")
        machine = machines.create_state_machine(
            name="waits",
            definition=json.dumps({"StartAt": "Train", "States": states(lab, LONG)}),
            roleArn=lab.cloud.role_arn,
        )
        execution = machines.start_execution(stateMachineArn=machine["stateMachineArn"])
        arn = execution["executionArn"]
        eventually(lambda: lab.api.list_training_jobs()["TrainingJobSummaries"] or None)
        machines.stop_execution(executionArn=arn, error="Mistake", cause="the wrong data")
        ended = eventually(
            lambda: (
                (found := machines.describe_execution(executionArn=arn))["status"] != "RUNNING"
                and found
            )
        )
        assert (ended["status"], ended["error"]) == ("ABORTED", "Mistake")
        assert ended["cause"] == "the wrong data"
        aborted = machines.get_execution_history(executionArn=arn, reverseOrder=True)["events"]
        details = [event.get("executionAbortedEventDetails") for event in aborted]
        assert {"error": "Mistake", "cause": "the wrong data"} in details

        # what has ended stays as it ended
        machines.stop_execution(executionArn=arn, error="Late", cause="twice")
        assert machines.describe_execution(executionArn=arn)["error"] == "Mistake"
