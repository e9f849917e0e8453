"""Whether a machine has what is demanded of it, and if not, the first thing that it lacks."""

from __future__ import annotations

from penstock.advisor.demand import Demand
from penstock.catalog.facts import in_words
from penstock.catalog.instances import InstanceType
from penstock.catalog.limits import limit


def misfit(machine: InstanceType, demand: Demand) -> str | None:
    """Why the machine cannot be chosen, in a few words; None if it can.

    What is unknown of a machine and demanded of it is a reason: nothing is assumed to fit.
    """
    return (
        _not_offered(machine, demand)
        or _wrong_kind(machine, demand)
        or _passed_over(machine, demand)
        or _model_too_large(machine, demand)
        or _too_small(machine, demand)
        or _too_slow(machine, demand)
    )


def room_gib(machine: InstanceType, demand: Demand) -> float | None:
    """The memory that is left for the model itself, headroom kept free; None if unknown.

    That of one accelerator, of all of them where the model is spread, of the machine where it has
    none; less what every accelerator takes beside it.
    """
    accelerator, count = machine.accelerator, 1
    if accelerator is None:
        memory = machine.memory_gib
    elif demand.spread:
        memory, count = accelerator.total_memory_gib, accelerator.count or 1
    else:
        memory = accelerator.memory_gib
    if memory is None:
        return None
    return memory * (1 - demand.headroom) - count * demand.each_gib


def _not_offered(machine: InstanceType, demand: Demand) -> str | None:
    for use in (demand.use, *demand.also):
        if not machine.permits(use):
            return f"SageMaker does not offer it for {use} ({machine.citation})"
    if machine.retirement is not None and machine.retirement.status == "ended":
        return f"{machine.retirement.in_words} ({machine.retirement.citation})"
    return None


def _wrong_kind(machine: InstanceType, demand: Demand) -> str | None:
    accelerator = machine.accelerator
    if (accelerator.kind if accelerator else "cpu") not in demand.kinds:
        return demand.kinds_rule
    if machine.architecture not in demand.architectures:
        return f"it is {machine.architecture}, the image is {' or '.join(demand.architectures)}"
    if demand.families is not None and machine.family not in demand.families:
        return f"only {', '.join(demand.families)} are permitted (families)"
    permitted = demand.accelerated_families
    if accelerator and permitted is not None and machine.family not in permitted:
        return demand.kinds_rule
    if accelerator and demand.dtype == "bfloat16" and accelerator.bfloat16 is False:
        return f"its {accelerator.name} has no bfloat16 (compute capability below 8.0)"
    if demand.volume_key and not machine.takes_volume_key:
        return "its storage is local NVMe, which takes no key, and one is needed (volume_key)"
    return None


def _passed_over(machine: InstanceType, demand: Demand) -> str | None:
    if demand.families is not None:
        return None
    if machine.retirement is not None:
        return f"{machine.retirement.in_words}; name {machine.family} in families to have it"
    if machine.cpu_pace != "steady":
        return (
            f"its CPU is {machine.cpu_pace}, not at full speed all the time; "
            f"name {machine.family} in families to have it"
        )
    return None


def _model_too_large(machine: InstanceType, demand: Demand) -> str | None:
    if not demand.model_gib:
        return None
    room = room_gib(machine, demand)
    if room is None:
        return f"the memory of its accelerators is unknown, {demand.model_gib:.1f} GiB are needed"
    if room < demand.model_gib:
        left = f"{room:.1f} GiB are" if room > 0 else "nothing is"
        where = "" if machine.accelerator is None or demand.spread else " on an accelerator"
        return (
            f"{demand.model_gib:.1f} GiB are needed for the model, {left} left for it{where} with "
            f"{demand.headroom:.0%} kept free"
        )
    return None


def _too_small(machine: InstanceType, demand: Demand) -> str | None:
    for has, needs, what in (
        (machine.vcpus, demand.vcpus, "vCPU"),
        (machine.memory_gib, demand.memory_gib, "GiB of memory"),
        (machine.network_gbps, demand.network_gbps, "Gbit/s of network"),
        (_storage_gb(machine), demand.storage_gb, "GB of storage"),
    ):
        if needs and has is None:
            return f"its {what} are unknown, {in_words(round(needs, 2))} are needed"
        if has is not None and has < needs:
            return f"it has {in_words(has)} {what}, {in_words(round(needs, 2))} are needed"
    if demand.efa and not machine.efa:
        return "no EFA interface of it is known, and one is needed"
    return None


def _storage_gb(machine: InstanceType) -> float | None:
    """Its own local storage, or the largest volume where it has none."""
    return machine.nvme_gb if machine.storage == "nvme" else limit("sagemaker.volume_gb").maximum


def _too_slow(machine: InstanceType, demand: Demand) -> str | None:
    measured = demand.measured.get(machine.name)
    if measured is None or measured.latency_ms is None or demand.latency_ms is None:
        return None
    if measured.latency_ms > demand.latency_ms:
        return (
            f"a request took {in_words(measured.latency_ms)} ms in your measurement, "
            f"{in_words(demand.latency_ms)} ms are wanted"
        )
    return None
