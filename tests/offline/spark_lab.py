"""Runs the program of shards in an environment that has Spark, and says what all versions do."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from penstock.recordio import Reader
from tests.offline.glue_lab import ROOT

# numbers from 100,000 n on, so many in each file
NUMBERS = [
    100_000 * file + n for file, rows in enumerate([1, 20_000, 0, 300, 5000]) for n in range(rows)
]
KEPT = [number for number in NUMBERS if number % 5 < 4]


def run(python: Path, folder: Path, **environment: str) -> dict[str, Any]:
    """What the program found, which is a run of Spark with a dozen jobs."""
    done = subprocess.run(
        [python, "-m", "tests.offline.recordio_spark_program", folder],
        env={
            **environment,
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "PYSPARK_PYTHON": str(python),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_LOCAL_DIRS": str(folder),
            "PYSPARK_SUBMIT_ARGS": "--conf spark.ui.enabled=false "
            "--conf spark.ui.showConsoleProgress=false pyspark-shell",
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def numbers(output: Path) -> list[int]:
    """Each row's number, in the order of the shards; the row's other values fit it."""
    found: list[int] = []
    for path in sorted((output / "train").iterdir()):
        with path.open("rb") as file:
            for x, y in Reader(file).batches(1000):
                assert y is not None
                assert (x[:, 1] == x[:, 0] / 4).all()
                assert (y == x[:, 0] % 5).all()
                found += x[:, 0].astype(int).tolist()
    return found


def files(output: Path) -> set[str]:
    return {str(path.relative_to(output)) for path in output.rglob("*") if not path.is_dir()}


def expected_files(shards: int) -> set[str]:
    return {
        "_channels/train/_SUCCESS",
        "_channels/train/manifest.json",
        *(f"train/part-{number:05d}.rec" for number in range(shards)),
    }


def check(found: dict[str, Any], folder: Path) -> None:
    """What holds on every version of Spark."""
    # 52 bytes to a record, 0.3 MB to a shard: 25,301 rows make five, however uneven the files
    for name, shards in (("files", 5), ("flaky", 5), ("hosts", 3), ("again", 2)):
        assert len(found[name]) == shards
        assert max(found[name]) <= 1.5 * min(found[name])
        assert numbers(folder / name) == NUMBERS, name
        assert files(folder / name) == expected_files(shards), name
    for name, key in (("frame", "frame"), ("listed", "listed"), ("flaky-frame", "flaky frame")):
        assert len(found[key]) == 4
        assert max(found[key]) - min(found[key]) < 20
        assert sorted(numbers(folder / name)) == KEPT, name
        assert files(folder / name) == expected_files(4), name
    assert set(found["verified"].values()) == {len(NUMBERS), len(KEPT)}
