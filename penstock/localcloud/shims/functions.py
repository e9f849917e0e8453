"""Lambda: invocations go to the functions worker; what moto forgets of a function is kept."""

from __future__ import annotations

import base64
import json
from typing import Any, Protocol
from urllib.parse import unquote

from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.awslambda.models import LambdaBackend, LambdaFunction
from moto.awslambda.responses import LambdaResponse
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.utilities.aws_headers import amz_crc32

from penstock.localcloud.errors import LocalCloudError
from penstock.localcloud.shims.function_policies import install_policies
from penstock.localcloud.shims.patches import Patches
from penstock.localcloud.workers.functions.asynchronous import DESTINATIONS, AsyncPolicy
from penstock.localcloud.workers.functions.environment import InvocationResult
from penstock.localcloud.workers.functions.settings import FunctionSettings

# Lambda quotas: synchronous request payload 6 MB; asynchronous 1 MB (botocore 1.44.5 lambda model).
REQUEST_LIMIT_BYTES = 6 * 1024 * 1024
ASYNC_REQUEST_LIMIT_BYTES = 1024 * 1024
TAIL_BYTES = 4096


class Invoker(Protocol):
    """What this module needs of the functions worker."""

    def invoke(self, settings: FunctionSettings, event: str) -> InvocationResult:
        """Run the function and wait for its answer."""

    def invoke_later(self, settings: FunctionSettings, event: str, policy: AsyncPolicy) -> None:
        """Run the function without waiting."""


class InvocationRefusedError(LambdaClientError):  # type: ignore[misc]
    """An error of the Invoke API itself: the function was not started."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(kind, message)
        self.code = status


def settings_of(function: Any) -> FunctionSettings:
    """The settings of moto's LambdaFunction. InvocationRefusedError for what cannot run here."""
    if function.package_type != "Zip":
        raise InvocationRefusedError(
            502,
            "InvalidRuntimeException",
            f"{function.function_name}: PackageType {function.package_type} cannot run in the "
            "local cloud; package the function as a zip",
        )
    if function.layers:
        raise InvocationRefusedError(
            502,
            "InvalidRuntimeException",
            f"{function.function_name}: layers are not unpacked in the local cloud; put the "
            "modules into the function's own zip",
        )
    logging_config = _kept(function, "LoggingConfig") or {}
    return FunctionSettings(
        name=function.function_name,
        arn=function.function_arn,
        version=str(function.version),
        handler=function.handler,
        runtime=function.run_time,
        role_arn=function.role,
        environment=tuple(
            sorted((str(k), str(v)) for k, v in (function.environment_vars or {}).items())
        ),
        timeout_seconds=int(function.timeout),
        memory_mb=int(function.memory_size),
        log_group=logging_config.get("LogGroup") or f"/aws/lambda/{function.function_name}",
        code_sha256=function.code_sha_256,
        code=function.code_bytes,
    )


def async_policy_of(function: Any) -> AsyncPolicy:
    """What becomes of events for moto's LambdaFunction, with Lambda's defaults."""
    configs = function.event_invoke_config
    config = configs[-1].config if configs else {}
    usual = AsyncPolicy()

    def destination(outcome: str) -> str:
        wanted = config.get("DestinationConfig", {}).get(outcome, {})
        return str(wanted.get("Destination", ""))

    return AsyncPolicy(
        retries=int(config.get("MaximumRetryAttempts", usual.retries)),
        maximum_age_seconds=int(config.get("MaximumEventAgeInSeconds", usual.maximum_age_seconds)),
        on_success_arn=destination("OnSuccess"),
        on_failure_arn=destination("OnFailure"),
        dead_letter_arn=str((_kept(function, "DeadLetterConfig") or {}).get("TargetArn", "")),
    )


