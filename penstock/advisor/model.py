"""How much memory a model takes while it is trained and while it answers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

GIB = 2**30

Dtype = Literal["float32", "bfloat16", "float16", "int8"]
Optimizer = Literal["sgd", "momentum", "adam"]

_BYTES: dict[Dtype, int] = {"float32": 4, "bfloat16": 2, "float16": 2, "int8": 1}
# one float32 value for each parameter and state: none, a momentum, a momentum and a variance
_STATE_BYTES: dict[Optimizer, int] = {"sgd": 0, "momentum": 4, "adam": 8}
_GRADIENT_BYTES = 4
_MASTER_BYTES = 4  # the float32 copy that is updated when the weights are kept in 16 bits


class Model(BaseModel):
    """A model by its size; `layers` and `hidden_size` are those of a transformer."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    parameters: Annotated[int, Field(gt=0)]
    dtype: Dtype = "bfloat16"
    layers: Annotated[int, Field(gt=0)] | None = None
    hidden_size: Annotated[int, Field(gt=0)] | None = None

    @property
    def weights_gib(self) -> float:
        """The weights alone."""
        return self.parameters * _BYTES[self.dtype] / GIB

    def training_state_gib(self, optimizer: Optimizer) -> float:
        """Weights, gradients and the optimizer's state: 18 bytes a parameter with Adam in 16 bits.

        Source: Hugging Face Transformers documentation, "GPU memory usage": weights of 4 bytes, or
        of 6 in mixed precision, gradients of 4, Adam's momentum and variance of 8.
        """
        weights = _BYTES[self.dtype] + (0 if self.dtype == "float32" else _MASTER_BYTES)
        each = weights + _GRADIENT_BYTES + _STATE_BYTES[optimizer]
        return self.parameters * each / GIB

    def activations_gib(self, sequence_length: int, batch_size: int) -> float:
        """What the layers keep for the backward pass, attention scores not kept.

        34 bytes for each layer, place of the sequence, row of the batch and hidden unit, in 16
        bits; in float32 twice that is an upper bound. Source: Korthikanti et al., "Reducing
        activation recomputation in large transformer models", arXiv 2205.05198.
        """
        layers, hidden_size = self._shape()
        each = 34 * (2 if self.dtype == "float32" else 1)
        return each * layers * hidden_size * sequence_length * batch_size / GIB

    def cache_gib(self, sequence_length: int, concurrent_requests: int) -> float:
        """Keys and values of all layers, as many as there are hidden units.

        An upper bound: models whose attention heads share keys and values keep less.
        """
        layers, hidden_size = self._shape()
        each = 2 * max(_BYTES[self.dtype], 2)
        return each * layers * hidden_size * sequence_length * concurrent_requests / GIB

    def _shape(self) -> tuple[int, int]:
        if self.layers is None or self.hidden_size is None:
            raise ValueError(
                "model: what a sequence takes cannot be computed without layers and hidden_size "
                "(penstock.advisor.Model); give both, or no sequence_length"
            )
        return self.layers, self.hidden_size
