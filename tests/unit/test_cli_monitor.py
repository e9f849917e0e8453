"""`penstock monitor`: its files, what it prints and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import boto3
import numpy as np
import pytest
from moto import mock_aws
from typer.testing import CliRunner, Result

from penstock.cli.main import app


def monitor(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["monitor", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    generator = np.random.default_rng(0)
    for name, shift in (("training", 0), ("same", 0), ("other", 3)):
        lines = [f"{x + shift:.6f},{y}" for x, y in generator.normal(5, 1, (800, 2))]
        (tmp_path / f"{name}.csv").write_text("x,y\n" + "\n".join(lines) + "\n")
    (tmp_path / "empty").mkdir()
    done = monitor("baseline", tmp_path / "training.csv", "--out", tmp_path / "base")
    assert done.exit_code == 0, done.output
    return tmp_path


def run(folder: Path, data: str, *options: object) -> Result:
    return monitor(
        "run", folder / data, "--baseline", folder / "base", "--out", folder / "out", *options
    )


def test_a_run_without_violations_ends_with_0(folder: Path) -> None:
    done = run(folder, "same.csv")
    assert (done.exit_code, "Completed: 800 rows, 0 violations" in done.output) == (0, True)
    assert json.loads((folder / "out/constraint_violations.json").read_text()) == {"violations": []}
    assert sorted(path.name for path in (folder / "out").iterdir()) == [
        "constraint_violations.json",
        "constraints.json",
        "run.json",
        "statistics.json",
    ]


def test_violations_are_named_and_end_with_1(folder: Path) -> None:
    done = run(folder, "other.csv")
    assert done.exit_code == 1
    assert "x: baseline_drift_check:" in done.output
    (violation,) = json.loads((folder / "out/constraint_violations.json").read_text())["violations"]
    assert (violation["feature_name"], violation["constraint_check_type"]) == (
        "x",
        "baseline_drift_check",
    )
    assert run(folder, "other.csv", "--distance", "simple", "--threshold", "1").exit_code == 0


def test_no_data_in_the_window_is_said_and_ends_with_0(folder: Path) -> None:
    done = run(folder, "empty")
    assert (done.exit_code, "no data: not one row in 0 objects" in done.output) == (0, True)


@mock_aws
def test_prefixes_on_s3_are_read_as_the_caller(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="lake")
    s3.upload_file(str(folder / "same.csv"), "lake", "day/same.csv")
    options = ("--baseline", folder / "base", "--out", folder / "out")
    done = monitor("run", "s3://lake/day/", *options)
    assert (done.exit_code, "Completed: 800 rows, 0 violations" in done.output) == (0, True)
    assert "no data" in monitor("run", "s3://lake/night/", *options).output


def test_a_report_of_either_folder(folder: Path) -> None:
    run(folder, "other.csv")
    shown = monitor("report", folder / "out")
    assert shown.exit_code == 0
    assert "CompletedWithViolations: 800 rows, 1 violations" in shown.output
    assert "baseline_drift_check" in shown.output
    assert "2 columns of 800 rows" in monitor("report", folder / "base").output


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("baseline", "none.csv", "--out", "o"), "none.csv: no such file"),
        (("baseline", "empty", "--out", "o"), "holds no row: a baseline needs some"),
        (("baseline", "same.csv", "--out", "same.csv"), "--out same.csv: File exists"),
        (("run", "same.csv", "--baseline", "base", "--out", "base"), "is the baseline's folder"),
        (("run", "same.csv", "--baseline", "empty", "--out", "o"), "statistics.json: No such file"),
        (("report", "empty"), "statistics.json: No such file"),
    ],
)
def test_wrong_input_is_one_line_and_ends_with_2(
    folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], line: str
) -> None:
    monkeypatch.chdir(folder)
    done = monitor(*arguments)
    assert done.exit_code == 2
    assert line in done.stderr
    assert done.stderr.count("\n") == 1
