"""Quotas of an account: the names that people and the API know them by, and their defaults."""

from __future__ import annotations

from functools import cache

from penstock.catalog.facts import Fact, entry


class AccountQuota(Fact):
    """A quota of an account in a Region.

    `name` may hold {instance_type}; `code` and `default` are None where no source says them.
    """

    service_code: str
    name: str
    code: str | None
    default: float | None
    unit: str


@cache
def account_quota(name: str) -> AccountQuota:
    """The quota of that name, such as 'sagemaker.endpoint'.

    Raises:
        UnknownFactError: there is no such quota in the catalog.
    """
    return AccountQuota.model_validate(entry("account_quotas", name))
