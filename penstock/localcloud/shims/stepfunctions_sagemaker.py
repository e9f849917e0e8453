"""Step Functions: the optimized SageMaker integration, request-response and .sync."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk as aws_sdk,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_callback as callback,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import (
    ResourceCondition,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

from penstock.localcloud.shims.stepfunctions_values import epoch_ms, plain

# What .sync waits for, by action: the name's key, the describe call, the status key, the states
# that end it well and badly (Step Functions developer guide, "Manage SageMaker with Step
# Functions"; statuses from botocore 1.44.5's sagemaker model).
_SYNC_ACTIONS: dict[str, tuple[str, str, str, set[str], set[str]]] = {
    "create_training_job": (
        "TrainingJobName",
        "describe_training_job",
        "TrainingJobStatus",
        {"Completed"},
        {"Failed", "Stopped"},
    ),
    "create_processing_job": (
        "ProcessingJobName",
        "describe_processing_job",
        "ProcessingJobStatus",
        {"Completed"},
        {"Failed", "Stopped"},
    ),
    "create_transform_job": (
        "TransformJobName",
        "describe_transform_job",
        "TransformJobStatus",
        {"Completed"},
        {"Failed", "Stopped"},
    ),
}


class SageMakerTask(callback.StateTaskServiceCallback):  # type: ignore[misc]
    """One task of the integration."""

    def __init__(self) -> None:
        super().__init__(supported_integration_patterns={ResourceCondition.Sync})

    def _get_supported_parameters(self) -> set[str]:
        return set()  # the client checks the parameters against botocore's model

    def _from_error(self, env: Any, ex: Exception) -> Any:
        if not isinstance(ex, ClientError):
            return super()._from_error(env=env, ex=ex)
        # the error's name as the Step Functions samples of AWS catch it
        error = "SageMaker.AmazonSageMakerException"
        return FailureEvent(
            env=env,
            error_name=CustomErrorName(error),
            event_type=HistoryEventType.TaskFailed,
            event_details=EventDetails(
                taskFailedEventDetails=TaskFailedEventDetails(
                    error=error,
                    cause=ex.response["Error"]["Message"],
                    resource=self._get_sfn_resource(),
                    resourceType=self._get_sfn_resource_type(),
                )
            ),
        )

    def _eval_service_task(
        self,
        env: Any,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,
    ) -> None:
        client = _client(resource_runtime_part, state_credentials)
        response = getattr(client, self._get_boto_service_action())(**normalised_parameters)
        response.pop("ResponseMetadata", None)
        env.stack.append(plain(response, epoch_ms))

    def _build_sync_resolver(
        self,
        env: Any,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,
    ) -> Callable[[], Any]:
        name_key, describe, status_key, good, bad = _SYNC_ACTIONS[self._get_boto_service_action()]
        env.stack.pop()
        client = _client(resource_runtime_part, state_credentials)

        def poll() -> Any:
            job = getattr(client, describe)(**{name_key: normalised_parameters[name_key]})
            job.pop("ResponseMetadata", None)
            job = plain(job, epoch_ms)
            if job[status_key] in good:
                return job
            if job[status_key] in bad:
                raise FailureEventException(self._task_failed(env, json.dumps(job)))
            return None

        return poll

    def _task_failed(self, env: Any, cause: str) -> Any:
        return FailureEvent(
            env=env,
            error_name=StatesErrorName(typ=StatesErrorNameType.StatesTaskFailed),
            event_type=HistoryEventType.TaskFailed,
            event_details=EventDetails(
                taskFailedEventDetails=TaskFailedEventDetails(
                    resource=self._get_sfn_resource(),
                    resourceType=self._get_sfn_resource_type(),
                    error="States.TaskFailed",
                    cause=cause,
                )
            ),
        )


def _client(resource_runtime_part: Any, state_credentials: Any) -> Any:
    """The SageMaker client of the machine's role (through the patched boto_client_for)."""
    return aws_sdk.boto_client_for(
        service="sagemaker",
        region=resource_runtime_part.region,
        state_credentials=state_credentials,
    )
