"""AWS::Budgets: budgets. The API knows them; nothing costs anything here."""

from __future__ import annotations

from typing import Any

from penstock.localcloud.cloudformation.names import NameRule
from penstock.localcloud.cloudformation.resource import (
    Created,
    Handler,
    Properties,
    ResourceContext,
    changed,
)
from penstock.localcloud.cloudformation.shapes import call
from penstock.localcloud.cloudformation.types.api import ignoring
from penstock.localcloud.ledger import Life

_NAME = NameRule(max_length=100)


class Budget(Handler):
    """Ref is the budget's name."""

    type = "AWS::Budgets::Budget"
    life = Life.API_ONLY
    kept_only = {"NotificationsWithSubscribers": "nothing costs anything here, nobody is told"}
    properties = frozenset({"Budget", "NotificationsWithSubscribers", "ResourceTags"})
    required = frozenset({"Budget"})

    def replaces(self, old: Properties, new: Properties) -> bool:
        """Another name and other notifications need another budget.

        CloudFormation template reference, AWS::Budgets::Budget, update requires.
        """
        return changed(old, new, "NotificationsWithSubscribers") or changed(
            old["Budget"], new["Budget"], "BudgetName"
        )

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateBudget."""
        name = str(properties["Budget"].get("BudgetName") or context.name(_NAME))
        self._create(context, name, properties)
        return Created(name)

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """The budget again, as there is no UpdateBudget here."""
        self.delete(context, physical_id, old)
        self._create(context, physical_id, new)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteBudget."""
        ignoring(
            ("NotFoundException",),
            context.client("budgets").delete_budget,
            AccountId=context.account_id,
            BudgetName=physical_id,
        )

    @staticmethod
    def _create(context: ResourceContext, name: str, properties: Properties) -> None:
        arguments: dict[str, Any] = {
            **properties,
            "AccountId": context.account_id,
            "Budget": {**properties["Budget"], "BudgetName": name},
        }
        call(context.client("budgets"), "create_budget", arguments)
