"""What a training is told: the job's hyperparameters, as SageMaker hands them to a script."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace


@dataclass(frozen=True)
class Settings:
    """`batch_size` is the global one: of all devices of all hosts together.

    `lanes` is how many parts a global batch is made of, 0 for one a device: two hosts with a
    device each and one host with lanes=2 train on the very same batches, and where a device has
    several lanes it adds up their gradients, in the memory of one. `layers`, `heads`,
    `hidden_size`, `dropout` are those of a model that begins at random; a pretrained one brings
    its own, and its `pretrained_epochs` and `pretrained_learning_rate` count in place of `epochs`
    and `learning_rate`: those that Devlin et al. give for fine-tuning (arXiv 1810.04805, A.3).
    Training ends after `patience` epochs without a better validation accuracy.
    """

    epochs: int = 6
    batch_size: int = 32
    learning_rate: float = 1e-3
    warmup_share: float = 0.1
    weight_decay: float = 0.01
    patience: int = 3
    layers: int = 2
    heads: int = 2
    hidden_size: int = 64
    dropout: float = 0.1
    labels: int = 2
    lanes: int = 0
    checkpoint_steps: int = 200
    seed: int = 1
    pretrained_epochs: int = 3
    pretrained_learning_rate: float = 5e-5

    def __post_init__(self) -> None:
        """Refuse what no training could be done with; ValueError names the argument."""
        for name in (
            *("epochs", "batch_size", "patience", "layers", "heads", "hidden_size"),
            *("checkpoint_steps", "pretrained_epochs"),
        ):
            if getattr(self, name) < 1:
                raise ValueError(f"--{name} is {getattr(self, name)}: use 1 or more")
        for name in ("learning_rate", "pretrained_learning_rate"):
            if not getattr(self, name) > 0:
                raise ValueError(f"--{name} is {getattr(self, name)}: use more than 0")
        for name in ("weight_decay", "lanes", "seed"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"--{name} is {getattr(self, name)}: use 0 or more")
        if self.labels < 2:
            raise ValueError(f"--labels is {self.labels}: a classifier has 2 or more")
        if self.hidden_size % self.heads:
            raise ValueError(
                f"--hidden_size is {self.hidden_size}: it must be a multiple of --heads, "
                f"{self.heads}"
            )
        for name in ("dropout", "warmup_share"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"--{name} is {getattr(self, name)}: use 0 or more, below 1")

    @classmethod
    def parse(cls, arguments: Sequence[str]) -> Settings:
        """From `--epochs 3 ...`; argparse ends the program, in one line, for what is wrong."""
        parser = argparse.ArgumentParser(prog="train.py", allow_abbrev=False)
        for field in fields(cls):
            kind = type(field.default)
            parser.add_argument(f"--{field.name}", type=kind, default=field.default)
        try:
            return cls(**vars(parser.parse_args(list(arguments))))
        except ValueError as error:
            return parser.error(str(error))

    def for_pretrained(self) -> Settings:
        """Those of a model that has pretrained weights."""
        return replace(
            self, epochs=self.pretrained_epochs, learning_rate=self.pretrained_learning_rate
        )

    def rate_at(self, step: int, steps: int) -> float:
        """The share of the learning rate at a step of all: up, then a straight line to nothing."""
        warm = max(1, int(steps * self.warmup_share))
        if step < warm:
            return (step + 1) / warm
        return max(0.0, (steps - step) / max(1, steps - warm))
