"""What a description may ask for beyond digits: each choice is in the template, and its rights."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.registry import load
from pipelines.spec import Pipeline, Serving, Spot, Training
from stacks.names import CHECKPOINTS_PREFIX
from tests.synth.conftest import Synthesized, synthesized
from tests.synth.reading import as_list, text


def digits_with(*, training: dict[str, Any], serving: dict[str, Any]) -> Pipeline:
    """Digits with other choices, validated as a pipeline of its own."""
    digits = load()["digits"]
    changes = {
        "training": Training(**{**dict(digits.training), **training}),
        "serving": Serving(**{**dict(digits.serving), **serving}),
        "monitor": None,
        "retrain": None,
    }
    return Pipeline(**{**dict(digits), **changes})


@pytest.fixture(scope="module")
def spot(context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """Trained on spare machines."""
    pipeline = digits_with(
        training={"spot": Spot(max_wait_minutes=180, checkpoints=True)}, serving={"capture": None}
    )
    return synthesized(context, tmp_path_factory.mktemp("spot"), pipeline)


def test_a_spot_job_says_how_long_it_waits_and_where_it_goes_on(spot: Synthesized) -> None:
    job = spot.machine("Training")["States"]["Train"]["Parameters"]
    assert job["EnableManagedSpotTraining"] is True
    assert job["StoppingCondition"] == {
        "MaxRuntimeInSeconds": 60 * 60,
        "MaxWaitTimeInSeconds": 180 * 60,
    }
    address = job["CheckpointConfig"]["S3Uri.$"]
    assert f"/{CHECKPOINTS_PREFIX}{{}}/', States.Hash($$.Execution.Id, 'MD5')" in address


def test_the_machine_waits_as_long_as_the_spot_job(dev: Synthesized, spot: Synthesized) -> None:
    waits = [built.machine("Training")["TimeoutSeconds"] for built in (dev, spot)]
    assert waits[1] - waits[0] == (180 - 60) * 60


def test_the_training_role_reaches_its_checkpoints_and_no_more(
    dev: Synthesized, spot: Synthesized
) -> None:
    def rights(built: Synthesized) -> set[tuple[str, str]]:
        return {
            (action, f"{text(resource)} {statement.get('Condition', '')}")
            for statement in built.statements("TrainingRole")
            for action in as_list(statement["Action"])
            for resource in as_list(statement["Resource"])
        }

    more = rights(spot) - rights(dev)
    assert {action for action, _ in more} == {
        "s3:AbortMultipartUpload",
        "s3:GetBucketLocation",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
    }
    assert all("Artifacts" in resource for _, resource in more)
    for action, resource in more - {right for right in more if right[0] == "s3:GetBucketLocation"}:
        assert CHECKPOINTS_PREFIX in resource, action


def test_checkpoints_are_not_kept_for_ever(dev: Synthesized, spot: Synthesized) -> None:
    def expiring(built: Synthesized) -> list[tuple[str, int]]:
        bucket = built.named("S3::Bucket", "Artifacts", "training")
        return [
            (rule["Prefix"], rule["ExpirationInDays"])
            for rule in bucket["LifecycleConfiguration"]["Rules"]
            if "Prefix" in rule
        ]

    assert expiring(dev) == []
    assert expiring(spot) == [(CHECKPOINTS_PREFIX, 7)]
