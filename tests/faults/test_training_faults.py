"""Training jobs on a bad day: how they end, what is left of them, and what the next one makes."""

from __future__ import annotations

import io
import sys
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from penstock.localcloud.engines import registry
from penstock.localcloud.engines.engine import Engine
from penstock.localcloud.engines.linear_learner.model import LinearModel
from penstock.localcloud.workers.training.failure import OUT_OF_MEMORY
from tests.faults.jobs_lab import sagemaker_with, told
from tests.offline.sagemaker_lab import DIGITS, SageMakerLab
from tests.processes import processes_below

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("training-faults")]

CHECKPOINTS = "s3://lab/checkpoints/run/"
EPOCHS = 120
LONG = {**DIGITS, "epochs": str(EPOCHS), "early_stopping_patience": str(EPOCHS)}
SPOT = {
    "EnableManagedSpotTraining": True,
    "StoppingCondition": {"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 1200},
}


def statuses(job: dict[str, Any]) -> list[str]:
    return [step["Status"] for step in job["SecondaryStatusTransitions"]]


def keys(lab: SageMakerLab, prefix: str) -> list[str]:
    listed = lab.s3.list_objects_v2(Bucket="lab", Prefix=prefix).get("Contents", [])
    return [item["Key"] for item in listed]


def model_of(lab: SageMakerLab, job: str, folder: Path) -> LinearModel:
    body = lab.s3.get_object(Bucket="lab", Key=f"models/{job}/output/model.tar.gz")["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as tar:
        tar.extractall(folder / job)
    return LinearModel.load(folder / job)


def test_a_container_that_exits_fails_its_job_with_its_own_words(tmp_path: Path) -> None:
    with sagemaker_with(tmp_path, "training-exits") as lab:
        job = lab.run(lab.request("exits"))
        again = lab.run(lab.request("again"))

        assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Failed", "Failed")
        assert job["FailureReason"].startswith("AlgorithmError: TroubleError: the training gave up")
        assert job["FailureReason"].endswith("exit code: 1")
        assert keys(lab, "models/exits/") == []
        assert any("TroubleError" in line for line in lab.log_lines("exits"))
        assert again["TrainingJobStatus"] == "Completed"
        entry = told(lab.cloud, "training-exits")
        assert entry["happened"] == 1
        assert "exits Failed/Failed (AlgorithmError: TroubleError" in entry["line"]
        assert "output/failure (SageMaker developer guide" in entry["line"]


def test_a_container_that_is_killed_for_memory_asks_for_more_of_it(tmp_path: Path) -> None:
    with sagemaker_with(tmp_path, "training-out-of-memory") as lab:
        job = lab.run(lab.request("large"))

        assert (job["TrainingJobStatus"], job["FailureReason"]) == ("Failed", OUT_OF_MEMORY)
        assert statuses(job) == ["Starting", "Training", "Failed"]
        assert keys(lab, "models/") == []
        assert told(lab.cloud, "training-out-of-memory")["happened"] == 1
        assert processes_below(tmp_path) == []


def test_a_container_that_hangs_is_stopped_at_its_limit(tmp_path: Path) -> None:
    with sagemaker_with(tmp_path, "training-hangs=2") as lab:
        job = lab.run(lab.request("hangs"))

        found = (job["TrainingJobStatus"], job["SecondaryStatus"])
        assert found == ("Stopped", "MaxRuntimeExceeded")
        assert "FailureReason" not in job
        assert job["StoppingCondition"]["MaxRuntimeInSeconds"] == 600
        assert keys(lab, "models/") == []
        assert told(lab.cloud, "training-hangs")["happened"] == 1
        assert processes_below(tmp_path) == []


@pytest.mark.parametrize("times", [1, 2])
def test_an_interrupted_spot_training_ends_with_the_model_of_an_undisturbed_one(
    tmp_path: Path, times: int
) -> None:
    with sagemaker_with(tmp_path / "cloud", f"spot-interruption={times}") as lab:
        calm = lab.run(lab.request("calm", HyperParameters=LONG))
        request = lab.request("spot", **SPOT, HyperParameters=LONG)
        job = lab.run({**request, "CheckpointConfig": {"S3Uri": CHECKPOINTS}})

        assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
        assert statuses(job) == [
            "Starting",
            "Training",
            *["Interrupted", "Starting", "Training"] * times,
            "Uploading",
            "Completed",
        ]
        resumed = [x for x in lab.log_lines("spot") if x.startswith("resumed from the checkpoint")]
        assert len(resumed) == times
        assert int(resumed[-1].rsplit(" ", 1)[1]) < EPOCHS - 1, "it was interrupted too late"
        assert keys(lab, "checkpoints/") == ["checkpoints/run/linear-learner.npz"]
        expected, found = model_of(lab, "calm", tmp_path), model_of(lab, "spot", tmp_path)
        assert np.array_equal(expected.weights, found.weights)
        assert np.array_equal(expected.bias, found.bias)
        assert metrics(job) == metrics(calm)
        assert job["BillableTimeInSeconds"] >= 1
        report = {entry.channel: entry for entry in lab.training.reports["spot"].channels}
        assert report["train"].records == 1257
        assert told(lab.cloud, "spot-interruption")["happened"] == times


def test_without_checkpoints_an_interrupted_training_begins_anew(tmp_path: Path) -> None:
    with sagemaker_with(tmp_path, "spot-interruption") as lab:
        job = lab.run(lab.request("spot", **SPOT))

        assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
        assert statuses(job).count("Interrupted") == 1
        lines = lab.log_lines("spot")
        assert not [line for line in lines if line.startswith("resumed")]
        assert len([line for line in lines if line.startswith("linear-learner on algo-1")]) == 2
        assert metrics(job)["test:multiclass_accuracy"] >= 0.93


def test_machines_at_the_full_price_are_not_taken_back(tmp_path: Path) -> None:
    with sagemaker_with(tmp_path, "spot-interruption") as lab:
        job = lab.run(lab.request("ordinary"))

        assert statuses(job) == ["Starting", "Training", "Uploading", "Completed"]
        entry = told(lab.cloud, "spot-interruption")
        assert entry["happened"] == 0
        assert "it did not happen" in entry["line"]


SAVES_WHEN_ASKED = """
import os, pathlib, signal, sys, time
kept = pathlib.Path(os.environ["OPT_ML"]) / "checkpoints"
for path in sorted(kept.iterdir()):
    print("FOUND", path.name, path.read_text(), flush=True)
    (kept.parent / "model" / path.name).write_text(path.read_text())
def save(*_):
    time.sleep(0.3)  # some of the two minutes
    (kept / "last").write_text("saved at SIGTERM")
    (kept / "first").unlink()
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
if not (kept / "last").exists():
    (kept / "first").write_text("begun")
    time.sleep(60)
"""


def test_a_program_may_save_its_state_when_its_machine_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "saves.py"
    script.write_text(SAVES_WHEN_ASKED)

    class Saving(Engine):
        def command(self, verb: str) -> list[str]:
            return [sys.executable, str(script), verb]

    engines = (*registry.ENGINES, Saving("saving", "saving", "saving", "a test"))
    monkeypatch.setattr(registry.find_engine, "__defaults__", (engines,))
    image = "111122223333.dkr.ecr.us-east-1.amazonaws.com/saving:1"
    with sagemaker_with(tmp_path / "cloud", "spot-interruption") as lab:
        request = lab.request(
            "saves",
            **SPOT,
            CheckpointConfig={"S3Uri": CHECKPOINTS.rstrip("/")},
            AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "Pipe"},
        )
        job = lab.run(request)

        assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
        assert [x for x in lab.log_lines("saves") if x.startswith("FOUND")] == [
            "FOUND last saved at SIGTERM"
        ]
        assert keys(lab, "checkpoints/") == ["checkpoints/run/last"]


def metrics(job: dict[str, Any]) -> dict[str, float]:
    return {found["MetricName"]: found["Value"] for found in job["FinalMetricDataList"]}
