"""Shows a plan: figures, instances, the table of rates, a month's quantities, what decided each."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Literal

from rich.console import Console
from rich.table import Table

from penstock.catalog.facts import counted, in_words
from penstock.cli.plan_instances import Choice
from penstock.planner.account import Finding
from penstock.planner.cost import Amount, Cost
from penstock.planner.figure import Figure
from penstock.planner.quantities import NOT_COUNTED, Alternative
from penstock.planner.quotas import QuotaNeed
from penstock.planner.scaling import Step

Column = tuple[str, Literal["left", "right"]]

_RATE_ROWS = {
    "stream.shards": "shards",
    "stream.on_demand_share": "on demand, %",
    "delivery.objects_per_hour": "objects/h",
    "delivery.object_mb": "MB an object",
    "transform.most_concurrent": "transforms",
    "scorer.most_concurrent": "scorers",
    "prepare.workers": "Glue workers",
    "endpoint.instances": "instances",
}
_NEXT_ONES = 3  # of those that were not chosen; the JSON has them all
_MARKS = {"exact": "", "at most": "<= ", "at least": ">= "}


def show_figures(console: Console, sections: Sequence[tuple[str, Sequence[Figure]]]) -> None:
    """One table for all sections: name, value, unit."""
    table = new_table(("", "left"), ("figure", "left"), ("value", "right"), ("unit", "left"))
    for heading, figures in sections:
        for number, figure in enumerate(figures):
            table.add_row("" if number else heading, figure.name, amount(figure.value), figure.unit)
    console.print(table)


def show_instances(console: Console, choices: Sequence[Choice]) -> None:
    """The types of the training and of the endpoint, why, and why not the next ones.

    Of the endpoint's further variants, which have the same candidates, how they compare.
    """
    line(console, "\nInstances")
    if not choices:
        line(
            console, "  no type is judged: give training.model, the size of what the script trains"
        )
    for note in dict.fromkeys(note for choice in choices for note in choice.advice.notes):
        line(console, f"  note: {note}")
    for choice in choices:
        advice, by = choice.advice, "chosen by 'auto'" if choice.is_auto else "given"
        line(console, f"{choice.name}: {choice.instance_type}, {by}")
        if choice.comparison is not None:
            line(console, f"  {choice.comparison}")
        if choice.variant is not None:
            continue
        line(console, f"  {advice.reason}")
        for candidate in advice.candidates[1 : 1 + _NEXT_ONES]:
            line(console, f"  {candidate.reason}")
        more = len(advice.candidates) - 1 - _NEXT_ONES
        if more > 0:
            line(console, f"  {more} more that fit: --json has them")


def show_reasons(
    console: Console,
    sections: Sequence[tuple[str, Sequence[Figure]]],
    cost: Cost,
    quotas: Sequence[QuotaNeed],
    choices: Sequence[Choice],
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
    for need in quotas:
        line(console, f"  {need.name} ({need.moment}): {need.because}{_sources(need.facts.source)}")
        for doubt in need.facts.unconfirmed:
            doubts.setdefault(doubt, []).append(need.name)
    for choice in choices:
        for doubt in choice.advice.unconfirmed:
            doubts.setdefault(doubt, []).append(f"instances.{choice.use}")
    line(console, "\nUnconfirmed")
    for doubt, names in doubts.items():
        line(console, f"  {doubt}: {', '.join(dict.fromkeys(names))}")


def _sources(source: Sequence[str]) -> str:
    return f" ({'; '.join(source)})" if source else ""


def show_steps(console: Console, steps: Sequence[Step]) -> None:
    """The rates from 10 to 10 million, then the limits that each is the first to meet."""
    plan = steps[0].plan
    line(
        console,
        f"\nFrom 10 to 10 million records a second, {amount(plan.load.record_kb)} KB each, "
        f"{counted(plan.load.consumers, 'consumer')}",
    )
    rates: list[Column] = [(amount(step.records_per_second), "right") for step in steps]
    table = new_table(("records/s", "left"), *rates)
    for name, label in _RATE_ROWS.items():
        values = [step.figures[name] for step in steps]
        if plan.scorer is not None or not name.startswith("scorer."):
            percent = 100 if name.endswith("_share") else 1
            cells = (_short(None if value is None else value * percent) for value in values)
            table.add_row(label, *cells)
    console.print(table)
    line(
        console,
        "on demand: of what such a stream bears; transforms and scorers: executions at once, at "
        "most; Glue workers: for a month's records; instances: of the endpoint, unknown where the "
        "scorer asks it and --latency-ms is not given",
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
    table = new_table(
        ("quantity", "left"),
        ("so many", "right"),
        ("unit", "left"),
        (f"amount {currency}".strip(), "right"),
    )
    for found in cost.amounts:
        quantity = found.quantity
        many, cost_of_it = so_many(found)
        table.add_row(
            f"{quantity.name} *" if quantity.idle else quantity.name,
            many,
            quantity.unit,
            cost_of_it,
        )
    console.print(table)
    line(console, "* idle: billed without any load")
    for text in cost_lines(cost):
        line(console, text)


def so_many(found: Amount) -> tuple[str, str]:
    """A quantity's amount and what it costs, each with <= or >= where it is a bound."""
    mark, many = _MARKS[found.quantity.bound], amount(found.quantity.amount)
    return (
        many if found.quantity.amount is None else mark + many,
        "unknown" if found.amount is None else mark + _to_the_cent(found.amount),
    )


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
    lines = [_idle_endpoint(cost)]
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


