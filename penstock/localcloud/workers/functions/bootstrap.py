"""The program inside a function's process: loads the handler and answers invocations.

It runs on the function's own interpreter with the standard library alone, so nothing of ours is
imported here. Messages are JSON behind a four-byte length, on two pipes that the parent made;
stdout and stderr belong to the function. `read_message` and `write_message` serve both ends.

Names of errors (Runtime.ImportModuleError, Runtime.HandlerNotFound, Runtime.MarshalError ...) are
those of AWS's open Python runtime interface client.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import struct
import sys
import time
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any

_request_id = ""


def read_message(descriptor: int) -> dict[str, Any] | None:
    """The next message, or None when the other end is gone."""
    header = _read_exactly(descriptor, 4)
    if header is None:
        return None
    body = _read_exactly(descriptor, struct.unpack(">I", header)[0])
    if body is None:
        return None
    message: dict[str, Any] = json.loads(body)
    return message


def write_message(descriptor: int, message: dict[str, Any]) -> None:
    """Write one message; BrokenPipeError when the other end is gone."""
    body = json.dumps(message).encode()
    view = memoryview(struct.pack(">I", len(body)) + body)
    while view:
        view = view[os.write(descriptor, view) :]


def _read_exactly(descriptor: int, length: int) -> bytes | None:
    parts = []
    while length:
        part = os.read(descriptor, min(length, 1 << 20))
        if not part:
            return None
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


class Context:
    """The context object of the Python runtime (Lambda developer guide, Python context object)."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.function_name: str = values["function_name"]
        self.function_version: str = values["function_version"]
        self.invoked_function_arn: str = values["invoked_function_arn"]
        self.memory_limit_in_mb: str = values["memory_limit_in_mb"]
        self.aws_request_id: str = values["aws_request_id"]
        self.log_group_name: str = values["log_group_name"]
        self.log_stream_name: str = values["log_stream_name"]
        self.identity = None
        self.client_context = None
        self._deadline = time.monotonic() + values["remaining_seconds"]

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the function is ended."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


class RequestLog(logging.Handler):
    """Prints the logging module's records as the managed runtime does in text format."""

    def __init__(self) -> None:
        super().__init__()
        form = logging.Formatter(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(request)s\t%(message)s",
            "%Y-%m-%dT%H:%M:%S",
        )
        form.converter = time.gmtime
        self.setFormatter(form)

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record to stdout."""
        record.request = _request_id
        sys.stdout.write(self.format(record) + "\n")


class RuntimeFaultError(Exception):
    """The runtime's own error, with AWS's name for it."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


def load(handler: str) -> Callable[[Any, Context], Any]:
    """The function that `handler` ("folder/module.function") names, from the task directory."""
    try:
        module_name, function_name = handler.rsplit(".", 1)
    except ValueError:
        raise RuntimeFaultError(
            "Runtime.MalformedHandlerName", f"Bad handler '{handler}'"
        ) from None
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise RuntimeFaultError(
            "Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}"
        ) from error
    except SyntaxError as error:
        raise RuntimeFaultError(
            "Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}"
        ) from error
    found = getattr(module, function_name, None)
    if found is None:
        raise RuntimeFaultError(
            "Runtime.HandlerNotFound", f"Handler '{function_name}' missing on module {module_name}"
        )
    function: Callable[[Any, Context], Any] = found
    return function


def described(error: BaseException) -> dict[str, Any]:
    """The error as Lambda returns it; the frames of this program are left out."""
    frames: TracebackType | None = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    if isinstance(error, RuntimeFaultError):
        kind, stack = error.kind, []
    else:
        kind, stack = type(error).__name__, traceback.format_list(traceback.extract_tb(frames))
    return {"errorMessage": str(error), "errorType": kind, "stackTrace": stack}


def report(error: dict[str, Any]) -> None:
    """The error's text in the function's log."""
    lines = [f"[ERROR] {error['errorType']}: {error['errorMessage']}"]
    if error["stackTrace"]:
        lines += ["Traceback (most recent call last):", *error["stackTrace"]]
    sys.stdout.write("\n".join(line.rstrip("\n") for line in lines) + "\n")


def flush() -> None:
    """Everything printed so far is in the pipe before the answer is."""
    sys.stdout.flush()
    sys.stderr.flush()


def memory_kb() -> int:
    """The most memory this process has used, 0 where the system does not tell.

    Not getrusage: it also counts what the parent had before this program was started.
    """
    try:
        with open("/proc/self/status") as status:  # noqa: PTH123 (fewest imports at the start)
            lines = [line.split() for line in status]
    except OSError:
        return 0
    return next((int(line[1]) for line in lines if line[0] == "VmHWM:"), 0)


def spoil(records: list[dict[str, Any]], misbehaviour: str) -> None:
    """Do something wrong with the answer to a Firehose transformation event."""
    if misbehaviour == "leave out":
        records.pop()
    elif misbehaviour == "rename":
        records[-1]["recordId"] = "a record that nobody sent"
    elif misbehaviour == "inflate":
        records[-1]["data"] = "A" * 7_000_000  # Lambda's limit is 6 MB


def invoke(function: Callable[[Any, Context], Any], message: dict[str, Any]) -> dict[str, Any]:
    """One invocation: the answer's message."""
    try:
        misbehaviour = message["misbehaviour"]
        if misbehaviour == "raise":
            raise RuntimeError("this invocation was to fail")
        if misbehaviour == "hang":
            return {"type": "hanging"}
        result = function(json.loads(message["event"]), Context(message["context"]))
        if misbehaviour:
            spoil(result["records"], misbehaviour)
        try:
            payload = json.dumps(result)
        except (TypeError, ValueError) as error:
            raise RuntimeFaultError(
                "Runtime.MarshalError", f"Unable to marshal response: {error}"
            ) from error
    except Exception as error:  # noqa: BLE001 (whatever the function raises is its answer)
        failure = described(error)
        report(failure)
        return {"type": "error", "error": {**failure, "requestId": _request_id}}
    return {"type": "result", "payload": payload}


def main() -> None:
    """Serve invocations until the parent closes its end."""
    global _request_id
    requests, answers = int(sys.argv[1]), int(sys.argv[2])
    for descriptor in (requests, answers):
        os.set_inheritable(descriptor, False)
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    logging.getLogger().addHandler(RequestLog())
    try:
        function = load(os.environ["_HANDLER"])
    except Exception as error:  # noqa: BLE001 (the module may raise anything)
        failure = described(error)
        report(failure)
        flush()
        write_message(answers, {"type": "init_error", "error": failure})
        sys.exit(1)
    flush()
    write_message(answers, {"type": "ready", "memory_kb": memory_kb()})
    while (message := read_message(requests)) is not None:
        _request_id = message["context"]["aws_request_id"]
        answer = invoke(function, message)
        flush()
        write_message(answers, {**answer, "memory_kb": memory_kb()})
        if answer["type"] == "hanging":
            time.sleep(message["context"]["remaining_seconds"])


if __name__ == "__main__":
    main()
