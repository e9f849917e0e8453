"""Offers side by side, as rows of words: what a plan prints and a review shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from penstock.advisor import Judged
from penstock.catalog import ec2_prices
from penstock.catalog.facts import counted, in_words
from penstock.catalog.frameworks import FrameworkImage
from penstock.catalog.instances import InstanceType
from penstock.cli.offers import Machines, Offer
from penstock.cli.plan_table import amount, so_many
from penstock.planner.quotas import QuotaNeed
from penstock.planner.uses import Role

_PARTS: dict[Role, str] = {
    "training": "Training",
    "compilation": "Compilation",
    "transform": "Comparison",
    "serving": "Serving",
}
_NONE = "none"
LOAD_NOTE = (
    "machines: those of the description, or more where a month's records at this load need more"
)
MODEL_NOTE = (
    "the model: what a training step, or an answer, takes of an accelerator's memory (of the "
    "machine's where there is none), 20% kept free"
)


@dataclass(frozen=True)
class Row:
    """One thing of each offer; `part` is what the machines are for."""

    part: str
    label: str
    cells: tuple[str, ...]


def rows(offers: Sequence[Offer], region: str) -> list[Row]:
    """All of it, part by part: capacity, quotas, quantities, and prices where they are known."""
    found = []
    for role, part in _PARTS.items():
        if any(role in offer.machines for offer in offers):
            found += list(_part(role, part, offers, region))
    return found


def headings(offers: Sequence[Offer]) -> list[str]:
    """The offers' names; the one that runs where none is named says so."""
    return [
        f"{offer.accelerator} (the default)" if offer.is_default else offer.accelerator
        for offer in offers
    ]


def default_of(offers: Sequence[Offer]) -> str:
    """The name of that one."""
    return next(offer.accelerator for offer in offers if offer.is_default)


def load_of(offers: Sequence[Offer]) -> str:
    """The load that all of them are planned for."""
    load = offers[0].plan.load
    return (
        f"{amount(load.records_per_second)} records/s of {amount(load.record_kb)} KB for "
        f"{counted(load.consumers, 'consumer')}"
    )


def alike(offers: Sequence[Offer]) -> list[str]:
    """What every offer needs as much of: the stream's, the lake's, the prepare job's quantities."""
    first, *others = offers
    lines = []
    for figure in ("training.channel_gb", "prepare.input_gb"):
        values = [_figures(offer)[figure] for offer in offers]
        if len({value for value, _ in values}) == 1:
            lines.append(f"{figure}: {amount(values[0][0])} {values[0][1]}")
    for found in first.cost.amounts:
        name = found.quantity.name
        same = [other.cost.part([name]).amounts for other in others]
        if all(each == (found,) for each in same):
            many, money = so_many(found)
            cost = "" if found.amount is None else f", {money} {first.cost.currency}"
            lines.append(f"{name}: {many} {found.quantity.unit}{cost}")
    return lines


def quota_lines(offers: Sequence[Offer]) -> list[str]:
    """The quotas of SageMaker that each offer's machines need, by their names."""
    lines = []
    for offer in offers:
        names: dict[str, list[QuotaNeed]] = {}
        for found in offer.machines.values():
            for need in found.quotas:
                names.setdefault(need.name, []).append(need)
        lines += [
            f"{offer.accelerator}: {name}: {_needed(found)}, default {_default(found)}"
            for name, found in names.items()
        ]
    return lines


def doubts(offers: Sequence[Offer], region: str) -> list[str]:
    """What no source confirms, each once, with the offers and parts that it is about."""
    about: dict[str, list[str]] = {}
    for offer in offers:
        for role, found in offer.machines.items():
            said = [*found.facts.unconfirmed, *found.image.unconfirmed]
            said += [doubt for need in found.quotas for doubt in need.facts.unconfirmed]
            said.append(f"whether {region} has the type: no list of Regions is in the catalog")
            for doubt in dict.fromkeys(said):
                about.setdefault(doubt, []).append(f"{offer.accelerator} {role}")
    whole = sum(len(offer.machines) for offer in offers)
    return [
        f"{doubt}: {'all of them' if len(where) == whole else ', '.join(where)}"
        for doubt, where in about.items()
    ]


