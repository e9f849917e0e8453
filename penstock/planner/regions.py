"""Limits that are larger in the largest Regions."""

from __future__ import annotations

from penstock.catalog.limits import Limit, limit

LARGE_REGIONS = ("us-east-1", "us-west-2", "eu-west-1")


def regional(name: str, region: str) -> Limit:
    """The limit of that name as it is in a Region."""
    return limit(f"{name}_large_regions" if region in LARGE_REGIONS else name)


def most(bound: Limit) -> float:
    """A limit's upper bound. ValueError where only a quota bounds it."""
    if bound.maximum is None:
        raise ValueError(f"no upper bound is known: {bound.rule}")
    return bound.maximum
