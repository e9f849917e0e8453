"""First-party algorithms: channels, content types, hyperparameters, metrics, answers, machines."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict

from penstock.catalog.facts import Fact, UnknownFactError, names_in, read_data
from penstock.catalog.hyperparameters import Hyperparameter, Tunable

Distribution = Literal["FullyReplicated", "ShardedByS3Key"]
Objective = Literal["maximize", "minimize"]


class Channels(BaseModel):
    """The input channels that an algorithm reads."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    required: tuple[str, ...]
    optional: tuple[str, ...]

    @property
    def known(self) -> tuple[str, ...]:
        """Required and optional ones together."""
        return self.required + self.optional


class Inference(BaseModel):
    """The content types of requests and answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    request: tuple[str, ...]
    response: tuple[str, ...]


class FromAnswers(BaseModel):
    """How a final metric is computed from a model's answers and the labels.

    accuracy: the share of answers that equal the label; precision and recall: those of label 1;
    mean_squared_error: that of the answers as guesses of the label.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    answer_field: str
    formula: Literal["accuracy", "precision", "recall", "mean_squared_error"]


class Algorithm(Fact):
    """The published contract of one first-party algorithm.

    `image` is its entry in the catalog's images, None for those that have no image of their own.
    `distribution` has the channels that take one S3DataDistributionType only, and
    `advised_distribution` those for which one is recommended. `label_size` has the channels whose
    CSV needs a content type that says how many columns, the first ones, are labels. `training` has
    the input modes by content type; those in `augmented_manifest` are piped from an augmented
    manifest only. `cpu` and `cpu_hosting` say whether it trains and answers on a CPU type,
    `accelerated_families` and `accelerated_hosting` the same of accelerated ones. `cpu_only_when`
    has the values of hyperparameters with which it trains on CPU types alone.
    `multi_machine_when` has the values of hyperparameters without which it uses one machine.
    `from_answers` has the final metrics that a model's answers are enough for, `metric_patterns`
    the regular expressions that find metrics in the log where SageMaker knows none.
    None means that no source says, or that sources contradict each other; see `unconfirmed`.
    """

    image: str | None
    channels: Channels
    distribution: Mapping[str, Distribution] = {}
    advised_distribution: Mapping[str, Distribution] = {}
    label_size: Mapping[str, int] = {}
    training: Mapping[str, tuple[str, ...]]
    augmented_manifest: tuple[str, ...] = ()
    tensor_type: Literal["float32", "int32"] | None
    inference: Inference
    cpu: bool
    cpu_only_when: Mapping[str, tuple[str, ...]] = {}
    accelerated_families: tuple[str, ...]
    cpu_hosting: bool | None
    accelerated_hosting: bool
    multi_gpu: bool | None
    multi_machine: bool | None
    multi_machine_when: Mapping[str, tuple[str, ...]] = {}
    architecture: Literal["amd64", "arm64"]
    incremental_training: bool
    checkpoints: bool
    hyperparameters: Mapping[str, Hyperparameter]
    final_metrics: Mapping[str, Objective]
    from_answers: Mapping[str, FromAnswers] = {}
    metric_patterns: Mapping[str, str] = {}
    tunable: Mapping[str, Tunable]

    @property
    def machines(self) -> str:
        """The machines it is documented to train on, in words."""
        return _machines(self.cpu, self.accelerated_families)

    @property
    def hosting_families(self) -> tuple[str, ...]:
        """The accelerated families it is documented to answer on."""
        return self.accelerated_families if self.accelerated_hosting else ()

    @property
    def hosting_machines(self) -> str:
        """The machines it is documented to answer on, in words."""
        return _machines(self.cpu_hosting is not False, self.hosting_families)

    def content_type(self, channel: str, form: str) -> str:
        """The ContentType of a channel whose data are in `form`: text/csv;label_size=0."""
        if form == "text/csv" and channel in self.label_size:
            return f"{form};label_size={self.label_size[channel]}"
        return form

    def distribution_of(self, channel: str) -> Distribution:
        """The S3DataDistributionType that a channel must or should have."""
        return self.distribution.get(channel) or self.advised_distribution.get(
            channel, "FullyReplicated"
        )


def _machines(cpu: bool, families: tuple[str, ...]) -> str:
    types = ["a CPU type"] if cpu else []
    if families:
        types.append(f"one of {', '.join(families)}")
    return " or ".join(types)


def names() -> tuple[str, ...]:
    """The algorithms in the catalog."""
    return names_in("algorithms")


@cache
def algorithm(name: str) -> Algorithm:
    """The algorithm of that name, such as 'linear-learner'.

    Raises:
        UnknownFactError: it is not in the catalog.
    """
    if name not in names():
        raise UnknownFactError(
            f"the catalog's algorithms have no entry {name!r}; known: {', '.join(names())}"
        )
    return Algorithm.model_validate(read_data(f"algorithms/{name}"))
