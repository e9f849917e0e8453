"""Budgets: who is told of a budget is shown, and its tags; moto keeps neither for its answers."""

from __future__ import annotations

import json
from typing import Any

from moto.budgets.exceptions import NotFoundException
from moto.budgets.responses import BudgetsResponse

from penstock.localcloud.shims.patches import Patches


def install(patches: Patches) -> None:
    """Add DescribeSubscribersForNotification, and the tags that CreateBudget takes."""

    def describe_subscribers(self: Any) -> str:
        account, name = self._get_param("AccountId"), self._get_param("BudgetName")
        self.backend.describe_budget(account_id=account, budget_name=name)  # NotFoundException
        wanted = self._get_param("Notification")
        for notification in self.backend.budgets[account][name].notifications:
            if _same(notification.details, wanted):
                return json.dumps({"Subscribers": notification.subscribers})
        raise NotFoundException(f"Unable to find the notification of the budget {name}.")

    def create_budget(self: Any) -> str:
        answer: str = stock_create(self)
        account = self._get_param("AccountId")
        name = self._get_param("Budget")["BudgetName"]
        self.backend.budgets[account][name].tags = self._get_param("ResourceTags") or []
        return answer

    def list_tags(self: Any) -> str:
        # arn:aws:budgets::<account>:budget/<name>
        arn = str(self._get_param("ResourceARN"))
        account, name = arn.split(":")[4], arn.split("/", 1)[1]
        self.backend.describe_budget(account_id=account, budget_name=name)  # NotFoundException
        return json.dumps({"ResourceTags": self.backend.budgets[account][name].tags})

    stock_create = patches.replace(BudgetsResponse, "create_budget", create_budget)
    patches.add(BudgetsResponse, "describe_subscribers_for_notification", describe_subscribers)
    patches.add(BudgetsResponse, "list_tags_for_resource", list_tags)


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two descriptions are of one notification; its state does not tell."""
    keys = ("NotificationType", "ComparisonOperator", "Threshold", "ThresholdType")
    return all(one.get(key) == other.get(key, one.get(key)) for key in keys)
