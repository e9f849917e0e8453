"""A command on a leash ends as itself, and with whoever holds the leash."""

from __future__ import annotations

import ast
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


def test_what_the_command_leaves_behind_ends_with_it() -> None:
    left = FAMILY.replace("['sleep', '60']", "['sleep', '60'], start_new_session=True")
    leashed = Leashed(
        [sys.executable, "-c", left], environment=dict(os.environ), stdout=subprocess.PIPE
    )
    out, _ = leashed.process.communicate(timeout=30)
    assert leashed.process.returncode == 0
    assert not alive(int(out))
    leashed.close()


def test_a_signal_is_for_the_command_and_its_children_alone() -> None:
    """The shell says how its child ended, and ends as it pleases."""
    leashed = Leashed(
        ["sh", "-c", "trap : TERM; sleep 60 & echo $!; wait $!; wait $!; echo $?; exit 5"],
        environment=dict(os.environ),
        stdout=subprocess.PIPE,
    )
    assert leashed.process.stdout is not None
    child = int(leashed.process.stdout.readline())
    # until then it is the shell's own copy, which takes the signal as the shell does
    eventually(lambda: Path(f"/proc/{child}/cmdline").read_bytes().startswith(b"sleep"))
    leashed.signal(signal.SIGTERM)
    out, _ = leashed.process.communicate(timeout=30)
    assert out == b"143\n"
    assert leashed.process.returncode == 5
    leashed.signal(signal.SIGTERM)  # nobody is there any more
    leashed.close()
    leashed.kill()


def test_a_held_command_ends_with_its_holder() -> None:
    leashed = Leashed(["sleep", "60"], environment=dict(os.environ))
    leashed.signal(signal.SIGSTOP)
    leashed.close()
    assert leashed.process.wait(30) == -signal.SIGKILL


# starts processes: of what the commands do, the leash alone, and what stands for a container's
# first process, which is on a leash; the last is a part of the set-up
STARTERS = {
    "penstock/localcloud/leash.py",
    "penstock/localcloud/engines/script_mode/serve_workers.py",
    "penstock/localcloud/engines/script_mode/user_program.py",
    "penstock/localcloud/workers/glue/class_archive.py",
}
WAYS = {"run", "call", "check_call", "check_output", "Popen", "getoutput", "getstatusoutput"}
HOUSES = {"multiprocessing", "pty"}
OF_OS = ("fork", "posix_spawn", "spawn", "exec", "system", "popen")


def test_nothing_else_starts_a_process() -> None:
    """Whatever did would outlive a command that is killed."""
    root = Path(__file__).parents[2]
    found = {
        str(path.relative_to(root))
        for path in (root / "penstock").rglob("*.py")
        if any(map(starts_a_process, ast.walk(ast.parse(path.read_text()))))
    }
    assert found == STARTERS


def starts_a_process(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module in HOUSES or any(a.name == "ProcessPoolExecutor" for a in node.names)
    if isinstance(node, ast.Import):
        return any(alias.name in HOUSES for alias in node.names)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return (node.value.id == "subprocess" and node.attr in WAYS) or (
            node.value.id == "os" and node.attr.startswith(OF_OS)
        )
    return False