def _idle_endpoint(cost: Cost) -> str:
    names = [found.quantity.name for found in cost.amounts]
    fleets = cost.part(
        [name for name in names if name.startswith("endpoint.") and name.endswith("instance_hours")]
    )
    if not fleets.amounts:
        return "the endpoint is serverless: without requests it is not billed"
    hours = amount(sum(found.quantity.amount or 0 for found in fleets.amounts))
    idle = "an unknown amount"
    if fleets.known is not None and not fleets.left_out:
        idle = f"{fleets.known:,.2f}"
    return (
        f"IDLE: the endpoint alone is {hours} instance-hours a month without one request: "
        f"{idle} {cost.currency or ''}"
    ).rstrip()


def show_quotas(
    console: Console, needs: Sequence[QuotaNeed], findings: Sequence[Finding] | None
) -> None:
    """What is needed of each quota; with `findings`, what the account has of it."""
    line(console, "\nQuotas that this needs")
    table = new_table(
        ("quota", "left"),
        ("needed", "right"),
        ("default", "right"),
        ("unit", "left"),
        ("when", "left"),
    )
    for need in needs:
        cells = (amount(need.needed), amount(need.default), need.facts.unit, need.moment)
        table.add_row(need.name, *cells)
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


def _to_the_cent(money: float) -> str:
    """An amount of money; from 1,000 on without the cents, which the JSON has."""
    return f"{money:,.0f}" if money >= 1000 else f"{money:,.2f}"


def _short(value: float | None) -> str:
    """A value of three digits at least, as a table of many columns has room for."""
    return amount(value if value is None or value >= 1000 else float(f"{value:.3g}"))


def new_table(*columns: Column) -> Table:
    """A table of these headings; where it is too wide, cells go on below and nothing is cut."""
    table = Table(box=None, pad_edge=False)
    for heading, side in columns:
        table.add_column(heading, justify=side, overflow="fold")
    return table


def line(console: Console, text: str) -> None:
    """One line: on a terminal broken between words, anywhere else as it is."""
    if console.is_terminal:
        indent = " " * (len(text.lstrip("\n")) - len(text.lstrip()) + 2)
        start = text[: len(text) - len(text.lstrip())]
        text = textwrap.fill(
            text.lstrip(),
            console.width,
            initial_indent=start.lstrip("\n"),
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        text = "\n" * start.count("\n") + text
    console.print(text, highlight=False, markup=False, soft_wrap=True)
