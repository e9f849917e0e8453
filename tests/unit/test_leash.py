"""A command on a leash ends as itself, and with whoever holds the leash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from penstock.localcloud.leash import Leashed
from tests.waiting import eventually

# starts a child of its own, says its id, and waits for it
FAMILY = "import subprocess; p = subprocess.Popen(['sleep', '60']); print(p.pid, flush=True)"
HOLDER = f"""
import os, sys, time
from penstock.localcloud.leash import Leashed
held = Leashed([sys.executable, "-c", {FAMILY!r} + "; p.wait()"], environment=dict(os.environ))
time.sleep(60)
"""


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.parametrize(
    ("program", "status"),
    [
        ("print('out')", 0),
        ("import sys; sys.exit(3)", 3),
        ("import os; os.kill(os.getpid(), 9)", -9),
        ("import os; os.kill(os.getpid(), 15)", -15),
    ],
)
def test_a_command_ends_as_itself(program: str, status: int) -> None:
    leashed = Leashed(
        [sys.executable, "-c", program], environment=dict(os.environ), stdout=subprocess.PIPE
    )
    out, _ = leashed.process.communicate(timeout=30)
    leashed.close()
    assert leashed.process.returncode == status
    assert out == (b"out\n" if status == 0 else b"")


def test_standard_input_is_empty() -> None:
    leashed = Leashed(["/bin/cat"], environment={}, stdout=subprocess.PIPE)
    assert leashed.process.communicate(timeout=30) == (b"", None)
    leashed.close()


def test_a_killed_holder_takes_the_command_and_its_children_with_it() -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    child = int(holder.stdout.readline())
    assert alive(child)
    holder.send_signal(signal.SIGKILL)
    holder.communicate(timeout=30)
    eventually(lambda: not alive(child), seconds=5)
