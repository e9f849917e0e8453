"""The folder of a command is its own while it works, and is cleared away when nobody does."""

from __future__ import annotations

import itertools
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from penstock.cli.workplace import workplace

KILLED = """
import os, signal
from penstock.cli.workplace import workplace
with workplace() as folder:
    (folder / "large").write_text("x")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_what_works_is_left_alone(temporary: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with workplace() as first, workplace() as second:
        assert first != second
        assert {first, second} == {path for path in temporary.iterdir() if path.is_dir()}
    assert list(temporary.iterdir()) == []
    assert capsys.readouterr().err == ""


def test_what_was_killed_is_cleared_away_and_told(
    temporary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (temporary / "penstock-of-somebody-else").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", KILLED], env={**os.environ, "TMPDIR": str(temporary)}, check=False
    )
    assert done.returncode == -signal.SIGKILL
    (left,) = temporary.glob("*/large")
    with workplace():
        assert not left.exists()
    assert capsys.readouterr().err == (
        f"removed {left.parent}, left behind by a command that was killed\n"
    )
    assert [path.name for path in temporary.iterdir()] == ["penstock-of-somebody-else"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_read_only_folders_are_removed_too(temporary: Path) -> None:
    with workplace() as folder:
        fill(folder)
    assert list(temporary.iterdir()) == []


def fill(folder: Path) -> None:
    """As a command does, with a folder that is read-only, as that of a function's code."""
    (folder / "code").mkdir()
    (folder / "code" / "handler.py").touch()
    (folder / "code").chmod(stat.S_IRUSR | stat.S_IXUSR)
    (folder / "data").mkdir()
    (folder / "data" / "object").touch()


def work() -> None:
    with workplace() as folder:
        fill(folder)


@pytest.mark.parametrize("remains", [False, True], ids=["a clean start", "remains to remove"])
def test_a_command_that_is_killed_at_any_moment_leaves_what_the_next_one_removes(
    temporary: Path, remains: bool
) -> None:
    """At each call that changes or looks at a file, of making, of removing, of what was left."""
    moments = 0
    ended = -signal.SIGKILL
    while ended == -signal.SIGKILL:
        if remains:
            assert in_a_process(partial(work_until, 2, of="os.chmod")) == -signal.SIGKILL
            assert len(list(temporary.glob("penstock-*/data"))) == 1
        moments += 1
        ended = in_a_process(partial(work_until, moments))
        with workplace():
            pass
        assert list(temporary.iterdir()) == []
    assert ended == 0
    assert moments > (30 if remains else 20)


def work_until(moment: int, of: str = "") -> None:
    """Work, and be killed at the so manieth call that is audited and begins so."""
    calls = itertools.count(1)

    def audit(name: str, _arguments: Any) -> None:
        if name.startswith(of or ("os.", "open", "fcntl.", "tempfile.")) and next(calls) == moment:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(audit)
    work()


def in_a_process(do: Callable[[], None]) -> int:
    """The exit code of a process that does this."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            do()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
