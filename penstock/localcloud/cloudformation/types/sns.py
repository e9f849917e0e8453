"""AWS::SNS: topics, their policies and subscriptions."""

from __future__ import annotations

from typing import Any

from penstock.localcloud.cloudformation.intrinsics import text_of
from penstock.localcloud.cloudformation.names import NameRule
from penstock.localcloud.cloudformation.resource import (
    Created,
    Handler,
    Properties,
    ResourceContext,
    changed,
    tag_map,
)
from penstock.localcloud.cloudformation.types.api import document, ignoring, retag, tag_list
from penstock.localcloud.cloudformation.types.policy_on_resources import PolicyOnResources
from penstock.localcloud.ledger import Life

_NAME = NameRule(max_length=256)
_GONE = ("NotFound", "NotFoundException")
_TOPIC_ATTRIBUTES = {
    "ArchivePolicy": "{}",
    "ContentBasedDeduplication": "false",
    "DisplayName": "",
    "KmsMasterKeyId": "",
    "SignatureVersion": "1",
    "TracingConfig": "PassThrough",
}
# a filter policy is checked by the scope that it has by then
_SUBSCRIPTION_ATTRIBUTES = (
    "DeliveryPolicy",
    "FilterPolicyScope",
    "FilterPolicy",
    "RawMessageDelivery",
    "RedrivePolicy",
    "SubscriptionRoleArn",
)


def _text(value: Any) -> str:
    return document(value) if isinstance(value, dict | list) else text_of(value)


class Topic(Handler):
    """Ref is the ARN; attributes TopicArn and TopicName."""

    type = "AWS::SNS::Topic"
    life = Life.LIVE
    kept_only = {
        "DataProtectionPolicy": "messages are not looked through here",
        "KmsMasterKeyId": "nothing is encrypted here",
    }
    properties = frozenset(
        {
            *_TOPIC_ATTRIBUTES,
            "DataProtectionPolicy",
            "FifoTopic",
            "Subscription",
            "Tags",
            "TopicName",
        }
    )
    replace_on = frozenset({"FifoTopic", "TopicName"})
    name_property = "TopicName"
    tag_style = "list"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateTopic with its attributes, then its subscriptions."""
        sns = context.client("sns")
        fifo = text_of(properties.get("FifoTopic", False)) == "true"
        name = properties.get("TopicName") or context.name(_NAME) + (".fifo" if fifo else "")
        attributes = {key: _text(properties[key]) for key in _TOPIC_ATTRIBUTES if key in properties}
        if fifo:
            attributes["FifoTopic"] = "true"
        arn = sns.create_topic(
            Name=name, Attributes=attributes, Tags=tag_list(tag_map(properties))
        )["TopicArn"]
        context.made(arn)
        self._protect(sns, arn, {}, properties)
        self._subscribe(sns, arn, {}, properties)
        return Created(arn, {"TopicArn": arn, "TopicName": arn.rsplit(":", 1)[1]})

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """Attributes, subscriptions and tags change in place."""
        sns = context.client("sns")
        for key, default in _TOPIC_ATTRIBUTES.items():
            if changed(old, new, key):
                sns.set_topic_attributes(
                    TopicArn=physical_id,
                    AttributeName=key,
                    AttributeValue=_text(new.get(key, default)),
                )
        self._protect(sns, physical_id, old, new)
        self._subscribe(sns, physical_id, old, new)
        retag(sns, old, new, ResourceArn=physical_id)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteTopic with its subscriptions."""
        ignoring(_GONE, context.client("sns").delete_topic, TopicArn=physical_id)

    @staticmethod
    def _protect(sns: Any, arn: str, old: Properties, new: Properties) -> None:
        if changed(old, new, "DataProtectionPolicy"):
            sns.put_data_protection_policy(
                ResourceArn=arn,
                DataProtectionPolicy=_text(new.get("DataProtectionPolicy", "")),
            )

    @staticmethod
    def _subscribe(sns: Any, arn: str, old: Properties, new: Properties) -> None:
        def wanted(properties: Properties) -> set[tuple[str, str]]:
            return {(s["Protocol"], s["Endpoint"]) for s in properties.get("Subscription", [])}

        for protocol, endpoint in sorted(wanted(new) - wanted(old)):
            sns.subscribe(TopicArn=arn, Protocol=protocol, Endpoint=endpoint)
        gone = wanted(old) - wanted(new)
        if gone:
            for known in sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]:
                if (known["Protocol"], known["Endpoint"]) in gone:
                    sns.unsubscribe(SubscriptionArn=known["SubscriptionArn"])


