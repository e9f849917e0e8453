"""What somebody needs instances for; what is not known is left out and said to be unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from penstock.advisor.model import Dtype, Model, Optimizer
from penstock.catalog import algorithms, instances

Kind = Literal["cpu", "gpu", "trainium", "inferentia", "gaudi"]

Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class Measured(BaseModel):
    """What somebody measured on one machine of a type: work done in a second, time of a request."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    per_second: Positive
    latency_ms: Positive | None = None


class Need(BaseModel):
    """What training and hosting have in common.

    One of `algorithm` (a first-party one), `model` (a size) or `memory_gib` says what is to run.
    `headroom` is the share of the memory that is kept free. `runs_on` says what the program was
    built for: by default what the algorithm is documented for, a GPU for a model, a CPU else;
    Trainium and Inferentia need a program compiled for Neuron. `architectures` are those of the
    image. `families` limits the choice, and permits families that are passed over otherwise: legacy
    ones and those whose CPU is not at full speed all the time. `spread` says that the program
    splits the model over all accelerators of a machine. `volume_key` says that the machine's
    storage must take a key. `measured` has figures of your own by type; the catalog has none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    algorithm: str | None = None
    model: Model | None = None
    sequence_length: Count | None = None
    memory_gib: Positive | None = None
    vcpus: Count | None = None
    network_gbps: Positive | None = None
    runs_on: tuple[Kind, ...] | None = None
    architectures: tuple[Literal["amd64", "arm64"], ...] = ("amd64",)
    families: tuple[str, ...] | None = None
    spread: bool = False
    volume_key: bool = False
    headroom: Annotated[float, Field(ge=0, lt=1)] = 0.2
    region: str = "us-east-1"
    measured: Mapping[str, Measured] = {}

    @model_validator(mode="after")
    def _check_names(self) -> Need:
        if (self.algorithm is None) == (self.model is None) and (
            self.algorithm is not None or self.memory_gib is None
        ):
            raise ValueError(
                "algorithm, model: what is to run is not known, or known twice "
                "(penstock.advisor.Need); give one of algorithm, model, or memory_gib alone"
            )
        if self.algorithm is not None and self.algorithm not in algorithms.names():
            raise ValueError(
                f"algorithm: {self.algorithm!r}: no such first-party algorithm in the catalog "
                f"(penstock.catalog.algorithms); use one of {', '.join(algorithms.names())}"
            )
        for family in self.families or ():
            if family not in instances.families():
                raise ValueError(
                    f"families: {family!r}: SageMaker has no such family "
                    f"({instances.source()}); use one of {', '.join(instances.families())}"
                )
        for name in self.measured:
            if name not in instances.all_names():
                raise ValueError(
                    f"measured: {name!r}: SageMaker has no such instance type "
                    f"({instances.source()}); use the name of a type, such as ml.g5.xlarge"
                )
        return self

    @model_validator(mode="after")
    def _check_sequence(self) -> Need:
        if self.sequence_length is not None:
            if self.model is None:
                raise ValueError(
                    f"sequence_length: {self.sequence_length}: only a model's memory grows with it "
                    "(penstock.advisor.Need); give model, or leave it out"
                )
            self.model.cache_gib(1, 1)  # refuses a model without its shape
        return self


class Training(Need):
    """A training job on `machines` machines.

    `batch_size` is that of one accelerator. `data_gb` must fit a machine's storage in File mode;
    with `load_minutes` the network must bring it within that time. `efa` asks for an interface that
    machines exchange gradients over.
    """

    optimizer: Optimizer = "adam"
    batch_size: Count = 1
    machines: Count = 1
    data_gb: Positive | None = None
    input_mode: Literal["File", "Pipe", "FastFile"] = "File"
    load_minutes: Positive | None = None
    efa: bool = False
    rows_per_second: Positive | None = None

    @model_validator(mode="after")
    def _check_training(self) -> Training:
        if self.model is not None and self.model.dtype == "int8":
            refused: Dtype = self.model.dtype
            raise ValueError(
                f"model.dtype: {refused!r}: gradients are not integers "
                "(Hugging Face Transformers documentation); use bfloat16, float16 or float32"
            )
        return self


class Hosting(Need):
    """An endpoint. `concurrent_requests` are those that one copy of the model answers at once.

    `transform` asks for types that batch transform takes as well.
    """

    concurrent_requests: Count = 1
    requests_per_second: Positive | None = None
    latency_ms: Positive | None = None
    transform: bool = False
