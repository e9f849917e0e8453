"""Compilation: refuses a pipeline that lacks it, and one that has no use for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.catalog import instances
from pipelines.spec.base import refusal
from pipelines.spec.compilation import TRACE_SOURCE
from pipelines.spec.script_training import ROOT, ScriptTraining

if TYPE_CHECKING:
    from pipelines.spec.pipeline import Pipeline

CHIP = "inferentia2"


def check_compilation(pipeline: Pipeline) -> None:
    """Check that what answers on Inferentia2 is compiled, and nothing else.

    Raises:
        ValueError: the refusal of the first that does not fit.
    """
    training = pipeline.training
    if not isinstance(training, ScriptTraining):
        if pipeline.compilation is not None:
            raise refusal(
                pipeline.compilation.script,
                rule=f"compilation: {training.program} is no script of one's own, and what it "
                "trains is nothing that Neuron compiles",
                source=TRACE_SOURCE,
                remedy="leave it out",
            )
        return
    _check_one_image(pipeline, training)
    chip = _inferentia(pipeline.serving.instance_type)
    if chip is None:
        _check_not_given(pipeline)
    elif chip != CHIP:
        raise refusal(
            pipeline.serving.instance_type,
            rule="serving.instance_type: what the framework's images compile is for Inferentia2",
            source=TRACE_SOURCE,
            remedy="use a type such as ml.inf2.xlarge",
        )
    else:
        _check_given(pipeline, training)


def _inferentia(instance_type: str) -> str | None:
    """The name of a machine's Inferentia chip; None for a machine without one."""
    accelerator = instances.instance_type(instance_type).accelerator
    if accelerator is None or accelerator.kind != "inferentia":
        return None
    return accelerator.name or "inferentia"


def _check_one_image(pipeline: Pipeline, training: ScriptTraining) -> None:
    first = training.hosting_image(pipeline.serving.instance_type)
    for number, other in enumerate(pipeline.serving.others):
        if training.hosting_image(other.instance_type) != first:
            raise refusal(
                other.instance_type,
                rule=f"serving.others.{number}.instance_type: all variants have one model, whose "
                f"image is the one for {pipeline.serving.instance_type}",
                source="stacks/serving.py",
                remedy="use a type with the same kind of device",
            )


def _check_not_given(pipeline: Pipeline) -> None:
    if pipeline.compilation is not None:
        raise refusal(
            pipeline.serving.instance_type,
            rule="compilation: nothing answers on Inferentia2, and a compiled model answers "
            "nowhere else",
            source="AWS Neuron documentation, torch_neuronx.trace, device compatibility",
            remedy="leave it out, or serve on a type such as ml.inf2.xlarge",
        )


def _check_given(pipeline: Pipeline, training: ScriptTraining) -> None:
    compilation = pipeline.compilation
    if compilation is None:
        raise refusal(
            pipeline.serving.instance_type,
            rule="compilation is missing: on Inferentia2 a model answers only once it is compiled "
            "for it",
            source=TRACE_SOURCE,
            remedy="give compilation=spec.Compilation()",
        )
    if not (ROOT / training.source / compilation.script).is_file():
        raise refusal(
            compilation.script,
            rule=f"compilation.script: {training.source}, the training's source, has no such file",
            source="pipelines.spec.Compilation",
            remedy="write it there, beside the script that trains",
        )
    if pipeline.gate.beats_serving and "cpu" not in training.serves_on:
        raise refusal(
            list(training.serves_on),
            rule="training.serves_on: models are compared by their plain weights on "
            f"{compilation.comparison_instance_type}, a CPU type",
            source="pipelines.spec.Compilation",
            remedy="let the program answer on 'cpu', too, or use gate.beats_serving=False",
        )
