"""A budget for what a pipeline costs in an environment, and when it says so."""

from __future__ import annotations

import math

from pydantic import field_validator

from penstock.catalog.limits import limit
from pipelines.spec.base import Spec, refusal


class Budget(Spec):
    """The alerts topic is told when a month's costs reach these shares of `monthly_usd`.

    Costs are found by a tag `stage`, which every resource then bears. Billing counts a tag from
    the day on that somebody activates it there as a cost allocation tag: until then the budget
    sees no costs at all. What cannot be tagged is never in it.
    """

    monthly_usd: float
    alert_at_percent: tuple[int, ...] = (80, 100)

    @field_validator("monthly_usd")
    @classmethod
    def _check_amount(cls, value: float) -> float:
        if not math.isfinite(value) or value <= 0:
            raise refusal(
                value,
                rule="a budget is an amount above 0",
                source="AWS Cost Management user guide, creating a cost budget",
                remedy="use US dollars a month such as 200",
            )
        return value

    @field_validator("alert_at_percent")
    @classmethod
    def _check_alerts(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        bound = limit("budgets.notifications")
        if not bound.allows(len(value)) or len(set(value)) < len(value) or min(value) < 1:
            raise refusal(
                value,
                rule=f"{bound.rule}, each at another share above 0",
                source=bound.citation,
                remedy="use percentages such as (80, 100)",
            )
        return value
