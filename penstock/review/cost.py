"""Section: how much there will be, and what it costs where its price is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from penstock.html.wording import counted
from penstock.review.assembly import Assembly
from penstock.review.blocks import (
    Block,
    Cell,
    Line,
    Paragraph,
    Section,
    Table,
    Tiles,
    alert,
    soft,
)
from penstock.review.given import NOTHING, Given, Prices
from penstock.review.quantities import Quantity, quantities
from penstock.review.values import Values


@dataclass(frozen=True)
class Priced:
    """A quantity and what it costs; None if the amount or its price is unknown."""

    quantity: Quantity
    cost: float | None


def priced(found: Sequence[Quantity], prices: Prices | None) -> list[Priced]:
    """What quantities cost; without prices nothing is known."""
    return [Priced(each, _cost(each, prices)) for each in found]


def quantities_section(assembly: Assembly, values: Values, given: Given = NOTHING) -> Section:
    """What is paid for when nothing happens, what by use, and a month of the load if there is one.

    Args:
        assembly: whose quantities they are.
        values: of the same assembly.
        given: prices, and the month of a load.
    """
    found = priced(quantities(assembly, values), given.prices)
    idle = [each for each in found if each.quantity.is_idle]
    used = [each for each in found if not each.quantity.is_idle]
    if given.load is not None:
        counted_there = given.load.prices
        used = [each for each in used if not _is_counted(each.quantity, counted_there)]
    currency = None if given.prices is None else given.prices.currency
    blocks: list[Block] = []
    if idle:
        blocks += [
            Tiles(list(_tiles(idle, currency))),
            Paragraph("There when nothing happens, in a month of 730 hours:"),
            _table(idle, currency),
            Paragraph(_left_out(idle)),
        ]
    if used:
        blocks += [
            Paragraph("By use; a cost is that of one run or one call, and they make no sum:"),
            _table(used, currency),
        ]
    if given.load is not None:
        blocks += given.load.cost
    if not blocks:
        blocks.append(Paragraph("Nothing in the templates has an amount."))
    elif given.prices is None:
        blocks.append(
            Paragraph("No prices are given, so no cost is known: give --prices FILE.", is_soft=True)
        )
    else:
        told = f"Prices of {given.prices.region}, {given.prices.date}: {given.prices.source}."
        blocks.append(Paragraph(told, is_soft=True))
    return Section("quantities", "Quantities and cost", blocks, is_brief=True)


def money(cost: float | None) -> str:
    """An amount without its currency: what is smaller than a cent keeps two digits."""
    if cost is None:
        return "unknown"
    return f"{cost:.2g}" if 0 < cost < 0.01 else f"{cost:,.2f}"


def _cost(each: Quantity, prices: Prices | None) -> float | None:
    if prices is None or each.amount is None:
        return None
    return prices.amount(each.price, each.amount)


def _is_counted(each: Quantity, prices: frozenset[str]) -> bool:
    """Whether the load's month has it."""
    return each.is_by_load and each.price in prices


def _tiles(idle: Sequence[Priced], currency: str | None) -> Iterator[tuple[str, str, str]]:
    """The endpoints' idle cost for itself, then that of everything."""
    standing = [each for each in idle if each.quantity.is_endpoint]
    if standing:
        found = [each.quantity.amount for each in standing]
        known = f"{sum(each or 0 for each in found):,.0f}"
        hours = f"{'at least ' if None in found else ''}{known} instance-hours"
        note = "without one request"
        if currency is None:
            yield "endpoints that idle, a month", hours, f"{note}; what they cost is unknown"
        else:
            yield "endpoints that idle, a month", _sum(standing, currency), f"{hours} {note}"
    note = counted(len(idle), "quantity", "quantities")
    if standing:
        note += ", the endpoints among them"
    yield "all that idles, a month", _sum(idle, currency), note


def _sum(found: Sequence[Priced], currency: str | None) -> str:
    """What is known, and how many are not in it."""
    known = [each.cost for each in found if each.cost is not None]
    unknown = len(found) - len(known)
    if unknown and not known:
        return "unknown"
    total = f"{money(sum(known))} {currency or ''}".strip()
    return f"{total} + {unknown} unknown" if unknown else total


def _left_out(idle: Sequence[Priced]) -> str:
    unknown = [each.quantity for each in idle if each.cost is None]
    if not unknown:
        return "All of these are in the sum."
    names = dict.fromkeys(each.price for each in unknown)
    return (
        f"Not in the sum, for what they cost is unknown: {len(unknown)} of {len(idle)} "
        f"({', '.join(names)})."
    )


def _table(found: Sequence[Priced], currency: str | None) -> Table:
    cost = f"cost, {currency}" if currency else "cost"
    return Table(["resource", "what", "amount", "unit", cost], [_row(each) for each in found])


def _row(found: Priced) -> list[Cell]:
    each = found.quantity
    said: Line = soft("unknown") if found.cost is None else money(found.cost)
    if each.is_endpoint:
        said = alert(f"{money(found.cost)}, without one request")
    if each.amount is None:
        return [
            each.resource,
            each.what,
            "by the load" if each.is_by_load else "unknown",
            each.unit,
            said,
        ]
    amount = f"{each.amount:,.2f}".rstrip("0").rstrip(".")
    return [each.resource, each.what, amount, each.unit, said]
