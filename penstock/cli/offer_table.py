"""Prints the accelerators that a pipeline offers side by side."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from rich.console import Console

from penstock.cli.offer_rows import (
    LOAD_NOTE,
    MODEL_NOTE,
    alike,
    default_of,
    doubts,
    headings,
    load_of,
    price_note,
    quota_lines,
    rows,
)
from penstock.cli.offers import Offer
from penstock.cli.plan_table import Column, line, new_table


def show_offers(console: Console, offers: Sequence[Offer], region: str) -> None:
    """The table, what is the same for all, the quotas by name, and what is unconfirmed."""
    line(console, f"The accelerators that it offers, side by side, with {load_of(offers)}")
    columns: list[Column] = [(name, "left") for name in ("", "", *headings(offers))]
    table = new_table(*columns)
    for part, found in groupby(rows(offers, region), key=lambda row: row.part):
        for number, row in enumerate(found):
            table.add_row("" if number else part, row.label, *row.cells)
    console.print(table)
    line(console, LOAD_NOTE)
    line(console, MODEL_NOTE)
    line(console, price_note())
    line(console, "the same for all of them:")
    for text in alike(offers):
        line(console, f"  {text}")
    line(console, "quotas by their names in Service Quotas:")
    for text in quota_lines(offers):
        line(console, f"  {text}")
    line(console, "unconfirmed:")
    for text in doubts(offers, region):
        line(console, f"  {text}")
    line(console, f"What follows is {default_of(offers)}; --accelerator shows another one alone.\n")
