"""First-party algorithms: channels, content types, hyperparameters, metrics, answers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict

from penstock.catalog.facts import Fact, entry, in_words, read_data

# what Python reads as a number beyond this (1_0, blanks) other readers may not
_PLAIN = re.compile(r"[-+]?[0-9.]+([eE][-+]?[0-9]+)?")


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


class Hyperparameter(BaseModel):
    """Type, range and default of one hyperparameter; on the wire all of them are strings.

    A list is a JSON list of `words`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["integer", "number", "word", "list"]
    words: tuple[str, ...] = ()
    minimum: float | None = None
    minimum_is_exclusive: bool = False
    maximum: float | None = None
    default: str | None = None
    required: bool = False
    required_when: Mapping[str, str] = {}
    unconfirmed: str | None = None

    @property
    def rule(self) -> str:
        """The accepted values in words."""
        if self.type == "list":
            return f"a JSON list with {' or '.join(self.words)} in it"
        parts = [f"one of {', '.join(self.words)}"] if self.words else []
        if self.type != "word":
            parts.append(f"{'an integer' if self.type == 'integer' else 'a number'}{self._range}")
        return " or ".join(parts)

    @property
    def _range(self) -> str:
        if self.minimum is None:
            return ""
        low = in_words(self.minimum)
        if self.maximum is None:
            return f" above {low}" if self.minimum_is_exclusive else f" of {low} or more"
        return f" from {low} to {in_words(self.maximum)}"

    def accepts(self, value: str) -> bool:
        """Whether the algorithm takes the value, given as the string that is sent."""
        if self.type == "list":
            return self._accepts_list(value)
        if value in self.words:
            return True
        if self.type == "word" or not _PLAIN.fullmatch(value):
            return False
        try:
            number = int(value) if self.type == "integer" else float(value)
        except ValueError:
            return False
        if self.minimum is not None and (
            number < self.minimum or (self.minimum_is_exclusive and number == self.minimum)
        ):
            return False
        return self.maximum is None or number <= self.maximum

    def _accepts_list(self, value: str) -> bool:
        try:
            words = json.loads(value)
        except ValueError:
            return False
        return isinstance(words, list) and bool(words) and all(word in self.words for word in words)


class FromAnswers(BaseModel):
    """How a final metric is computed from a model's answers and the labels.

    accuracy: the share of answers that equal the label; precision and recall: those of label 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    answer_field: str
    formula: Literal["accuracy", "precision", "recall"]


class Algorithm(Fact):
    """The published contract of one first-party algorithm.

    `distribution` has the channels that take one S3DataDistributionType only. `label_size` has the
    channels whose CSV needs a content type that says how many columns, the first ones, are labels.
    `from_answers` has the final metrics that a model's answers are enough for.
    """

    channels: Channels
    distribution: Mapping[str, Literal["FullyReplicated", "ShardedByS3Key"]] = {}
    label_size: Mapping[str, int] = {}
    training: Mapping[str, tuple[str, ...]]
    tensor_type: str
    inference: Inference
    accelerated_families: tuple[str, ...]
    multi_machine: bool
    architecture: Literal["amd64", "arm64"]
    hyperparameters: Mapping[str, Hyperparameter]
    final_metrics: Mapping[str, Literal["maximize", "minimize"]]
    from_answers: Mapping[str, FromAnswers] = {}

    @property
    def machines(self) -> str:
        """The machines it is documented to use, in words."""
        families = ", ".join(self.accelerated_families)
        return f"a CPU type or one of {families}" if families else "a CPU type"

    def content_type(self, channel: str, form: str) -> str:
        """The ContentType of a channel whose data are in `form`: text/csv;label_size=0."""
        if form == "text/csv" and channel in self.label_size:
            return f"{form};label_size={self.label_size[channel]}"
        return form


def names() -> tuple[str, ...]:
    """The algorithms in the catalog."""
    return tuple(read_data("algorithms"))


@cache
def algorithm(name: str) -> Algorithm:
    """The algorithm of that name, such as 'linear-learner'.

    Raises:
        UnknownFactError: it is not in the catalog.
    """
    return Algorithm.model_validate(entry("algorithms", name))
