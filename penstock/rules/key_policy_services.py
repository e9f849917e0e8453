"""KeyPolicyServices: a service that uses a key in its own name is named in the key's policy.

Log groups, alarms, rules and notifications do so; jobs, functions and streams use their role's
permissions instead. A key that is not in the deployment has its policy elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from penstock.rules.rule import Breach, Rule
from penstock.rules.statements import allows, as_list
from penstock.rules.templates import Resource, Templates
from penstock.rules.text import text

# AWS Key Management Service asks these two of every service here (sources: see RULE)
_NEEDED = ("kms:Decrypt", "kms:GenerateDataKey")
_ALARM_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
_NOTIFICATIONS = (("TopicConfigurations", "Topic"), ("QueueConfigurations", "Queue"))


def _check(templates: Templates) -> Iterator[Breach]:
    for user, path, value, service in _uses(templates):
        key = _key(templates, user, value)
        if key is not None and not _names(key, service):
            yield Breach(
                user,
                path,
                what=f"{service}.amazonaws.com uses the key {key.logical_id}, "
                "whose policy does not name it",
                remedy=f"allow {service}.amazonaws.com {' and '.join(_NEEDED)} in the key policy",
                part=service,
            )


def _uses(templates: Templates) -> Iterator[tuple[Resource, str, Any, str]]:
    """Resource, path, what leads to a key, and the service that will use it."""
    for group in templates.resources("AWS::Logs::LogGroup"):
        yield group, "Properties.KmsKeyId", group.properties.get("KmsKeyId"), "logs"
    for user, path, receiver, service in _senders(templates):
        found = templates.target(user.template, receiver)
        if found is not None and found.type in ("AWS::SNS::Topic", "AWS::SQS::Queue"):
            # the reference is one of the receiver's own template
            key = templates.target(found.template, found.properties.get("KmsMasterKeyId"))
            yield user, path, key, service


def _senders(templates: Templates) -> Iterator[tuple[Resource, str, Any, str]]:
    """Who sends to a topic or queue in a service's name, and where to."""
    for alarm in templates.resources("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
        for name in _ALARM_ACTIONS:
            for action in alarm.properties.get(name, ()):
                yield alarm, f"Properties.{name}", action, "cloudwatch"
    for rule in templates.resources("AWS::Events::Rule"):
        for number, target in enumerate(rule.properties.get("Targets", ())):
            path = f"Properties.Targets.{number}"
            if "RoleArn" not in target:
                yield rule, f"{path}.Arn", target.get("Arn"), "events"
            dead_letters = target.get("DeadLetterConfig", {}).get("Arn")
            yield rule, f"{path}.DeadLetterConfig.Arn", dead_letters, "events"
    for subscription in templates.resources("AWS::SNS::Subscription"):
        yield subscription, "Properties.Endpoint", subscription.properties.get("Endpoint"), "sns"
    for bucket in templates.resources("AWS::S3::Bucket"):
        notifications = bucket.properties.get("NotificationConfiguration", {})
        for name, receiver in _NOTIFICATIONS:
            for number, one in enumerate(notifications.get(name, ())):
                path = f"Properties.NotificationConfiguration.{name}.{number}.{receiver}"
                yield bucket, path, one.get(receiver), "s3"


def _key(templates: Templates, user: Resource, value: Any) -> Resource | None:
    found = value if isinstance(value, Resource) else templates.target(user.template, value)
    if found is not None and found.type == "AWS::KMS::Alias":
        found = templates.target(found.template, found.properties.get("TargetKeyId"))
    return found if found is not None and found.type == "AWS::KMS::Key" else None


def _names(key: Resource, service: str) -> bool:
    policy = key.properties.get("KeyPolicy", {})
    return any(
        text(principal).partition(".")[0] == service
        and all(allows(statement, action) for action in _NEEDED)
        for statement in as_list(policy.get("Statement", []))
        if isinstance(statement.get("Principal"), dict)
        for principal in as_list(statement["Principal"].get("Service", []))
    )


RULE = Rule(
    name="KeyPolicyServices",
    reason="the service is refused, and an alarm or a notification is lost without a word",
    source="SNS developer guide, key management; CloudWatch Logs user guide, encrypt log data",
    check=_check,
)
