"""The advisor's words: one sentence for each candidate, and what must be known beside them."""

from __future__ import annotations

from collections.abc import Sequence

from penstock.advisor.advice import Candidate
from penstock.advisor.demand import Demand
from penstock.advisor.fit import room_gib
from penstock.advisor.needs import Need
from penstock.advisor.prices import Prices
from penstock.catalog.facts import in_words
from penstock.catalog.instances import InstanceType


def with_reasons(candidates: Sequence[Candidate], demand: Demand) -> tuple[Candidate, ...]:
    """The same candidates, each with the sentence on why it is, or is not, the chosen one."""
    if not candidates:
        return ()
    first = candidates[0]
    reasons = [_chosen(candidates, demand)]
    reasons += [_not_chosen(candidate, first, demand) for candidate in candidates[1:]]
    return tuple(
        candidate.model_copy(update={"reason": reason})
        for candidate, reason in zip(candidates, reasons, strict=True)
    )


def notes(
    need: Need, demand: Demand, prices: Prices, candidates: Sequence[Candidate]
) -> tuple[str, ...]:
    """What the order rests on, and what no source says."""
    said = [f"prices are {prices.origin}"]
    if need.region != prices.region:
        said.append(
            f"prices of {need.region} are unknown, the order is that of {prices.region}; whether "
            f"{need.region} has the type is unknown too"
        )
    said += _on_speed(demand, candidates)
    if demand.model_parts:
        said.append(
            f"the model takes {' and '.join(demand.model_parts)}; {demand.headroom:.0%} of the "
            "memory is kept free"
        )
        if not demand.spread and demand.kinds != ("cpu",):
            said.append(
                "the whole model is held by one accelerator; give spread if the program splits it "
                "over those of a machine"
            )
    said += demand.notes
    return tuple(said)


def _on_speed(demand: Demand, candidates: Sequence[Candidate]) -> list[str]:
    wanted = []
    if demand.per_second is not None:
        wanted.append(f"{in_words(demand.per_second)} {demand.work}/s")
    if demand.latency_ms is not None:
        wanted.append(f"{in_words(demand.latency_ms)} ms")
    if candidates and demand.judged(candidates[0].name):
        return []
    judged = f": whether {' and '.join(wanted)} are reached cannot be told" if wanted else ""
    return [
        f"no fact says how fast any type is for this{judged}; the cheapest hour may not be the "
        "cheapest job: measure some types and give measured"
    ]


def _chosen(candidates: Sequence[Candidate], demand: Demand) -> str:
    first, judged = candidates[0], demand.judged(candidates[0].name)
    alike = [
        candidate
        for candidate in candidates
        if candidate.usd_per_hour is not None and demand.judged(candidate.name) == judged
    ]
    if len(candidates) == 1:
        why = "it is the only type that fits"
    elif first.usd_per_hour is None:
        why = f"of the {len(candidates)} types that fit none has a known price"
    elif len(alike) == 1:
        why = f"no other type that fits {'was measured' if judged else 'has a known price'}"
    elif len(alike) == len(candidates):
        why = f"of the {len(alike)} types that fit it asks the least"
    else:
        which = "were measured" if judged else "have a known price"
        why = f"of the {len(alike)} types that fit and {which} it asks the least"
    return f"{first.name} was chosen: {why}, {_price(first)}; {_room(first, demand)}."


def _not_chosen(candidate: Candidate, first: Candidate, demand: Demand) -> str:
    start = f"{candidate.name} was not chosen:"
    if candidate.usd_per_hour is None:
        return f"{start} its price is unknown ({parts_of(candidate.instance)})."
    if demand.judged(first.name) and not demand.judged(candidate.name):
        return f"{start} nothing was measured on it ({_price(candidate)})."
    if first.usd_per_hour is not None and candidate.usd_per_hour > first.usd_per_hour:
        more = candidate.usd_per_hour / first.usd_per_hour - 1
        return (
            f"{start} {_price(candidate)}, {max(more, 0.001):.1%} more than {first.name}, for "
            f"{parts_of(candidate.instance)}."
        )
    return f"{start} it costs the same, and the smaller or first by name goes before it."


def _price(candidate: Candidate) -> str:
    if candidate.usd_per_hour is None or candidate.usd_per_unit is None:
        return "its price is unknown"
    machines = f" for {candidate.machines} machines" if candidate.machines > 1 else ""
    return (
        f"{candidate.usd_per_hour:.4g} USD/h{machines} or {candidate.usd_per_unit:.3g} for each "
        f"{candidate.unit} needed"
    )


def _room(candidate: Candidate, demand: Demand) -> str:
    machine = candidate.instance
    if not demand.model_gib:
        return f"it has {parts_of(machine)}"
    room = room_gib(machine, demand) or 0
    where = "" if machine.accelerator is None or demand.spread else " on each accelerator"
    return (
        f"its {parts_of(machine)} leave {room:.1f} GiB{where} for the {demand.model_gib:.1f} GiB "
        "of the model"
    )


def parts_of(machine: InstanceType) -> str:
    """What is in a machine: '4 x a10g of 22.35 GiB, 48 vCPU, 192 GiB'."""
    parts = []
    if machine.accelerator is not None:
        accelerator = machine.accelerator
        count = "?" if accelerator.count is None else accelerator.count
        memory = "?" if accelerator.memory_gib is None else in_words(accelerator.memory_gib)
        parts.append(f"{count} x {accelerator.name or accelerator.kind} of {memory} GiB")
    parts.append("? vCPU" if machine.vcpus is None else f"{machine.vcpus} vCPU")
    parts.append("? GiB" if machine.memory_gib is None else f"{in_words(machine.memory_gib)} GiB")
    return ", ".join(parts)
