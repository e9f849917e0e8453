"""Whole runs of digits in which jobs and the endpoint fail: the run begins again, and ends well."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.runs.conftest import ROOT, Done, Penstock, penstock_in, project

pytestmark = [pytest.mark.offline, pytest.mark.runtime, pytest.mark.xdist_group("job-runs")]


def balanced(report: dict[str, Any]) -> bool:
    records = report["records"]
    failed = sum(records["failed"].values())
    return bool(records["sent"] == records["delivered"] + failed + records["dropped"] > 0)


def lines(done: Done) -> dict[str, str]:
    """What each fault says at the end, all of which must have happened."""
    assert all(fault["happened"] for fault in done.report["faults"]), done.report["faults"]
    return {fault["name"]: fault["line"] for fault in done.report["faults"]}


def test_a_run_survives_jobs_that_die_and_a_model_that_cannot_be_loaded(
    penstock: Penstock,
) -> None:
    faults = ["glue-fails-midway", "training-out-of-memory", "corrupt-model"]
    done = penstock("run", "digits", *(word for name in faults for word in ("--fault", name)))

    assert done.code == 0, done.out + done.err
    assert balanced(done.report)
    said = lines(done)
    assert "is FAILED" in said["glue-fails-midway"]
    assert "Please use an instance type with more memory" in said["training-out-of-memory"]
    assert "Failed to extract model data archive" in said["corrupt-model"]
    for line in said.values():
        assert f"fault {line.partition(':')[0]}" in done.out
    begun_again = [
        event["detail"] for event in done.report["events"] if event["what"] == "begun again"
    ]
    assert len(begun_again) == len(faults)
    # the model that could not be loaded is a version of its own, and not the one in service
    served = [event["detail"] for event in done.report["events"] if event["what"] == "in service"]
    assert served[0] == "version 2"
    assert done.report["metrics"]["endpoint_accuracy"] >= 0.9


def test_a_run_survives_an_endpoint_that_is_unhealthy_at_first_and_killed_later(
    penstock: Penstock,
) -> None:
    names = ["training-exits", "ping-never-healthy=2", "endpoint-killed=3"]
    done = penstock("run", "digits", *(word for name in names for word in ("--fault", name)))

    assert done.code == 0, done.out + done.err
    assert balanced(done.report)
    said = lines(done)
    assert "the container was started again and is healthy" in said["endpoint-killed"]
    assert "did not pass the ping health check" in said["ping-never-healthy"]
    endpoint = done.report["endpoint"]
    # a request that failed is not captured, the one that was sent in its place is
    assert endpoint["captured"] == endpoint["invocations"]


@pytest.fixture(scope="module")
def penstock(tmp_path_factory: pytest.TempPathFactory) -> Penstock:
    return penstock_in(project(tmp_path_factory.mktemp("project")))


@pytest.fixture
def spot(tmp_path: Path) -> Penstock:
    """The command in a project whose digits are trained on spare machines."""
    folder = project(tmp_path)
    # app.py as well: Python looks for what it imports where the script really lies
    app, pipelines = folder / "app.py", folder / "pipelines"
    for link in (app, pipelines):
        link.unlink()
    shutil.copy(ROOT / "app.py", app)
    shutil.copytree(ROOT / "pipelines", pipelines)
    (folder / "wheels").symlink_to(ROOT / "wheels")
    description = pipelines / "digits.py"
    text = description.read_text()
    mode = '        input_mode="Pipe",\n'
    assert mode in text
    spare = "        spot=spec.Spot(max_wait_minutes=120, checkpoints=True),\n"
    description.write_text(text.replace(mode, spare + mode))
    return penstock_in(folder)


def test_a_run_on_spare_machines_goes_on_from_the_checkpoint(spot: Penstock) -> None:
    done = spot("run", "digits", "--fault", "spot-interruption")

    assert done.code == 0, done.out + done.err
    assert balanced(done.report)
    assert "taken back (1 time)" in lines(done)["spot-interruption"]
    assert done.report["training"]["channels"]["train"]["records"] > 1000
    log = "".join(path.read_text() for path in (done.latest / "logs").rglob("*") if path.is_file())
    assert "resumed from the checkpoint after epoch" in log
