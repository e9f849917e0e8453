"""The folder of a command is its own while it works, and is cleared away when nobody does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from penstock.cli.killed import watched
from penstock.cli.workplace import workplace
from penstock.scenario.progress import Step

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
        assert {first, second} == set(temporary.iterdir())
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


def test_a_run_without_that_fault_is_watched_as_ever() -> None:
    class Somebody:
        def changed(self, step: Step) -> None:
            """Nothing."""

    somebody = Somebody()
    assert watched(somebody, ["monitor-fails=2"]) is somebody
    assert watched(somebody, ["process-killed=gate"]) is not somebody
