"""The descriptions of the engines that stand in for Hugging Face's images: a script's own code."""

from __future__ import annotations

from penstock.catalog.frameworks import Device, Job, framework_image
from penstock.localcloud.engines.engine import Engine

FRAMEWORK = "huggingface-pytorch"
# what requirements/torch.txt locks
TORCH, TRANSFORMERS = "2.13.0", "4.56.2"


def _engine(job: Job, device: Device, stands_in: str) -> Engine:
    name = f"{FRAMEWORK}-{job}{'-neuronx' if device == 'neuron' else ''}"
    libraries = framework_image(FRAMEWORK, job, device).libraries
    return Engine(
        name=name,
        repository=name,
        module="penstock.localcloud.engines.script_mode",
        by=f"the script's own code under PyTorch {TORCH} (the CPU build) and transformers "
        f"{TRANSFORMERS}, where the catalog's image has PyTorch {libraries['torch']} and "
        f"transformers {libraries['transformers']}; {stands_in}",
    )


SCRIPT_MODE: tuple[Engine, ...] = (
    _engine("training", "gpu", "a CPU stands in for its GPUs"),
    _engine(
        "training", "neuron", "a CPU stands in for Trainium, and torch.jit.trace for its compiler"
    ),
    _engine("inference", "gpu", "where it is for GPUs a CPU stands in for them"),
    _engine(
        "inference",
        "neuron",
        "a CPU stands in for Inferentia2, and answers by what was traced for it",
    ),
)
