"""Ingestion: what Firehose does with records, and what the transform is given."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipelines.registry import load


@pytest.fixture(scope="module")
def destination(dev: Any) -> dict[str, Any]:
    delivery = dev.only("KinesisFirehose::DeliveryStream")
    assert delivery["DeliveryStreamType"] == "KinesisStreamAsSource"
    found: dict[str, Any] = delivery["ExtendedS3DestinationConfiguration"]
    return found


def test_files_are_parquet_by_the_tables_schema(destination: dict[str, Any]) -> None:
    conversion = destination["DataFormatConversionConfiguration"]
    assert conversion["Enabled"] is True
    assert conversion["InputFormatConfiguration"]["Deserializer"] == {"OpenXJsonSerDe": {}}
    parquet = conversion["OutputFormatConfiguration"]["Serializer"]["ParquetSerDe"]
    assert parquet["Compression"] == "SNAPPY"
    assert "ExportsOutputRefRecords" in json.dumps(conversion["SchemaConfiguration"]["TableName"])
    # Firehose's own compression must stay off with format conversion
    assert destination.get("CompressionFormat", "UNCOMPRESSED") == "UNCOMPRESSED"


def test_buffering_and_prefixes_are_the_descriptions(destination: dict[str, Any]) -> None:
    assert destination["BufferingHints"] == {"IntervalInSeconds": 60, "SizeInMBs": 64}
    time = "year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/hour=!{timestamp:HH}/"
    assert destination["Prefix"] == f"records/{time}"
    assert destination["ErrorOutputPrefix"] == f"errors/!{{firehose:error-output-type}}/{time}"


def test_delivery_is_encrypted_and_says_what_goes_wrong(destination: dict[str, Any]) -> None:
    key = destination["EncryptionConfiguration"]["KMSEncryptionConfig"]["AWSKMSKeyARN"]
    assert "ExportsOutputFnGetAttKey" in json.dumps(key)
    assert destination["CloudWatchLoggingOptions"]["Enabled"] is True
    assert destination.get("S3BackupMode", "Disabled") == "Disabled"


def test_the_transform_gets_small_batches(destination: dict[str, Any], dev: Any) -> None:
    (processor,) = destination["ProcessingConfiguration"]["Processors"]
    assert processor["Type"] == "Lambda"
    parameters = {p["ParameterName"]: p["ParameterValue"] for p in processor["Parameters"]}
    assert parameters["BufferSizeInMBs"] == "0.5"
    assert parameters["BufferIntervalInSeconds"] == "60"
    assert parameters["NumberOfRetries"] == "3"
    (function,) = dev.resources("Lambda::Function", "ingestion")
    assert parameters["LambdaArn"] == {"Fn::GetAtt": [function, "Arn"]}


def test_the_transform_knows_the_schema_and_has_its_own_logs(dev: Any) -> None:
    function = dev.only("Lambda::Function", "ingestion")
    assert function["Runtime"] == "python3.13"
    assert function["Handler"] == "handler.handler"
    schema = function["Environment"]["Variables"]["RECORD_SCHEMA"]
    assert schema == load()["digits"].record_schema.transform_schema()
    assert "ExportsOutputFnGetAttKey" in json.dumps(function["KmsKeyArn"])
    assert function["Timeout"] == 60
    assert "LogGroup" in function["LoggingConfig"]


def test_the_functions_package_is_the_handler_alone(dev: Any) -> None:
    function = dev.only("Lambda::Function", "ingestion")
    folder = dev.out / f"asset.{function['Code']['S3Key'].removesuffix('.zip')}"
    assert [path.name for path in folder.iterdir()] == ["handler.py"]


def test_outputs_name_stream_delivery_and_log(dev: Any) -> None:
    assert set(dev.outputs("ingestion")) == {
        "StreamName",
        "DeliveryStreamName",
        "TransformLogGroupName",
    }
