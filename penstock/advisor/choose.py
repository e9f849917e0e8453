"""Chooses the instance type for a need: the one that fits and asks the least."""

from __future__ import annotations

import math
from dataclasses import replace

from penstock.advisor.advice import Advice, Candidate, Misfit
from penstock.advisor.demand import Demand, demand_of
from penstock.advisor.fit import misfit, room_gib
from penstock.advisor.needs import Need
from penstock.advisor.prices import Prices, of_ec2
from penstock.advisor.sentences import notes, with_reasons
from penstock.catalog import instances
from penstock.catalog.instances import InstanceType


def choose(need: Need, prices: Prices | None = None) -> Advice:
    """Which type to take for a Training or a Hosting need, and why.

    Every candidate fits. The order is that of the price of what is needed; without figures in
    `need.measured` that is the price of the machines for an hour, as nothing is known of what they
    get done in it. Prices that are unknown come last.

    Raises:
        TypeError: the need is neither a Training nor a Hosting one.
    """
    prices = prices or of_ec2()
    demand = demand_of(need)
    machines = [instances.instance_type(name) for name in instances.all_names()]
    reasons = {machine.name: misfit(machine, demand) for machine in machines}
    candidates = sorted(
        (_candidate(machine, demand, prices) for machine in machines if not reasons[machine.name]),
        key=lambda candidate: _rank(candidate, demand),
    )
    return Advice(
        candidates=with_reasons(candidates, demand),
        misfits=tuple(Misfit(name=name, reason=why) for name, why in reasons.items() if why),
        closest=_closest(machines, demand),
        notes=notes(need, demand, prices, candidates),
        unconfirmed=(
            *demand.unconfirmed,
            *(candidates[0].instance.unconfirmed if candidates else ()),
        ),
    )


def _candidate(machine: InstanceType, demand: Demand, prices: Prices) -> Candidate:
    """The machines that are needed of a type, and their price."""
    count = demand.machines
    if demand.per_second is not None and demand.judged(machine.name):
        each = demand.measured[machine.name].per_second
        count = max(count, math.ceil(demand.per_second / each))
        units, unit = demand.per_second, f"{demand.work.removesuffix('s')}/s"
    elif demand.model_gib:
        units, unit = demand.model_gib * count, "GiB of the model"
    else:
        units, unit = float(demand.vcpus * count), "vCPU"
    usd = prices.usd_per_hour.get(machine.name)
    return Candidate(
        instance=machine,
        machines=count,
        usd_per_hour=None if usd is None else usd * count,
        usd_per_unit=None if usd is None else usd * count / units,
        unit=unit,
        reason="",
    )


def _rank(candidate: Candidate, demand: Demand) -> tuple[bool, bool, float, float, int, str]:
    """Known prices first, of those measured types, then the price; of equal ones the smaller.

    Nothing of it but the number of machines depends on the need, so a need of more memory can only
    take types away from the front: it never leads to a smaller choice.
    """
    machine, usd = candidate.instance, candidate.usd_per_hour
    return (
        usd is None,
        not demand.judged(machine.name),
        usd or 0,
        machine.memory_gib or 0,
        machine.vcpus or 0,
        machine.name,
    )


def _closest(machines: list[InstanceType], demand: Demand) -> tuple[Misfit, ...]:
    """Types that are right but for their size or storage, those with the most room first."""
    any_size = replace(
        demand,
        model_gib=0,
        each_gib=0,
        memory_gib=0,
        vcpus=1,
        network_gbps=0,
        storage_gb=0,
        efa=False,
        volume_key=False,
    )
    right = [machine for machine in machines if misfit(machine, any_size) is None]
    right.sort(key=lambda machine: (-(room_gib(machine, demand) or 0), machine.name))
    return tuple(
        Misfit(name=machine.name, reason=why)
        for machine in right
        if (why := misfit(machine, demand)) is not None
    )
