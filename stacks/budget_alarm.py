"""The budget of a stage: the alerts topic is told when a month's costs come near it."""

from __future__ import annotations

from aws_cdk import Aws, Stack
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from pipelines.spec import Budget

PUBLISHER = "budgets.amazonaws.com"


class BudgetAlarm(Construct):
    """Budgets publishes in its own name, so topic and key name it.

    Cost Management user guide, creating an SNS topic for budget notifications, has both conditions
    of the topic; that the account's holds for the key too is unconfirmed.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        budget: Budget,
        stage: tuple[str, str],
        alerts: sns.Topic,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        account = Stack.of(self).account
        of_this_account = {"StringEquals": {"aws:SourceAccount": account}}
        of_a_budget = {"ArnLike": {"aws:SourceArn": f"arn:{Aws.PARTITION}:budgets::{account}:*"}}
        alerts.add_to_resource_policy(
            iam.PolicyStatement(
                sid="BudgetsOfThisAccount",
                principals=[iam.ServicePrincipal(PUBLISHER)],
                actions=["sns:Publish"],
                resources=[alerts.topic_arn],
                conditions={**of_this_account, **of_a_budget},
            )
        )
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="BudgetsToTheAlertsTopic",
                principals=[iam.ServicePrincipal(PUBLISHER)],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],
                conditions=of_this_account,
            )
        )
        tag, value = stage
        resource = budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=budget.monthly_usd, unit="USD"),
                cost_filters={"TagKeyValue": [f"user:{tag}${value}"]},
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        notification_type="ACTUAL",
                        comparison_operator="GREATER_THAN",
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[
                        budgets.CfnBudget.SubscriberProperty(
                            subscription_type="SNS", address=alerts.topic_arn
                        )
                    ],
                )
                for percent in budget.alert_at_percent
            ],
        )
        # Budgets looks at once whether it may publish
        resource.node.add_dependency(alerts)
