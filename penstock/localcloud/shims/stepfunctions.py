"""Step Functions: tasks act as the machine's role, .sync works, waiting follows the clock."""

from __future__ import annotations

import sys
import threading
import time
import uuid
from types import SimpleNamespace
from typing import Any

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
from moto.stepfunctions.parser.backend.execution import (
    BaseExecutionWorkerCommunication,
    Execution,
)
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

from penstock.localcloud.clients import ClientFactory
from penstock.localcloud.clock import Clock
from penstock.localcloud.faults.faults import Faults
from penstock.localcloud.shims import stepfunctions_stop
from penstock.localcloud.shims.patches import Patches
from penstock.localcloud.shims.stepfunctions_calls import ERROR_NAMES, call
from penstock.localcloud.shims.stepfunctions_sagemaker import SageMakerTask
from penstock.localcloud.shims.stepfunctions_stop import WaitingTask
from penstock.localcloud.shims.stepfunctions_values import epoch_ms, extract, plain

_POLL_SECONDS = 0.1


class _MachinesRole(str):
    """A role's ARN that knows for which machine it is assumed."""

    machine_arn: str


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
    _install_turns(patches)


def _replace_everywhere(patches: Patches, name: str, value: Any) -> None:
    """moto's modules import functions by name: each of them holds its own."""
    for module_name, module in list(sys.modules.items()):
        if module_name.startswith("moto.stepfunctions.") and hasattr(module, name):
            patches.replace(module, name, value)


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
        aws_sdk, "_SERVICE_ERROR_NAMES", {**aws_sdk._SERVICE_ERROR_NAMES, **ERROR_NAMES}
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
        env.stack.append(call(client, self._get_boto_service_action(), normalised_parameters))

    patches.replace(aws_sdk.StateTaskServiceAwsSdk, "_eval_service_task", call_aws_sdk)
    # states:startExecution, with and without .sync
    patches.replace(nested.StateTaskServiceSfn, "_eval_service_task", call_aws_sdk)


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
        env.stack.append(plain(result, epoch_ms))

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


def _install_turns(patches: Patches) -> None:
    """Nobody sees an execution that has half begun or half ended.

    moto lists an execution before it has a status, so that ListExecutions fails meanwhile, and
    says SUCCEEDED before it has the output. It looks whether a name is taken, and takes it later.
    """
    lock = threading.RLock()
    patches.one_at_a_time(
        lock,
        StepFunctionResponse,
        "start_execution",
        "list_executions",
        "describe_execution",
        "get_execution_history",
    )
    patches.one_at_a_time(lock, BaseExecutionWorkerCommunication, "_reflect_execution_status")
