"""Instance types of SageMaker: which exist for which use, and what is in them."""

from __future__ import annotations

from functools import cache
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict

from penstock.catalog.facts import UnknownFactError, read_data

Use = Literal["training", "hosting", "processing", "transform"]


class InstanceType(BaseModel):
    """One ml.* type. `storage` is 'nvme' where a volume key of KMS must not be given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    family: str
    training: bool
    hosting: bool
    processing: bool
    transform: bool
    architecture: Literal["amd64", "arm64"]
    accelerator: str | None
    storage: Literal["ebs", "nvme"]
    retired: str | None

    @property
    def takes_volume_key(self) -> bool:
        """Whether VolumeKmsKeyId may be given (not where local NVMe is the storage)."""
        return self.storage == "ebs"


def names(use: Use) -> tuple[str, ...]:
    """All types that the API accepts for a use, retired ones left out, sorted."""
    families = read_data("instances")["families"]
    return tuple(
        sorted(
            f"ml.{family}.{size}"
            for family, facts in families.items()
            if "retired" not in facts
            for size in facts[use]
        )
    )


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
    prefix, _, rest = name.partition(".")
    family, _, size = rest.partition(".")
    facts = read_data("instances")["families"].get(family) if prefix == "ml" else None
    if facts is None or not any(size in facts[use] for use in get_args(Use)):
        raise UnknownFactError(f"SageMaker has no instance type {name!r} ({source()})")
    return InstanceType(
        name=name,
        family=family,
        training=size in facts["training"],
        hosting=size in facts["hosting"],
        processing=size in facts["processing"],
        transform=size in facts["transform"],
        architecture=facts["architecture"],
        accelerator=facts["accelerator"],
        storage=facts["storage"],
        retired=facts.get("retired"),
    )
