"""The accelerators that a pipeline offers side by side, as a review shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

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
from penstock.review.blocks import Block, Cell, Folded, Paragraph, Table, strong


def offer_blocks(offers: Sequence[Offer], region: str) -> Iterator[Block]:
    """The table, then what is the same for all, the quotas, and what is unconfirmed, folded."""
    yield Paragraph(
        f"With {load_of(offers)}. All other sections are of {default_of(offers)}; a review of "
        "another one is made with --accelerator."
    )
    shown: list[list[Cell]] = []
    for part, found in groupby(rows(offers, region), key=lambda row: row.part):
        for number, row in enumerate(found):
            shown.append(["" if number else strong(part), row.label, *row.cells])
    yield Table(["", "", *headings(offers)], shown)
    yield Paragraph(f"{LOAD_NOTE}. {MODEL_NOTE}. {price_note()}.", is_soft=True)
    for summary, heading, lines in (
        ("The same for all of them", "what", alike(offers)),
        ("Quotas by their names in Service Quotas", "quota", quota_lines(offers)),
        ("Unconfirmed", "what", doubts(offers, region)),
    ):
        yield Folded(summary, [Table([heading], [[text] for text in lines])])
