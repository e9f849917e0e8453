"""Section: limits that are met at the load that was given."""

from __future__ import annotations

from penstock.review.blocks import Paragraph, Section
from penstock.review.given import Given

_NO_LOAD = (
    "No load is given, and no template holds one. For a pipeline of this project these options "
    "give one, and this section then says which limits it meets, what decided that and what takes "
    "over: --records-per-second (written to the stream), --record-kb (the mean record, in KB of "
    "1,000 bytes), --consumers (readers of the whole stream)."
)


def load_section(given: Given) -> Section:
    """What the load meets, or how to give one."""
    blocks = [Paragraph(_NO_LOAD)] if given.load is None else given.load.limits
    return Section("load", "Limits at this load", [*blocks], is_brief=True)
