"""Where each thing that is billed is found in AWS's Price List."""

from __future__ import annotations

from penstock.catalog.facts import Fact, UnknownFactError, entry, read_data


class PriceListEntry(Fact):
    """A product of the Price List: its service, and its usage type without the Region's prefix.

    `operation` None takes any.
    """

    service_code: str
    usage_type: str
    operation: str | None


def price_list_entry(name: str) -> PriceListEntry:
    """The product of a price's name: 'kinesis.shard_hours', 'sagemaker.hosting.ml.m5.large'.

    Raises:
        UnknownFactError: the catalog does not know where its price is.
    """
    use, found, size = name.partition(".ml.")
    template = "{instance_type}"
    if use not in read_data("price_list") or bool(found) != (
        template in entry("price_list", use)["usage_type"]
    ):
        raise UnknownFactError(f"the catalog does not know where {name} is in the Price List")
    facts = PriceListEntry.model_validate(entry("price_list", use))
    usage_type = facts.usage_type.replace(template, f"ml.{size}")
    return facts.model_copy(update={"usage_type": usage_type})
