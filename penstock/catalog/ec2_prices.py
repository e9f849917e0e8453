"""What EC2 asks for the types that SageMaker's are named after: dated, and not its prices."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from penstock.catalog.facts import Fact, read_data


class Ec2Prices(Fact):
    """EC2 on demand, Linux, USD an hour in one region, by ml type; `date` is that of the prices."""

    region: str
    usd_per_hour: Mapping[str, float]


@cache
def prices() -> Ec2Prices:
    """The one list that the catalog has."""
    return Ec2Prices.model_validate(read_data("ec2_prices"))
