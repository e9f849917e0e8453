"""What is in a machine, as far as the catalog knows."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.catalog import instances


@dataclass(frozen=True)
class Lanes:
    """What answers one request at a time; `count` None is unknown."""

    count: int | None
    of: str


def lanes(name: str) -> Lanes:
    """An instance type's accelerators, or its vCPUs where it has none."""
    machine = instances.instance_type(name)
    if machine.accelerator is not None:
        return Lanes(machine.accelerator.count, "accelerators")
    return Lanes(machine.vcpus, "vCPUs")


def disk_gb(name: str, *, volume_gb: float) -> float | None:
    """What a machine has for data in GB: its own local NVMe, None if unknown, or the volume."""
    machine = instances.instance_type(name)
    return volume_gb if machine.takes_volume_size else machine.nvme_gb


def network_gbps(name: str) -> float | None:
    """Gbit/s of an instance type's network, or None if unknown."""
    return instances.instance_type(name).network_gbps
