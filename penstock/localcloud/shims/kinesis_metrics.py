"""Kinesis' metrics of a stream go out once a minute, not with every request."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.kinesis.models import KinesisBackend

from penstock.localcloud.clock import Clock
from penstock.localcloud.shims.patches import Patches

# Kinesis developer guide, "Monitor the Amazon Kinesis Data Streams service with Amazon
# CloudWatch": stream-level metrics are sent every minute; Minimum, Maximum and Average are those
# of the put operations in it
_PERIOD_SECONDS = 60


@dataclass
class Statistics:
    """A statistic set of CloudWatch."""

    total: int = 0
    least: int = 0
    most: int = 0
    count: int = 0

    def add(self, value: int) -> None:
        """One more value."""
        self.least = min(self.least, value) if self.count else value
        self.most = max(self.most, value)
        self.total += value
        self.count += 1


@dataclass
class Minute:
    """The put operations of a minute; `since` by the cloud's clock."""

    since: datetime
    bytes_of_calls: Statistics = field(default_factory=Statistics)
    records_of_calls: Statistics = field(default_factory=Statistics)


def install(patches: Patches, *, clock: Clock) -> None:
    """moto puts two values for each request, and keeps them all."""
    lock = threading.Lock()
    minutes: dict[tuple[str, str, str], Minute] = {}

    def collect(self: Any, stream_name: str, incoming_bytes: int, incoming_records: int) -> None:
        stream = (self.account_id, self.region_name, stream_name)
        with lock:
            minute = minutes.get(stream)
            if minute is None:
                minute = minutes[stream] = Minute(clock.now())
                clock.call_later(_PERIOD_SECONDS, lambda: send(stream), background=True)
            minute.bytes_of_calls.add(incoming_bytes)
            minute.records_of_calls.add(incoming_records)

    def send(stream: tuple[str, str, str]) -> None:
        with lock:
            minute = minutes.pop(stream)
        account_id, region, stream_name = stream
        cloudwatch_backends[account_id][region].put_metric_data(
            namespace="AWS/Kinesis",
            metric_data=[
                _metric(stream_name, minute, "IncomingBytes", "Bytes", minute.bytes_of_calls),
                _metric(stream_name, minute, "IncomingRecords", "Count", minute.records_of_calls),
            ],
        )

    patches.replace(KinesisBackend, "_send_stream_metrics", collect)


def _metric(
    stream_name: str, minute: Minute, name: str, unit: str, statistics: Statistics
) -> dict[str, Any]:
    return {
        "MetricName": name,
        "Dimensions": [{"Name": "StreamName", "Value": stream_name}],
        "Timestamp": minute.since.astimezone(UTC).replace(tzinfo=None),  # naive, as moto's are
        "Unit": unit,
        "StatisticValues": {
            "Sum": statistics.total,
            "Minimum": statistics.least,
            "Maximum": statistics.most,
            "SampleCount": statistics.count,
        },
    }
