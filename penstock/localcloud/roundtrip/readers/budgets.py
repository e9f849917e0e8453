"""AWS::Budgets: what the service says of budgets."""

from __future__ import annotations

from penstock.localcloud.roundtrip.reader import Deployed, Properties, Reader


class Budget(Reader):
    """A budget with whom it tells."""

    type = "AWS::Budgets::Budget"

    def read(self, resource: Deployed) -> Properties:
        """DescribeBudget, DescribeNotificationsForBudget, DescribeSubscribersForNotification."""
        budgets = resource.client("budgets")
        of = {"AccountId": resource.account_id, "BudgetName": resource.physical_id}
        told = budgets.describe_notifications_for_budget(**of)["Notifications"]
        arn = f"arn:aws:budgets::{resource.account_id}:budget/{resource.physical_id}"
        return {
            "Budget": budgets.describe_budget(**of)["Budget"],
            "NotificationsWithSubscribers": [
                {
                    "Notification": each,
                    "Subscribers": budgets.describe_subscribers_for_notification(
                        **of, Notification=each
                    )["Subscribers"],
                }
                for each in told
            ],
            "ResourceTags": budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"],
        }