def install(patches: Patches, *, invoker: Invoker) -> None:
    """Every way into a function of moto leads to `invoker`."""

    def run(function: Any, body: Any, headers: Any, response_headers: dict[str, str]) -> bytes:
        event = _event_text(body)
        kind = headers.get("X-Amz-Invocation-Type") or "RequestResponse"
        limit = ASYNC_REQUEST_LIMIT_BYTES if kind == "Event" else REQUEST_LIMIT_BYTES
        if len(event.encode()) > limit:
            raise InvocationRefusedError(
                413,
                "RequestTooLargeException",
                f"Request must be smaller than {limit} bytes for the InvokeFunction operation",
            )
        settings = settings_of(function)
        response_headers["x-amz-executed-version"] = settings.version
        if kind == "DryRun":
            return b""
        if kind == "Event":
            invoker.invoke_later(settings, event, async_policy_of(function))
            return b""
        try:
            result = invoker.invoke(settings, event)
        except LocalCloudError as error:
            raise InvocationRefusedError(502, "InvalidRuntimeException", str(error)) from error
        if result.failed:
            response_headers["x-amz-function-error"] = "Unhandled"
        if headers.get("X-Amz-Log-Type") == "Tail":
            tail = result.log_text.encode()[-TAIL_BYTES:]
            response_headers["x-amz-log-result"] = base64.b64encode(tail).decode()
        return result.payload

    def respond(self: Any) -> tuple[int, dict[str, str], str | bytes]:
        name = unquote(self.path.rsplit("/", 2)[-2])
        function = self.backend.get_function(name, self._get_param("Qualifier"))
        headers: dict[str, str] = {}
        payload = run(function, self.body, self.headers, headers)
        status = {"Event": 202, "DryRun": 204}.get(self.headers.get("X-Amz-Invocation-Type"), 200)
        # moto takes the HTTP status from this header
        headers |= {"content-type": "application/json", "status": str(status)}
        return status, headers, payload

    def backend_invoke(
        self: Any,
        function_name: str,
        qualifier: str | None,
        body: Any,
        headers: Any,
        response_headers: Any,
    ) -> bytes:
        return run(self.get_function(function_name, qualifier), body, headers, response_headers)

    def function_invoke(self: Any, body: Any, headers: Any, response_headers: Any) -> bytes:
        """The way of moto's topics, notifications and log subscriptions: asynchronous ones."""
        return run(self, body, {**headers, "X-Amz-Invocation-Type": "Event"}, response_headers)

    patches.replace(LambdaResponse, "invoke", amz_crc32(respond))
    patches.replace(LambdaSimpleBackend, "invoke", backend_invoke)
    patches.replace(LambdaFunction, "invoke", function_invoke)
    _keep_settings(patches)
    _one_invoke_config(patches)
    install_policies(patches)


def _event_text(body: Any) -> str:
    text = body.decode() if isinstance(body, bytes) else (body or "{}")
    try:
        json.loads(text)
    except ValueError as error:
        raise InvocationRefusedError(
            400,
            "InvalidRequestContentException",
            f"Could not parse request body into json: {error}",
        ) from error
    return str(text)


# of a function's settings, what moto drops or answers always alike
_KEPT = frozenset({"LoggingConfig", "DeadLetterConfig", "SnapStart"})


def _kept(function: Any, name: str) -> Any:
    return getattr(function, "kept_settings", {}).get(name)


def _keep_settings(patches: Patches) -> None:
    def create(self: Any, *arguments: Any, **options: Any) -> None:
        stock_create(self, *arguments, **options)
        spec = options["spec"] if "spec" in options else arguments[1]
        self.kept_settings = {name: spec[name] for name in _KEPT if name in spec}

    def configuration(self: Any, on_create: bool = False) -> dict[str, Any]:
        document: dict[str, Any] = stock_configuration(self, on_create)
        document["LoggingConfig"] = {
            "LogFormat": "Text",
            "LogGroup": f"/aws/lambda/{self.function_name}",
            **(_kept(self, "LoggingConfig") or {}),
        }
        dead_letters = _kept(self, "DeadLetterConfig") or {}
        if dead_letters.get("TargetArn"):
            document["DeadLetterConfig"] = dead_letters
        document["SnapStart"] |= _kept(self, "SnapStart") or {}
        return document

    def update(self: Any, config_updates: dict[str, Any]) -> dict[str, Any]:
        self.kept_settings |= {name: config_updates[name] for name in _KEPT & config_updates.keys()}
        document: dict[str, Any] = stock_update(self, config_updates)
        return document

    stock_create = patches.replace(LambdaFunction, "__init__", create)
    stock_configuration = patches.replace(LambdaFunction, "get_configuration", configuration)
    stock_update = patches.replace(LambdaFunction, "update_configuration", update)


def _one_invoke_config(patches: Patches) -> None:
    """A new EventInvokeConfig takes the old one's place; moto would go on answering the old one."""

    def put(self: Any, function_name: str, config: dict[str, Any]) -> dict[str, Any]:
        for outcome, wanted in (config.get("DestinationConfig") or {}).items():
            arn = wanted.get("Destination", "")
            if arn and arn.split(":")[2] not in DESTINATIONS:
                raise InvalidParameterValueException(
                    f"DestinationConfig.{outcome}.Destination {arn}: queues, topics, functions and "
                    "event buses are delivered to in the local cloud"
                )
        answer: dict[str, Any] = stock_put(self, function_name, config)
        function = self.get_function(function_name)
        function.event_invoke_config = function.event_invoke_config[-1:]
        # the ARN of what it belongs to: functions have no versions here (developer guide,
        # "Configuring error handling settings for asynchronous invocations")
        function.event_invoke_config[0].arn = f"{function.function_arn}:$LATEST"
        return {**answer, "FunctionArn": function.event_invoke_config[0].arn}

    stock_put = patches.replace(LambdaBackend, "put_function_event_invoke_config", put)
