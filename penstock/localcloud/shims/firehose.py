"""Firehose: delivery streams are checked, opened and closed at the worker; puts go to it."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Protocol

from moto.firehose.exceptions import (
    InvalidArgumentException,
    ResourceNotFoundException,
    ValidationException,
)
from moto.firehose.models import FirehoseBackend

from penstock.localcloud.shims.patches import Patches

# botocore 1.44.5 firehose model: Data, PutRecordBatch
RECORD_LIMIT_BYTES = 1000 * 1024
BATCH_LIMIT_RECORDS = 500
BATCH_LIMIT_BYTES = 4 * 1024 * 1024


class Delivery(Protocol):
    """What this module needs of the delivery worker."""

    def check(self, description: Mapping[str, Any]) -> None:
        """ValueError if a stream with this description cannot be."""

    def opened(self, name: str) -> None:
        """A delivery stream was created."""

    def changed(self, name: str) -> None:
        """Its destination was updated."""

    def closed(self, name: str) -> None:
        """It was deleted."""

    def accept(self, name: str, data: list[bytes]) -> list[str]:
        """Take directly put records; their ids."""


def install(patches: Patches, *, delivery: Delivery) -> None:
    """Replace moto's immediate objects by `delivery`, and mend what its API forgets."""

    def describe(self: Any, delivery_stream_name: str) -> dict[str, Any]:
        answer: dict[str, Any] = stock_describe(self, delivery_stream_name)
        description = answer["DeliveryStreamDescription"]
        # moto hands out its own dictionaries; the API's defaults are added to a copy
        description["Destinations"] = copy.deepcopy(description["Destinations"])
        for destination in description["Destinations"]:
            for key in ("ExtendedS3DestinationDescription", "S3DestinationDescription"):
                if key in destination:
                    _add_defaults(destination[key], extended=key.startswith("Extended"))
        source = description.get("Source", {}).get("KinesisStreamSourceDescription")
        if source is not None:
            description["Source"] = {
                "KinesisStreamSourceDescription": {
                    "DeliveryStartTimestamp": description["CreateTimestamp"],
                    **source,
                }
            }
        return answer

    def create(self: Any, region: str, delivery_stream_name: str, *more: Any, **named: Any) -> str:
        arn: str = stock_create(self, region, delivery_stream_name, *more, **named)
        try:
            delivery.check(describe(self, delivery_stream_name)["DeliveryStreamDescription"])
        except ValueError as error:
            stock_delete(self, delivery_stream_name)
            raise InvalidArgumentException(str(error)) from error
        delivery.opened(delivery_stream_name)
        return arn

    def update(self: Any, delivery_stream_name: str, *more: Any, **named: Any) -> None:
        stream = self.delivery_streams.get(delivery_stream_name)
        before = copy.deepcopy(vars(stream)) if stream else {}
        stock_update(self, delivery_stream_name, *more, **named)
        try:
            delivery.check(describe(self, delivery_stream_name)["DeliveryStreamDescription"])
        except ValueError as error:
            vars(stream).update(before)
            raise InvalidArgumentException(str(error)) from error
        delivery.changed(delivery_stream_name)

    def delete(self: Any, delivery_stream_name: str) -> None:
        stock_delete(self, delivery_stream_name)
        delivery.closed(delivery_stream_name)

    def put_batch(
        self: Any, delivery_stream_name: str, records: list[dict[str, bytes]]
    ) -> dict[str, Any]:
        stream = self.delivery_streams.get(delivery_stream_name)
        if stream is None:
            raise ResourceNotFoundException(
                f"Firehose {delivery_stream_name} under account {self.account_id} not found."
            )
        if stream.delivery_stream_type != "DirectPut":
            raise InvalidArgumentException(
                f"This operation is not permitted on {stream.delivery_stream_type} delivery "
                "stream type."
            )
        _check_sizes(records)
        ids = delivery.accept(delivery_stream_name, [record["Data"] for record in records])
        return {
            "FailedPutCount": 0,
            "Encrypted": False,
            "RequestResponses": [{"RecordId": record_id} for record_id in ids],
        }

    def put_s3(
        self: Any,  # noqa: ARG001 (moto's signature)
        delivery_stream_name: str,
        version_id: str,  # noqa: ARG001
        s3_destination: dict[str, Any],  # noqa: ARG001
        records: list[dict[str, bytes]],
    ) -> list[dict[str, str]]:
        """The way of moto's log subscriptions and metric streams."""
        ids = delivery.accept(delivery_stream_name, [record["Data"] for record in records])
        return [{"RecordId": record_id} for record_id in ids]

    stock_describe = patches.replace(FirehoseBackend, "describe_delivery_stream", describe)
    stock_create = patches.replace(FirehoseBackend, "create_delivery_stream", create)
    stock_update = patches.replace(FirehoseBackend, "update_destination", update)
    stock_delete = patches.replace(FirehoseBackend, "delete_delivery_stream", delete)
    patches.replace(FirehoseBackend, "put_record_batch", put_batch)
    patches.replace(FirehoseBackend, "put_s3_records", put_s3)


def _check_sizes(records: list[dict[str, bytes]]) -> None:
    if not 1 <= len(records) <= BATCH_LIMIT_RECORDS:
        raise ValidationException(
            f"1 validation error detected: Value at 'records' has {len(records)} items; Member "
            f"must have length between 1 and {BATCH_LIMIT_RECORDS}"
        )
    largest = max(len(record["Data"]) for record in records)
    if largest > RECORD_LIMIT_BYTES:
        raise ValidationException(
            f"1 validation error detected: Value at 'data' has {largest} bytes; Member must have "
            f"length less than or equal to {RECORD_LIMIT_BYTES}"
        )
    total = sum(len(record["Data"]) for record in records)
    if total > BATCH_LIMIT_BYTES:
        raise InvalidArgumentException(
            f"Records size exceeds 4 MB limit: {total} bytes in one request"
        )


def _add_defaults(config: dict[str, Any], *, extended: bool) -> None:
    conversion = config.get("DataFormatConversionConfiguration") or {}
    converts = bool(conversion) and conversion.get("Enabled", True)
    config.setdefault(
        "BufferingHints", {"SizeInMBs": 128 if converts else 5, "IntervalInSeconds": 300}
    )
    config.setdefault("CompressionFormat", "UNCOMPRESSED")
    config.setdefault("EncryptionConfiguration", {"NoEncryptionConfig": "NoEncryption"})
    config.setdefault("CloudWatchLoggingOptions", {"Enabled": False})
    if extended:
        config.setdefault("S3BackupMode", "Disabled")
