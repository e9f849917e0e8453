"""Lambda: invocations go to the functions worker, and LoggingConfig is kept."""

from __future__ import annotations

import base64
import json
from typing import Any, Protocol
from urllib.parse import unquote

from moto.awslambda.exceptions import LambdaClientError
from moto.awslambda.models import LambdaFunction
from moto.awslambda.responses import LambdaResponse
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.utilities.aws_headers import amz_crc32

from penstock.localcloud.errors import LocalCloudError
from penstock.localcloud.shims.patches import Patches
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

    def invoke_later(self, settings: FunctionSettings, event: str, retries: int = 2) -> None:
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
    logging_config = getattr(function, "logging_config", None) or {}
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


def retries_of(function: Any) -> int:
    """How often a failed asynchronous invocation is tried again (default 2)."""
    configs = function.event_invoke_config
    return int(configs[-1].config.get("MaximumRetryAttempts", 2)) if configs else 2


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
            invoker.invoke_later(settings, event, retries_of(function))
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
        """The way of moto's own event sources: streams, queues, topics, notifications."""
        return run(self, body, headers, response_headers)

    patches.replace(LambdaResponse, "invoke", amz_crc32(respond))
    patches.replace(LambdaSimpleBackend, "invoke", backend_invoke)
    patches.replace(LambdaFunction, "invoke", function_invoke)
    _keep_logging_config(patches)


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


def _keep_logging_config(patches: Patches) -> None:
    """moto drops LoggingConfig, which names the function's log group."""

    def create(self: Any, *arguments: Any, **options: Any) -> None:
        stock_create(self, *arguments, **options)
        spec = options["spec"] if "spec" in options else arguments[1]
        self.logging_config = spec.get("LoggingConfig")

    def configuration(self: Any, on_create: bool = False) -> dict[str, Any]:
        document: dict[str, Any] = stock_configuration(self, on_create)
        given = getattr(self, "logging_config", None) or {}
        document["LoggingConfig"] = {
            "LogFormat": "Text",
            "LogGroup": f"/aws/lambda/{self.function_name}",
            **given,
        }
        return document

    def update(self: Any, config_updates: dict[str, Any]) -> dict[str, Any]:
        if "LoggingConfig" in config_updates:
            self.logging_config = config_updates["LoggingConfig"]
        document: dict[str, Any] = stock_update(self, config_updates)
        return document

    stock_create = patches.replace(LambdaFunction, "__init__", create)
    stock_configuration = patches.replace(LambdaFunction, "get_configuration", configuration)
    stock_update = patches.replace(LambdaFunction, "update_configuration", update)
