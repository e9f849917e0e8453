"""Whole runs: a project folder of their own, the command in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PARTS = ("app.py", "cdk.json", "pipelines", "stacks", "lambda", "jobs", "penstock")


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def report(self) -> dict[str, Any]:
        """report.json of the last run."""
        report: dict[str, Any] = json.loads((self.latest / "report.json").read_text())
        return report

    @property
    def latest(self) -> Path:
        """The folder of the last run; the project's runs are all of one pipeline."""
        (latest,) = self.folder.glob("runs/*/latest")
        return latest


Penstock = Callable[..., Done]


def project(folder: Path) -> Path:
    """A folder that holds the project, so that runs leave nothing in the checkout."""
    for part in PARTS:
        (folder / part).symlink_to(ROOT / part)
    return folder


def penstock_in(folder: Path, *command: str) -> Penstock:
    """Runs the `penstock` command in this project folder, or another one that takes its words."""

    def run(*arguments: str, **variables: str) -> Done:
        done = subprocess.run(
            [*(command or [Path(sys.prefix, "bin", "penstock")]), *arguments],
            cwd=folder,
            env={**os.environ, **variables},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr, folder)

    return run


@pytest.fixture(scope="module")
def penstock(tmp_path_factory: pytest.TempPathFactory) -> Penstock:
    """Runs the `penstock` command in a project folder."""
    return penstock_in(project(tmp_path_factory.mktemp("project")))
