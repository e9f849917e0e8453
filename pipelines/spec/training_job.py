"""What all training jobs have: machines, channels, limits; and how these must fit together."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, PrivateAttr, model_validator

from penstock.advisor import Advice, choose
from penstock.advisor import Hosting as HostingNeed
from penstock.advisor import Training as TrainingNeed
from penstock.catalog.algorithms import Algorithm, Distribution
from penstock.catalog.images import Image
from pipelines.spec.base import Spec, advice, refusal, within
from pipelines.spec.instances import AUTO, choice, usable_for
from pipelines.spec.spot import Spot
from pipelines.spec.training_machines import check_machines

PREPARED_CHANNELS = ("train", "validation", "test")
CSV, JSON_LINES = "text/csv", "application/jsonlines"


class TrainingJob(Spec, ABC):
    """A SageMaker training job; `channels` are those that the Prepare job writes.

    `instance_type` may be 'auto': the cheapest one that the program is documented for, with room
    for `volume_gb` if that is given; `instance_advice` says why. `volume_gb` is of no effect where
    the machine has storage of its own; `needs_volume_key` refuses such a machine, as it does not
    take the pipeline's key.
    `distribution` says, by channel, whether each machine gets all of its objects or a share of
    them, where that is not to be the way that the program wants it.
    The machines stay for `keep_alive_seconds` after a job, and are paid for, so that the next one
    need not wait for new ones: a warm pool, whose quota is 0 until AWS raises it.
    """

    hyperparameters: Mapping[str, str]
    instance_type: Annotated[str, AfterValidator(usable_for("training"))]
    instance_count: Annotated[int, within("sagemaker.training_instances")] = 1
    volume_gb: Annotated[int, within("sagemaker.volume_gb")] = 30
    needs_volume_key: bool = False
    input_mode: Literal["File", "Pipe"]
    content_type: str
    channels: tuple[str, ...] = PREPARED_CHANNELS
    distribution: Mapping[str, Distribution] = {}
    max_runtime_minutes: Annotated[int, within("sagemaker.max_runtime_minutes")] = 60
    keep_alive_seconds: Annotated[int, within("sagemaker.warm_pool_seconds")] = 0
    spot: Spot | None = None
    _advice: Advice | None = PrivateAttr(default=None)

    @property
    @abstractmethod
    def program(self) -> str:
        """What trains, in a word: an algorithm's name, a script."""

    @property
    @abstractmethod
    def facts(self) -> Algorithm:
        """The contract of what trains."""

    @property
    @abstractmethod
    def image(self) -> Image:
        """The image that trains."""

    @abstractmethod
    def hosting_image(self, instance_type: str, /) -> Image:
        """The image that answers on an instance type."""

    @property
    @abstractmethod
    def hosting_need(self) -> HostingNeed:
        """What the endpoint's machines must have for the model, for the advisor."""

    @property
    @abstractmethod
    def instance_need(self) -> TrainingNeed:
        """What the machines must have, for the advisor."""

    @property
    def instance_advice(self) -> Advice | None:
        """What was said when the instance type was chosen; None where it was given."""
        return self._advice

    @property
    def longest_minutes(self) -> int:
        """How long a job may take, waiting for spare machines included."""
        return self.max_runtime_minutes if self.spot is None else self.spot.max_wait_minutes

    @property
    def request_type(self) -> str:
        """The content type of a request to the model: rows of CSV, where it takes them."""
        taken = self.facts.inference.request
        return CSV if CSV in taken else taken[0]

    @property
    def rows_type(self) -> str | None:
        """The content type of a file with a row a line, None if it takes none."""
        taken = self.facts.inference.request
        return next((kind for kind in (CSV, JSON_LINES) if kind in taken), None)

    def distribution_of(self, channel: str) -> Distribution:
        """The S3DataDistributionType of a channel."""
        return self.distribution.get(channel) or self.facts.distribution_of(channel)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What AWS would take, and is not wise or not known to work; one line each."""
        facts, lines = self.facts, []
        if self.instance_count > 1 and facts.multi_machine is None:
            lines.append(
                advice(
                    self.instance_count,
                    place="instance_count",
                    rule=f"whether {self.program} trains on several machines is unconfirmed",
                    source=facts.citation,
                    remedy="use 1, or compare the time that both take",
                )
            )
        if self.instance_count > 1 and self.spot is not None and self.spot.checkpoints:
            lines.append(
                advice(
                    True,
                    place="spot.checkpoints",
                    rule="several machines write to the same place, and whether their checkpoints "
                    f"have names of their own with {self.program} is unconfirmed",
                    source="awsdocs/amazon-sagemaker-developer-guide@1086485 "
                    "doc_source/model-checkpoints.md, considerations",
                    remedy="use instance_count 1, or leave spot out",
                )
            )
        for channel, advised in facts.advised_distribution.items():
            if self.instance_count > 1 and self.distribution.get(channel, advised) != advised:
                lines.append(
                    advice(
                        self.distribution[channel],
                        place=f"distribution.{channel}",
                        rule=f"{self.program} on several machines is advised to have {advised}",
                        source=facts.citation,
                        remedy="leave it out",
                    )
                )
        return tuple(lines)

    @model_validator(mode="after")
    def _check_input(self) -> Self:
        facts = self.facts
        modes = facts.training.get(self.content_type)
        if modes is None:
            raise refusal(
                self.content_type,
                rule=f"content_type: {self.program} does not train on it",
                source=facts.citation,
                remedy=f"use {' or '.join(facts.training)}",
            )
        if self.content_type in facts.augmented_manifest:
            # channels of a pipeline are prefixes, never such a manifest
            modes = tuple(mode for mode in modes if mode != "Pipe")
        if self.input_mode not in modes:
            raise refusal(
                self.input_mode,
                rule=f"input_mode: {self.program} cannot read {self.content_type} that way",
                source=facts.citation,
                remedy=f"use {self._other_input(modes)}",
            )
        return self

    def _other_input(self, modes: tuple[str, ...]) -> str:
        """What would do instead of this input mode: another one, or another content type."""
        others = [
            form
            for form, its in self.facts.training.items()
            if self.input_mode in its and form not in self.facts.augmented_manifest
        ]
        types = [f"{self.input_mode} with {form}" for form in others]
        return " or ".join([*modes, *types]) or "another content type"

    @model_validator(mode="after")
    def _check_channels(self) -> Self:
        facts = self.facts
        for channel in self.channels:
            if channel not in facts.channels.known or channel not in PREPARED_CHANNELS:
                raise refusal(
                    channel,
                    rule=f"channels: {self.program} has no such channel, or no job writes it",
                    source=facts.citation,
                    remedy=f"use of {', '.join(facts.channels.known)}",
                )
        for channel in facts.channels.required:
            if channel not in self.channels:
                raise refusal(
                    self.channels,
                    rule=f"channels: {self.program} needs the channel {channel}",
                    source=facts.citation,
                    remedy="add it",
                )
        return self

    @model_validator(mode="after")
    def _check_distribution(self) -> Self:
        facts = self.facts
        for channel, wanted in self.distribution.items():
            if channel not in self.channels:
                raise refusal(
                    channel,
                    rule="distribution: it is not one of the channels",
                    source="pipelines.spec.TrainingJob",
                    remedy=f"use of {', '.join(self.channels)}",
                )
            only = facts.distribution.get(channel, wanted)
            if wanted != only:
                raise refusal(
                    wanted,
                    rule=f"distribution: the channel {channel} of {self.program} takes {only} only",
                    source=facts.citation,
                    remedy=f"leave it out, or use {only}",
                )
        return self

    @model_validator(mode="after")
    def _choose_machine(self) -> Self:
        if self.instance_type == AUTO:
            self._advice = choose(self.instance_need)
            # what is frozen is set once, here, before anybody sees it
            object.__setattr__(self, "instance_type", choice(self._advice, "instance_type"))
        return self

    @model_validator(mode="after")
    def _check_machines(self) -> Self:
        check_machines(self)
        return self
