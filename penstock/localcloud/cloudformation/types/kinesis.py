"""AWS::Kinesis: data streams."""

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
from penstock.localcloud.cloudformation.types.api import ignoring, retag
from penstock.localcloud.ledger import Life

_NAME = NameRule(max_length=128, forbidden=r"[^A-Za-z0-9_.-]")
_DEFAULT_RETENTION_HOURS = 24  # botocore 1.44.5 kinesis, IncreaseStreamRetentionPeriod


class Stream(Handler):
    """Ref is the stream's name; attribute Arn."""

    type = "AWS::Kinesis::Stream"
    life = Life.LIVE
    kept_only = {
        "StreamEncryption": "nothing is encrypted here",
    }
    properties = frozenset(
        {
            "Name",
            "RetentionPeriodHours",
            "ShardCount",
            "StreamEncryption",
            "StreamModeDetails",
            "Tags",
        }
    )
    replace_on = frozenset({"Name"})
    name_property = "Name"
    tag_style = "list"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateStream, then retention, encryption and tags."""
        kinesis = context.client("kinesis")
        name = properties.get("Name") or context.name(_NAME)
        arguments: dict[str, Any] = {}
        if "ShardCount" in properties:
            arguments["ShardCount"] = int(properties["ShardCount"])
        if "StreamModeDetails" in properties:
            arguments["StreamModeDetails"] = properties["StreamModeDetails"]
        kinesis.create_stream(StreamName=name, **arguments)
        context.made(name)
        self._settle(kinesis, name, {}, properties)
        return Created(name, {"Arn": context.arn("kinesis", f"stream/{name}")})

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """Mode, shards, retention, encryption and tags change in place."""
        kinesis = context.client("kinesis")
        if changed(old, new, "StreamModeDetails"):
            kinesis.update_stream_mode(
                StreamARN=context.arn("kinesis", f"stream/{physical_id}"),
                StreamModeDetails=new.get("StreamModeDetails", {"StreamMode": "PROVISIONED"}),
            )
        if changed(old, new, "ShardCount") and "ShardCount" in new:
            kinesis.update_shard_count(
                StreamName=physical_id,
                TargetShardCount=int(new["ShardCount"]),
                ScalingType="UNIFORM_SCALING",
            )
        self._settle(kinesis, physical_id, old, new)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteStream with its consumers."""
        ignoring(
            ("ResourceNotFoundException",),
            context.client("kinesis").delete_stream,
            StreamName=physical_id,
            EnforceConsumerDeletion=True,
        )

    def is_stable(self, context: ResourceContext, physical_id: str, properties: Properties) -> bool:
        """ACTIVE."""
        answer = context.client("kinesis").describe_stream_summary(StreamName=physical_id)
        return bool(answer["StreamDescriptionSummary"]["StreamStatus"] == "ACTIVE")

    @staticmethod
    def _settle(kinesis: Any, name: str, old: Properties, new: Properties) -> None:
        before = int(old.get("RetentionPeriodHours", _DEFAULT_RETENTION_HOURS))
        after = int(new.get("RetentionPeriodHours", _DEFAULT_RETENTION_HOURS))
        if after > before:
            kinesis.increase_stream_retention_period(StreamName=name, RetentionPeriodHours=after)
        elif after < before:
            kinesis.decrease_stream_retention_period(StreamName=name, RetentionPeriodHours=after)
        if changed(old, new, "StreamEncryption"):
            if "StreamEncryption" in new:
                kinesis.start_stream_encryption(
                    StreamName=name,
                    EncryptionType=new["StreamEncryption"]["EncryptionType"],
                    KeyId=new["StreamEncryption"]["KeyId"],
                )
            elif old:
                kinesis.stop_stream_encryption(
                    StreamName=name,
                    EncryptionType=old["StreamEncryption"]["EncryptionType"],
                    KeyId=old["StreamEncryption"]["KeyId"],
                )
        retag(
            kinesis,
            old,
            new,
            tag="add_tags_to_stream",
            untag="remove_tags_from_stream",
            written=dict,
            StreamName=name,
        )
