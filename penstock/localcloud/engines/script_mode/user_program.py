"""Runs a user's script: its lines go into the log as they come, its end is told as by the toolkit.

Source: aws/sagemaker-training-toolkit@3383937, process.py, errors.py, _entry_point_type.py.
"""

from __future__ import annotations

import builtins
import queue
import shlex
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from penstock.localcloud.engines.container import trouble
from penstock.localcloud.engines.container.errors import CustomerError

# from the first line of the error output with such a word on, it is the error's message
_ERRORS = tuple(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type)
    and issubclass(value, Exception)
    and not issubclass(value, Warning)
    and value is not Exception
)
_Lines = queue.Queue[tuple[str, str | None]]


class ScriptError(Exception):
    """A script that ended badly, in the toolkit's words."""


@dataclass(frozen=True)
class UserProgram:
    """A script, or a command such as run.sh, in the folder of its code."""

    python: Path
    folder: Path
    program: str
    arguments: Sequence[str]
    environment: Mapping[str, str]

    @property
    def command(self) -> list[str]:
        """By the program's kind. CustomerError for what is not there, or cannot run here."""
        if not (self.folder / self.program).is_file():
            found = ", ".join(sorted(path.name for path in self.folder.iterdir())) or "nothing"
            raise CustomerError(
                f"sagemaker_program {self.program}: there is no such file in the script's code, "
                f"which has {found}"
            )
        if self.program.endswith(".py"):
            if (self.folder / "setup.py").exists():
                raise CustomerError(
                    "setup.py: a package is not installed in the local cloud; give the code "
                    "without it"
                )
            return [str(self.python), self.program, *self.arguments]
        (self.folder / self.program).chmod(0o755)
        return ["/bin/sh", "-c", shlex.join([f"./{self.program}", *self.arguments])]

    def run(self) -> None:
        """To its end. ScriptError if that is a bad one.

        Signals for the container reach the script as well, which is in its group of processes: so
        a SIGTERM is left to the script.
        """
        command = self.command
        print(f"Invoking script with the following command:\n{shlex.join(command)}", flush=True)
        before = signal.signal(signal.SIGTERM, _leave_it)
        try:
            code, said = self._run(command)
        finally:
            signal.signal(signal.SIGTERM, before)
        if code:
            raise ScriptError(
                f'ExecuteUserScriptError:\nExitCode {code}\nErrorMessage "{said}"\n'
                f'Command "{" ".join(command)}"'
            )

    def _run(self, command: list[str]) -> tuple[int, str]:
        """The exit code, and the error's message."""
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        ) as process:
            try:
                said = self._follow(process)
            except BaseException:
                process.kill()
                raise
        return process.returncode, said

    def _follow(self, process: subprocess.Popen[str]) -> str:
        """Print what the script says; returns its error's message."""
        lines: _Lines = queue.Queue()
        open_streams = {"out": process.stdout, "error": process.stderr}
        for name, stream in open_streams.items():
            assert stream is not None
            threading.Thread(target=_read, args=(name, stream, lines), daemon=True).start()
        message: list[str] = []
        has_begun = False
        while open_streams:
            name, line = lines.get()
            if line is None:
                del open_streams[name]
                continue
            print(line, end="" if line.endswith("\n") else "\n", flush=True)
            if name == "error":
                _note(message, line.strip(" :\n"))
            elif not has_begun:
                has_begun = True
                _is_trouble_due()
        return "\n".join(message)


def _read(name: str, stream: IO[str], lines: _Lines) -> None:
    for line in stream:
        lines.put((name, line))
    lines.put((name, None))


def _note(message: list[str], line: str) -> None:
    """Once an error's name was there, every line that is new."""
    if line not in message and (message or any(error in line for error in _ERRORS)):
        message.append(line)


def _is_trouble_due() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a container that hangs can be stopped
    trouble.in_the_middle_of_training()
    signal.signal(signal.SIGTERM, _leave_it)


def _leave_it(_signal: int, _frame: object) -> None:
    """The script has got it too."""
