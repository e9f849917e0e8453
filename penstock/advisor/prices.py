"""The prices that candidates are ordered by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from penstock.catalog import ec2_prices


@dataclass(frozen=True)
class Prices:
    """USD an hour by type, in one region; `origin` says in words whose prices they are."""

    usd_per_hour: Mapping[str, float]
    region: str
    origin: str


def of_ec2() -> Prices:
    """Those of the catalog: EC2's, dated."""
    facts = ec2_prices.prices()
    return Prices(
        usd_per_hour=facts.usd_per_hour,
        region=facts.region,
        origin=f"EC2's on demand in {facts.region} of {facts.date}, not SageMaker's, which are "
        f"unknown ({facts.citation})",
    )
