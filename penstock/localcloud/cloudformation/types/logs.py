"""AWS::Logs: log groups, log streams and resource policies."""

from __future__ import annotations

from typing import Any

from penstock.localcloud.cloudformation.names import NameRule
from penstock.localcloud.cloudformation.resource import (
    Created,
    Handler,
    Properties,
    ResourceContext,
    changed,
    tag_map,
)
from penstock.localcloud.cloudformation.types.api import document, ignoring, retag
from penstock.localcloud.ledger import Life

_NAME = NameRule(max_length=512, forbidden=r"[^A-Za-z0-9_/.#-]")
_GONE = ("ResourceNotFoundException",)


class LogGroup(Handler):
    """Ref is the group's name; attribute Arn, which ends with ":*"."""

    type = "AWS::Logs::LogGroup"
    life = Life.LIVE
    kept_only = {
        "KmsKeyId": "nothing is encrypted here",
        "RetentionInDays": "nothing expires here",
    }
    properties = frozenset({"KmsKeyId", "LogGroupClass", "LogGroupName", "RetentionInDays", "Tags"})
    replace_on = frozenset({"LogGroupClass", "LogGroupName"})
    name_property = "LogGroupName"
    tag_style = "list"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateLogGroup and its retention."""
        logs = context.client("logs")
        name = properties.get("LogGroupName") or context.name(_NAME)
        arguments: dict[str, Any] = {}
        if "KmsKeyId" in properties:
            arguments["kmsKeyId"] = properties["KmsKeyId"]
        if "LogGroupClass" in properties:
            arguments["logGroupClass"] = properties["LogGroupClass"]
        if tag_map(properties):
            arguments["tags"] = tag_map(properties)
        logs.create_log_group(logGroupName=name, **arguments)
        context.made(name)
        self._set_retention(logs, name, {}, properties)
        return Created(name, {"Arn": context.arn("logs", f"log-group:{name}:*")})

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """Retention, key and tags change in place."""
        logs = context.client("logs")
        self._set_retention(logs, physical_id, old, new)
        if changed(old, new, "KmsKeyId"):
            if "KmsKeyId" in new:
                logs.associate_kms_key(logGroupName=physical_id, kmsKeyId=new["KmsKeyId"])
            else:
                logs.disassociate_kms_key(logGroupName=physical_id)
        arn = context.arn("logs", f"log-group:{physical_id}")
        retag(logs, old, new, written=dict, resourceArn=arn)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteLogGroup with its streams."""
        ignoring(_GONE, context.client("logs").delete_log_group, logGroupName=physical_id)

    @staticmethod
    def _set_retention(logs: Any, name: str, old: Properties, new: Properties) -> None:
        if not changed(old, new, "RetentionInDays"):
            return
        if "RetentionInDays" in new:
            logs.put_retention_policy(
                logGroupName=name, retentionInDays=int(new["RetentionInDays"])
            )
        else:
            logs.delete_retention_policy(logGroupName=name)


class LogStream(Handler):
    """Ref is the stream's name."""

    type = "AWS::Logs::LogStream"
    life = Life.LIVE
    properties = frozenset({"LogGroupName", "LogStreamName"})
    required = frozenset({"LogGroupName"})
    replace_on = properties
    name_property = "LogStreamName"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateLogStream."""
        name = properties.get("LogStreamName") or context.name(_NAME)
        context.client("logs").create_log_stream(
            logGroupName=properties["LogGroupName"], logStreamName=name
        )
        return Created(name)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteLogStream."""
        ignoring(
            _GONE,
            context.client("logs").delete_log_stream,
            logGroupName=properties["LogGroupName"],
            logStreamName=physical_id,
        )


class ResourcePolicy(Handler):
    """Ref is the policy's name."""

    type = "AWS::Logs::ResourcePolicy"
    life = Life.LIVE
    properties = frozenset({"PolicyDocument", "PolicyName"})
    required = properties
    replace_on = frozenset({"PolicyName"})
    name_property = "PolicyName"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """PutResourcePolicy."""
        context.client("logs").put_resource_policy(
            policyName=properties["PolicyName"],
            policyDocument=document(properties["PolicyDocument"]),
        )
        return Created(properties["PolicyName"])

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """PutResourcePolicy replaces the document."""
        self.create(context, new)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteResourcePolicy."""
        ignoring(_GONE, context.client("logs").delete_resource_policy, policyName=physical_id)
