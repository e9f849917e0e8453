"""Framework images: the URIs that the SageMaker SDK resolves, and what is in the images.

What it resolves is recorded; tests/clients/test_sagemaker_image_uris.py asks the SDK itself.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from penstock.catalog.facts import UnknownFactError
from penstock.catalog.frameworks import Device, Job, framework_image

RECORDED = Path(__file__).parents[1] / "clients" / "recorded" / "sagemaker_framework_uris.json"
RESOLVED: dict[str, dict[str, str]] = json.loads(RECORDED.read_text("utf-8"))["uris"]
HUGGING_FACE = "huggingface-pytorch"


@pytest.mark.parametrize(
    ("resolved", "job", "device"),
    [
        ("huggingface=4.56.2,pytorch2.8.0,training,ml.g5.xlarge", "training", "gpu"),
        ("huggingface=4.51.3,pytorch2.6.0,inference,ml.g5.xlarge", "inference", "gpu"),
        ("huggingface=4.51.3,pytorch2.6.0,inference,ml.m5.large", "inference", "cpu"),
    ],
)
def test_the_uri_in_each_region_is_the_one_that_the_sdk_resolves(
    resolved: str, job: Job, device: Device
) -> None:
    image = framework_image(HUGGING_FACE, job, device)
    assert {region: image.uri(region) for region in image.regions} == RESOLVED[resolved]


@pytest.mark.parametrize("job", ["training", "inference"])
def test_neuron_images_are_those_of_the_published_list(job: Job) -> None:
    image = framework_image(HUGGING_FACE, job, "neuron")
    assert image.uri("us-east-1") == (
        f"763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-{job}-neuronx:"
        "2.8.0-transformers4.55.4-neuronx-py310-sdk2.26.0-ubuntu22.04"
    )
    assert any("the list of published images" in doubt for doubt in image.unconfirmed)


@pytest.mark.parametrize(
    ("job", "device"),
    [
        ("training", "gpu"),
        ("training", "neuron"),
        ("inference", "cpu"),
        ("inference", "gpu"),
        ("inference", "neuron"),
    ],
)
def test_a_tag_says_what_is_recorded_as_in_it(job: Job, device: Device) -> None:
    image = framework_image(HUGGING_FACE, job, device)
    assert image.tag is not None
    torch, transformers, *_ = image.tag.split("-")
    assert torch == image.libraries["torch"]
    assert transformers == f"transformers{image.libraries['transformers']}"
    assert f"-py{image.python.replace('.', '')}-" in image.tag
    assert image.source
    assert image.date


def test_what_there_is_not_is_said_with_what_there_is() -> None:
    with pytest.raises(
        UnknownFactError, match="of huggingface-pytorch for cpu; known: gpu, neuron"
    ):
        framework_image(HUGGING_FACE, "training", "cpu")
    with pytest.raises(UnknownFactError, match="no entry 'mxnet'; known: huggingface-pytorch"):
        framework_image("mxnet", "training", "gpu")
