"""An event source mapping's settings, and what of them cannot be done here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REPORT_FAILURES = "ReportBatchItemFailures"

# (least, most, default); Lambda developer guide, "Lambda parameters for Amazon Kinesis Data
# Streams event source mappings" and "... for Amazon SQS event source mappings"; the least age
# besides -1 is the API model's (botocore 1.44.5). -1: no limit.
_WINDOW_SECONDS = (0, 300, 0)
_STREAM_NUMBERS = {
    "BatchSize": (1, 10_000, 100),
    "MaximumBatchingWindowInSeconds": _WINDOW_SECONDS,
    "MaximumRecordAgeInSeconds": (-1, 604_800, -1),
    "MaximumRetryAttempts": (-1, 10_000, -1),
    "ParallelizationFactor": (1, 10, 1),
}
_QUEUE_NUMBERS = {
    "BatchSize": (1, 10_000, 10),
    "MaximumBatchingWindowInSeconds": _WINDOW_SECONDS,
}
_STREAMS_ONLY = (
    "BisectBatchOnFunctionError",
    "DestinationConfig",
    "MaximumRecordAgeInSeconds",
    "MaximumRetryAttempts",
    "ParallelizationFactor",
    "StartingPosition",
    "StartingPositionTimestamp",
    "TumblingWindowInSeconds",
)
_NOT_DONE = {
    "FilterCriteria": "let the function leave out what it does not want",
    "TumblingWindowInSeconds": "keep the state of a window in the function or a table",
    "ProvisionedPollerConfig": "leave it out: one poller reads each source",
    "ScalingConfig": "leave it out: a queue's batches are processed one at a time",
}


class SettingsError(ValueError):
    """A mapping that cannot be; the text names the field, the value and the rule."""


@dataclass(frozen=True)
class MappingSettings:
    """Seconds and counts as in the API; None: no limit. Streams and queues share the class."""

    uuid: str
    source_arn: str
    function_arn: str
    enabled: bool
    batch_size: int
    window_seconds: int
    report_failures: bool
    starting_position: str = ""
    starting_timestamp: float | None = None
    lanes: int = 1
    bisect: bool = False
    maximum_retries: int | None = None
    maximum_age_seconds: int | None = None
    on_failure_arn: str = ""

    @property
    def of_queue(self) -> bool:
        """Whether the source is an SQS queue; otherwise it is a Kinesis stream."""
        return self.source_arn.split(":")[2] == "sqs"


def read_settings(given: Mapping[str, Any]) -> MappingSettings:
    """Settings from a configuration in the API's words (UUID, EventSourceArn, FunctionArn, ...).

    Raises SettingsError for what the service refuses, and for what cannot be done here.
    """
    arn = str(given["EventSourceArn"])
    service = arn.split(":")[2]
    if service not in ("kinesis", "sqs") or "/consumer/" in arn:
        raise SettingsError(
            f"EventSourceArn {arn}: event sources here are Kinesis streams (without enhanced "
            "fan-out) and SQS queues"
        )
    for name, instead in _NOT_DONE.items():
        if given.get(name):
            raise SettingsError(f"{name} is not carried out in the local cloud: {instead}")
    of_queue = service == "sqs"
    if of_queue:
        for name in _STREAMS_ONLY:
            if given.get(name):
                raise SettingsError(f"{name} is for streams only, {arn} is a queue")
    numbers = {
        name: _number(given, name, *limits)
        for name, limits in (_QUEUE_NUMBERS if of_queue else _STREAM_NUMBERS).items()
    }
    _check_batch(arn, numbers["BatchSize"], numbers["MaximumBatchingWindowInSeconds"])
    return MappingSettings(
        uuid=str(given.get("UUID", "")),
        source_arn=arn,
        function_arn=str(given.get("FunctionArn", "")),
        enabled=given.get("State", "Enabled") == "Enabled",
        batch_size=numbers["BatchSize"],
        window_seconds=numbers["MaximumBatchingWindowInSeconds"],
        report_failures=REPORT_FAILURES in (given.get("FunctionResponseTypes") or ()),
        **({} if of_queue else _of_stream(given, numbers)),
    )


def _of_stream(given: Mapping[str, Any], numbers: Mapping[str, int]) -> dict[str, Any]:
    position = given.get("StartingPosition")
    if position not in ("TRIM_HORIZON", "LATEST", "AT_TIMESTAMP"):
        raise SettingsError(
            f"StartingPosition {position!r}: a stream needs TRIM_HORIZON, LATEST or AT_TIMESTAMP"
        )
    timestamp = given.get("StartingPositionTimestamp")
    if (position == "AT_TIMESTAMP") != (timestamp is not None):
        raise SettingsError(
            f"StartingPositionTimestamp {timestamp!r}: it goes with StartingPosition AT_TIMESTAMP, "
            f"not with {position}"
        )
    age = numbers["MaximumRecordAgeInSeconds"]
    if 0 <= age < 60:
        raise SettingsError(f"MaximumRecordAgeInSeconds {age}: -1, or 60 to 604800")
    retries = numbers["MaximumRetryAttempts"]
    destination = ((given.get("DestinationConfig") or {}).get("OnFailure") or {}).get(
        "Destination", ""
    )
    if destination and destination.split(":")[2] not in ("sqs", "sns"):
        raise SettingsError(
            f"DestinationConfig.OnFailure.Destination {destination}: queues and topics are "
            "delivered to here, buckets and Kafka topics are not"
        )
    return {
        "starting_position": position,
        "starting_timestamp": None if timestamp is None else float(timestamp),
        "lanes": numbers["ParallelizationFactor"],
        "bisect": bool(given.get("BisectBatchOnFunctionError")),
        "maximum_retries": None if retries < 0 else retries,
        "maximum_age_seconds": None if age < 0 else age,
        "on_failure_arn": destination,
    }


def _number(given: Mapping[str, Any], name: str, least: int, most: int, default: int) -> int:
    value = given.get(name)
    number = default if value is None else int(value)
    if not least <= number <= most:
        raise SettingsError(f"{name} {number}: {least} to {most}")
    return number


def _check_batch(arn: str, size: int, window_seconds: int) -> None:
    """API reference, CreateEventSourceMapping: more than 10 need a window, queues only."""
    if arn.split(":")[2] != "sqs":
        return
    if arn.endswith(".fifo") and (size > 10 or window_seconds):
        raise SettingsError(
            f"BatchSize {size}, MaximumBatchingWindowInSeconds {window_seconds}: a FIFO queue has "
            "batches of at most 10 and no window"
        )
    if size > 10 and not window_seconds:
        raise SettingsError(
            f"BatchSize {size}: more than 10 need a MaximumBatchingWindowInSeconds of at least 1"
        )
