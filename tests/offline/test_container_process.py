"""A container's process: its environment, its output, and its end in every way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from penstock.localcloud.workers.container import ContainerProcess
from tests.waiting import eventually

pytestmark = pytest.mark.offline


class Lines:
    """A log stream that only remembers."""

    group = stream = "test"

    def __init__(self) -> None:
        self.lines: list[str] = []

    def write(self, *lines: str) -> None:
        self.lines.extend(lines)


def container(script: str, tmp_path: Path, **environment: str) -> tuple[ContainerProcess, Lines]:
    lines = Lines()
    stream: Any = lines
    process = ContainerProcess(
        [sys.executable, "-c", script], environment=environment, directory=tmp_path, stream=stream
    )
    process.start()
    return process, lines


def test_output_is_carried_in_order_to_the_last_unfinished_line(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "for n in range(5000): print(n)\n"
        "print('é', file=sys.stderr); sys.stdout.write('end')"
    )
    process, lines = container(script, tmp_path)
    assert process.wait(20) == 0
    process.finish_output()
    assert lines.lines == [*map(str, range(5000)), "é", "end"]
    assert process.last_lines[-1] == "end"


def test_the_users_credentials_do_not_get_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy")
    process, lines = container("import os; print(sorted(os.environ))", tmp_path, OWN="1")
    process.wait(20)
    process.finish_output()
    assert "OWN" in lines.lines[0]
    assert "SECRET" not in lines.lines[0]
    assert "PROXY" not in lines.lines[0]


def test_a_program_that_ignores_sigterm_is_killed_after_the_grace(tmp_path: Path) -> None:
    script = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('deaf', flush=True); time.sleep(60)"
    )
    process, lines = container(script, tmp_path)
    while not lines.lines:
        time.sleep(0.02)
    begun = time.monotonic()
    assert process.stop(0.5) == -signal.SIGKILL
    assert 0.4 < time.monotonic() - begun < 50  # of the 60 that it would sleep


def test_what_the_program_left_behind_ends_with_it(tmp_path: Path) -> None:
    script = (
        "import subprocess, sys\n"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(p.pid)"
    )
    process, lines = container(script, tmp_path)
    process.wait(20)
    process.finish_output()
    child = int(lines.lines[0])
    assert gone(child)


# it knows nothing of who started it, and neither does what it started
DEAF = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
with open("processes", "a") as file:
    file.write(f"{os.getpid()}\\n")
os.closerange(0, 1024)
time.sleep(60)
"""
PARENT = """
import pathlib, sys, time
from penstock.localcloud.workers.container import ContainerProcess
class Lines:
    group = stream = ""
    def write(self, *lines): pass
process = ContainerProcess([sys.executable, "-c", sys.argv[1]], environment={},
                           directory=pathlib.Path("."), stream=Lines())
process.start()
time.sleep(60)
"""


def test_no_program_outlives_a_local_cloud_that_was_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, DEAF], cwd=tmp_path)
    program, grandchild = eventually(lambda: deaf_ones(tmp_path), seconds=30)
    assert os.getsid(grandchild) != os.getsid(program)
    assert os.getsid(program) != os.getsid(parent.pid)
    parent.kill()
    parent.wait()
    assert gone(program)
    assert gone(grandchild)


def test_what_the_program_put_into_a_session_of_its_own_is_stopped_with_it(tmp_path: Path) -> None:
    process, _ = container(DEAF.replace('"processes"', repr(str(tmp_path / "processes"))), tmp_path)
    program, grandchild = eventually(lambda: deaf_ones(tmp_path), seconds=30)
    assert process.stop(0.2) == -signal.SIGKILL
    assert not Path(f"/proc/{program}").exists()
    assert not Path(f"/proc/{grandchild}").exists()
    process.finish_output()


def deaf_ones(folder: Path) -> list[int] | None:
    """The program and its grandchild, once both sleep."""
    path = folder / "processes"
    found = [int(line) for line in path.read_text().split()] if path.exists() else []
    deaf = [pid for pid in found if not any(Path(f"/proc/{pid}/fd").iterdir())]
    return deaf if len(deaf) == 2 else None


def gone(pid: int) -> bool:
    """Whether the process has ended within a minute."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False
