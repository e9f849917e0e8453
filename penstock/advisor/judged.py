"""Whether a type that somebody named has what a need asks of it, and how much room it leaves."""

from __future__ import annotations

from dataclasses import dataclass, replace

from penstock.advisor.demand import demand_of
from penstock.advisor.fit import misfit, room_gib
from penstock.advisor.needs import Need
from penstock.catalog.instances import instance_type


@dataclass(frozen=True)
class Judged:
    """`needed_gib` is what the model takes with what it works on, None where no size is known.

    `room_gib` is what is there for it, on an accelerator or in a machine that has none, with the
    need's headroom kept free; None if unknown. `misfit` is the first thing that the type lacks,
    None if it fits.
    """

    needed_gib: float | None
    room_gib: float | None
    misfit: str | None


def judge(name: str, need: Need) -> Judged:
    """A type beside a Training or a Hosting need.

    Raises:
        UnknownFactError: SageMaker has no such type.
        TypeError: the need is neither of these.
    """
    machine, demand = instance_type(name), demand_of(need)
    if not demand.model_gib:
        return Judged(None, None, misfit(machine, demand))
    return Judged(
        needed_gib=demand.model_gib + demand.each_gib,
        room_gib=room_gib(machine, replace(demand, each_gib=0)),
        misfit=misfit(machine, demand),
    )
