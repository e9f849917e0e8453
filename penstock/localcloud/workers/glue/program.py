"""One process, its output goes line by line to where the caller says."""

from __future__ import annotations

import os
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from penstock.localcloud.leash import Leashed
from penstock.localcloud.workers.glue.failure import error_line

Sink = Callable[[Sequence[str]], None]
_KEPT_LINES = 500


class Program:
    """A child process. `run` blocks until it ends; `stop` ends it from another thread."""

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        folder: Path,
        environment: Mapping[str, str],
        sink: Sink,
    ) -> None:
        self._errors: deque[str] = deque(maxlen=_KEPT_LINES)
        self._leashed = Leashed(
            command,
            environment=environment,
            folder=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._process = self._leashed.process
        self._pumps = [
            threading.Thread(target=self._pump, args=(stream.fileno(), sink, keep), daemon=True)
            for stream, keep in ((self._process.stdout, False), (self._process.stderr, True))
            if stream is not None
        ]
        for pump in self._pumps:
            pump.start()

    def wait(self, timeout_seconds: float) -> int | None:
        """The exit status once all output has been handed on; None if it took too long."""
        try:
            status: int | None = self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            status = None
            self.stop()
            self._process.wait()
        for pump in self._pumps:
            pump.join(timeout=10)
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()
        self._leashed.close()
        return status

    def stop(self) -> None:
        """Kill the process and what it started; nothing happens if they are gone."""
        self._leashed.kill()

    def error_line(self) -> str:
        """The line of its standard error that says why it failed."""
        return error_line(list(self._errors), self._process.returncode)

    def _pump(self, descriptor: int, sink: Sink, keep: bool) -> None:
        rest = b""
        while chunk := os.read(descriptor, 1 << 16):
            *complete, rest = (rest + chunk).split(b"\n")
            self._hand_on(complete, sink, keep)
        if rest:
            self._hand_on([rest], sink, keep)

    def _hand_on(self, raw: Sequence[bytes], sink: Sink, keep: bool) -> None:
        lines = [line.decode(errors="replace").rstrip("\r") for line in raw]
        if keep:
            self._errors.extend(lines)
        if lines:
            sink(lines)