def price_note() -> str:
    """Whose the prices of the row `EC2, USD/h` are."""
    prices = ec2_prices.prices()
    return (
        f"EC2, USD/h: what EC2 asks for the type of that name on demand in {prices.region}, "
        f"{prices.date}; SageMaker asks something else, which no source that was read says "
        f"({prices.citation})"
    )


def _part(role: Role, part: str, offers: Sequence[Offer], region: str) -> Iterator[Row]:
    def row(label: str, say: Callable[[Machines], str]) -> Row:
        machines = [offer.machines.get(role) for offer in offers]
        return Row(part, label, tuple("" if each is None else say(each) for each in machines))

    machines = row("machines", lambda found: f"{found.use.count} x {found.use.instance_type}")
    yield replace(machines, cells=tuple(cell or _NONE for cell in machines.cells))
    if role == "training":
        yield row("spare (spot)", lambda found: "yes" if found.use.is_spot else "no")
    yield row("accelerator", lambda found: _accelerator(found.facts))
    yield row("CPU, memory", lambda found: _cpu(found.facts))
    yield row("disk", _disk)
    if role != "transform":
        yield row("the model", lambda found: _fit(found.judged))
    yield row("image has", _libraries)
    yield row(f"in {region}", lambda found: _image_there(found, region))
    yield row("retired", _retired)
    yield row("a run", _how_long)
    yield row("hours a month", lambda found: so_many(found.month)[0])
    yield row("quota needed", lambda found: _needed(found.quotas))
    yield row("default quota", lambda found: _default(found.quotas))
    yield row("EC2, USD/h", lambda found: amount(found.ec2_usd_per_hour))
    if offers[0].cost.currency is not None:
        yield row(f"{offers[0].cost.currency} a month", lambda found: so_many(found.month)[1])


def _accelerator(facts: InstanceType) -> str:
    accelerator = facts.accelerator
    if accelerator is None:
        return _NONE
    memory = "?" if accelerator.memory_gib is None else in_words(accelerator.memory_gib)
    count = "?" if accelerator.count is None else accelerator.count
    return f"{count} x {accelerator.name or accelerator.kind}, {memory} GiB"


def _cpu(facts: InstanceType) -> str:
    vcpus = "?" if facts.vcpus is None else facts.vcpus
    memory = "?" if facts.memory_gib is None else in_words(facts.memory_gib)
    return f"{vcpus} vCPU, {memory} GiB"


def _disk(found: Machines) -> str:
    facts = found.facts
    if facts.storage == "nvme":
        return "NVMe" if facts.nvme_gb is None else f"{in_words(facts.nvme_gb)} GB of NVMe"
    return "a volume" if found.volume_gb is None else f"a volume of {found.volume_gb} GB"


def _fit(judged: Judged | None) -> str:
    if judged is None or (judged.needed_gib is None and judged.misfit is None):
        return "unknown"
    if judged.misfit is not None:
        return f"does not fit: {judged.misfit}"
    room = "?" if judged.room_gib is None else f"{judged.room_gib:.1f}"
    return f"fits: {judged.needed_gib:.1f} of {room} GiB"


def _libraries(found: Machines) -> str:
    image = found.image
    if not isinstance(image, FrameworkImage):
        return image.repository
    torch = image.libraries.get("torch", "unknown")
    return f"torch {torch}, py{image.python}"


def _image_there(found: Machines, region: str) -> str:
    regions = found.image.regions
    is_there = "the image" if region in regions else "NO image"
    return f"{is_there} ({len(regions)} Regions)"


def _retired(found: Machines) -> str:
    retirement = found.facts.retirement
    return "no" if retirement is None else f"{retirement.in_words}; {retirement.remedy}"


def _how_long(found: Machines) -> str:
    return "always" if found.use.hours is None else f"at most {found.use.hours:g} h"


def _needed(needs: Sequence[QuotaNeed]) -> str:
    """'1 (2 in an update)'."""
    at_once = max(need.needed for need in needs if need.moment != "update")
    more = [need.needed for need in needs if need.moment == "update"]
    return f"{amount(at_once)} ({amount(more[0])} in an update)" if more else amount(at_once)


def _default(needs: Sequence[QuotaNeed]) -> str:
    return amount(needs[0].default)


def _figures(offer: Offer) -> dict[str, tuple[float | None, str]]:
    return {
        figure.name: (figure.value, figure.unit)
        for _, figures in offer.plan.sections()
        for figure in figures
    }
