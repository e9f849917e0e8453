"""A delivery stream's settings, read from DescribeDeliveryStream, with defaults and refusals.

Defaults and limits: botocore 1.44.5 firehose model; format conversion's buffer and compression:
Amazon Data Firehose developer guide, "Converting input record format".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from penstock.localcloud.workers.firehose.expressions import Prefix, prefixes, time_zone
from penstock.localcloud.workers.firehose.refusal import SettingsError

COMPRESSION_EXTENSIONS = {"UNCOMPRESSED": "", "GZIP": ".gz", "ZIP": ".zip", "HADOOP_SNAPPY": ""}


@dataclass(frozen=True)
class Target:
    """Where objects go: a bucket, prefixes, encryption, buffering."""

    role_arn: str
    bucket: str
    prefix: Prefix
    error_prefix: Prefix
    time_zone: tzinfo
    extension: str
    compression: str
    kms_key_arn: str
    buffer_mb: int
    buffer_seconds: int


@dataclass(frozen=True)
class LambdaProcessor:
    """A Lambda processor's parameters."""

    function_arn: str
    role_arn: str
    buffer_mb: float
    buffer_seconds: float
    retries: int


@dataclass(frozen=True)
class Conversion:
    """JSON to Parquet by a Glue table. `deserializer` is OpenX or Hive."""

    role_arn: str
    catalog_id: str
    database: str
    table: str
    region: str
    version_id: str
    deserializer: str
    case_insensitive: bool
    dots_to_underscores: bool
    key_of_column: tuple[tuple[str, str], ...]
    timestamp_formats: tuple[str, ...]
    compression: str
    dictionary: bool


@dataclass(frozen=True)
class StreamSettings:
    """Everything that delivery needs to know."""

    name: str
    arn: str
    version: str
    source_arn: str
    source_role_arn: str
    target: Target
    backup: Target | None
    processor: LambdaProcessor | None
    delimiter: bytes
    dynamic_partitioning: bool
    conversion: Conversion | None
    log_group: str
    log_stream: str


def read_settings(description: Mapping[str, Any]) -> StreamSettings:
    """The settings of a DeliveryStreamDescription. SettingsError says what cannot be."""
    (destination,) = description["Destinations"]
    config = destination.get("ExtendedS3DestinationDescription") or destination.get(
        "S3DestinationDescription"
    )
    if config is None:
        kinds = ", ".join(
            key.removesuffix("Description") for key in destination if key != "DestinationId"
        )
        raise SettingsError(f"{kinds}: the local cloud delivers to S3 destinations only")
    source = description.get("Source", {}).get("KinesisStreamSourceDescription", {})
    kind = description.get("DeliveryStreamType", "DirectPut")
    if kind not in ("DirectPut", "KinesisStreamAsSource"):
        raise SettingsError(
            f"DeliveryStreamType {kind} is not implemented in the local cloud: use DirectPut or "
            "KinesisStreamAsSource"
        )
    conversion = _conversion(config)
    dynamic = bool((config.get("DynamicPartitioningConfiguration") or {}).get("Enabled"))
    backup = None
    if config.get("S3BackupMode") == "Enabled":
        backup = _target(config.get("S3BackupDescription") or {}, None, dynamic=False)
    processor, delimiter = _processors(config)
    if dynamic and processor is None:
        raise SettingsError("dynamic partitioning needs a Lambda processor in the local cloud")
    logging_options = config.get("CloudWatchLoggingOptions") or {}
    enabled = bool(logging_options.get("Enabled"))
    return StreamSettings(
        name=description["DeliveryStreamName"],
        arn=description["DeliveryStreamARN"],
        version=description["VersionId"],
        source_arn=source.get("KinesisStreamARN", ""),
        source_role_arn=source.get("RoleARN", ""),
        target=_target(config, conversion, dynamic=dynamic),
        backup=backup,
        processor=processor,
        delimiter=delimiter,
        dynamic_partitioning=dynamic,
        conversion=conversion,
        log_group=logging_options.get("LogGroupName", "") if enabled else "",
        log_stream=logging_options.get("LogStreamName", "") if enabled else "",
    )


