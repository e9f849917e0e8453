"""One container, as a process of its own: private environment, output to a log, a gentle end."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from penstock.localcloud.leash import Leashed
from penstock.localcloud.workers.logs import LogStream

log = logging.getLogger(__name__)


class ContainerProcess:
    """Runs `command` with nothing of the user's environment but the search path.

    Standard output and error go to `stream` line by line, and to `on_line`. All that the program
    started ends with it, and all of it with the local cloud, however that ends.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        directory: Path,
        stream: LogStream,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        self._command = list(command)
        self._environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(directory),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            **environment,
        }
        self._directory = directory
        self._stream = stream
        self._on_line = on_line
        self._leashed: Leashed | None = None
        self._pump: threading.Thread | None = None
        self._has_finished = False
        self.last_lines: deque[str] = deque(maxlen=20)

    def start(self) -> None:
        """Start the process and the thread that carries its output away."""
        self._leashed = Leashed(
            self._command,
            folder=self._directory,
            environment=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        self._pump = threading.Thread(target=self._carry, name="container-output", daemon=True)
        self._pump.start()

    def poll(self) -> int | None:
        """The exit code, None while it runs; RuntimeError before `start`."""
        return self._started().process.poll()

    def wait(self, seconds: float | None = None) -> int | None:
        """The exit code, None when it still runs after `seconds`."""
        try:
            return self._started().process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def await_end(self) -> None:
        """Block until the process has ended; its exit code is still there for others."""
        try:
            os.waitid(os.P_PID, self._started().process.pid, os.WEXITED | os.WNOWAIT)
        except ChildProcessError:
            return  # it had ended, and somebody has asked for its exit code

    def hold(self) -> None:
        """SIGSTOP: nothing of it goes on."""
        self._started().signal(signal.SIGSTOP)

    def kill(self) -> None:
        """SIGKILL, as when the kernel does it."""
        self._started().kill()

    def stop(self, grace_seconds: float) -> int:
        """SIGTERM, and SIGKILL after the grace period; returns the exit code."""
        leashed = self._started()
        leashed.signal(signal.SIGTERM)
        code = self.wait(grace_seconds)
        if code is None:
            leashed.kill()
            code = leashed.process.wait()
        return code

    def finish_output(self) -> None:
        """Wait until everything that the ended process printed is in the log; once is enough."""
        leashed = self._started()
        if self._has_finished:
            return
        self._has_finished = True
        if self._pump is not None:
            self._pump.join(timeout=30)
        leashed.close()
        if leashed.process.stdout is not None:
            leashed.process.stdout.close()

    def _started(self) -> Leashed:
        if self._leashed is None:
            raise RuntimeError("the container has not been started")
        return self._leashed

    def _carry(self) -> None:
        output = self._started().process.stdout
        assert output is not None
        rest = b""
        # what has come together while the last lines were written goes out in one call
        while chunk := os.read(output.fileno(), 1 << 16):
            *lines, rest = (rest + chunk).split(b"\n")
            self._write(lines)
        if rest:
            self._write([rest])

    def _write(self, raw: list[bytes]) -> None:
        lines = [line.decode("utf-8", "replace").rstrip("\r") for line in raw]
        for line in lines:
            if line.strip():
                self.last_lines.append(line.strip())
            if self._on_line is not None:
                self._on_line(line)
        try:
            self._stream.write(*lines)
        except (ClientError, BotoCoreError) as error:
            # as on AWS: a role that may not write logs has none, and its program goes on
            log.warning("%s %s: %s", self._stream.group, self._stream.stream, error)