class TopicPolicy(PolicyOnResources):
    """One policy for one or more topics."""

    type = "AWS::SNS::TopicPolicy"
    properties = frozenset({"PolicyDocument", "Topics"})
    required = properties
    bearers = "Topics"

    def put(self, context: ResourceContext, bearer: str, policy: str) -> None:
        """SetTopicAttributes Policy."""
        context.client("sns").set_topic_attributes(
            TopicArn=bearer, AttributeName="Policy", AttributeValue=policy
        )

    def reset(self, context: ResourceContext, bearer: str) -> None:
        """The topic gets the default policy back: its own account may use it."""
        policy = {
            "Version": "2008-10-17",
            "Id": "__default_policy_ID",
            "Statement": [
                {
                    "Sid": "__default_statement_ID",
                    "Effect": "Allow",
                    "Principal": {"AWS": "*"},
                    "Action": [
                        f"SNS:{action}"
                        for action in (
                            "GetTopicAttributes",
                            "SetTopicAttributes",
                            "AddPermission",
                            "RemovePermission",
                            "DeleteTopic",
                            "Subscribe",
                            "ListSubscriptionsByTopic",
                            "Publish",
                        )
                    ],
                    "Resource": bearer,
                    "Condition": {"StringEquals": {"AWS:SourceOwner": context.account_id}},
                }
            ],
        }
        ignoring(
            _GONE,
            context.client("sns").set_topic_attributes,
            TopicArn=bearer,
            AttributeName="Policy",
            AttributeValue=document(policy),
        )


class Subscription(Handler):
    """Ref is the subscription's ARN."""

    type = "AWS::SNS::Subscription"
    life = Life.LIVE
    properties = frozenset({*_SUBSCRIPTION_ATTRIBUTES, "Endpoint", "Protocol", "TopicArn"})
    required = frozenset({"Protocol", "TopicArn"})
    unsupported = {"Region": "there is one region here"}
    replace_on = frozenset({"Endpoint", "Protocol", "TopicArn"})

    # what moto delivers to; mails and text messages leave this machine on AWS only
    _DELIVERED = ("sqs", "lambda", "http", "https")

    def life_of(self, properties: Properties) -> tuple[Life, str]:
        """Mails and text messages are not sent."""
        if properties["Protocol"] in self._DELIVERED:
            return Life.LIVE, ""
        return Life.API_ONLY, ""

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """Subscribe with its attributes."""
        attributes = {
            key: _text(properties[key]) for key in _SUBSCRIPTION_ATTRIBUTES if key in properties
        }
        arn = context.client("sns").subscribe(
            TopicArn=properties["TopicArn"],
            Protocol=properties["Protocol"],
            Endpoint=properties.get("Endpoint", ""),
            Attributes=attributes,
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        return Created(arn, {"Arn": arn})

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """Attributes change in place."""
        defaults = {"FilterPolicyScope": "MessageAttributes", "RawMessageDelivery": "false"}
        for key in _SUBSCRIPTION_ATTRIBUTES:
            if changed(old, new, key):
                context.client("sns").set_subscription_attributes(
                    SubscriptionArn=physical_id,
                    AttributeName=key,
                    AttributeValue=_text(new.get(key, defaults.get(key, "{}"))),
                )

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """Unsubscribe."""
        ignoring(_GONE, context.client("sns").unsubscribe, SubscriptionArn=physical_id)
