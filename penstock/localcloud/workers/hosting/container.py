"""One model container of a variant: its files, its process, and requests to it."""

from __future__ import annotations

import http.client
import shutil
import socket
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from penstock.localcloud.engines.engine import Engine
from penstock.localcloud.workers.container import ContainerProcess
from penstock.localcloud.workers.hosting.connections import Connections, Response
from penstock.localcloud.workers.logs import LogStream

PING_TIMEOUT_SECONDS = 2.0  # SageMaker developer guide, your-algorithms-inference-code
_PING_EVERY_SECONDS = 0.03
STOP_SECONDS = 30.0  # SIGTERM, and SIGKILL 30 seconds later (same page)


class StartFailedError(Exception):
    """The container did not become healthy; the text says how it ended."""


@dataclass
class ModelContainer:
    """A container that serves on a port of its own below `root`, its /opt/ml."""

    name: str
    engine: Engine
    root: Path
    environment: dict[str, str]
    log: LogStream

    def __post_init__(self) -> None:
        self._port = _free_port()
        self.connections = Connections(self._port)
        self._lock = threading.Lock()
        self._process: ContainerProcess | None = None
        self._is_ending = False

    def start(self, timeout_seconds: float) -> None:
        """Start, or start again, and ping until it answers 200.

        StartFailedError when it ends, takes too long, or is being stopped.
        """
        process = self._launch()
        end = time.monotonic() + timeout_seconds
        answered = "no answer"
        while time.monotonic() < end:
            code = process.poll()
            if code is not None:
                process.finish_output()
                raise StartFailedError(f"it ended with exit code {code}{_last_words(process)}")
            try:
                response = self.connections.request("GET", "/ping", None, {}, PING_TIMEOUT_SECONDS)
            except (OSError, http.client.HTTPException) as error:
                answered = type(error).__name__
            else:
                if response.status == 200:
                    return
                answered = f"status {response.status}"
            time.sleep(_PING_EVERY_SECONDS)
        raise StartFailedError(
            f"GET /ping was not answered with 200 within {timeout_seconds:g} s "
            f"(last: {answered}){_last_words(process)}"
        )

    def await_end(self) -> None:
        """Block until the program that was started last has ended."""
        if self._process is not None:
            self._process.await_end()

    def hold(self) -> None:
        """SIGSTOP: requests reach it and get no answer."""
        if self._process is not None:
            self._process.hold()

    def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None:
            self._process.kill()

    def invoke(self, body: bytes, headers: dict[str, str], timeout_seconds: float) -> Response:
        """POST /invocations."""
        return self.connections.request("POST", "/invocations", body, headers, timeout_seconds)

    def stop(self, grace_seconds: float = STOP_SECONDS) -> None:
        """End the process, close its connections, delete its files."""
        self.connections.close()
        with self._lock:
            self._is_ending = True
            process = self._process
        if process is not None:
            process.stop(grace_seconds)
            process.finish_output()
        shutil.rmtree(self.root, ignore_errors=True)

    def _launch(self) -> ContainerProcess:
        with self._lock:
            if self._is_ending:
                raise StartFailedError("it is being stopped")
            if self._process is not None:
                self._process.finish_output()  # of the one that has ended
            self._process = ContainerProcess(
                self.engine.command("serve"),
                environment={
                    **self.environment,
                    "OPT_ML": str(self.root),
                    "SAGEMAKER_BIND_TO_PORT": str(self._port),
                },
                directory=self.root,
                stream=self.log,
            )
            self._process.start()
            return self._process


def _last_words(process: ContainerProcess) -> str:
    lines = process.last_lines
    return f"; its last line: {lines[-1]}" if lines else "; it printed nothing"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
