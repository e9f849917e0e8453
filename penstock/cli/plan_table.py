"""Shows a plan: its figures, its table of rates, a month's quantities, then what decided each."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from penstock.catalog.facts import in_words
from penstock.planner.account import Finding
from penstock.planner.cost import Cost
from penstock.planner.figure import Figure
from penstock.planner.quantities import NOT_COUNTED, Alternative
from penstock.planner.quotas import QuotaNeed
from penstock.planner.scaling import Step

_COLUMNS = {
    "stream.shards": "shards",
    "stream.on_demand_share": "on demand",
    "delivery.objects_per_hour": "objects/h",
    "delivery.object_mb": "MB each",
    "transform.most_concurrent": "transforms",
    "scorer.most_concurrent": "scorers",
    "prepare.workers": "workers",
    "endpoint.instances": "endpoint",
}
_MARKS = {"exact": "", "at most": "<= ", "at least": ">= "}


def show_figures(console: Console, sections: Sequence[tuple[str, Sequence[Figure]]]) -> None:
    """One table for all sections: name, value, unit."""
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    table.add_column("figure", no_wrap=True)
    table.add_column("value", justify="right")
    table.add_column("unit")
    for heading, figures in sections:
        for number, figure in enumerate(figures):
            table.add_row("" if number else heading, figure.name, amount(figure.value), figure.unit)
    console.print(table)


def show_reasons(
    console: Console, sections: Sequence[tuple[str, Sequence[Figure]]], cost: Cost
) -> None:
    """What decided each figure and quantity, with its source, and what is unconfirmed."""
    line(console, "\nWhat decided it")
    doubts: dict[str, list[str]] = {}
    for _, figures in sections:
        for figure in figures:
            line(console, f"  {figure.name}: {figure.because}{_sources(figure.source)}")
            for doubt in figure.unconfirmed:
                doubts.setdefault(doubt, []).append(figure.name)
    for found in cost.amounts:
        quantity = found.quantity
        line(console, f"  {quantity.name}: {quantity.because}{_sources(quantity.source)}")
    line(console, "\nUnconfirmed")
    for doubt, names in doubts.items():
        line(console, f"  {doubt}: {', '.join(names)}")


def _sources(source: Sequence[str]) -> str:
    return f" ({'; '.join(source)})" if source else ""


def show_steps(console: Console, steps: Sequence[Step]) -> None:
    """The rates from 10 to 10 million, then the limits that each is the first to meet."""
    load = steps[0].plan.load
    line(
        console,
        f"\nFrom 10 to 10 million records a second, {amount(load.record_kb)} KB each, "
        f"{load.consumers} consumer{'' if load.consumers == 1 else 's'}",
    )
    shown = [name for name in _COLUMNS if any(step.figures[name] is not None for step in steps)]
    table = Table(box=None, pad_edge=False)
    table.add_column("records/s", justify="right")
    for name in shown:
        table.add_column(_COLUMNS[name], justify="right", no_wrap=True)
    for step in steps:
        cells = (amount(step.figures[name]) for name in shown)
        table.add_row(amount(step.records_per_second), *cells)
    console.print(table)
    line(
        console,
        "on demand: the share of what such a stream bears; transforms and scorers: executions at "
        "once, at most; workers: of Glue, for a month's records",
    )
    line(console, "\nLimits on the way, each where it is first met, and what takes over")
    seen: set[str] = set()
    for step in steps:
        for met in step.limits_met():
            if met.name not in seen:
                seen.add(met.name)
                rate = amount(step.records_per_second)
                line(console, f"  {rate:>10} records/s  {met.in_words()} ({met.source})")


def show_cost(console: Console, cost: Cost) -> None:
    """A month's quantities, their amounts, and what the sum leaves out."""
    line(console, "\nA month of 730 hours at this load")
    currency = cost.currency or ""
    table = Table(box=None, pad_edge=False)
    table.add_column("quantity", no_wrap=True)
    table.add_column("so many", justify="right")
    table.add_column("unit")
    table.add_column(f"amount {currency}".strip(), justify="right")
    table.add_column("")
    for found in cost.amounts:
        quantity, mark = found.quantity, _MARKS[found.quantity.bound]
        many = amount(quantity.amount)
        price = "unknown" if found.amount is None else f"{mark}{found.amount:,.2f}"
        table.add_row(
            quantity.name,
            many if quantity.amount is None else mark + many,
            quantity.unit,
            price,
            "idle" if quantity.idle else "",
        )
    console.print(table)
    line(console, "idle: billed without any load")
    for text in cost_lines(cost):
        line(console, text)


