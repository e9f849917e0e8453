"""Runs a command that ends, with all that it started, when the process that holds the leash does.

Without this, SIGKILL of the local cloud would leave Spark, functions and Node to themselves. The
program below stands between the two: it watches a pipe whose other end closes with its holder,
however that ended. It is a script of its own, on the standard library alone, and quick to start.
"""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any


class Leashed:
    """A command in a session of its own, standard input empty; `process` is its group's leader.

    Its exit status is the command's own; a command that a signal ended counts as ended by it.
    """

    def __init__(
        self,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str],
        folder: Path | None = None,
        stdout: int | IO[Any] | None = None,
        stderr: int | IO[Any] | None = None,
        pass_fds: Iterable[int] = (),
    ) -> None:
        watched, self._held = os.pipe()
        try:
            self.process: subprocess.Popen[bytes] = subprocess.Popen(
                [sys.executable, "-I", "-S", __file__, *map(str, command)],
                cwd=folder,
                env=dict(environment),
                stdin=watched,
                stdout=stdout,
                stderr=stderr,
                pass_fds=tuple(pass_fds),
                start_new_session=True,
            )
        except BaseException:
            os.close(self._held)
            raise
        finally:
            os.close(watched)

    def kill(self) -> None:
        """End the command and what it started; nothing happens if all of it is gone."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def close(self) -> None:
        """Let go of the leash, which ends what still runs. Once."""
        os.close(self._held)


def _main(command: list[str]) -> None:
    child = os.posix_spawn(
        command[0],
        command,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)],
        setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],  # Python ignores them, a command does not
    )
    threading.Thread(target=_watch, daemon=True).start()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        _end_by(os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status))


def _end_by(number: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the command has left its own core file
    if number != signal.SIGKILL:
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


def _watch() -> None:
    while os.read(0, 4096):
        continue
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    _main(sys.argv[1:])
