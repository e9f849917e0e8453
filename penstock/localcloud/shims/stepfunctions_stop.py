"""StopExecution: error and cause are kept, no Catch sees it, jobs that are waited for end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.stepfunctions.parser.asl.component.state.exec.execute_state import ExecutionState
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import (
    ResourceCondition,
)
from moto.stepfunctions.parser.asl.component.state.state import CommonStateField
from moto.stepfunctions.parser.asl.eval.program_state import ProgramError, ProgramStopped
from moto.stepfunctions.parser.backend.execution import BaseExecutionWorkerCommunication
from moto.stepfunctions.responses import StepFunctionResponse

from penstock.localcloud.clients import ClientFactory
from penstock.localcloud.faults.faults import Faults
from penstock.localcloud.shims.patches import Patches

log = logging.getLogger(__name__)

FAULT = "state-machine-stopped"

# What .sync cancels, by service and action: the stop call, and its arguments from the parameters
# and the answer of the call that started the job.
_STOPS: dict[tuple[str, str], tuple[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    ("glue", "start_job_run"): (
        "batch_stop_job_run",
        lambda told: {"JobName": told["JobName"], "JobRunIds": [told["JobRunId"]]},
    ),
    ("sagemaker", "create_training_job"): (
        "stop_training_job",
        lambda told: {"TrainingJobName": told["TrainingJobName"]},
    ),
    ("sagemaker", "create_processing_job"): (
        "stop_processing_job",
        lambda told: {"ProcessingJobName": told["ProcessingJobName"]},
    ),
    ("sagemaker", "create_transform_job"): (
        "stop_transform_job",
        lambda told: {"TransformJobName": told["TransformJobName"]},
    ),
    ("stepfunctions", "start_execution"): (
        "stop_execution",
        lambda told: {"executionArn": told.get("ExecutionArn") or told["executionArn"]},
    ),
}


class _Stopped(BaseException):
    """The execution has ended from outside: neither Retry nor Catch has a say."""


class WaitingTask:
    """A .sync task's job: cancelled when the task is aborted.

    Step Functions developer guide, "Run a Job (.sync)": a task is aborted if the execution is
    stopped, or another branch of a Parallel state or iteration of a Map state fails uncaught; what
    becomes of the job when the state or the machine runs out of time is unconfirmed: it runs on.
    """

    def __init__(
        self, env: Any, clients: ClientFactory, faults: Faults, role_arn: str, started: Any
    ) -> None:
        self._env = env
        self._clients = clients
        self._faults = faults
        self._role_arn = role_arn
        self._service, self._action, self._told = started
        data = env.states.context_object.context_object_data
        self._state, self._execution = str(data["State"]["Name"]), str(data["Execution"]["Id"])

    def waits(self) -> None:
        """The job has not ended: somebody may stop the execution now, if it has begun to work."""
        is_wanted = self._faults.is_chosen(FAULT) and self._has_begun()
        if is_wanted and self._faults.due_at(FAULT, self._state):
            _stop(self._clients, self._faults, self._execution, self._state)

    def left(self) -> None:
        """Nobody waits for the job any more."""
        if not isinstance(self._env.program_state(), (ProgramStopped, ProgramError)):
            return
        known = _STOPS.get((self._service, self._action))
        if known is None:
            return
        operation, arguments = known
        client = self._clients.for_role(self._role_arn, self._service, by="states.amazonaws.com")
        try:
            getattr(client, operation)(**arguments(self._told))
        except (ClientError, BotoCoreError) as error:
            # as far as it can: a job that cannot be stopped runs on
            log.warning("state %s: its job was not stopped: %s", self._state, error)
            return
        if self._faults.is_chosen(FAULT):
            self._faults.followed(FAULT, f"the job of {self._state} was stopped by .sync")

    def _has_begun(self) -> bool:
        told, client = self._told, self._clients.deployer(self._service)
        if self._action == "start_job_run":
            run = client.get_job_run(JobName=told["JobName"], RunId=told["JobRunId"])
            return bool(run["JobRun"]["JobRunState"] == "RUNNING")
        if self._action == "create_training_job":
            name = told["TrainingJobName"]
            job = client.describe_training_job(TrainingJobName=name)
            return bool(job["SecondaryStatus"] == "Training")
        return True


def install(patches: Patches, *, clients: ClientFactory, faults: Faults) -> None:
    """Make StopExecution end an execution as AWS does."""
    stock_state = CommonStateField._eval_body
    stock_task = ExecutionState._evaluate_with_timeout
    stock_end = BaseExecutionWorkerCommunication._reflect_execution_status

    def eval_state(self: Any, env: Any) -> None:
        # a task that waits for a job is stopped when that runs
        resource = getattr(self, "resource", None)
        is_sync = getattr(resource, "condition", None) == ResourceCondition.Sync
        if not is_sync and faults.due_at(FAULT, self.name):
            execution = env.states.context_object.context_object_data["Execution"]["Id"]
            _stop(clients, faults, execution, self.name)
            return
        try:
            stock_state(self, env)
        except _Stopped:
            return  # the program writes the end into the history

    def eval_task(self: Any, env: Any) -> None:
        try:
            stock_task(self, env)
        except Exception:
            if env.is_running():
                raise
        if not env.is_running():
            raise _Stopped

    def stop_execution(self: Any) -> ActionResult:
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        execution.stop(utcnow(), self._get_param("error"), self._get_param("cause"))
        return ActionResult({"stopDate": execution.stop_date or utcnow()})

    def reflect_status(self: Any) -> None:
        execution = self.execution
        state = execution.exec_worker.env.program_state()
        if isinstance(state, ProgramStopped):
            execution.error, execution.cause = state.error, state.cause
        stock_end(self)
        if execution.exec_status == "SUCCEEDED":
            faults.came_of([_machine(execution.exec_arn)], "the next execution SUCCEEDED")

    patches.replace(CommonStateField, "_eval_body", eval_state)
    patches.replace(ExecutionState, "_evaluate_with_timeout", eval_task)
    patches.replace(StepFunctionResponse, "stop_execution", stop_execution)
    patches.replace(BaseExecutionWorkerCommunication, "_reflect_execution_status", reflect_status)


def _stop(clients: ClientFactory, faults: Faults, execution_arn: str, state: str) -> None:
    """As somebody would, from outside."""
    clients.deployer("stepfunctions").stop_execution(
        executionArn=execution_arn, error="Stopped", cause=f"somebody stopped it in state {state}"
    )
    name, hit = execution_arn.split(":")[6], _machine(execution_arn)
    faults.happened(FAULT, f"an execution of {name} was stopped in state {state}", to=[hit])


def _machine(execution_arn: str) -> tuple[str, str]:
    return ("machine", execution_arn.split(":")[6])
