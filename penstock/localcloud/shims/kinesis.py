"""Kinesis: no record is lost, readers hear of writes, records arrive by the cloud's clock."""

from __future__ import annotations

import json
import threading
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from moto.kinesis.models import KinesisBackend, Shard, Stream
from moto.kinesis.responses import KinesisResponse
from moto.utilities.utils import md5_hash

from penstock.localcloud.clock import Clock
from penstock.localcloud.record_store.shard_log import StoredRecord
from penstock.localcloud.record_store.store import RecordStore
from penstock.localcloud.shims.json_answers import answer_at_once
from penstock.localcloud.shims.patches import Patches

# Kinesis API reference, GetRecords: what one answer holds at most
MOST_RECORDS = 10_000
MOST_BYTES = 10 * 1024 * 1024


class ReadRecord(NamedTuple):
    """A record as an answer of GetRecords has it."""

    stored: StoredRecord

    def to_json(self) -> dict[str, Any]:
        """Its members of the API."""
        return {
            "Data": self.stored.data,
            "PartitionKey": self.stored.partition_key,
            "SequenceNumber": str(self.stored.number),
            # naive, as moto's times are
            "ApproximateArrivalTimestamp": datetime.fromtimestamp(self.stored.arrival, UTC).replace(
                tzinfo=None
            ),
        }


def install(
    patches: Patches, *, clock: Clock, written: Callable[[str], None], store: RecordStore
) -> None:
    """Call `written(stream ARN)` after every PutRecord and PutRecords; records lie in `store`.

    Records arrive at the time of `clock`, so that their age is right when time was skipped. Those
    older than the stream's retention are gone.

    moto numbers records and walks through them without a lock, so concurrent writers could lose
    a record; a split or merge moves a shard's records into its children, where AWS leaves them in
    the parent; and writes go on into the closed parent, where AWS takes its children.

    moto also holds all records in memory, walks through those of a shard for each one that is put
    and for each request that reads, and parses a request's body once for each parameter.
    """
    lock = threading.RLock()

    def told(name: str) -> None:
        def call(self: Any, *arguments: Any, **options: Any) -> Any:
            result = stock(self, *arguments, **options)
            stream_arn = options.get("stream_arn", arguments[0] if arguments else None)
            stream_name = options.get("stream_name", arguments[1] if len(arguments) > 1 else None)
            written(self.describe_stream(stream_arn=stream_arn, stream_name=stream_name).arn)
            return result

        stock = patches.replace(KinesisBackend, name, call)

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

    def made(self: Any, *arguments: Any, **options: Any) -> None:
        stock_made(self, *arguments, **options)
        with lock:
            self.log = store.shard()  # moto's own `records` stay empty

    def forget_old(stream: Any, shard: Any) -> None:
        shard.log.forget(clock.now().timestamp() - stream.retention_period_hours * 3600)

    def put_into_stream(self: Any, *arguments: Any, **options: Any) -> tuple[str, str]:
        with lock:
            number, shard_id = stock_put(self, *arguments, **options)
            forget_old(self, self.shards[shard_id])
            return number, shard_id

    def put_into_shard(self: Any, partition_key: str, data: str, _explicit_hash_key: str) -> str:
        with lock:
            arrival = clock.now().timestamp()
            return str(self.log.append(partition_key, b64decode(data), arrival))

    def shard_to_read(self: Any, shard_id: str) -> Any:
        with lock:
            shard = stock_get_shard(self, shard_id)
            forget_old(self, shard)
            return shard

    def oldest(self: Any) -> int:
        # where the shard's range began, also when that record is kept no longer
        return 1 if self.log.newest else 0

    def newest(self: Any) -> int:
        number: int = self.log.newest
        return number

    def number_at(self: Any, at_timestamp: float) -> int:
        with lock:
            number: int = self.log.number_before(at_timestamp)
            return number

    def records_after(
        self: Any, last_sequence_id: str, limit: int | None
    ) -> tuple[list[ReadRecord], int, int]:
        """As moto's: the records, the last one's number, milliseconds behind the newest one."""
        last = int(last_sequence_id)
        with lock:
            found = self.log.read(last, limit=limit or MOST_RECORDS, limit_bytes=MOST_BYTES)
            if not found:
                return [], last, 0
            behind = self.log.newest_arrival - found[-1].arrival
        return [ReadRecord(record) for record in found], found[-1].number, int(behind * 1000)

    def delete_stream(self: Any, *arguments: Any, **options: Any) -> Any:
        with lock:
            stream = stock_delete(self, *arguments, **options)
            drop(stream)
            return stream

    def reset(self: Any) -> None:
        with lock:
            for stream in self.streams.values():
                drop(stream)
            stock_reset(self)

    def drop(stream: Any) -> None:
        for shard in stream.shards.values():
            shard.log.drop()

    def parameter(self: Any, name: str, if_none: Any = None) -> Any:
        if not hasattr(self, "parsed_body"):
            self.parsed_body = json.loads(self.body)
        return self.parsed_body.get(name, if_none)

    stock_made = patches.replace(Shard, "__init__", made)
    patches.replace(Shard, "put_record", put_into_shard)
    patches.replace(Shard, "get_min_sequence_number", oldest)
    patches.replace(Shard, "get_max_sequence_number", newest)
    patches.replace(Shard, "get_sequence_number_at", number_at)
    patches.replace(Shard, "get_records", records_after)
    stock_shard = patches.replace(Stream, "get_shard_for_key", shard_for_key)
    stock_get_shard = patches.replace(Stream, "get_shard", shard_to_read)
    stock_put = patches.replace(Stream, "put_record", put_into_stream)
    patches.one_at_a_time(lock, Stream, "split_shard", "merge_shards")
    stock_delete = patches.replace(KinesisBackend, "delete_stream", delete_stream)
    stock_reset = patches.replace(KinesisBackend, "reset", reset)
    told("put_record")
    told("put_records")
    patches.replace(KinesisResponse, "_get_param", parameter)
    answer_at_once(patches, KinesisResponse, "put_records", "get_records", version="1.1")
