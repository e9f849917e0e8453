"""Writes into the ledger how the properties of deployed resources came back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from penstock.localcloud.ledger import Difference, Ledger, ReadBack
from penstock.localcloud.roundtrip.comparison import Verdict
from penstock.localcloud.roundtrip.registry import readers
from penstock.localcloud.roundtrip.stacks import ResourceResult


def write_down(results: Iterable[ResourceResult], ledger: Ledger) -> None:
    """Counts, and each property that differs."""
    for result in results:
        reasons = readers()[result.type].differs_here
        counts = Counter(found.verdict for found in result.properties)
        ledger.read_back(
            result.resource,
            ReadBack(
                equal=counts[Verdict.EQUAL],
                not_given_back=counts[Verdict.NOT_GIVEN_BACK],
                different=tuple(
                    Difference(
                        result.resource,
                        result.type,
                        found.path,
                        str(found.asked),
                        str(found.there),
                        found.said or reasons.get(found.path, ""),
                    )
                    for found in result.properties
                    if found.verdict is Verdict.DIFFERENT
                ),
            ),
        )
