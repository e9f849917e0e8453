"""Runs a command that ends, with all that it started, when the process that holds the leash does.

Without this, SIGKILL of the local cloud would leave Spark, functions, containers and Node to
themselves. The program below stands between the two: it watches a pipe whose other end closes with
its holder, however that ended, and it is told through it which signals the command shall get. The
command takes no part in this and cannot get away: what it starts in a session of its own, and what
its parents leave behind, becomes a child of that program (prctl(2), PR_SET_CHILD_SUBREAPER).

It is a script of its own, on the standard library alone, and quick to start. Linux only.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
_LOOK_SECONDS = 0.005


class Leashed:
    """A command, standard input empty; `process` is who watches it and ends as it ends.

    Its exit status is the command's own; a command that a signal ended counts as ended by it. As
    with a container, nothing that the command started outlives it.
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
        watched, held = os.pipe()
        self._leash = os.fdopen(held, "wb", buffering=0)
        self._lock = threading.Lock()  # whoever ends a command may not be who waits for it
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
            self._leash.close()
            raise
        finally:
            os.close(watched)

    def signal(self, number: signal.Signals) -> None:
        """Send it to the command's process group; nothing happens if the command has ended."""
        with self._lock, suppress(BrokenPipeError):
            if not self._leash.closed:
                self._leash.write(bytes([number]))

    def kill(self) -> None:
        """End the command and all that it started; nothing happens if all of it is gone."""
        self.signal(signal.SIGKILL)

    def close(self) -> None:
        """Let go of the leash, which ends what still runs."""
        with self._lock:
            self._leash.close()


def run(
    command: Sequence[str | Path], *, environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run a command on a leash to its end; its output and errors come back as text."""
    leashed = Leashed(
        command, environment=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        out, errors = leashed.process.communicate()
    finally:
        leashed.close()
        leashed.process.wait()
    return subprocess.CompletedProcess(
        [*map(str, command)], leashed.process.returncode, out.decode(), errors.decode()
    )


def _main(command: list[str]) -> None:
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    child = os.posix_spawnp(
        command[0],
        command,
        os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)],
        setpgroup=0,  # signals for the command are not for who watches it
        setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],  # Python ignores them, a command does not
    )
    threading.Thread(target=_watch, args=(child,), daemon=True).start()
    ended, status = os.wait()
    while ended != child:  # something that was left behind
        ended, status = os.wait()
    _end_what_is_left()
    if os.WIFSIGNALED(status):
        _end_by(os.WTERMSIG(status))
    os._exit(os.waitstatus_to_exitcode(status))


def _watch(child: int) -> None:
    said = b"."
    while said:
        said = os.read(0, 1)
        with suppress(ProcessLookupError):  # it has just ended
            os.killpg(child, said[0] if said else signal.SIGKILL)


def _end_what_is_left() -> None:
    with suppress(ChildProcessError):  # all of it has ended, whoever started it
        while True:
            for process in _descendants():
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            while os.waitpid(-1, os.WNOHANG)[0]:
                continue
            time.sleep(_LOOK_SECONDS)


def _descendants() -> set[int]:
    children: dict[int, list[int]] = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended
            parent = int((process / "stat").read_bytes().rpartition(b")")[2].split()[1])
            children.setdefault(parent, []).append(int(process.name))
    found, new = set[int](), {os.getpid()}
    while new := {child for parent in new for child in children.get(parent, ())} - found:
        found |= new
    return found


def _end_by(number: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # the command has left its own core file
    if number != signal.SIGKILL:
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)


if __name__ == "__main__":
    _main(sys.argv[1:])
