"""A running `penstock up`: what it tells, clients for it, and whether its end leaves anything."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import boto3

from penstock.cli.connecting import PYTHON_FOLLOWS
from tests.processes import processes


class Up:
    """Started with a temporary folder of its own, so that nothing of it is overlooked.

    The folder is that of whatever was started there before; `until` begins the line that says that
    it is as far as it is wanted.
    """

    def __init__(self, folder: Path, *arguments: str, until: str = "Up.") -> None:
        self.temporary = folder / "tmp"
        self.temporary.mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            [Path(sys.prefix, "bin", "penstock"), "up", *arguments],
            cwd=folder,
            env={**os.environ, "TMPDIR": str(self.temporary), "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.wait_for(until, seconds=240)

    def wait_for(self, start: str, seconds: float) -> str:
        """The first line that begins so; AssertionError with all lines if it does not come."""
        deadline = time.monotonic() + seconds
        while True:
            ended = not self._reader.is_alive()
            for line in list(self.lines):
                if line.startswith(start):
                    return line
            if ended or time.monotonic() > deadline:
                raise AssertionError(f"no line {start!r}:\n" + "\n".join(self.lines))
            time.sleep(0.1)

    @property
    def environment(self) -> dict[str, str]:
        """What the printed export lines set."""
        pairs = [
            word.split("=", 1)
            for line in self.lines
            if line.startswith("export ")
            for word in line.removeprefix("export ").split()
        ]
        return dict(pairs)

    @property
    def shell_commands(self) -> list[str]:
        """The printed commands for a shell."""
        place = next(n for n, line in enumerate(self.lines) if line.startswith("Outputs of"))
        if PYTHON_FOLLOWS in self.lines:
            place = self.lines.index(PYTHON_FOLLOWS)
        return [line for line in self.lines[:place] if "aws " in line]

    @property
    def python_commands(self) -> list[str]:
        """The printed lines of Python, without the import."""
        rest = self.lines[self.lines.index(PYTHON_FOLLOWS) + 1 :]
        assert rest[0] == "import boto3"
        return rest[1 : rest.index("")]

    def client(self, service: str) -> Any:
        """boto3's, with what was printed."""
        given = self.environment
        return boto3.client(
            service,
            endpoint_url=given["AWS_ENDPOINT_URL"],
            region_name=given["AWS_DEFAULT_REGION"],
            aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
        )

    def output(self, name: str) -> str:
        """The printed output of a stack."""
        return next(line.split(" = ")[1] for line in self.lines if f".{name} = " in line)

    def relatives(self) -> list[str]:
        """Living processes of its session, or that have to do with its temporary folder."""
        return relatives(self.temporary, self.process.pid)

    def end(self, how: signal.Signals) -> int:
        """Its exit code after this signal."""
        self.process.send_signal(how)
        code = self.process.wait(60)
        self._reader.join(60)
        return code

    def port_is_open(self) -> bool:
        """Whether the address that was printed, if it was, takes a connection."""
        port = urlparse(self.environment.get("AWS_ENDPOINT_URL", "")).port
        return port is not None and is_open(port)

    def left_behind(self) -> list[str]:
        """Processes, files (FIFOs too) and the port that are still there."""
        left = [f"process {process}" for process in self.relatives()]
        left += [f"file {path}" for path in self.temporary.rglob("*")]
        if self.port_is_open():
            left.append(self.environment["AWS_ENDPOINT_URL"])
        return left

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))


def is_open(port: int) -> bool:
    """Whether somebody takes connections to the port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def relatives(temporary: Path, session: int | None = None) -> list[str]:
    """Living processes of the session, or that have to do with the temporary folder.

    Jobs, functions and containers lead sessions of their own.
    """
    return [str(p) for p in processes() if p.session == session or str(temporary) in p.told]
