"""Fetches prices from AWS's Price List, for a file of ours.

The answers' shape is the documented one (AWS Price List API reference, GetProducts, aws_v1): each
product is a JSON text with product.attributes.usagetype and .operation, and below terms.OnDemand
price dimensions with beginRange and pricePerUnit. It has been tried on such answers only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from penstock.catalog.facts import UnknownFactError
from penstock.catalog.price_list import PriceListEntry, price_list_entry
from penstock.planner.prices import FORMAT, Prices, Tier

# APN1-, EU-, us-east-1-; us-east-1 often has none. IA- of another storage class is no Region
_PREFIX = r"(?:[A-Z]{2,4}\d-|EU-|[a-z]{2}(?:-[a-z]+)+-\d-)?"
_CURRENCY = "USD"


class NoPriceError(LookupError):
    """The Price List has no price of that name, or more than one; one line."""


@dataclass(frozen=True)
class Fetched:
    """The prices that were found, and why others were not, by name."""

    prices: Prices
    missing: dict[str, str]


class PriceList:
    """AWS's on-demand prices of one Region; `client` is boto3's of the service pricing."""

    def __init__(self, client: Any, region: str) -> None:
        self._client = client
        self._region = region

    def fetch(self, names: Iterable[str], *, date: str) -> Fetched:
        """The prices of these names."""
        found: dict[str, float | list[Tier]] = {}
        missing: dict[str, str] = {}
        for name in sorted(set(names)):
            try:
                tiers = self._tiers(name)
            except (NoPriceError, UnknownFactError) as error:
                missing[name] = str(error)
                continue
            found[name] = tiers[0].price if len(tiers) == 1 else list(tiers)
        prices = Prices(
            format=FORMAT,
            region=self._region,
            currency=_CURRENCY,
            date=date,
            source="AWS Price List, GetProducts, on-demand terms",
            prices=found,
        )
        return Fetched(prices, missing)

    def _tiers(self, name: str) -> tuple[Tier, ...]:
        wanted = price_list_entry(name)
        offers = {offer for product in self._products(wanted) for offer in _offers(product)}
        if not offers:
            raise NoPriceError(f"no product {wanted.usage_type} of {wanted.service_code}")
        if len(offers) > 1:
            raise NoPriceError(f"{len(offers)} different prices of {wanted.usage_type}")
        (offer,) = offers
        if offer[0][0] != 0:
            raise NoPriceError(f"the prices of {wanted.usage_type} do not begin at 0")
        return tuple(Tier(above=above, price=price) for above, price in offer)

    def _products(self, wanted: PriceListEntry) -> Iterator[dict[str, Any]]:
        pages = self._client.get_paginator("get_products").paginate(
            ServiceCode=wanted.service_code,
            Filters=[
                {"Type": "TERM_MATCH", "Field": "regionCode", "Value": self._region},
                {"Type": "CONTAINS", "Field": "usagetype", "Value": wanted.usage_type},
            ],
            FormatVersion="aws_v1",
        )
        usage_type = re.compile(_PREFIX + re.escape(wanted.usage_type))
        for page in pages:
            for text in page["PriceList"]:
                product: dict[str, Any] = json.loads(text)
                attributes = product["product"]["attributes"]
                if usage_type.fullmatch(attributes.get("usagetype", "")) and wanted.operation in (
                    None,
                    attributes.get("operation"),
                ):
                    yield product


def _offers(product: dict[str, Any]) -> Iterator[tuple[tuple[float, float], ...]]:
    """Each on-demand term of a product as its tiers: above so many, so much for each."""
    for term in product.get("terms", {}).get("OnDemand", {}).values():
        tiers = sorted(
            (float(dimension["beginRange"]), float(dimension["pricePerUnit"][_CURRENCY]))
            for dimension in term["priceDimensions"].values()
            if _CURRENCY in dimension["pricePerUnit"]
        )
        if tiers:
            yield tuple(tiers)