def show_alternatives(
    console: Console, cost: Cost, others: Sequence[tuple[Alternative, Cost]]
) -> None:
    """The stream's other modes: what each would be billed by, beside what it replaces."""
    for other, found in others:
        now = cost.part(other.instead_of)
        line(console, f"instead, the stream {other.name}:")
        for one in other.quantities:
            line(console, f"  {one.name}: {amount(one.amount)} {one.unit} ({one.because})")
        if cost.currency is not None:
            line(console, f"  that is {_money(found)}; what it replaces is {_money(now)}")


def _money(cost: Cost) -> str:
    """A sum, only where nothing is left out of it."""
    if cost.known is None or cost.left_out:
        return "an unknown amount"
    return f"{cost.known:,.2f} {cost.currency}"


def cost_lines(cost: Cost) -> list[str]:
    """The sum of a month in words: what is in it, what is not, what the endpoint costs idle."""
    endpoint = next(
        found for found in cost.amounts if found.quantity.name == "endpoint.instance_hours"
    )
    hours = amount(endpoint.quantity.amount)
    idle = "an unknown amount" if endpoint.amount is None else f"{endpoint.amount:,.2f}"
    lines = [
        f"IDLE: the endpoint alone is {hours} instance-hours a month without one request: "
        f"{idle} {cost.currency or ''}".rstrip()
    ]
    if cost.known is None:
        lines.append(
            "amounts are unknown: give --prices FILE; `penstock prices update` writes one"
            if cost.currency is None
            else "amounts are unknown: the price file has none of these"
        )
    else:
        lines.append(
            f"known: {cost.known:,.2f} {cost.currency}; of it at most {cost.of_it_at_most:,.2f} "
            f"(jobs end before their time limits), at least {cost.of_it_at_least:,.2f}; without "
            f"any load {cost.idle or 0:,.2f}"
        )
    if cost.known is not None and cost.left_out:
        lines.append(f"not in the sum, for they are unknown: {', '.join(cost.left_out)}")
    lines.append(f"not counted: {NOT_COUNTED}")
    return lines


def show_quotas(
    console: Console, needs: Sequence[QuotaNeed], findings: Sequence[Finding] | None
) -> None:
    """What is needed of each quota; with `findings`, what the account has of it."""
    line(console, "\nQuotas that this needs")
    table = Table(box=None, pad_edge=False)
    for heading, side in (("quota", "left"), ("needed", "right"), ("default", "right")):
        table.add_column(heading, justify=side)  # type: ignore[arg-type]
    table.add_column("for")
    for need in needs:
        table.add_row(need.name, amount(need.needed), amount(need.default), need.because)
    console.print(table)
    if findings is None:
        line(console, "what your account has: --check-account")
        return
    line(console, "\nYour account")
    for found in findings:
        line(console, f"  {found.in_words()}")
    line(
        console,
        "  in use is what runs now: the pipeline's own endpoint is left out, its stream and "
        "deliveries are not; what jobs and functions use is unknown",
    )


def amount(value: float | None) -> str:
    """A value for people: 1,000, 0.25, or unknown."""
    if value is None:
        return "unknown"
    if value >= 1000:
        return f"{value:,.0f}"
    if 0 < value < 0.001:
        return f"{value:.2g}"
    return in_words(round(value, 3))


def line(console: Console, text: str) -> None:
    """One line as it is, however wide the terminal."""
    console.print(text, highlight=False, markup=False, soft_wrap=True)
