"""The local cloud's budgets: the API knows them, by a generated name, changed in place."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from moto import mock_aws

from penstock.localcloud.cloudformation.resource import ResourceContext
from penstock.localcloud.cloudformation.types.budgets import Budget

ACCOUNT = "123456789012"


def properties(amount: float, **budget: Any) -> dict[str, Any]:
    return {
        "Budget": {
            "BudgetType": "COST",
            "TimeUnit": "MONTHLY",
            "BudgetLimit": {"Amount": amount, "Unit": "USD"},
            "CostFilters": {"TagKeyValue": ["user:stage$digits-dev"]},
            **budget,
        },
        "NotificationsWithSubscribers": [
            {
                "Notification": {
                    "NotificationType": "ACTUAL",
                    "ComparisonOperator": "GREATER_THAN",
                    "Threshold": 80,
                    "ThresholdType": "PERCENTAGE",
                },
                "Subscribers": [
                    {"SubscriptionType": "SNS", "Address": "arn:aws:sns:us-east-1:1:alerts"}
                ],
            }
        ],
    }


@pytest.fixture
def context(monkeypatch: pytest.MonkeyPatch) -> ResourceContext:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    return ResourceContext(
        client=lambda service: boto3.client(service, region_name="us-east-1"),
        account_id=ACCOUNT,
        region="us-east-1",
        stack_name="digits-dev-foundation",
        stack_id="arn",
        logical_id="Costs",
        generation=0,
        note=lambda _: None,
        made=lambda _: None,
    )


@mock_aws
def test_a_budget_is_made_changed_in_place_and_gone(context: ResourceContext) -> None:
    def amount(name: str) -> float:
        found = context.client("budgets").describe_budget(AccountId=ACCOUNT, BudgetName=name)
        return float(found["Budget"]["BudgetLimit"]["Amount"])

    handler, before, after = Budget(), properties(200), properties(300.5)
    name = handler.create(context, before).physical_id
    assert name.startswith("digits-dev-foundation-Costs-")
    assert amount(name) == 200
    assert not handler.replaces(before, after)
    handler.update(context, name, before, after)
    assert amount(name) == 300.5
    for _ in range(2):  # one that is gone is no error
        handler.delete(context, name, after)
    listed = context.client("budgets").describe_budgets(AccountId=ACCOUNT)
    assert listed["Budgets"] == []


def test_another_name_needs_another_budget() -> None:
    assert Budget().replaces(properties(1), properties(1, BudgetName="costs"))


def test_other_notifications_need_another_budget() -> None:
    silent = {**properties(1), "NotificationsWithSubscribers": []}
    assert Budget().replaces(properties(1), silent)
