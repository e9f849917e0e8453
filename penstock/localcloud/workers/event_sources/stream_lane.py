"""One lane of a shard at work: sends its batches to the function, one after the other."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Protocol

from penstock.localcloud.clock import Clock
from penstock.localcloud.workers.event_sources.account import Account
from penstock.localcloud.workers.event_sources.attendant import Again, Attendant
from penstock.localcloud.workers.event_sources.batches import Batch, judge, split_expired
from penstock.localcloud.workers.event_sources.documents import (
    RECORD_TOO_OLD,
    RETRIES_EXHAUSTED,
    failure_record,
    stream_event,
)
from penstock.localcloud.workers.event_sources.functions import (
    Functions,
    NotInvokedError,
    reason,
    response_context,
)
from penstock.localcloud.workers.event_sources.lane import Batching, Lane
from penstock.localcloud.workers.event_sources.records import StreamRecord
from penstock.localcloud.workers.event_sources.responses import failed_items
from penstock.localcloud.workers.event_sources.settings import MappingSettings
from penstock.localcloud.workers.functions.environment import InvocationResult

log = logging.getLogger(__name__)


class Owner(Protocol):
    """What a lane asks of its mapping, anew for every batch: a mapping may change."""

    settings: MappingSettings
    account: Account
    functions: Functions
    region: str
    clock: Clock
    retention_seconds: int

    def discard(self, document: str, records: int) -> None:
        """Records went out of the stream; the document is for the on-failure destination."""


class StreamLane:
    """A lane with its thread. `sent` is called after every batch."""

    def __init__(self, owner: Owner, shard_id: str, sent: Callable[[], None]) -> None:
        self._owner = owner
        self._sent = sent
        self._lane = Lane()
        self._lock = threading.Lock()
        self._stopped = False
        self._attendant = Attendant(
            owner.clock, f"event source {shard_id} of {owner.settings.source_arn}", self._work
        )

    def add(self, records: list[StreamRecord]) -> None:
        """More records of the shard, in order."""
        with self._lock:
            self._lane.add(records, self._owner.clock.now())
        self._attendant.wake()

    def wake(self) -> None:
        """The mapping has changed."""
        self._attendant.wake()

    @property
    def empty(self) -> bool:
        """Whether every record is finished."""
        with self._lock:
            return len(self._lane) == 0

    @property
    def payload_bytes(self) -> int:
        """What the records that are not finished take in the function's events."""
        with self._lock:
            return self._lane.payload_bytes

    def stop(self) -> None:
        """The batch under way is the last one."""
        self._stopped = True
        self._attendant.stop()

    def join(self, seconds: float) -> None:
        """Wait for the batch under way."""
        self._attendant.join(seconds)

    def drain(self) -> list[StreamRecord]:
        """Records that are not finished; the lane must have been stopped and joined."""
        with self._lock:
            return self._lane.drain()

    def _work(self) -> Again | None:
        while not self._stopped and self._owner.settings.enabled:
            settings, now = self._owner.settings, self._owner.clock.now()
            with self._lock:
                found = self._lane.look(now, Batching(settings.batch_size, settings.window_seconds))
            if found is None:
                return None
            if isinstance(found, datetime):
                return Again((found - now).total_seconds())
            try:
                self._send(settings, found, now)
            except NotInvokedError as error:
                log.warning("%s waits for its function: %s", settings.source_arn, error)
                return Again(1.0, background=True)  # nothing that time alone would mend
            self._sent()
        return None

    def _send(self, settings: MappingSettings, batch: Batch[StreamRecord], now: datetime) -> None:
        live = self._drop_expired(settings, batch, now)
        if live is None:
            return
        functions, arn = self._owner.functions, settings.function_arn
        event = stream_event(
            live.records,
            stream_arn=settings.source_arn,
            region=self._owner.region,
            role_arn=functions.role_of(arn),
        )
        result = functions.invoke(arn, event)
        first_failed = _first_failed(settings, live, result)
        verdict = judge(
            live, first_failed, bisect=settings.bisect, maximum_retries=settings.maximum_retries
        )
        self._owner.account.add(invocations=1, processed=len(verdict.done))
        if verdict.discarded is not None:
            log.warning(
                "%d records of %s are given up: %s",
                len(verdict.discarded.records),
                settings.source_arn,
                reason(result),
            )
            self._discard(
                settings,
                verdict.discarded,
                RETRIES_EXHAUSTED,
                request_id=result.request_id,
                response=response_context(result),
            )
        with self._lock:
            self._lane.settle(verdict, self._owner.clock.now())

    def _drop_expired(
        self, settings: MappingSettings, batch: Batch[StreamRecord], now: datetime
    ) -> Batch[StreamRecord] | None:
        """The records that are young enough: for the mapping, and for the stream's retention."""
        seconds = self._owner.retention_seconds
        if settings.maximum_age_seconds is not None:
            seconds = min(seconds, settings.maximum_age_seconds)
        old, live = split_expired(
            batch, now - timedelta(seconds=seconds), lambda record: record.arrival
        )
        if old is not None:
            log.warning("%d records of %s are too old", len(old.records), settings.source_arn)
            self._discard(
                settings, old, RECORD_TOO_OLD, request_id=str(uuid.uuid4()), response=None
            )
            with self._lock:
                self._lane.replace(live)
        return live

    def _discard(
        self,
        settings: MappingSettings,
        batch: Batch[StreamRecord],
        condition: str,
        *,
        request_id: str,
        response: dict[str, Any] | None,
    ) -> None:
        document = failure_record(
            batch,
            condition=condition,
            function_arn=settings.function_arn,
            request_id=request_id,
            response=response,
            stream_arn=settings.source_arn,
            now=self._owner.clock.now(),
        )
        self._owner.discard(document, len(batch.records))


def _first_failed(
    settings: MappingSettings, batch: Batch[StreamRecord], result: InvocationResult
) -> int | None:
    """Where the batch failed: at the lowest sequence number that the function names."""
    if result.failed:
        return 0
    if not settings.report_failures:
        return None
    numbers = [record.sequence_number for record in batch.records]
    failed = failed_items(result.payload, set(numbers))
    if failed is None:
        return 0
    return min((numbers.index(number) for number in failed), default=None)
