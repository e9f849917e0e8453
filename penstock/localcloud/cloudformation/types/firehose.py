"""AWS::KinesisFirehose: delivery streams to S3."""

from __future__ import annotations

from penstock.localcloud.cloudformation.names import NameRule
from penstock.localcloud.cloudformation.resource import (
    Created,
    Handler,
    Properties,
    ResourceContext,
    changed,
    tag_map,
    without,
)
from penstock.localcloud.cloudformation.shapes import call
from penstock.localcloud.cloudformation.types.api import ignoring, retag
from penstock.localcloud.ledger import Life
from penstock.localcloud.workers.firehose.worker import LEDGER_NOTES

_NAME = NameRule(max_length=64, forbidden=r"[^A-Za-z0-9_.-]")
_DESTINATION = "ExtendedS3DestinationConfiguration"
_ENCRYPTION = "DeliveryStreamEncryptionConfigurationInput"


class DeliveryStream(Handler):
    """Ref is the delivery stream's name; attribute Arn."""

    type = "AWS::KinesisFirehose::DeliveryStream"
    life = Life.LIVE
    properties = frozenset(
        {
            _DESTINATION,
            _ENCRYPTION,
            "DeliveryStreamName",
            "DeliveryStreamType",
            "KinesisStreamSourceConfiguration",
            "Tags",
        }
    )
    required = frozenset({_DESTINATION})
    replace_on = frozenset(
        {"DeliveryStreamName", "DeliveryStreamType", "KinesisStreamSourceConfiguration"}
    )
    name_property = "DeliveryStreamName"
    tag_style = "list"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateDeliveryStream with everything that the template says."""
        firehose = context.client("firehose")
        name = properties.get("DeliveryStreamName") or context.name(_NAME)
        arguments = {**properties, "DeliveryStreamName": name}
        if not tag_map(properties):
            arguments = without(arguments, "Tags")
        arn = call(firehose, "create_delivery_stream", arguments)["DeliveryStreamARN"]
        for note in LEDGER_NOTES:
            context.note(note)
        return Created(name, {"Arn": arn})

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """UpdateDestination, encryption and tags."""
        firehose = context.client("firehose")
        description = firehose.describe_delivery_stream(DeliveryStreamName=physical_id)[
            "DeliveryStreamDescription"
        ]
        if changed(old, new, _DESTINATION):
            # what the new template does not say must not stay as it was
            conversion = new[_DESTINATION].get("DataFormatConversionConfiguration") or {}
            converts = bool(conversion) and str(conversion.get("Enabled", True)).lower() == "true"
            cleared: Properties = {
                "BufferingHints": {"IntervalInSeconds": 300, "SizeInMBs": 128 if converts else 5},
                "CloudWatchLoggingOptions": {"Enabled": False},
                "CompressionFormat": "UNCOMPRESSED",
                "CustomTimeZone": "",
                "DataFormatConversionConfiguration": {"Enabled": False},
                "DynamicPartitioningConfiguration": {"Enabled": False},
                "EncryptionConfiguration": {"NoEncryptionConfig": "NoEncryption"},
                "ErrorOutputPrefix": "",
                "FileExtension": "",
                "Prefix": "",
                "ProcessingConfiguration": {"Enabled": False},
            }
            gone = set(old[_DESTINATION]) - set(new[_DESTINATION])
            update = {
                **{name: value for name, value in cleared.items() if name in gone},
                **new[_DESTINATION],
            }
            if "S3BackupConfiguration" in update:
                update["S3BackupUpdate"] = update.pop("S3BackupConfiguration")
            arguments = {
                "DeliveryStreamName": physical_id,
                "CurrentDeliveryStreamVersionId": description["VersionId"],
                "DestinationId": description["Destinations"][0]["DestinationId"],
                "ExtendedS3DestinationUpdate": update,
            }
            call(firehose, "update_destination", arguments)
        if changed(old, new, _ENCRYPTION):
            if _ENCRYPTION in new:
                call(
                    firehose,
                    "start_delivery_stream_encryption",
                    {"DeliveryStreamName": physical_id, _ENCRYPTION: new[_ENCRYPTION]},
                )
            else:
                firehose.stop_delivery_stream_encryption(DeliveryStreamName=physical_id)
        retag(
            firehose,
            old,
            new,
            tag="tag_delivery_stream",
            untag="untag_delivery_stream",
            DeliveryStreamName=physical_id,
        )

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteDeliveryStream."""
        ignoring(
            ("ResourceNotFoundException",),
            context.client("firehose").delete_delivery_stream,
            DeliveryStreamName=physical_id,
        )

    def is_stable(self, context: ResourceContext, physical_id: str, properties: Properties) -> bool:
        """ACTIVE."""
        answer = context.client("firehose").describe_delivery_stream(DeliveryStreamName=physical_id)
        return bool(answer["DeliveryStreamDescription"]["DeliveryStreamStatus"] == "ACTIVE")
