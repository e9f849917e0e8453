"""The training job of a script of one's own, in a framework's image."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import Field as Described
from pydantic import field_validator, model_validator

from penstock.advisor import Hosting as HostingNeed
from penstock.advisor import Model
from penstock.advisor import Training as TrainingNeed
from penstock.catalog import instances
from penstock.catalog.algorithms import Algorithm
from penstock.catalog.frameworks import Device, framework_image
from penstock.catalog.images import Image
from pipelines.spec.base import advice, refusal
from pipelines.spec.instances import AUTO
from pipelines.spec.logged_metric import LoggedMetric
from pipelines.spec.training_job import PREPARED_CHANNELS, TrainingJob

ROOT = Path(__file__).parents[2]
Trainer = Literal["cpu", "gpu", "trainium"]
Server = Literal["cpu", "gpu", "inferentia"]

CODE_CHANNEL, PRETRAINED_CHANNEL = "code", "pretrained"
_CHANNEL = re.compile(r"[a-z][a-z0-9_]{0,63}")
_TAKEN = (*PREPARED_CHANNELS, CODE_CHANNEL, PRETRAINED_CHANNEL)
_NAME = re.compile(r"[a-z][a-z0-9_]*")
# the training toolkit's own, beside those that the stack sets
_RESERVED = "sagemaker_"


class ScriptTraining(TrainingJob):
    """A training job that starts `script`, with the hyperparameters as its arguments.

    `source` is a folder below the repository's root, such as jobs/reviews: all of it travels to the
    job and, by the script, into the model. `trains_on` and `serves_on` are what its code is written
    for. `files` are folders that the Prepare job writes beside the channels of rows: each becomes a
    channel in File mode, such as `tokenizer`. With `pretrained` there is one more of that name, if
    somebody has put weights below pretrained/ of the artifacts' bucket: a job that is isolated from
    the network cannot fetch them elsewhere. `model` is its size, for machines that are chosen
    ('auto').
    """

    framework: Literal["huggingface-pytorch"]
    source: str
    script: str
    trains_on: Annotated[tuple[Trainer, ...], Described(min_length=1)]
    serves_on: Annotated[tuple[Server, ...], Described(min_length=1)]
    metrics: Annotated[tuple[LoggedMetric, ...], Described(min_length=1, max_length=40)]
    request_types: Annotated[tuple[str, ...], Described(min_length=1)]
    response_types: Annotated[tuple[str, ...], Described(min_length=1)]
    files: tuple[str, ...] = ()
    pretrained: bool = False
    checkpoints: bool = False
    multi_machine: bool = False
    model: Model | None = None

    @property
    def program(self) -> str:
        """The script's path: jobs/reviews/train.py."""
        return f"{self.source}/{self.script}"

    @property
    def image(self) -> Image:
        """The framework's training image for the machine's device.

        There is none for a CPU alone; whether the one for GPUs trains on a CPU type is unconfirmed.
        """
        return self.image_on(self.instance_type)

    def image_on(self, instance_type: str) -> Image:
        """The framework's training image for a machine's device."""
        device = device_of(instance_type)
        return framework_image(self.framework, "training", "gpu" if device == "cpu" else device)

    def hosting_image(self, instance_type: str, /) -> Image:
        """The framework's inference image for a machine's device."""
        return framework_image(self.framework, "inference", device_of(instance_type))

    @property
    def facts(self) -> Algorithm:
        """What the description says of the script, as the catalog says it of an algorithm."""
        first, *others = self.channels
        return Script(
            source=(f"{self.program}, by its description",),
            date="",
            image=None,
            channels={"required": (first,), "optional": tuple(others)},
            training={self.content_type: ("File", "Pipe")},
            tensor_type=None,
            inference={"request": self.request_types, "response": self.response_types},
            cpu="cpu" in self.trains_on,
            accelerated_families=_families(self.trains_on),
            serving_families=_families(self.serves_on),
            cpu_hosting="cpu" in self.serves_on,
            accelerated_hosting=self.serves_on != ("cpu",),
            multi_gpu=True,
            multi_machine=self.multi_machine,
            architecture="amd64",
            incremental_training=False,
            checkpoints=self.checkpoints,
            hyperparameters={},
            final_metrics={metric.name: metric.objective for metric in self.metrics},
            from_answers={
                metric.name: metric.from_answers for metric in self.metrics if metric.from_answers
            },
            metric_patterns={metric.name: metric.pattern for metric in self.metrics},
            tunable={},
        )

    @property
    def warnings(self) -> tuple[str, ...]:
        """Those of every job, and what the framework has no image for."""
        lines = list(super().warnings)
        if device_of(self.instance_type) == "cpu":
            lines.append(
                advice(
                    self.instance_type,
                    place="instance_type",
                    rule=f"{self.framework} has no training image for a CPU alone; whether the one "
                    "for GPUs trains there is unconfirmed",
                    source=framework_image(self.framework, "training", "gpu").citation,
                    remedy="try it, or use a GPU type such as ml.g6.xlarge",
                )
            )
        return tuple(lines)

    @property
    def instance_need(self) -> TrainingNeed:
        """By the model's size."""
        return TrainingNeed(
            model=self.model,
            runs_on=self.trains_on,
            machines=self.instance_count,
            data_gb=self.volume_gb if "volume_gb" in self.model_fields_set else None,
            volume_key=self.needs_volume_key,
        )

    @property
    def hosting_need(self) -> HostingNeed:
        """By the model's size."""
        return HostingNeed(model=self.model, runs_on=self.serves_on)

    @model_validator(mode="before")
    @classmethod
    def _as_strings(cls, data: Any) -> Any:
        """Numbers and booleans become the words of a command line; others are left to fail."""
        given = data.get("hyperparameters") if isinstance(data, Mapping) else None
        if not isinstance(given, Mapping):
            return data
        words = {
            name: str(value).lower()
            if isinstance(value, bool)
            else (str(value) if isinstance(value, int | float) else value)
            for name, value in given.items()
        }
        return {**data, "hyperparameters": words}

    @field_validator("hyperparameters")
    @classmethod
    def _check_names(cls, value: Mapping[str, str]) -> Mapping[str, str]:
        for name in value:
            if not _NAME.fullmatch(name) or name.startswith(_RESERVED) or len(name) > 256:
                raise refusal(
                    name,
                    rule="a hyperparameter is handed to the script as --name: lower case with _, "
                    f"and not {_RESERVED}..., which the container keeps for itself",
                    source="aws/sagemaker-training-toolkit@3383937 README; botocore 1.44.5 "
                    "sagemaker model, HyperParameters",
                    remedy="use a name such as learning_rate",
                )
        return value

    @field_validator("files")
    @classmethod
    def _check_files(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not _CHANNEL.fullmatch(name) or name in _TAKEN or value.count(name) > 1:
                raise refusal(
                    name,
                    rule="files: a channel's name is lower case with _, there is one of a name, "
                    f"and {', '.join(_TAKEN)} are others",
                    source="botocore 1.44.5 sagemaker model, ChannelName",
                    remedy="use a name such as tokenizer",
                )
        return value

    @model_validator(mode="after")
    def _check_script(self) -> ScriptTraining:
        folder, script = PurePosixPath(self.source), PurePosixPath(self.script)
        inside = not folder.is_absolute() and ".." not in folder.parts
        plain = len(script.parts) == 1 and script.suffix == ".py"
        if not inside or not plain or not (ROOT / folder / script).is_file():
            raise refusal(
                self.program,
                rule="source, script: a Python file in a folder below the repository's root",
                source="pipelines.spec.ScriptTraining",
                remedy="write it as jobs/<folder>/<name>.py",
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _check_size(cls, data: Any) -> Any:
        # before a machine is chosen by it
        given = data if isinstance(data, Mapping) else {}
        if given.get("instance_type") == AUTO and given.get("model") is None:
            raise refusal(
                AUTO,
                rule="instance_type: of a script nothing is known but what is said here",
                source="penstock.advisor",
                remedy="give model, its size, or name a type",
            )
        return data


class Script(Algorithm):
    """The contract of a script: it may answer on other accelerators than it trains on."""

    serving_families: tuple[str, ...]

    @property
    def hosting_families(self) -> tuple[str, ...]:
        """The accelerated families whose device its code answers on."""
        return self.serving_families


def device_of(instance_type: str) -> Device:
    """What of the framework's images is for a machine."""
    accelerator = instances.instance_type(instance_type).accelerator
    if accelerator is None:
        return "cpu"
    return "gpu" if accelerator.kind == "gpu" else "neuron"


def _families(kinds: tuple[str, ...]) -> tuple[str, ...]:
    found = set()
    for name in instances.all_names():
        machine = instances.instance_type(name)
        if machine.accelerator is not None and machine.accelerator.kind in kinds:
            found.add(machine.family)
    return tuple(sorted(found))
