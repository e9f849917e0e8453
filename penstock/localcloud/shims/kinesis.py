"""Kinesis: no record is lost, readers hear of writes, records arrive by the cloud's clock."""

from __future__ import annotations

import json
import threading
from base64 import b64decode
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from moto.kinesis.models import KinesisBackend, Record, Shard, Stream
from moto.kinesis.responses import KinesisResponse
from moto.utilities.utils import md5_hash

from penstock.localcloud.clock import Clock
from penstock.localcloud.shims.json_answers import answer_at_once
from penstock.localcloud.shims.patches import Patches


def install(patches: Patches, *, clock: Clock, written: Callable[[str], None]) -> None:
    """Call `written(stream ARN)` after every PutRecord and PutRecords.

    Records arrive at the time of `clock`, so that their age is right when time was skipped. Those
    older than the stream's retention go when the next one comes into their shard.

    moto numbers records and walks through them without a lock, so concurrent writers could lose
    a record; a split or merge moves a shard's records into its children, where AWS leaves them in
    the parent; and writes go on into the closed parent, where AWS takes its children.

    moto also walks through all records of a shard for each one that is put, and for each request
    that reads, and parses a request's body once for each parameter.
    """
    lock = threading.RLock()

    def locked(owner: Any, name: str) -> None:
        def call(self: Any, *arguments: Any, **options: Any) -> Any:
            with lock:
                return stock(self, *arguments, **options)

        stock = patches.replace(owner, name, call)

    def told(name: str) -> None:
        def call(self: Any, *arguments: Any, **options: Any) -> Any:
            result = stock(self, *arguments, **options)
            stream_arn = options.get("stream_arn", arguments[0] if arguments else None)
            stream_name = options.get("stream_name", arguments[1] if len(arguments) > 1 else None)
            written(self.describe_stream(stream_arn=stream_arn, stream_name=stream_name).arn)
            return result

        stock = patches.replace(KinesisBackend, name, call)

    def keeping_records(name: str, shards: int) -> None:
        def call(self: Any, *arguments: Any) -> Any:
            with lock:
                parents = [self.shards[shard_id] for shard_id in arguments[:shards]]
                kept = [parent.records for parent in parents]
                for parent in parents:
                    parent.records = OrderedDict()
                try:
                    return stock(self, *arguments)
                finally:
                    for parent, records in zip(parents, kept, strict=True):
                        parent.records = records

        stock = patches.replace(Stream, name, call)

    def shard_for_key(self: Any, partition_key: str, explicit_hash_key: str) -> Any:
        found = stock_shard(self, partition_key, explicit_hash_key)  # checks both keys
        if found is not None and found.is_open:
            return found
        hashed = md5_hash(partition_key.encode()).hexdigest()
        key = int(explicit_hash_key) if explicit_hash_key else int(hashed, 16)
        return next(
            shard
            for shard in self.shards.values()
            if shard.is_open and shard.starting_hash <= key <= shard.ending_hash
        )

    stock_shard = patches.replace(Stream, "get_shard_for_key", shard_for_key)

    def arrived(
        self: Any, partition_key: str, data: str, sequence_number: int, explicit_hash_key: str
    ) -> None:
        # the bytes and one time alone: a stream keeps its records for a day or more
        self.partition_key = partition_key
        self.data = b64decode(data)
        self.sequence_number = sequence_number
        self.explicit_hash_key = explicit_hash_key
        self.created_at = clock.now().timestamp()

    def shown(self: Any) -> dict[str, Any]:
        return {
            "Data": self.data,
            "PartitionKey": self.partition_key,
            "SequenceNumber": str(self.sequence_number),
            # naive, as moto's times are
            "ApproximateArrivalTimestamp": datetime.fromtimestamp(self.created_at, UTC).replace(
                tzinfo=None
            ),
        }

    def put_record(self: Any, *arguments: Any, **options: Any) -> tuple[str, str]:
        with lock:
            number, shard_id = stock_put(self, *arguments, **options)
            records = self.shards[shard_id].records
            kept_since = clock.now().timestamp() - self.retention_period_hours * 3600
            # the newest stays: the next one's number follows from it
            while len(records) > 1 and next(iter(records.values())).created_at < kept_since:
                records.popitem(last=False)
            return number, shard_id

    def newest(self: Any) -> int:
        return next(reversed(self.records), 0)

    def records_after(
        self: Any, last_sequence_id: str, limit: int | None
    ) -> tuple[list[Any], int, int]:
        """As moto's: the records, the last one's number, milliseconds behind the newest one."""
        trimmed = next(iter(self.records), 1) - 1  # what retention has taken away
        last, end = max(int(last_sequence_id), trimmed), newest(self)
        if limit is not None:
            end = min(end, last + limit)
        found = [self.records[number] for number in range(last + 1, end + 1)]  # without gaps
        if not found:
            return [], last, 0
        behind = self.records[newest(self)].created_at - found[-1].created_at
        return found, end, int(behind * 1000)

    def parameter(self: Any, name: str, if_none: Any = None) -> Any:
        if not hasattr(self, "parsed_body"):
            self.parsed_body = json.loads(self.body)
        return self.parsed_body.get(name, if_none)

    patches.replace(Record, "__init__", arrived)
    patches.replace(Record, "to_json", shown)
    stock_put = patches.replace(Stream, "put_record", put_record)
    patches.replace(Shard, "get_max_sequence_number", newest)
    patches.replace(Shard, "get_records", records_after)
    patches.replace(KinesisResponse, "_get_param", parameter)
    answer_at_once(patches, KinesisResponse, "put_records", "get_records", version="1.1")
    locked(Shard, "get_records")
    told("put_record")
    told("put_records")
    keeping_records("split_shard", 1)
    keeping_records("merge_shards", 2)
