"""AWS::Kinesis and AWS::KinesisFirehose: what the services say of streams."""

from __future__ import annotations

from typing import Any

from penstock.localcloud.roundtrip.reader import Deployed, Properties, Reader, named, renamed


class Stream(Reader):
    """A data stream."""

    type = "AWS::Kinesis::Stream"

    def read(self, resource: Deployed) -> Properties:
        """DescribeStreamSummary, ListTagsForStream."""
        kinesis, name = resource.client("kinesis"), resource.physical_id
        summary = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
        return {
            "Name": summary["StreamName"],
            "RetentionPeriodHours": summary["RetentionPeriodHours"],
            "ShardCount": summary["OpenShardCount"],
            "StreamEncryption": named(summary, EncryptionType="EncryptionType", KeyId="KeyId"),
            "StreamModeDetails": summary.get("StreamModeDetails"),
            "Tags": kinesis.list_tags_for_stream(StreamName=name)["Tags"],
        }


class DeliveryStream(Reader):
    """A delivery stream to S3."""

    type = "AWS::KinesisFirehose::DeliveryStream"

    def read(self, resource: Deployed) -> Properties:
        """DescribeDeliveryStream, ListTagsForDeliveryStream."""
        firehose, name = resource.client("firehose"), resource.physical_id
        found = firehose.describe_delivery_stream(DeliveryStreamName=name)[
            "DeliveryStreamDescription"
        ]
        tags = firehose.list_tags_for_delivery_stream(DeliveryStreamName=name)["Tags"]
        destination = found["Destinations"][0]["ExtendedS3DestinationDescription"]
        source = found.get("Source", {}).get("KinesisStreamSourceDescription", {})
        return {
            "DeliveryStreamEncryptionConfigurationInput": found.get(
                "DeliveryStreamEncryptionConfiguration"
            ),
            "DeliveryStreamName": found["DeliveryStreamName"],
            "DeliveryStreamType": found["DeliveryStreamType"],
            "ExtendedS3DestinationConfiguration": _destination(destination),
            "KinesisStreamSourceConfiguration": source,
            "Tags": tags,
        }


def _destination(description: dict[str, Any]) -> Properties:
    return renamed(description, S3BackupDescription="S3BackupConfiguration")
