"""All delivery streams of the local cloud: opened, changed and closed as the API does."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from penstock.localcloud.context import CloudContext
from penstock.localcloud.workers.firehose.records import Account, SourceRecord
from penstock.localcloud.workers.firehose.settings import read_settings
from penstock.localcloud.workers.firehose.stream import DeliveryStream

# What the ledger should say about a delivery stream that runs here.
LEDGER_NOTES = (
    "S3 destinations only; processors Lambda and AppendDelimiterToRecord; Parquet, not ORC",
    "records aggregated by the Kinesis Producer Library are not taken apart",
    "throughput quotas are not enforced",
)


class DeliveryWorker:
    """Gives life to delivery streams; the Firehose shim calls it."""

    def __init__(self, context: CloudContext) -> None:
        self._context = context
        self._streams: dict[str, DeliveryStream] = {}
        self._accounts: dict[str, Account] = {}
        self._lock = threading.Lock()

    def start(self) -> None:
        """Nothing runs until a delivery stream is created."""

    def stop(self) -> None:
        """Deliver what is buffered and end every stream's thread; call it before S3 is gone."""
        with self._lock:
            streams = list(self._streams.values())
            self._streams.clear()
        for stream in streams:
            stream.stop()

    def account(self, stream_name: str) -> Account:
        """Where the records of that delivery stream are, deleted ones too; KeyError if unknown.

        received = delivered + dropped + failed_transform + failed_conversion + lost + pending.
        """
        with self._lock:
            return replace(self._accounts[stream_name])

    def check(self, description: Mapping[str, Any]) -> None:
        """SettingsError if a stream with this description cannot be."""
        read_settings(description)

    def opened(self, name: str) -> None:
        """A delivery stream was created."""
        stream = DeliveryStream(self._context, read_settings(self._describe(name)))
        stream.start()
        with self._lock:
            self._streams[name] = stream
            self._accounts[name] = stream.account

    def changed(self, name: str) -> None:
        """A delivery stream's destination was updated."""
        self._streams[name].change(read_settings(self._describe(name)))

    def closed(self, name: str) -> None:
        """A delivery stream was deleted: what it holds is delivered first."""
        with self._lock:
            stream = self._streams.pop(name, None)
        if stream is not None:
            stream.stop()

    def accept(self, name: str, data: list[bytes]) -> list[str]:
        """Take directly put records; their ids, in order. KeyError for an unknown stream."""
        now = self._context.clock.now()
        records = [SourceRecord(uuid.uuid4().hex, one, now) for one in data]
        self._streams[name].submit(records)
        return [record.record_id for record in records]

    def stream_written(self, stream_arn: str) -> None:
        """Records were put into a Kinesis stream."""
        with self._lock:
            readers = [s for s in self._streams.values() if s.settings.source_arn == stream_arn]
        for reader in readers:
            reader.wake()

    def _describe(self, name: str) -> dict[str, Any]:
        firehose = self._context.clients.deployer("firehose")
        answer = firehose.describe_delivery_stream(DeliveryStreamName=name)
        description: dict[str, Any] = answer["DeliveryStreamDescription"]
        return description
