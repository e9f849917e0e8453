"""What is in a machine, as far as the catalog knows."""

from __future__ import annotations

from penstock.catalog import instances


def vcpus(name: str) -> int | None:
    """An instance type's vCPUs, or None if they are unknown."""
    return instances.instance_type(name).vcpus


def network_gbps(name: str) -> float | None:
    """Gbit/s of an instance type's network, or None if unknown."""
    return instances.instance_type(name).network_gbps
