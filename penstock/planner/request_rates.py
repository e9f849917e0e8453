"""S3 request rates: what writes and reads a prefix of the lake, beside what a prefix bears."""

from __future__ import annotations

from penstock.catalog.facts import in_words
from penstock.catalog.limits import limit
from penstock.planner.figure import Figure
from penstock.planner.regions import most
from penstock.planner.rounding import whole


def figures(*, objects_per_hour: float | None, hours: float) -> list[Figure]:
    """Requests for the objects of a delivery: PUT as they come, GET when all are prepared."""
    puts, gets = limit("s3.prefix_puts"), limit("s3.prefix_gets")
    per_second = None if objects_per_hour is None else objects_per_hour / 3600
    objects = None if objects_per_hour is None else objects_per_hour * hours
    prefixes = None if per_second is None else max(1, whole(per_second / most(puts)))
    bears = f"a prefix bears {in_words(most(puts))}"
    return [
        Figure.by(
            "s3.puts_per_second",
            None if per_second is None else round(per_second, 6),
            "requests/s",
            f"the delivery's objects; {bears}, so {prefixes} will do"
            if prefixes is not None
            else "unknown: how soon Firehose writes is not documented",
            puts,
        ),
        Figure.by(
            "s3.least_read_seconds",
            None if objects is None else round(objects / most(gets), 3),
            "s",
            f"to open the objects of {in_words(hours)} hours at {in_words(most(gets))} a second"
            + ("" if objects is None else f": {in_words(round(objects))} objects"),
            gets,
        ),
    ]
