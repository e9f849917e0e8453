"""Instance types of SageMaker: which exist for which use, and what is in them."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

from penstock.catalog.facts import Fact, UnknownFactError, read_data
from penstock.catalog.retired import Retired, of_instance_type

Use = Literal["training", "hosting", "processing", "transform"]
Kind = Literal["gpu", "trainium", "inferentia", "gaudi"]


class Accelerator(BaseModel):
    """What computes beside the CPU; None is unknown. `memory_gib` is that of one.

    `bfloat16` is false where the format is not computed with.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    name: str | None
    count: int | None
    memory_gib: float | None
    bfloat16: bool | None = None

    @property
    def total_memory_gib(self) -> float | None:
        """The memory of all of a machine's accelerators together, or None if unknown."""
        if self.count is None or self.memory_gib is None:
            return None
        return self.count * self.memory_gib


class InstanceType(Fact):
    """One ml.* type, such as ml.g5.xlarge; what no source says is None.

    `storage` is 'nvme' where SageMaker mounts the machine's local NVMe of `nvme_gb` instead of an
    EBS volume. `cpu_pace` is 'burstable' (full speed for as long as credits last) or 'flex' (full
    speed most of the time) where it is not 'steady'. `retirement` is None for what has no end:
    an 'ended' type must not be chosen, a 'legacy' one had better not be.
    """

    name: str
    family: str
    size: str
    architecture: Literal["amd64", "arm64"]
    vcpus: int | None
    memory_gib: float | None
    accelerator: Accelerator | None
    network_gbps: float | None
    efa: bool | None
    nvme_gb: float | None
    storage: Literal["ebs", "nvme"]
    cpu_pace: Literal["steady", "burstable", "flex"]
    training: bool
    hosting: bool
    processing: bool
    transform: bool
    retirement: Retired | None

    @property
    def takes_volume_key(self) -> bool:
        """Whether a key may be given for the volume: local NVMe is encrypted by the hardware.

        For endpoints the API model says only that the key does not reach local storage
        (botocore 1.44.5, CreateEndpointConfig.KmsKeyId); none is given there either.
        """
        return self.storage == "ebs"

    @property
    def takes_volume_size(self) -> bool:
        """Whether a volume of a chosen size may be given: local NVMe is as large as it is."""
        return self.storage == "ebs"

    @property
    def graviton(self) -> bool:
        """Whether its CPU is Graviton: arm64, and no accelerator that brings its own CPU."""
        return self.architecture == "arm64" and self.accelerator is None

    def permits(self, use: Use) -> bool:
        """Whether the API takes the type for a use."""
        return {
            "training": self.training,
            "hosting": self.hosting,
            "processing": self.processing,
            "transform": self.transform,
        }[use]


def all_names() -> tuple[str, ...]:
    """Every type of the API's enumerations, retired ones too, by family and size."""
    return tuple(read_data("instances")["types"])


def names(use: Use) -> tuple[str, ...]:
    """All types that the API accepts for a use, retired ones left out, sorted."""
    types = read_data("instances")["types"]
    return tuple(
        sorted(name for name, facts in types.items() if use in facts["uses"] and not _ended(name))
    )


def families() -> tuple[str, ...]:
    """The families of all types, such as 'g5', sorted."""
    return tuple(sorted(read_data("instances")["families"]))


def source() -> str:
    """Where the list of types was read."""
    first: str = read_data("instances")["source"][0]
    return first


@cache
def instance_type(name: str) -> InstanceType:
    """The type of that name, such as 'ml.m5.large'.

    Raises:
        UnknownFactError: SageMaker has no such type.
    """
    data = read_data("instances")
    facts = data["types"].get(name)
    if facts is None:
        raise UnknownFactError(f"SageMaker has no instance type {name!r} ({source()})")
    _, family, size = name.split(".")
    common = data["families"][family]
    return InstanceType(
        source=tuple(data["source"]),
        date=data["date"],
        unconfirmed=(*data["unconfirmed"], *common.get("unconfirmed", ())),
        name=name,
        family=family,
        size=size,
        architecture=common["architecture"],
        vcpus=facts.get("vcpus"),
        memory_gib=facts.get("memory_gib"),
        accelerator=_accelerator(common["accelerator"], facts.get("accelerators")),
        network_gbps=facts.get("network_gbps"),
        efa=facts.get("efa"),
        nvme_gb=facts.get("nvme_gb"),
        storage=common["storage"],
        cpu_pace=common.get("cpu_pace", "steady"),
        retirement=of_instance_type(name),
        **{use: use in facts["uses"] for use in get_args(Use)},
    )


def _accelerator(facts: dict[str, Any] | None, count: int | None) -> Accelerator | None:
    return None if facts is None else Accelerator.model_validate({**facts, "count": count})


def _ended(name: str) -> bool:
    retirement = of_instance_type(name)
    return retirement is not None and retirement.status == "ended"
