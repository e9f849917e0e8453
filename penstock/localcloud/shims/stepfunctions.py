"""Step Functions: tasks act as the machine's role, .sync works, waiting follows the clock."""

from __future__ import annotations

import json
import re
import sys
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from jsonpath_ng.ext import parse as parse_jsonpath
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
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_task import state_task_factory
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk as aws_sdk,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_callback as callback,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_factory as factory,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_sfn as nested,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import (
    ResourceCondition,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import (
    WaitFunction,
)
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.utils import json_path
from moto.stepfunctions.parser.backend.execution import Execution
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from penstock.localcloud.clients import ClientFactory
from penstock.localcloud.clock import Clock
from penstock.localcloud.faults.faults import Faults
from penstock.localcloud.shims import stepfunctions_stop
from penstock.localcloud.shims.patches import Patches
from penstock.localcloud.shims.stepfunctions_stop import WaitingTask

_POLL_SECONDS = 0.1

# Descendants, wildcards, filters, slices and unions can find any number of values.
_INDEFINITE = re.compile(r"\.\.|\*|\?\(|\[[^\]'\"]*[:,][^\]]*\]")

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

# The service's part of an aws-sdk error name ("CloudFormation.CloudFormationException").
_ERROR_NAMES = {
    "cloudformation": "CloudFormation",
    "sagemaker": "SageMaker",
    "ssm": "Ssm",
    "sns": "Sns",
    "s3": "S3",
    "glue": "Glue",
    "events": "EventBridge",
    "cloudwatch": "CloudWatch",
    "lambda": "Lambda",
    "sfn": "Sfn",
}


def plain(value: Any, time_format: Callable[[datetime], Any]) -> Any:
    """`value` as JSON types: times by `time_format`, bodies and the like as text."""

    def default(item: Any) -> Any:
        if isinstance(item, StreamingBody):
            return item.read().decode()
        return time_format(item) if isinstance(item, datetime) else str(item)

    return json.loads(json.dumps(value, default=default))


def _epoch_ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


class SageMakerTask(callback.StateTaskServiceCallback):  # type: ignore[misc]
    """The optimized SageMaker integration: request-response and .sync."""

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
        client = callback_client(resource_runtime_part, state_credentials)
        response = getattr(client, self._get_boto_service_action())(**normalised_parameters)
        response.pop("ResponseMetadata", None)
        env.stack.append(plain(response, _epoch_ms))

    def _build_sync_resolver(
        self,
        env: Any,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,
    ) -> Callable[[], Any]:
        name_key, describe, status_key, good, bad = _SYNC_ACTIONS[self._get_boto_service_action()]
        env.stack.pop()
        client = callback_client(resource_runtime_part, state_credentials)

        def poll() -> Any:
            job = getattr(client, describe)(**{name_key: normalised_parameters[name_key]})
            job.pop("ResponseMetadata", None)
            job = plain(job, _epoch_ms)
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


class _MachinesRole(str):
    """A role's ARN that knows for which machine it is assumed."""

    machine_arn: str


def callback_client(resource_runtime_part: Any, state_credentials: Any) -> Any:
    """The SageMaker client of the machine's role (through the patched boto_client_for)."""
    return aws_sdk.boto_client_for(
        service="sagemaker",
        region=resource_runtime_part.region,
        state_credentials=state_credentials,
    )


def install(
    patches: Patches, *, clients: ClientFactory, clock: Clock, faults: Faults | None = None
) -> None:
    """Give every state machine its role, .sync for SageMaker and Glue, and the cloud's clock."""
    faults = faults or Faults()

    def client_for(region: str, service: str, state_credentials: Any = None) -> Any:
        if region != clients.region:
            raise ValueError(f"the local cloud has one region, {clients.region}, not {region}")
        role = state_credentials.role_arn
        return clients.for_role(
            str(role),
            service,
            by="states.amazonaws.com",
            source_arn=getattr(role, "machine_arn", ""),
        )

    def execution_details(self: Any) -> Any:
        details = stock_details(self)
        details.role_arn = _MachinesRole(details.role_arn)
        details.role_arn.machine_arn = self.state_machine_arn
        return details

    stock_details = patches.replace(
        Execution, "_get_start_aws_execution_details", execution_details
    )

    _replace_everywhere(patches, "boto_client_for", client_for)
    _replace_everywhere(patches, "extract_json", extract)
    _install_names(patches)
    _install_tasks(patches)
    _install_sync(patches, clients, faults)
    stepfunctions_stop.install(patches, clients=clients, faults=faults)
    _install_waiting(patches, clock)


def _replace_everywhere(patches: Patches, name: str, value: Any) -> None:
    """moto's modules import functions by name: each of them holds its own."""
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith("moto.stepfunctions.") and hasattr(module, name):
            patches.replace(module, name, value)


def extract(path: str, data: Any) -> Any:
    """What a reference path finds: a value for a definite path, else a list of all matches.

    moto 5.2.5 gives a list for `$.a[0].b` too, and an error for a filter that matches nothing.
    Source: Amazon States Language, "Reference paths"; the empty list is from experience.
    """
    matches = [match.value for match in parse_jsonpath(path).find(data)]
    if _INDEFINITE.search(path):
        return matches
    if not matches:
        raise json_path.NoSuchJsonPathError(json_path=path, data=data)
    return matches[0]


def _install_names(patches: Patches) -> None:
    """Whoever starts an execution without a name gets one (botocore 1.44.5, StartExecution).

    moto 5.2.5 calls it None, and refuses the second one, which has the same name.
    """
    stock = StepFunctionsParserBackend.start_execution

    def start_execution(
        self: Any, state_machine_arn: str, name: str | None = None, *rest: Any, **named: Any
    ) -> Any:
        return stock(self, state_machine_arn, name or str(uuid.uuid4()), *rest, **named)

    patches.replace(StepFunctionsParserBackend, "start_execution", start_execution)


def _install_tasks(patches: Patches) -> None:
    stock = factory.state_task_service_for

    def state_task_service_for(service_name: str) -> Any:
        return SageMakerTask() if service_name == "sagemaker" else stock(service_name)

    patches.replace(factory, "state_task_service_for", state_task_service_for)
    patches.replace(state_task_factory, "state_task_service_for", state_task_service_for)
    patches.replace(
        aws_sdk, "_SERVICE_ERROR_NAMES", {**aws_sdk._SERVICE_ERROR_NAMES, **_ERROR_NAMES}
    )

    def call_aws_sdk(
        self: Any,
        env: Any,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,
    ) -> None:
        client = aws_sdk.boto_client_for(
            service=self._get_boto_service_name(),
            region=resource_runtime_part.region,
            state_credentials=state_credentials,
        )
        env.stack.append(_call(client, self._get_boto_service_action(), normalised_parameters))

    patches.replace(aws_sdk.StateTaskServiceAwsSdk, "_eval_service_task", call_aws_sdk)
    # states:startExecution, with and without .sync
    patches.replace(nested.StateTaskServiceSfn, "_eval_service_task", call_aws_sdk)


def _call(client: Any, action: str, parameters: Mapping[str, Any]) -> Any:
    """An API call as a state sees it: names in Pascal case, whatever the API's model writes.

    Step Functions developer guide, supported AWS SDK integrations: "Parameters must be expressed
    in PascalCase, even if the native service API is in camelCase". moto 5.2.5 hands the names on.
    """
    operation = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[action])
    members = operation.input_shape.members if operation.input_shape else {}
    given = {
        name if name in members else name[:1].lower() + name[1:]: value
        for name, value in parameters.items()
    }
    response = getattr(client, action)(**given) or {}
    response.pop("ResponseMetadata", None)
    if operation.output_shape is not None:
        response = _pascal(response, operation.output_shape)
    # times are ISO strings in aws-sdk results; moto leaves datetime objects in the state
    return plain(response, lambda moment: moment.isoformat())


