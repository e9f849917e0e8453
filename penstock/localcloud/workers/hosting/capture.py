"""Data capture of one variant: samples invocations, buffers them, writes them to S3."""

from __future__ import annotations

import itertools
import logging
import random
import threading
import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from penstock.localcloud.clock import Clock, Timer
from penstock.localcloud.workers.hosting.capture_account import CaptureAccount
from penstock.localcloud.workers.hosting.capture_settings import CaptureSettings
from penstock.localcloud.workers.hosting.captured_invocation import CapturedInvocation
from penstock.localcloud.workers.hosting.invocation import Answer, Request

log = logging.getLogger(__name__)

# how long and how much SageMaker buffers is not documented; it delivers within minutes
FLUSH_SECONDS = 60.0
FLUSH_BYTES = 4 << 20


class DataCapture:
    """Files appear under `<destination>/<endpoint>/<variant>/yyyy/mm/dd/hh/`.

    The hour is that of the invocation, UTC (SageMaker developer guide,
    model-monitor-data-capture). The guide says nothing of files' names but .jsonl: here minute,
    second and millisecond of the first record, and a random part. `s3` is a client of the
    model's execution role, the only one that SageMaker has for it (unconfirmed by the guide).

    An invocation only appends to a list; writing is a timer's work. Which invocations are in
    the sample depends on the endpoint's and the variant's name and their order alone. Requests
    that the model answered with an error are not captured (what AWS does is unconfirmed).
    """

    def __init__(
        self,
        settings: CaptureSettings,
        *,
        s3: Any,
        clock: Clock,
        account: CaptureAccount,
        endpoint: str,
        variant: str,
        flush_seconds: float = FLUSH_SECONDS,
        flush_bytes: int = FLUSH_BYTES,
    ) -> None:
        self._settings = settings
        self._s3 = s3
        self._clock = clock
        self._account = account
        self._endpoint = endpoint
        self._variant = variant
        self._flush_seconds = flush_seconds
        self._flush_bytes = flush_bytes
        self._sample = random.Random(f"{endpoint}/{variant}")  # noqa: S311
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._buffer: list[CapturedInvocation] = []
        self._buffered_bytes = 0
        self._timer: Timer | None = None
        self._urgent = False
        self._closed = False

    def record(self, request: Request, answer: Answer, at: datetime) -> None:
        """One answered invocation; `at` is when it came. Raises nothing, writes nothing."""
        with self._lock:
            if self._sample.random() * 100 >= self._settings.percentage:
                return
            captured = CapturedInvocation(request, answer, str(uuid.uuid4()), at)
            self._buffer.append(captured)
            self._buffered_bytes += captured.size_bytes
            closed = self._closed
            if not closed:
                self._schedule()
        if closed:  # it was being answered while its endpoint ended
            self.flush()

    def flush(self) -> None:
        """Write what is buffered, one file per hour; a file that fails is counted and logged."""
        with self._writing:
            with self._lock:
                records, self._buffer = self._buffer, []
                self._buffered_bytes = 0
                if self._timer is not None:
                    self._timer.cancel()
                self._timer, self._urgent = None, False
            records.sort(key=lambda record: record.at)
            for _, hour in itertools.groupby(records, key=lambda record: f"{record.at:%Y%m%d%H}"):
                self._write(list(hour))

    def close(self) -> None:
        """Write the rest; what is recorded after this is written at once."""
        with self._lock:
            self._closed = True
        self.flush()

    def _schedule(self) -> None:
        """A timer for what is buffered; called with the lock."""
        full = self._buffered_bytes >= self._flush_bytes
        if full and not self._urgent:
            if self._timer is not None:
                self._timer.cancel()
            self._urgent = True
            self._timer = self._clock.call_later(0, self.flush)
        elif self._timer is None:
            self._timer = self._clock.call_later(self._flush_seconds, self.flush)

    def _write(self, records: Sequence[CapturedInvocation]) -> None:
        settings, first = self._settings, records[0].at
        prefix = settings.destination.key.rstrip("/")
        folder = f"{prefix + '/' if prefix else ''}{self._endpoint}/{self._variant}"
        name = f"{first:%M-%S}-{first.microsecond // 1000:03d}-{uuid.uuid4()}.jsonl"
        key = f"{folder}/{first:%Y/%m/%d/%H}/{name}"
        arguments = {"Bucket": settings.destination.bucket, "Key": key}
        if settings.kms_key:
            arguments |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": settings.kms_key}
        body = "".join(f"{record.line(settings)}\n" for record in records).encode()
        try:
            self._s3.put_object(**arguments, Body=body, ContentType="application/json")
        except (ClientError, BotoCoreError, OSError) as error:
            self._account.add_lost(self._endpoint, len(records))
            log.error(
                "data capture of endpoint %s: %d records are lost, s3://%s/%s cannot be written: "
                "%s",
                self._endpoint,
                len(records),
                settings.destination.bucket,
                key,
                error,
            )
        else:
            self._account.add_written(self._endpoint, len(records))
