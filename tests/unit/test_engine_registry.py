"""Which engine stands in for which image."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.catalog.frameworks import Device, Job, framework_image
from penstock.localcloud.engines.registry import UnknownImageError, find_engine, repository_of
from penstock.localcloud.engines.script_mode.engine import TORCH, TRANSFORMERS

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "image",
    [
        "382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1",
        "438346466558.dkr.ecr.eu-west-1.amazonaws.com/linear-learner:latest",
        "390948362332.dkr.ecr.cn-north-1.amazonaws.com.cn/linear-learner@sha256:00ff",
    ],
)
def test_linear_learner_is_found_in_every_region(image: str) -> None:
    assert find_engine(image).name == "linear-learner"


@pytest.mark.parametrize("repository", ["my-linear-learner", "team/linear-learner", "xgboost"])
def test_other_repositories_are_unknown_by_name(repository: str) -> None:
    image = f"111122223333.dkr.ecr.us-east-1.amazonaws.com/{repository}:1"
    assert repository_of(image) == repository
    with pytest.raises(UnknownImageError) as caught:
        find_engine(image)
    assert image in str(caught.value)
    assert "linear-learner" in str(caught.value).split("exist for:")[1]


@pytest.mark.parametrize(
    ("job", "device", "stands_in"),
    [
        ("training", "gpu", "a CPU stands in for its GPUs"),
        ("training", "neuron", "a CPU stands in for Trainium"),
        ("inference", "cpu", "where it is for GPUs"),
        ("inference", "gpu", "where it is for GPUs"),
        ("inference", "neuron", "a CPU stands in for Inferentia2"),
    ],
)
def test_scripts_run_for_each_of_the_catalogs_framework_images(
    job: Job, device: Device, stands_in: str
) -> None:
    image = framework_image("huggingface-pytorch", job, device)
    engine = find_engine(f"1.dkr.ecr.us-east-1.amazonaws.com/{image.repository}:{image.tag}")
    assert engine.name == image.repository
    assert stands_in in engine.by
    assert f"PyTorch {image.libraries['torch']} and transformers" in engine.by


def test_what_runs_scripts_is_what_the_lock_has() -> None:
    lock = (ROOT / "requirements" / "torch.txt").read_text()
    assert f"\ntorch=={TORCH}+cpu " in lock
    assert f"\ntransformers=={TRANSFORMERS} " in lock
    trained = framework_image("huggingface-pytorch", "training", "gpu").libraries
    assert trained["transformers"] == TRANSFORMERS