def _pascal(value: Any, shape: Any) -> Any:
    """Members of structures begin with a capital; keys of maps are data and stay as they are."""
    if shape.type_name == "structure" and isinstance(value, dict):
        return {
            name[:1].upper() + name[1:]: _pascal(item, shape.members[name])
            if name in shape.members
            else item
            for name, item in value.items()
        }
    if shape.type_name == "list":
        return [_pascal(item, shape.member) for item in value]
    return value


def _install_sync(patches: Patches, clients: ClientFactory, faults: Faults) -> None:
    """moto 5.2.5 calls interrupt_all() on a None endpoint when a .sync task takes no token."""
    stock = callback.StateTaskServiceCallback._eval_integration_pattern

    def eval_integration_pattern(
        self: Any,
        env: Any,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,
    ) -> None:
        if (
            self.resource.condition != ResourceCondition.Sync
            or ResourceCondition.WaitForTaskToken in self._supported_integration_patterns
        ):
            stock(self, env, resource_runtime_part, normalised_parameters, state_credentials)
            return
        action = (self._get_boto_service_name(), self._get_boto_service_action())
        task = WaitingTask(
            env,
            clients,
            faults,
            state_credentials.role_arn,
            (*action, {**normalised_parameters, **env.stack[-1]}),
        )
        poll = self._build_sync_resolver(
            env=env,
            resource_runtime_part=resource_runtime_part,
            normalised_parameters=normalised_parameters,
            state_credentials=state_credentials,
        )
        result = None
        while env.is_running():
            result = poll()
            if result is not None:
                break
            task.waits()
            time.sleep(_POLL_SECONDS)
        if result is None:
            task.left()
        env.stack.append(plain(result, _epoch_ms))

    patches.replace(
        callback.StateTaskServiceCallback, "_eval_integration_pattern", eval_integration_pattern
    )


def _install_waiting(patches: Patches, clock: Clock) -> None:
    def wait_interval(_self: Any, env: Any, wait_seconds: float) -> None:
        over = threading.Event()
        timer = clock.call_later(max(wait_seconds, 0), over.set)
        while not over.wait(_POLL_SECONDS):
            if not env.is_running():
                timer.cancel()
                return

    patches.replace(WaitFunction, "_wait_interval", wait_interval)
    patches.replace(retrier_decl, "time", SimpleNamespace(sleep=clock.sleep))
