"""One warm process of one function: starts it, hands it invocations, ends it in time."""

from __future__ import annotations

import os
import selectors
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penstock.localcloud.leash import Leashed
from penstock.localcloud.workers.functions import bootstrap

# Lambda developer guide, execution environment: the init phase may take 10 seconds; when it takes
# longer it starts again inside the first invocation, within the function's own timeout.
INIT_SECONDS = 10.0


@dataclass(frozen=True)
class Answer:
    """What came out of the process: its message, or why there is none."""

    message: dict[str, Any] | None
    timed_out: bool
    output: str
    exit_status: int | None


class FunctionProcess:
    """A process that has loaded the function's handler and waits for events.

    One invocation at a time; whoever holds the object may use it.
    """

    def __init__(self, python: Path, task_root: Path, environment: dict[str, str]) -> None:
        request_read, self._requests = os.pipe()
        self._answers, answer_write = os.pipe()
        self._output, output_write = os.pipe()
        try:
            # an idle one would see the local cloud's end by itself, one at work would not
            self._leashed = Leashed(
                [
                    *(str(python), "-I", "-X", "utf8"),
                    *(bootstrap.__file__, str(request_read), str(answer_write)),
                ],
                folder=task_root,
                environment=environment,
                stdout=output_write,
                stderr=output_write,
                pass_fds=(request_read, answer_write),
            )
            self._process = self._leashed.process
        finally:
            for descriptor in (request_read, answer_write, output_write):
                os.close(descriptor)
        os.set_blocking(self._output, False)
        self.memory_mb = 0

    def wait_ready(self, timeout_seconds: float) -> Answer:
        """Wait until the handler is loaded; the message's type is ready or init_error."""
        return self._receive(time.monotonic() + timeout_seconds)

    def invoke(
        self,
        event: str,
        context: dict[str, Any],
        timeout_seconds: float,
        misbehaviour: str = "",
    ) -> Answer:
        """One invocation. `event` is JSON text, `context` the context object's values.

        A function that is to hang says so at once: the message's type is hanging then.
        """
        deadline = time.monotonic() + timeout_seconds
        message = {
            "event": event,
            "context": {**context, "remaining_seconds": timeout_seconds},
            "misbehaviour": misbehaviour,
        }
        try:
            bootstrap.write_message(self._requests, message)
        except BrokenPipeError:
            return self._ended()
        return self._receive(deadline)

    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End the process and its children."""
        self._leashed.kill()

    def close(self) -> None:
        """End the process and its children, and close the pipes."""
        self.kill()
        self._process.wait()
        for descriptor in (self._requests, self._answers, self._output):
            os.close(descriptor)
        self._leashed.close()

    def _receive(self, deadline: float) -> Answer:
        output: list[bytes] = []
        with selectors.DefaultSelector() as selector:
            selector.register(self._answers, selectors.EVENT_READ)
            selector.register(self._output, selectors.EVENT_READ)
            while (left := deadline - time.monotonic()) > 0:
                ready = {key.fd for key, _ in selector.select(min(left, 0.5))}
                if self._output in ready and not self._drain(output):
                    selector.unregister(self._output)
                if self._answers in ready:
                    message = bootstrap.read_message(self._answers)
                    self._drain(output)
                    if message is None:
                        return self._ended(output)
                    self.memory_mb = message.get("memory_kb", 0) // 1024
                    return Answer(message, False, _text(output), None)
                if not ready and not self.alive():
                    return self._ended(output)
        self._drain(output)
        return Answer(None, True, _text(output), None)

    def _drain(self, output: list[bytes]) -> bool:
        """Take what is in the output pipe; False when its writers are gone."""
        while True:
            try:
                part = os.read(self._output, 1 << 16)
            except BlockingIOError:
                return True
            if not part:
                return False
            output.append(part)

    def _ended(self, output: list[bytes] | None = None) -> Answer:
        parts = output if output is not None else []
        status = self._process.wait()
        self._drain(parts)
        return Answer(None, False, _text(parts), status)


def _text(parts: list[bytes]) -> str:
    return b"".join(parts).decode("utf-8", "replace")
