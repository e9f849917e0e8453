"""A mapping of a Kinesis stream: reads the shards as the function's role, feeds their lanes."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from penstock.localcloud.context import CloudContext
from penstock.localcloud.workers.duplicates import as_delivered
from penstock.localcloud.workers.event_sources.account import Account
from penstock.localcloud.workers.event_sources.attendant import Again, Attendant
from penstock.localcloud.workers.event_sources.functions import Functions, NotInvokedError
from penstock.localcloud.workers.event_sources.lane import PAYLOAD_BYTES
from penstock.localcloud.workers.event_sources.records import StreamRecord, lane_of
from penstock.localcloud.workers.event_sources.settings import MappingSettings
from penstock.localcloud.workers.event_sources.shard_reader import ShardReader
from penstock.localcloud.workers.event_sources.stream_lane import StreamLane
from penstock.localcloud.workers.targets import Targets

log = logging.getLogger(__name__)

_DESTINATIONS = frozenset({"sqs", "sns"})
_LAST_INVOCATION_SECONDS = 10.0
# What a shard's lanes hold before its reader leaves the others in the stream: for each lane the
# batch under way and the next one. How far the service reads ahead is not published.
_AHEAD_BYTES_PER_LANE = 2 * PAYLOAD_BYTES


@dataclass
class _Shard:
    reader: ShardReader
    lanes: list[StreamLane] = field(default_factory=list)
    waits_for_lanes: bool = False

    @property
    def finished(self) -> bool:
        return all(lane.empty for lane in self.lanes)

    def hold_back(self) -> bool:
        """Whether the lanes have enough: whoever sends a batch from now on wakes the reader."""
        self.waits_for_lanes = True  # first: a lane may go on while the others are asked
        ahead = sum(lane.payload_bytes for lane in self.lanes)
        self.waits_for_lanes = ahead >= _AHEAD_BYTES_PER_LANE * len(self.lanes)
        return self.waits_for_lanes


class StreamMapping:
    """A place in each shard, and as many lanes for each as the mapping has. Place and records
    stay when the mapping is changed, or disabled and enabled again.
    """

    def __init__(
        self, context: CloudContext, settings: MappingSettings, functions: Functions
    ) -> None:
        self.settings = settings
        self.account = Account()
        self.functions = functions
        self.region = context.region
        self.clock = context.clock
        self.retention_seconds = 24 * 3600
        self._clients = context.clients
        self._faults = context.faults
        self._targets = Targets(
            clients=context.clients, clock=context.clock, service="lambda.amazonaws.com"
        )
        self._lock = threading.Lock()  # over the shards' lanes
        self._shards: dict[str, _Shard] = {}
        self._opened = False
        self._stopped = False
        self._reader = Attendant(context.clock, f"event source {settings.source_arn}", self._read)

    def open(self) -> None:
        """Take the starting position in every shard that there is.

        Raises ClientError when the function's role may not read the stream.
        """
        kinesis = self._kinesis()
        summary = kinesis.describe_stream_summary(StreamARN=self.settings.source_arn)
        hours = summary["StreamDescriptionSummary"]["RetentionPeriodHours"]
        self.retention_seconds = int(hours) * 3600
        self._find_shards(
            kinesis, self.settings.starting_position, self.settings.starting_timestamp
        )
        self._opened = True

    def wake(self) -> None:
        """Something was written to the stream."""
        self._reader.wake()

    def change(self, settings: MappingSettings) -> None:
        """Go on by these settings where the old ones were."""
        self.settings = settings
        self._reader.wake()
        with self._lock:
            for shard in self._shards.values():
                for lane in shard.lanes:
                    lane.wake()

    def stop(self) -> None:
        """The batches under way are the last ones."""
        self._stopped = True
        self._reader.stop()
        self._stop_lanes()

    def join(self) -> None:
        """Wait for the batches under way, but not for long."""
        self._reader.join(_LAST_INVOCATION_SECONDS)
        for lane in self._all_lanes():
            lane.join(_LAST_INVOCATION_SECONDS)

    def discard(self, document: str, records: int) -> None:
        """Records are given up: tell the on-failure destination, as the function's role."""
        settings = self.settings
        self.account.add(discarded=records)
        if not settings.on_failure_arn:
            self.account.add(undelivered=records)
            return
        try:
            self._targets.send(
                {
                    "Arn": settings.on_failure_arn,
                    "RoleArn": self.functions.role_of(settings.function_arn),
                },
                document,
                only=_DESTINATIONS,
                source_arn=settings.function_arn,
            )
        except (ClientError, BotoCoreError, NotInvokedError) as error:
            self.account.add(undelivered=records)
            log.error("on-failure destination %s: %s: %s", settings.on_failure_arn, error, document)

    def _stop_lanes(self) -> None:
        for lane in self._all_lanes():
            lane.stop()

    def _all_lanes(self) -> list[StreamLane]:
        with self._lock:
            return [lane for shard in self._shards.values() for lane in shard.lanes]

    def _kinesis(self) -> Any:
        role = self.functions.role_of(self.settings.function_arn)
        return self._clients.for_role(
            role, "kinesis", by="lambda.amazonaws.com", source_arn=self.settings.function_arn
        )

    def _read(self) -> Again | None:
        self._fit_lanes()
        if not self.settings.enabled:
            return None
        try:
            if not self._opened:
                self.open()
            kinesis = self._kinesis()
            self._find_shards(kinesis, "TRIM_HORIZON", None)
            for shard in list(self._shards.values()):
                self._read_shard(kinesis, shard)
            if self._stopped:
                self._stop_lanes()  # those that were made meanwhile
        except (ClientError, BotoCoreError, NotInvokedError) as error:
            log.warning("event source %s cannot be read: %s", self.settings.source_arn, error)
            return Again(1.0, background=True)
        return None

    def _find_shards(self, kinesis: Any, position: str, timestamp: float | None) -> None:
        """Take a place in every shard that is new: at first, or after a split or merge."""
        options = {"StreamARN": self.settings.source_arn}
        while True:
            answer = kinesis.list_shards(**options)
            for found in answer["Shards"]:
                if found["ShardId"] in self._shards:
                    continue
                parents = {found.get("ParentShardId"), found.get("AdjacentParentShardId")} - {None}
                reader = ShardReader(
                    self.settings.source_arn, found["ShardId"], frozenset(map(str, parents))
                )
                reader.open(kinesis, position, timestamp)
                with self._lock:
                    self._shards[reader.shard_id] = _Shard(reader, self._new_lanes(reader.shard_id))
            if "NextToken" not in answer:
                return
            options = {"NextToken": answer["NextToken"]}

    def _read_shard(self, kinesis: Any, shard: _Shard) -> None:
        """A split's children come after their parents, or a key's order would be lost."""
        parents = [self._shards[name] for name in shard.reader.parents if name in self._shards]
        if not all(parent.finished for parent in parents):
            return
        batches = shard.reader.read(kinesis)
        while not shard.hold_back() and (records := next(batches, None)):
            for delivered in as_delivered(self._faults, records, "a function's event source"):
                self.account.add(read=len(delivered))
                self._spread(shard, delivered)

    def _spread(self, shard: _Shard, records: list[StreamRecord]) -> None:
        by_lane: list[list[StreamRecord]] = [[] for _ in shard.lanes]
        for record in records:
            by_lane[lane_of(record.partition_key, len(by_lane))].append(record)
        for lane, own in zip(shard.lanes, by_lane, strict=True):
            if own:
                lane.add(own)

    def _new_lanes(self, shard_id: str) -> list[StreamLane]:
        def sent() -> None:
            shard = self._shards[shard_id]
            if shard.waits_for_lanes or (shard.finished and self._has_children()):
                self._reader.wake()

        return [StreamLane(self, shard_id, sent) for _ in range(self.settings.lanes)]

    def _has_children(self) -> bool:
        """Whether a shard waits, or has waited, for its parents' end."""
        return any(shard.reader.parents for shard in list(self._shards.values()))

    def _fit_lanes(self) -> None:
        """Another ParallelizationFactor: what is not finished goes to new lanes, in order.

        Retries of unfinished batches begin anew then: unconfirmed.
        """
        for shard in list(self._shards.values()):
            if len(shard.lanes) == self.settings.lanes:
                continue
            for lane in shard.lanes:
                lane.stop()
            records: list[StreamRecord] = []
            for lane in shard.lanes:
                lane.join(900)  # Lambda's longest timeout
                records += lane.drain()
            with self._lock:
                shard.lanes = self._new_lanes(shard.reader.shard_id)
            self._spread(shard, sorted(records, key=lambda record: int(record.sequence_number)))
