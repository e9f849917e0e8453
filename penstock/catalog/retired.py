"""Services, features and instances that have been retired: since when, and what takes over."""

from __future__ import annotations

from functools import cache
from typing import Literal

from penstock.catalog.facts import Fact, entry, read_data

_IN_WORDS = {"closed": "closed to new customers", "ended": "ended", "legacy": "legacy"}


class Retired(Fact):
    """One retirement.

    'closed' takes no new customers and runs on for the others; 'ended' is gone, or will be on
    `effective`; 'legacy' still works and is superseded. `effective` is a day or a month, None where
    no source has one; `successor` is what AWS names, None where it names nothing.
    `cloudformation` has the resource types that only this service has.
    """

    name: str
    status: Literal["closed", "ended", "legacy"]
    effective: str | None
    successor: str | None
    cloudformation: tuple[str, ...]
    instance_families: tuple[str, ...]

    @property
    def in_words(self) -> str:
        """Name, status and date for a message: 'S3 Select: closed to new customers'."""
        since = f" as of {self.effective}" if self.effective else ""
        return f"{self.name}: {_IN_WORDS[self.status]}{since}"

    @property
    def remedy(self) -> str:
        """What to use instead, for the end of a message."""
        return f"use {self.successor}" if self.successor else "AWS names no successor"


def names() -> tuple[str, ...]:
    """Every retirement in the catalog."""
    return tuple(read_data("retired"))


@cache
def retired(name: str) -> Retired:
    """The retirement of that name, such as 'model-monitor'.

    Raises:
        UnknownFactError: nothing of that name is known to be retired.
    """
    return Retired.model_validate(entry("retired", name))


def of_cloudformation(resource_type: str) -> Retired | None:
    """What a resource type such as 'AWS::KinesisAnalytics::Application' belongs to, if retired."""
    return next(
        (found for name in names() if resource_type in (found := retired(name)).cloudformation),
        None,
    )


def of_instance_type(instance_type: str) -> Retired | None:
    """Why an ml type such as 'ml.p2.xlarge' or 'ml.eia2.medium' is not to be chosen, if so."""
    family = instance_type.removeprefix("ml.").partition(".")[0]
    return next(
        (found for name in names() if family in (found := retired(name)).instance_families),
        None,
    )
