"""One delivery stream at work: a single thread reads, transforms and buffers.

Everything a stream knows belongs to its thread; others hand it commands. While a command waits
or runs the clock is busy, so that no waiting time is skipped under records on their way.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from penstock.localcloud.context import CloudContext
from penstock.localcloud.workers.firehose.buffer import Buffer
from penstock.localcloud.workers.firehose.delivery import Delivery
from penstock.localcloud.workers.firehose.records import (
    Account,
    FailedRecord,
    OutputRecord,
    PartitionKeys,
    SourceRecord,
)
from penstock.localcloud.workers.firehose.reporting import Reporting
from penstock.localcloud.workers.firehose.settings import StreamSettings
from penstock.localcloud.workers.firehose.source import KinesisSource
from penstock.localcloud.workers.firehose.transform import LambdaTransform

log = logging.getLogger(__name__)

MB = 1024 * 1024
READ_FAILED = "Kinesis.ReadFailed"  # our name: the developer guide lists none for the source
IDLE_POLL_SECONDS = 1.0  # a write to the stream wakes the reader at once; this is the safety net

Item = TypeVar("Item")


class DeliveryStream:
    """A delivery stream with its thread. `account` may be read from anywhere."""

    def __init__(self, context: CloudContext, settings: StreamSettings) -> None:
        self.settings = settings
        self.account = Account()
        self._context = context
        self._reporting = Reporting(context)
        self._commands: queue.Queue[Callable[[], None]] = queue.Queue()
        self._lock = threading.Lock()
        self._waiting = 0
        self._hold = ExitStack()
        self._reading = False
        self._stopped = False
        self._source: KinesisSource | None = None
        if settings.source_arn:
            self._source = KinesisSource(
                context.clients.for_role(
                    settings.source_role_arn,
                    "kinesis",
                    by="firehose.amazonaws.com",
                    source_arn=self.settings.arn,
                ),
                settings.source_arn,
                context.faults,
            )
        self._delivery = Delivery(
            context,
            settings,
            account=self.account,
            reporting=self._reporting,
            command=self._command,
        )
        self._configure(settings)
        self._thread = threading.Thread(
            target=self._run, name=f"firehose {settings.name}", daemon=True
        )

    def start(self) -> None:
        """Take the position in the source, then work."""
        if self._source is not None:
            try:
                self._source.open()
            except (ClientError, BotoCoreError) as error:
                # the reader starts at the oldest record then, once it may read
                self._reporting.error(self.settings, READ_FAILED, str(error))
        self._thread.start()

    def submit(self, records: list[SourceRecord]) -> None:
        """Take records that were put directly."""
        self._command(lambda: self._receive(records))

    def wake(self) -> None:
        """Something was written to the source stream."""
        with self._lock:
            if self._reading:
                return
            self._reading = True
        self._command(self._read)

    def change(self, settings: StreamSettings) -> None:
        """Deliver what is buffered by the old settings, then work by the new ones."""

        def apply() -> None:
            self._flush_everything()
            self._configure(settings)

        self._command(apply)

    def stop(self, timeout_seconds: float = 60.0) -> None:
        """Read and deliver what is there, then end. What stays undelivered is logged."""

        def finish() -> None:
            self._read()
            self._flush_everything()
            self._delivery.last_try()
            with self._lock:
                self._stopped = True  # what comes from now on is not taken

        if not self._thread.is_alive():
            return
        self._command(finish)
        self._thread.join(timeout_seconds)
        if self.account.pending:
            log.error(
                "delivery stream %s ended with %d records undelivered",
                self.settings.name,
                self.account.pending,
            )

    def _command(self, command: Callable[[], None]) -> None:
        with self._lock:
            if self._stopped:
                return
            self._waiting += 1
            if self._waiting == 1:
                self._hold.enter_context(self._context.clock.busy())
        self._commands.put(command)

    def _run(self) -> None:
        while not self._stopped:
            try:
                command = self._commands.get(timeout=IDLE_POLL_SECONDS if self._source else None)
            except queue.Empty:
                self._read()
                continue
            try:
                command()
            except Exception:
                log.exception("delivery stream %s: a step failed", self.settings.name)
            finally:
                with self._lock:
                    self._waiting -= 1
                    if self._waiting == 0 or self._stopped:
                        self._hold.close()

    def _configure(self, settings: StreamSettings) -> None:
        self.settings = self._delivery.settings = settings
        target = settings.target
        processor = settings.processor
        self._transform: LambdaTransform | None = None
        if processor is not None:
            self._transform = LambdaTransform(
                self._context.clients.for_role(
                    processor.role_arn,
                    "lambda",
                    by="firehose.amazonaws.com",
                    source_arn=self.settings.arn,
                ),
                self._context.clock,
                processor,
                stream_arn=settings.arn,
                source_arn=settings.source_arn,
                required_keys=sorted(
                    {
                        value
                        for namespace, value in target.prefix.namespaces()
                        if namespace == "partitionKeyFromLambda"
                    }
                ),
                faults=self._context.faults,
            )
            self._incoming: Buffer[SourceRecord] = Buffer(
                self._context.clock,
                limit_bytes=processor.buffer_mb * MB,
                limit_seconds=processor.buffer_seconds,
                due=self._when_due(self._process),
            )
        self._outgoing: dict[PartitionKeys, Buffer[OutputRecord]] = {}
        self._failures: Buffer[FailedRecord] = Buffer(
            self._context.clock,
            limit_bytes=target.buffer_mb * MB,
            limit_seconds=target.buffer_seconds,
            due=self._when_due(self._deliver_failures),
        )
        self._backup: Buffer[SourceRecord] | None = None
        if settings.backup is not None:
            self._backup = Buffer(
                self._context.clock,
                limit_bytes=settings.backup.buffer_mb * MB,
                limit_seconds=settings.backup.buffer_seconds,
                due=self._when_due(self._deliver_backup),
            )

    def _when_due(
        self, take: Callable[[Buffer[Item]], None]
    ) -> Callable[[Buffer[Item], int], None]:
        def due(buffer: Buffer[Item], generation: int) -> None:
            def run() -> None:
                if buffer.current(generation):
                    take(buffer)

            self._command(run)

        return due

    def _read(self) -> None:
        with self._lock:
            self._reading = False  # a write from now on needs another look
        if self._source is None:
            return
        batches = self._source.read()
        while True:
            try:
                records = next(batches, None)
            except (ClientError, BotoCoreError) as error:
                self._reporting.error(self.settings, READ_FAILED, str(error))
                return
            if records is None:
                return
            with self._context.clock.busy():
                self._reporting.count(
                    DataReadFromKinesisStream__Records=len(records),
                    DataReadFromKinesisStream__Bytes=sum(len(r.data) for r in records),
                )
                self._receive(records)

    def _receive(self, records: list[SourceRecord]) -> None:
        self.account.received += len(records)
        self._reporting.count(
            IncomingRecords=len(records), IncomingBytes=sum(len(r.data) for r in records)
        )
        for record in records:
            if self._backup is not None and self._backup.add(record, len(record.data)):
                self._deliver_backup(self._backup)
            if self._transform is None:
                self._send_on(OutputRecord.of(record, record.data))
            elif self._incoming.add(record, len(record.data)):
                self._process(self._incoming)

    def _process(self, buffer: Buffer[SourceRecord]) -> None:
        assert self._transform is not None
        assert self.settings.processor is not None
        started = time.monotonic()
        batch = buffer.take()
        outcome = self._transform.run(batch)
        self._reporting.count(
            ExecuteProcessing__Duration=(time.monotonic() - started) * 1000,
            ExecuteProcessing__Success=float(not outcome.invocation_errors),
            SucceedProcessing__Records=len(outcome.output) + len(outcome.dropped),
            SucceedProcessing__Bytes=sum(len(record.data) for record in outcome.output),
        )
        self.account.dropped += len(outcome.dropped)
        for code, message in outcome.invocation_errors:
            self._reporting.error(
                self.settings, code, message, processor=self.settings.processor.function_arn
            )
        for failed in outcome.failed:
            if self._failures.add(failed, len(failed.source.data)):
                self._deliver_failures(self._failures)
        for record in outcome.output:
            self._send_on(record)

    def _send_on(self, record: OutputRecord) -> None:
        if self.settings.delimiter:
            record = replace(record, data=record.data + self.settings.delimiter)
        buffer = self._outgoing.get(record.keys)
        if buffer is None:
            target = self.settings.target
            buffer = self._outgoing[record.keys] = Buffer(
                self._context.clock,
                limit_bytes=target.buffer_mb * MB,
                limit_seconds=target.buffer_seconds,
                due=self._when_due(self._deliver),
            )
        if buffer.add(record, len(record.data)):
            self._deliver(buffer)

    def _flush_everything(self) -> None:
        if self._transform is not None and len(self._incoming):
            self._process(self._incoming)
        for outgoing in self._outgoing.values():
            if len(outgoing):
                self._deliver(outgoing)
        if len(self._failures):
            self._deliver_failures(self._failures)
        if self._backup is not None and len(self._backup):
            self._deliver_backup(self._backup)

    def _deliver(self, buffer: Buffer[OutputRecord]) -> None:
        self._delivery.data(buffer.take())

    def _deliver_failures(self, buffer: Buffer[FailedRecord]) -> None:
        self._delivery.failures(buffer.take())

    def _deliver_backup(self, buffer: Buffer[SourceRecord]) -> None:
        self._delivery.backup(buffer.take())
