"""`penstock run reviews` with the real reviews: what it must show, read from its report."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.iam.runs import TORCH_RUNS
from tests.runs.conftest import Done

pytestmark = [pytest.mark.offline, pytest.mark.runtime, pytest.mark.xdist_group("reviews-runs")]

REVIEWS = 2000
BROKEN = 7
CHANCE = 0.5


@pytest.fixture(scope="module", params=TORCH_RUNS)
def run(request: pytest.FixtureRequest, reviews_runs: dict[str, Done]) -> Done:
    return reviews_runs[request.param]


@pytest.fixture(scope="module")
def report(run: Done) -> dict[str, Any]:
    assert run.code == 0, run.out + run.err
    return run.report


def test_every_step_succeeds_and_nobody_is_denied_anything(run: Done, report: Any) -> None:
    assert {step["status"] for step in report["steps"]} == {"succeeded"}
    assert report["access"]["denied"] == 0


def test_every_review_is_accounted_for(report: dict[str, Any]) -> None:
    records = report["records"]
    assert records["failed"] == {"source": 0, "transform": BROKEN, "conversion": 0}
    assert records["sent"] == records["delivered"] + records["dropped"] + BROKEN
    assert records["unique"] == REVIEWS


def test_the_model_passes_its_gate_and_answers_as_it_was_judged(report: dict[str, Any]) -> None:
    curve = report["training"]["learning_curve"]
    assert curve[-1]["metrics"]["train:loss"] < curve[0]["metrics"]["train:loss"]
    # the endpoint's program is another than the training's
    assert report["metrics"]["test:accuracy"] == pytest.approx(
        report["metrics"]["endpoint_accuracy"], abs=0.01
    )
    assert report["metrics"]["endpoint_accuracy"] > CHANCE + 0.1
    assert report["endpoint"]["captured"] == report["endpoint"]["invocations"] > 0


def test_held_out_reviews_raise_nothing_and_short_bad_ones_drift_in_length_and_class(
    report: dict[str, Any],
) -> None:
    monitor = report["monitor"]
    assert monitor["reference_batch"]["violations"] == 0
    assert monitor["reference_batch"]["rows"] > 150
    assert set(monitor["drifted_batch"]["features"]) == {"tokens", "predicted_label"}
    assert monitor["alarm"] == "ALARM"
    assert report["retraining"]["cause"] == "alarm"


def test_the_ledger_says_what_stood_in_for_the_containers(run: Done, report: Any) -> None:
    containers = [line for line in run.out.splitlines() if "huggingface-pytorch" in line]
    assert any("-training" in line for line in containers)
    assert any("-inference" in line for line in containers)
    assert all("PyTorch" in line for line in containers)


def test_the_artifact_has_model_vocabulary_and_the_program_that_answers(run: Done) -> None:
    with tarfile.open(Path(run.latest, "model.tar.gz")) as archive:
        names = set(archive.getnames())
    assert {"config.json", "model.safetensors", "vocab.txt", "code/inference.py"} <= names
