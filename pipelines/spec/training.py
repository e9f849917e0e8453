"""The training job: a first-party algorithm, its settings, its machines, its channels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, field_validator, model_validator

from penstock.catalog import algorithms, instances
from penstock.catalog.algorithms import Algorithm
from pipelines.spec.base import Spec, refusal, within
from pipelines.spec.instances import usable_for

PREPARED_CHANNELS = ("train", "validation", "test")


class Training(Spec):
    """A SageMaker training job; `channels` are those that the Prepare job writes."""

    algorithm: str
    hyperparameters: Mapping[str, str]
    instance_type: Annotated[str, AfterValidator(usable_for("training"))]
    instance_count: Annotated[int, within("sagemaker.training_instances")] = 1
    volume_gb: Annotated[int, within("sagemaker.volume_gb")] = 30
    input_mode: Literal["File", "Pipe"]
    content_type: str
    channels: tuple[str, ...] = PREPARED_CHANNELS
    max_runtime_minutes: Annotated[int, within("sagemaker.max_runtime_minutes")] = 60

    @property
    def facts(self) -> Algorithm:
        """What the catalog knows of the algorithm."""
        return algorithms.algorithm(self.algorithm)

    @field_validator("algorithm")
    @classmethod
    def _check_algorithm(cls, value: str) -> str:
        if value not in algorithms.names():
            raise refusal(
                value,
                rule="no such first-party algorithm in the catalog",
                source="penstock/catalog/data/algorithms",
                remedy=f"use one of {', '.join(algorithms.names())}",
            )
        return value

    @field_validator("hyperparameters", mode="before")
    @classmethod
    def _as_strings(cls, value: Any) -> Any:
        """Numbers and booleans become the strings that SageMaker sends; others are left to fail."""
        if not isinstance(value, Mapping):
            return value
        return {
            name: str(setting).lower()
            if isinstance(setting, bool)
            else str(setting)
            if isinstance(setting, int | float)
            else setting
            for name, setting in value.items()
        }

    @model_validator(mode="after")
    def _check_hyperparameters(self) -> Training:
        facts = self.facts
        source = facts.source[min(1, len(facts.source) - 1)]
        for name, value in self.hyperparameters.items():
            known = facts.hyperparameters.get(name)
            if known is None:
                raise refusal(
                    name,
                    rule=f"hyperparameters: {self.algorithm} has no hyperparameter of that name",
                    source=source,
                    remedy=f"use one of {', '.join(facts.hyperparameters)}",
                )
            if not known.accepts(value):
                raise refusal(
                    value,
                    rule=f"hyperparameters: {name} must be {known.rule}",
                    source=source,
                    remedy=f"the default is {known.default}"
                    if known.default is not None
                    else "use such a value",
                )
        for name, known in facts.hyperparameters.items():
            if known.required_with(self.hyperparameters) and name not in self.hyperparameters:
                raise refusal(
                    dict(self.hyperparameters),
                    rule=f"hyperparameters: {self.algorithm} needs {name}",
                    source=source,
                    remedy=f"add it: {known.rule}",
                )
        return self

    @model_validator(mode="after")
    def _check_input(self) -> Training:
        facts = self.facts
        modes = facts.training.get(self.content_type)
        if modes is None:
            raise refusal(
                self.content_type,
                rule=f"content_type: {self.algorithm} does not train on it",
                source=facts.citation,
                remedy=f"use {' or '.join(facts.training)}",
            )
        if self.input_mode not in modes:
            raise refusal(
                self.input_mode,
                rule=f"input_mode: {self.algorithm} cannot read {self.content_type} that way",
                source=facts.citation,
                remedy=f"use {' or '.join(modes)}",
            )
        for channel in self.channels:
            if channel not in facts.channels.known or channel not in PREPARED_CHANNELS:
                raise refusal(
                    channel,
                    rule=f"channels: {self.algorithm} has no such channel, or no job writes it",
                    source=facts.citation,
                    remedy=f"use of {', '.join(facts.channels.known)}",
                )
        for channel in facts.channels.required:
            if channel not in self.channels:
                raise refusal(
                    self.channels,
                    rule=f"channels: {self.algorithm} needs the channel {channel}",
                    source=facts.citation,
                    remedy="add it",
                )
        return self

    @model_validator(mode="after")
    def _check_machine(self) -> Training:
        facts, machine = self.facts, instances.instance_type(self.instance_type)
        if machine.accelerator is not None and machine.family not in facts.accelerated_families:
            raise refusal(
                self.instance_type,
                rule=f"instance_type: {self.algorithm} is not documented to use that accelerator",
                source=facts.citation,
                remedy=f"use {facts.machines}",
            )
        if self.instance_count > 1 and not facts.multi_machine:
            raise refusal(
                self.instance_count,
                rule=f"instance_count: {self.algorithm} trains on one machine",
                source=facts.citation,
                remedy="use 1",
            )
        return self
