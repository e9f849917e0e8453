"""One execution environment: a function's process, its log stream, and its invocations' log."""

from __future__ import annotations

import json
import logging
import math
import time
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from penstock.localcloud.context import CloudContext
from penstock.localcloud.runtimes import lambda_python
from penstock.localcloud.workers.functions.process import INIT_SECONDS, Answer, FunctionProcess
from penstock.localcloud.workers.functions.settings import FunctionSettings
from penstock.localcloud.workers.logs import LogStream

log = logging.getLogger(__name__)

# Response payload limit as Lambda's own message states it (6 MB and 100 bytes).
RESPONSE_LIMIT_BYTES = 6_291_556


@dataclass(frozen=True)
class InvocationResult:
    """What an invocation gave: its id, the payload, whether it is an error, its log's lines."""

    payload: bytes
    failed: bool
    log_text: str
    version: str
    request_id: str


class ExecutionEnvironment:
    """A started function. Use it from one thread at a time; `usable` says whether to keep it."""

    def __init__(self, context: CloudContext, settings: FunctionSettings, task_root: Path) -> None:
        self.settings = settings
        self.usable = True
        self._context = context
        day = context.clock.now().strftime("%Y/%m/%d")
        self._stream_name = f"{day}/[{settings.version}]{uuid.uuid4().hex}"
        self._log: LogStream | None = None
        self._ready = False
        self._init_ms = 0.0
        self._process = FunctionProcess(
            lambda_python(settings.runtime), task_root, self._variables(task_root)
        )

    def invoke(self, event: str, misbehaviour: str = "") -> InvocationResult:
        """Run the handler with `event` (JSON text); bootstrap.py knows what it can do wrong."""
        request_id = str(uuid.uuid4())
        lines = [f"START RequestId: {request_id} Version: {self.settings.version}"]
        started = time.monotonic()
        error = None if self._ready else self._initialise(lines, request_id)
        init_ms, self._init_ms = self._init_ms, 0.0
        payload = ""
        invoked = time.monotonic()
        if error is None:
            answer = self._process.invoke(
                event,
                self._context_values(request_id),
                self.settings.timeout_seconds,
                misbehaviour,
            )
            if answer.message is not None and answer.message["type"] == "hanging":
                # nothing happens until then, so nobody needs to wait for it
                self._context.clock.elapse(self.settings.timeout_seconds)
                invoked -= self.settings.timeout_seconds
                answer = replace(answer, message=None, timed_out=True)
            lines += answer.output.splitlines()
            error, payload = self._judge(answer, request_id, lines)
        else:
            invoked = started
        milliseconds = (time.monotonic() - invoked) * 1000
        if error is None and len(payload.encode()) > RESPONSE_LIMIT_BYTES:
            error = {
                "errorMessage": "Response payload size exceeded maximum allowed payload size "
                f"({RESPONSE_LIMIT_BYTES} bytes).",
                "errorType": "Function.ResponseSizeTooLarge",
            }
        lines += [f"END RequestId: {request_id}", self._report(request_id, milliseconds, init_ms)]
        self._write(lines)
        return InvocationResult(
            payload=(payload if error is None else json.dumps(error)).encode(),
            failed=error is not None,
            log_text="\n".join(lines) + "\n",
            version=self.settings.version,
            request_id=request_id,
        )

    def kill(self) -> None:
        """End the process; an invocation that runs in it fails."""
        self.usable = False
        self._process.kill()

    def close(self) -> None:
        """End the process and let go of its pipes."""
        self.usable = False
        self._process.close()

    def _initialise(self, lines: list[str], request_id: str) -> dict[str, Any] | None:
        started = time.monotonic()
        answer = self._process.wait_ready(INIT_SECONDS + self.settings.timeout_seconds)
        self._init_ms = (time.monotonic() - started) * 1000
        lines += answer.output.splitlines()
        if answer.message is not None and answer.message["type"] == "init_error":
            self.usable = False
            return {**answer.message["error"], "requestId": request_id}
        error, _ = self._judge(answer, request_id, lines)
        self._ready = error is None
        return error

    def _judge(
        self, answer: Answer, request_id: str, lines: list[str]
    ) -> tuple[dict[str, Any] | None, str]:
        """The error, if any, and the payload. The texts are Lambda's, from general knowledge."""
        if answer.timed_out:
            self.usable = False
            text = f"Task timed out after {self.settings.timeout_seconds:.2f} seconds"
            stamp = self._context.clock.now().strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            lines.append(f"{stamp} {request_id} {text}")
            return {
                "errorMessage": f"RequestId: {request_id} Error: {text}",
                "errorType": "Sandbox.Timedout",
            }, ""
        if answer.message is None:
            self.usable = False
            text = _exit_text(answer.exit_status or 0)
            lines.append(f"RequestId: {request_id} Error: {text}")
            return {
                "errorMessage": f"RequestId: {request_id} Error: {text}",
                "errorType": "Runtime.ExitError",
            }, ""
        if answer.message["type"] == "error":
            return answer.message["error"], ""
        return None, answer.message.get("payload", "")

    def _report(self, request_id: str, milliseconds: float, init_ms: float) -> str:
        fields = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {milliseconds:.2f} ms",
            f"Billed Duration: {math.ceil(milliseconds)} ms",
            f"Memory Size: {self.settings.memory_mb} MB",
            f"Max Memory Used: {self._process.memory_mb} MB",
        ]
        if init_ms:
            fields.append(f"Init Duration: {init_ms:.2f} ms")
        return "\t".join(fields)

    def _write(self, lines: list[str]) -> None:
        """The log group gets the lines; a function whose role may not log still runs."""
        try:
            if self._log is None:
                self._log = self._open_log(create_group=False)
            try:
                self._log.write(*lines)
            except ClientError as error:
                if error.response["Error"]["Code"] != "ResourceNotFoundException":
                    raise
                self._log = self._open_log(create_group=True)
                self._log.write(*lines)
        except (ClientError, BotoCoreError) as error:
            log.warning("function %s cannot write its log: %s", self.settings.name, error)

    def _open_log(self, *, create_group: bool) -> LogStream:
        return LogStream(
            self._context.clients.for_role(
                self.settings.role_arn,
                "logs",
                by="lambda.amazonaws.com",
                source_arn=self.settings.arn,
            ),
            self._context.clock,
            group=self.settings.log_group,
            stream=self._stream_name,
            create_group=create_group,
        )

    def _context_values(self, request_id: str) -> dict[str, Any]:
        return {
            "function_name": self.settings.name,
            "function_version": self.settings.version,
            "invoked_function_arn": self.settings.arn,
            "memory_limit_in_mb": str(self.settings.memory_mb),
            "aws_request_id": request_id,
            "log_group_name": self.settings.log_group,
            "log_stream_name": self._stream_name,
        }

    def _variables(self, task_root: Path) -> dict[str, str]:
        """The process's environment (Lambda developer guide, defined runtime variables)."""
        settings = self.settings
        return {
            **dict(settings.environment),
            **self._context.clients.environment(
                settings.role_arn, by="lambda.amazonaws.com", source_arn=self.settings.arn
            ),
            "_HANDLER": settings.handler,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_{settings.runtime}",
            "AWS_LAMBDA_FUNCTION_NAME": settings.name,
            "AWS_LAMBDA_FUNCTION_VERSION": settings.version,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(settings.memory_mb),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": settings.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": self._stream_name,
            "LAMBDA_TASK_ROOT": str(task_root),
            "LANG": "en_US.UTF-8",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "TZ": ":UTC",
        }


def _exit_text(status: int) -> str:
    if status < 0:
        return f"Runtime exited with error: signal: {-status}"
    if status:
        return f"Runtime exited with error: exit status {status}"
    return "Runtime exited without providing a reason"
