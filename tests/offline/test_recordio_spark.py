"""Shards by Spark for real: retried tasks, runs again with fewer shards, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from penstock.localcloud.runtimes import glue_runtime
from tests.offline.spark_lab import check, expected_files, files, run

pytestmark = [
    pytest.mark.offline,
    pytest.mark.runtime,
    pytest.mark.xdist_group("recordio spark"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spark")


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, Any]:
    runtime = glue_runtime("5.1")
    return run(runtime.python, folder, JAVA_HOME=str(runtime.java_home))


def test_every_row_is_written_once_whatever_becomes_of_tasks(
    found: dict[str, Any], folder: Path
) -> None:
    assert found["version"] == "3.5.6"
    check(found, folder)


def test_each_first_attempt_had_died_in_the_middle_of_its_output(
    found: dict[str, Any], folder: Path
) -> None:
    assert len(list((folder / "flaky-died").iterdir())) == len(found["flaky"])
    assert len(list((folder / "flaky-frame-died").iterdir())) == len(found["flaky frame"])
    for name in ("train/part-00000.rec", "train/part-00004.rec"):
        assert (folder / "flaky" / name).read_bytes() == (folder / "files" / name).read_bytes()


def test_a_run_that_fails_leaves_the_channel_as_it_was(found: dict[str, Any], folder: Path) -> None:
    assert found["failed"]
    assert files(folder / "again") == expected_files(2)


def test_what_is_refused_is_told_and_nothing_is_written(
    found: dict[str, Any], folder: Path
) -> None:
    refused = found["refused"]
    assert refused["empty"] == f"{folder}/empty has 0 rows"
    assert refused["empty frame"] == "the DataFrame has 0 rows"
    assert refused["few"].startswith("the DataFrame has 2 rows, too few for a shard on each of 3")
    assert re.match(r"column b is null in row \d+ of partition 0: records", refused["null"])
    assert refused["column"] == "the DataFrame has no column z; it has a, b, y"
    assert refused["text"].startswith("the DataFrame: column b is string: expected numbers")
    assert refused["whole"].startswith(f"column b is 25000.25 in row 1 of {folder}/in/1.parquet: ")
    assert not (folder / "none").exists() or files(folder / "none") == set()
