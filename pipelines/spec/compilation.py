"""The job that compiles a trained model for the chips that it answers on."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, field_validator
from pydantic import Field as Described

from penstock.catalog import instances
from pipelines.spec.base import Spec, refusal, within
from pipelines.spec.instances import usable_for

# what answers on Inferentia2 is checked where it was compiled: on a chip with the same cores
CHIP = "trainium"
TRACE_SOURCE = (
    "AWS Neuron documentation, torch_neuronx.trace: NeuronCore-v2, which trn1 and inf2 have"
)


class Compilation(Spec):
    """A second training job, after the gate, that makes a model answer on Inferentia2.

    SageMaker offers inf2 for hosting and batch transforms alone (botocore 1.44.5 sagemaker model,
    TrainingInstanceType, ProcessingInstanceType), so the job runs on trn1, whose storage is its
    own. It starts `script`, of the training's source folder. A compiled model takes as many texts
    at a time as it was compiled for: `batch_sizes`; how long they are the trained model says.

    A new model is compared with the served one by what both have in common, their plain weights:
    these answer on `comparison_instance_type`, a CPU type.
    """

    script: str = "compile.py"
    instance_type: Annotated[str, AfterValidator(usable_for("training"))] = "ml.trn1.2xlarge"
    max_runtime_minutes: Annotated[int, within("sagemaker.max_runtime_minutes")] = 60
    batch_sizes: Annotated[tuple[int, ...], Described(min_length=1, max_length=8)] = (1, 16)
    comparison_instance_type: str = "ml.m5.xlarge"

    @field_validator("instance_type")
    @classmethod
    def _check_type(cls, value: str) -> str:
        accelerator = None
        if value in instances.names("training"):
            accelerator = instances.instance_type(value).accelerator
        if accelerator is None or accelerator.name != CHIP:
            raise refusal(
                value,
                rule="instance_type: a model for Inferentia2 is compiled, and its answers checked, "
                "on a machine with cores of the same kind",
                source=TRACE_SOURCE,
                remedy="use ml.trn1.2xlarge",
            )
        return value

    @field_validator("batch_sizes")
    @classmethod
    def _check_sizes(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if any(size < 1 for size in value) or sorted(set(value)) != list(value):
            raise refusal(
                list(value),
                rule="batch_sizes: numbers of texts, 1 or more, each once, the smallest first",
                source="pipelines.spec.Compilation",
                remedy="use sizes such as (1, 16)",
            )
        return value

    @field_validator("comparison_instance_type")
    @classmethod
    def _check_comparison_type(cls, value: str) -> str:
        known = value in instances.names("transform")
        if not known or instances.instance_type(value).accelerator is not None:
            raise refusal(
                value,
                rule="comparison_instance_type: no CPU type that SageMaker offers for batch "
                "transforms",
                source=instances.source(),
                remedy="use a type such as ml.m5.xlarge",
            )
        return value
