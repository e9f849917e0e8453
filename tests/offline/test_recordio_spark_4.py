"""Shards by Spark 4, which is not part of the set-up: make test-spark-4."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.offline.spark_lab import check, run

pytestmark = [pytest.mark.offline, pytest.mark.runtime, pytest.mark.xdist_group("recordio spark 4")]

ENVIRONMENT = Path(sys.prefix) / "runtimes" / "spark-4"


def test_every_row_is_written_once_whatever_becomes_of_tasks(tmp_path: Path) -> None:
    if not (ENVIRONMENT / ".ready").exists():
        pytest.skip("Spark 4 is not installed: run make test-spark-4")
    if shutil.which("java") is None:
        pytest.skip("Spark 4 needs a Java on the path, 17 or newer (requirements/spark-4.in)")
    found = run(ENVIRONMENT / "bin" / "python", tmp_path)
    assert found["version"].startswith("4.")
    check(found, tmp_path)
    assert found["failed"]
    assert len(list((tmp_path / "flaky-frame-died").iterdir())) == len(found["flaky frame"])