def _target(config: Mapping[str, Any], conversion: Conversion | None, *, dynamic: bool) -> Target:
    hints = config.get("BufferingHints") or {}
    default_mb = 5 if conversion is None else 128
    buffer_mb = int(hints.get("SizeInMBs", default_mb))
    buffer_seconds = int(hints.get("IntervalInSeconds", 300))
    smallest = 1 if conversion is None else 64
    if not smallest <= buffer_mb <= 128:
        raise SettingsError(
            f"BufferingHints.SizeInMBs is {buffer_mb}; it must be {smallest} to 128"
            + (" with format conversion" if conversion else "")
        )
    if not 0 <= buffer_seconds <= 900:
        raise SettingsError(
            f"BufferingHints.IntervalInSeconds is {buffer_seconds}; it must be 0 to 900"
        )
    compression = config.get("CompressionFormat") or "UNCOMPRESSED"
    if compression not in COMPRESSION_EXTENSIONS:
        raise SettingsError(
            f"CompressionFormat {compression} is not implemented in the local cloud: use one of "
            + ", ".join(COMPRESSION_EXTENSIONS)
        )
    if conversion and compression != "UNCOMPRESSED":
        raise SettingsError(
            f"CompressionFormat is {compression}; it must be UNCOMPRESSED with format conversion "
            "(the Parquet serializer compresses)"
        )
    prefix, error_prefix = prefixes(
        config.get("Prefix") or "", config.get("ErrorOutputPrefix"), dynamic_partitioning=dynamic
    )
    default_extension = ".parquet" if conversion else COMPRESSION_EXTENSIONS[compression]
    kms = (config.get("EncryptionConfiguration") or {}).get("KMSEncryptionConfig") or {}
    return Target(
        role_arn=config["RoleARN"],
        bucket=config["BucketARN"].rsplit(":", 1)[-1],
        prefix=prefix,
        error_prefix=error_prefix,
        time_zone=time_zone(config.get("CustomTimeZone") or ""),
        extension=config.get("FileExtension") or default_extension,
        compression=compression,
        kms_key_arn=kms.get("AWSKMSKeyARN", ""),
        buffer_mb=buffer_mb,
        buffer_seconds=buffer_seconds,
    )


def _processors(config: Mapping[str, Any]) -> tuple[LambdaProcessor | None, bytes]:
    processing = config.get("ProcessingConfiguration") or {}
    found: LambdaProcessor | None = None
    delimiter = b""
    if not processing.get("Enabled"):
        return found, delimiter
    for processor in processing.get("Processors", []):
        given = {p["ParameterName"]: p["ParameterValue"] for p in processor.get("Parameters", [])}
        if processor["Type"] == "Lambda":
            found = _lambda_processor(given, config["RoleARN"])
        elif processor["Type"] == "AppendDelimiterToRecord":
            # the value is written with its backslash, as in the console's "\\n"
            delimiter = given.get("Delimiter", "\\n").encode().decode("unicode_escape").encode()
        else:
            raise SettingsError(
                f"processor {processor['Type']} is not implemented in the local cloud: use Lambda "
                "or AppendDelimiterToRecord"
            )
    return found, delimiter


def _lambda_processor(given: Mapping[str, str], delivery_role_arn: str) -> LambdaProcessor:
    buffer_mb = float(given.get("BufferSizeInMBs", 1))
    if not 0.2 <= buffer_mb <= 3:
        raise SettingsError(f"the Lambda processor's BufferSizeInMBs is {buffer_mb}, not 0.2 to 3")
    seconds = float(given.get("BufferIntervalInSeconds", 60))
    if not 0 <= seconds <= 900:
        raise SettingsError(
            f"the Lambda processor's BufferIntervalInSeconds is {seconds}, not 0 to 900"
        )
    return LambdaProcessor(
        function_arn=given["LambdaArn"],
        role_arn=given.get("RoleArn", delivery_role_arn),
        buffer_mb=buffer_mb,
        buffer_seconds=seconds,
        retries=int(given.get("NumberOfRetries", 3)),
    )


def _conversion(config: Mapping[str, Any]) -> Conversion | None:
    settings = config.get("DataFormatConversionConfiguration")
    if not settings or not settings.get("Enabled", True):
        return None
    try:
        schema = settings["SchemaConfiguration"]
        source = settings["InputFormatConfiguration"]["Deserializer"]
        serializer = settings["OutputFormatConfiguration"]["Serializer"]
        database, table = schema["DatabaseName"], schema["TableName"]
    except KeyError as error:
        raise SettingsError(f"DataFormatConversionConfiguration lacks {error}") from error
    if "ParquetSerDe" not in serializer:
        raise SettingsError("only the Parquet serializer runs in the local cloud, ORC does not")
    parquet = serializer["ParquetSerDe"] or {}
    hive = source.get("HiveJsonSerDe")
    openx = source.get("OpenXJsonSerDe") or {}
    return Conversion(
        role_arn=schema.get("RoleARN", config["RoleARN"]),
        catalog_id=schema.get("CatalogId", ""),
        database=database,
        table=table,
        region=schema.get("Region", ""),
        version_id=schema.get("VersionId") or "LATEST",
        deserializer="OpenX" if hive is None else "Hive",
        case_insensitive=bool(openx.get("CaseInsensitive", True)),
        dots_to_underscores=bool(openx.get("ConvertDotsInJsonKeysToUnderscores", False)),
        key_of_column=tuple(sorted((openx.get("ColumnToJsonKeyMappings") or {}).items())),
        timestamp_formats=tuple((hive or {}).get("TimestampFormats") or ()),
        compression=parquet.get("Compression") or "SNAPPY",
        dictionary=bool(parquet.get("EnableDictionaryCompression", False)),
    )
