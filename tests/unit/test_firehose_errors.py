"""Error lines have exactly the documented fields, and the settings' refusals name the rule."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from penstock.localcloud.workers.firehose.errors import (
    Catalog,
    conversion_failed,
    processing_failed,
)
from penstock.localcloud.workers.firehose.records import Account, FailedRecord, SourceRecord
from penstock.localcloud.workers.firehose.refusal import SettingsError
from penstock.localcloud.workers.firehose.settings import StreamSettings, read_settings

ARRIVAL = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
FAILED = FailedRecord(
    SourceRecord("id", b"\x00raw", ARRIVAL, sequence_number="42"), "Code", "text", 2, 1767323045999
)
ROLE = "arn:aws:iam::123456789012:role/r"
PARQUET = {
    "SchemaConfiguration": {"DatabaseName": "d", "TableName": "t"},
    "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
    "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}},
}


def settings(**config: Any) -> StreamSettings:
    return read_settings(
        {
            "DeliveryStreamName": "d",
            "DeliveryStreamARN": "arn:aws:firehose:us-east-1:123456789012:deliverystream/d",
            "DeliveryStreamType": "DirectPut",
            "VersionId": "1",
            "Destinations": [
                {
                    "DestinationId": "destinationId-000000000001",
                    "ExtendedS3DestinationDescription": {
                        "RoleARN": ROLE,
                        "BucketARN": "arn:aws:s3:::b",
                        **config,
                    },
                }
            ],
        }
    )


def test_a_processing_failure_has_the_documented_fields() -> None:
    line = processing_failed(FAILED, "arn:lambda")
    assert line.endswith(b"\n")
    assert json.loads(line) == {
        "attemptsMade": 2,
        "arrivalTimestamp": 1767323045678,
        "errorCode": "Code",
        "errorMessage": "text",
        "attemptEndingTimestamp": 1767323045999,
        "rawData": base64.b64encode(b"\x00raw").decode(),
        "lambdaArn": "arn:lambda",
    }


def test_a_conversion_failure_has_the_documented_fields() -> None:
    conversion = settings(DataFormatConversionConfiguration=PARQUET).conversion
    assert conversion is not None
    line = conversion_failed(FAILED, b"flat", conversion, Catalog("1", "eu-west-1", "3", "arn:g"))
    assert json.loads(line) == {
        "attemptsMade": 2,
        "arrivalTimestamp": 1767323045678,
        "lastErrorCode": "Code",
        "lastErrorMessage": "text",
        "attemptEndingTimestamp": 1767323045999,
        "rawData": base64.b64encode(b"flat").decode(),
        "sequenceNumber": "42",
        "subSequenceNumber": 0,
        "dataCatalogTable": {
            "catalogId": "1",
            "databaseName": "d",
            "tableName": "t",
            "region": "eu-west-1",
            "versionId": "3",
            "catalogArn": "arn:g",
        },
    }


def test_an_account_says_what_is_still_pending() -> None:
    account = Account(received=20, delivered=9, dropped=3, failed_transform=2, failed_conversion=1)
    assert account.pending == 5


def test_defaults_of_a_plain_and_of_a_converting_stream() -> None:
    plain = settings()
    assert (plain.target.buffer_mb, plain.target.buffer_seconds) == (5, 300)
    assert (plain.target.compression, plain.target.extension) == ("UNCOMPRESSED", "")
    converting = settings(DataFormatConversionConfiguration=PARQUET)
    assert (converting.target.buffer_mb, converting.target.extension) == (128, ".parquet")
    assert (
        settings(DataFormatConversionConfiguration={**PARQUET, "Enabled": False}).conversion is None
    )
    parameters = [{"ParameterName": "LambdaArn", "ParameterValue": "arn:f"}]
    processing = {"Enabled": True, "Processors": [{"Type": "Lambda", "Parameters": parameters}]}
    processor = settings(ProcessingConfiguration=processing).processor
    assert processor is not None
    assert (processor.buffer_mb, processor.buffer_seconds, processor.retries) == (1, 60, 3)
    assert processor.role_arn == ROLE
    assert settings(ProcessingConfiguration={**processing, "Enabled": False}).processor is None


@pytest.mark.parametrize(
    ("config", "reason"),
    [
        ({"BufferingHints": {"SizeInMBs": 129}}, "SizeInMBs is 129; it must be 1 to 128"),
        ({"BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 901}}, "must be 0 to 900"),
        (
            {
                "BufferingHints": {"SizeInMBs": 5, "IntervalInSeconds": 60},
                "DataFormatConversionConfiguration": PARQUET,
            },
            "64 to 128 with format conversion",
        ),
        (
            {"CompressionFormat": "GZIP", "DataFormatConversionConfiguration": PARQUET},
            "must be UNCOMPRESSED with format conversion",
        ),
        (
            {
                "DataFormatConversionConfiguration": {
                    **PARQUET,
                    "OutputFormatConfiguration": {"Serializer": {"OrcSerDe": {}}},
                }
            },
            "ORC does not",
        ),
        ({"DataFormatConversionConfiguration": {"Enabled": True}}, "lacks 'SchemaConfiguration'"),
        ({"CustomTimeZone": "Moon/Tycho"}, "Moon/Tycho"),
        (
            {
                "ProcessingConfiguration": {
                    "Enabled": True,
                    "Processors": [
                        {
                            "Type": "Lambda",
                            "Parameters": [
                                {"ParameterName": "LambdaArn", "ParameterValue": "a"},
                                {"ParameterName": "BufferSizeInMBs", "ParameterValue": "4"},
                            ],
                        }
                    ],
                }
            },
            "BufferSizeInMBs is 4.0, not 0.2 to 3",
        ),
        (
            {
                "ProcessingConfiguration": {
                    "Enabled": True,
                    "Processors": [{"Type": "Decompression"}],
                }
            },
            "Decompression is not implemented",
        ),
    ],
)
def test_settings_that_cannot_be_are_refused(config: dict[str, Any], reason: str) -> None:
    with pytest.raises(SettingsError, match=reason):
        settings(**config)
