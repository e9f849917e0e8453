"""AWS::SNS: what SNS says of topics, their policies and subscriptions."""

from __future__ import annotations

from penstock.localcloud.roundtrip.reader import Deployed, Properties, Reader, pairs


class Topic(Reader):
    """A topic's attributes have the template's names."""

    type = "AWS::SNS::Topic"

    def read(self, resource: Deployed) -> Properties:
        """GetTopicAttributes, GetDataProtectionPolicy, ListSubscriptionsByTopic, ListTags."""
        sns, arn = resource.client("sns"), resource.physical_id
        subscribed = sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]
        found = [{"Endpoint": s["Endpoint"], "Protocol": s["Protocol"]} for s in subscribed]
        # resources of their own may subscribe, too
        own = [each for each in resource.asked.get("Subscription", []) if each in found]
        return {
            **sns.get_topic_attributes(TopicArn=arn)["Attributes"],
            "DataProtectionPolicy": sns.get_data_protection_policy(ResourceArn=arn).get(
                "DataProtectionPolicy"
            ),
            "Subscription": own,
            "Tags": pairs(sns.list_tags_for_resource(ResourceArn=arn)["Tags"]),
            "TopicName": arn.rsplit(":", 1)[1],
        }


class TopicPolicy(Reader):
    """The policy of each topic."""

    type = "AWS::SNS::TopicPolicy"

    def read(self, resource: Deployed) -> Properties:
        """GetTopicAttributes of the topics that the template names."""
        sns = resource.client("sns")
        policies = {
            arn: sns.get_topic_attributes(TopicArn=arn)["Attributes"].get("Policy", "")
            for arn in resource.asked["Topics"]
        }
        different = sorted(set(policies.values()))
        return {
            "Topics": [arn for arn, policy in policies.items() if policy],
            "PolicyDocument": different[0] if len(different) == 1 else different,
        }


class Subscription(Reader):
    """A subscription's attributes have the template's names."""

    type = "AWS::SNS::Subscription"

    def read(self, resource: Deployed) -> Properties:
        """GetSubscriptionAttributes; the region is that of the topic's ARN."""
        answer = resource.client("sns").get_subscription_attributes(
            SubscriptionArn=resource.physical_id
        )
        found: Properties = answer["Attributes"]
        return {**found, "Region": str(found["TopicArn"]).split(":")[3]}
