"""What a load asks for and meets, as a review shows it: the figures of `penstock plan`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from penstock.catalog.facts import counted
from penstock.cli.plan_load import GIVEN, PlannedLoad
from penstock.cli.plan_table import amount, cost_lines, so_many
from penstock.planner.cost import Cost
from penstock.planner.figure import Figure
from penstock.planner.plan import Plan
from penstock.planner.prices import Prices
from penstock.planner.quantities import quantities
from penstock.planner.scaling import LimitMet, Step, steps
from penstock.review.blocks import (
    Block,
    Cell,
    Folded,
    Line,
    Paragraph,
    Table,
    Tiles,
    alert,
    code,
    soft,
)
from penstock.review.given import AtLoad

# what decides whether the load is carried; the others explain them
_DECISIVE = (
    "stream.shards",
    "stream.on_demand_share",
    "delivery.objects_per_hour",
    "transform.most_concurrent",
    "scorer.most_concurrent",
    "scores.direct_put_share",
    "prepare.workers",
    "training.hosts",
    "endpoint.instances",
)

_MORE = (
    "What else follows from the load is in penstock plan, which also has the options that are "
    "named here and not the review's, such as --latency-ms."
)


def at_load(plan: Plan, load: PlannedLoad, prices: Prices | None) -> AtLoad:
    """The limits and the month of a plan.

    Args:
        plan: at the load.
        load: where its numbers come from.
        prices: None where none were given.
    """
    cost = Cost.of(quantities(plan), prices)
    asked = plan.load
    words = (
        f"{amount(asked.records_per_second)} records/s of {amount(asked.record_kb)} KB for "
        f"{counted(asked.consumers, 'consumer')}"
    )
    return AtLoad(
        in_words=words,
        limits=_limits(plan, load, words),
        cost=_month(cost, words),
        prices=frozenset(found.quantity.price for found in cost.amounts),
    )


def _limits(plan: Plan, load: PlannedLoad, words: str) -> list[Block]:
    blocks: list[Block] = [Paragraph(f"At {words}.")]
    because = [each for each in load.figures if each.because != GIVEN]
    if because:
        told = "; ".join(f"{figure.name}: {figure.because}" for figure in because)
        blocks.append(Paragraph(told, is_soft=True))
    met = _met_by(Step(plan))
    if met:
        blocks.append(Paragraph(f"It meets {counted(len(met), 'limit')} of services:"))
        blocks.append(Table(_MET, [_met(each) for each in met]))
    else:
        blocks.append(Paragraph("It meets no limit of a service."))
    figures = {figure.name: figure for _, some in plan.sections() for figure in some}
    decisive = [figures[name] for name in _DECISIVE if name in figures]
    deployed = _deployed(plan)
    blocks += [
        Paragraph("What it needs, and what decided it:"),
        Table(
            ["figure", "needed", "described", "unit", "what decided it"],
            [_figure(figure, deployed.get(figure.name)) for figure in decisive],
        ),
    ]
    blocks.append(Paragraph(_MORE, is_soft=True))
    later = [_later(rate, each) for rate, each in _met_later(plan, met)]
    if later:
        blocks.append(Folded("Limits on the way up", [Table(["from records/s", *_MET], later)]))
    return blocks


_MET = ["limit", "asked for", "there is", "what takes over", "source"]


def _met_by(step: Step) -> list[LimitMet]:
    """The limits that a rate meets, those of the stream's other mode left out."""
    provisioned = step.plan.pipeline.stream.shards is not None
    other = "Kinesis on demand" if provisioned else "Kinesis shards"
    return [each for each in step.limits_met() if not each.name.startswith(other)]


def _met(each: LimitMet) -> list[Cell]:
    return [
        alert(each.name),
        f"{amount(each.demand)} {each.unit}",
        f"{amount(each.maximum)} {each.unit}",
        each.takes_over,
        soft(each.source),
    ]


def _later(records_per_second: float, each: LimitMet) -> list[Cell]:
    return [amount(records_per_second), each.name, *_met(each)[1:]]


def _met_later(plan: Plan, already: list[LimitMet]) -> Iterator[tuple[float, LimitMet]]:
    """The first of the plan's rates above the load at which each other limit is met."""
    seen = {each.name for each in already}
    for step in steps(plan):
        if step.records_per_second > plan.load.records_per_second:
            for each in _met_by(step):
                if each.name not in seen:
                    seen.add(each.name)
                    yield step.records_per_second, each


def _deployed(plan: Plan) -> Mapping[str, int | None]:
    """What the description has of figures that it decides; None is on demand."""
    pipeline = plan.pipeline
    described: dict[str, int | None] = {
        "stream.shards": pipeline.stream.shards,
        "prepare.workers": pipeline.prepare.workers,
        "training.hosts": pipeline.training.instance_count,
    }
    if pipeline.serving.serverless is None:
        described["endpoint.instances"] = pipeline.serving.instance_count
    return described


def _figure(figure: Figure, described: int | None) -> list[Cell]:
    is_short = described is not None and figure.value is not None and figure.value > described
    value = amount(figure.value)
    return [
        code(figure.name),
        alert(value) if is_short else value,
        "" if described is None else amount(described),
        figure.unit,
        _because(figure),
    ]


def _because(figure: Figure) -> list[Line]:
    said: list[Line] = [figure.because]
    if figure.source:
        said.append(soft("; ".join(figure.source)))
    said += [soft(f"unconfirmed: {doubt}") for doubt in figure.unconfirmed]
    return said


def _month(cost: Cost, words: str) -> list[Block]:
    heading = f"cost, {cost.currency}" if cost.currency else "cost"
    rows: list[list[Cell]] = []
    for found in cost.amounts:
        many, money = so_many(found)
        quantity = found.quantity
        name = code(quantity.name)
        rows.append(
            [
                [name, soft("idle")] if quantity.idle else name,
                many,
                quantity.unit,
                money,
                quantity.because,
            ]
        )
    total, note = "unknown", f"{len(rows)} quantities"
    if cost.known is not None:
        note += f"; of it at most {cost.of_it_at_most:,.2f}" if cost.of_it_at_most else ""
        total = f"{cost.known:,.2f} {cost.currency}"
        total += f" + {len(cost.left_out)} unknown" if cost.left_out else ""
    return [
        Tiles([("a month at this load", total, note)]),
        Paragraph(
            f"A month of 730 hours at {words}, with the shards, workers and machines that it "
            "needs, those of the templates or more:"
        ),
        Table(["quantity", "so many", "unit", heading, "because"], rows),
        *[Paragraph(text) for text in cost_lines(cost)],
    ]
