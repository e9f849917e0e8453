"""What a step of a pipeline's training takes, where more than its model's size is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.advisor import Training
from penstock.catalog.instances import instance_type

if TYPE_CHECKING:
    from pipelines.spec import Pipeline


def size_is_known(pipeline: Pipeline) -> bool:
    """Whether anything says what its machines must hold: of a script only its description can."""
    from pipelines.spec import ScriptTraining

    training = pipeline.training
    return not isinstance(training, ScriptTraining) or training.model is not None


def step_need(pipeline: Pipeline) -> Training:
    """The training's need; with the activations, where texts' lengths and the batch are known.

    `batch_size` of the hyperparameters is that of all machines together, as jobs/reviews has it.
    """
    training, tokens = pipeline.training, pipeline.row_tokens
    need = training.instance_need
    batch = training.hyperparameters.get("batch_size")
    has_shape = need.model is not None and need.model.layers is not None
    if tokens is None or batch is None or not has_shape:
        return need
    accelerator = instance_type(training.instance_type).accelerator
    devices = 1 if accelerator is None else accelerator.count or 1
    each = -(-int(batch) // (devices * training.instance_count))
    return need.model_copy(update={"sequence_length": tokens, "batch_size": each})
