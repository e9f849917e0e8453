"""All event source mappings of the local cloud: opened, changed and closed as the API does."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from penstock.localcloud.context import CloudContext
from penstock.localcloud.workers.event_sources.account import Counts
from penstock.localcloud.workers.event_sources.functions import Functions
from penstock.localcloud.workers.event_sources.queue_mapping import QueueMapping
from penstock.localcloud.workers.event_sources.settings import read_settings
from penstock.localcloud.workers.event_sources.stream_mapping import StreamMapping

# What the ledger should say about a mapping that runs here.
LEDGER_NOTES = (
    "pauses between retries: one second, doubling to a minute; the service's are not published",
    "a queue's batches are processed one at a time",
)


class EventSourcesWorker:
    """Gives life to mappings; the shim of their API calls it, and those of streams and queues."""

    def __init__(self, context: CloudContext, functions: Functions) -> None:
        self._context = context
        self._functions = functions
        self._mappings: dict[str, StreamMapping | QueueMapping] = {}
        self._lock = threading.Lock()

    def start(self) -> None:
        """Nothing runs until a mapping is created."""

    def stop(self) -> None:
        """End every mapping; what it has not processed stays in its source."""
        with self._lock:
            mappings = list(self._mappings.values())
            self._mappings.clear()
        for mapping in mappings:
            mapping.stop()
        for mapping in mappings:
            mapping.join()

    def counts(self, uuid: str) -> Counts:
        """Where the records of a mapping are; KeyError if unknown."""
        with self._lock:
            return self._mappings[uuid].account.counts()

    def check(self, configuration: Mapping[str, Any]) -> None:
        """ValueError, in one line, if there cannot be such a mapping."""
        read_settings(configuration)

    def opened(self, configuration: Mapping[str, Any]) -> None:
        """A mapping was created. ClientError when the function's role may not read the source."""
        settings = read_settings(configuration)
        kind = QueueMapping if settings.of_queue else StreamMapping
        mapping = kind(self._context, settings, self._functions)
        if settings.enabled:
            try:
                mapping.open()
            except Exception:
                mapping.stop()
                raise
        with self._lock:
            self._mappings[settings.uuid] = mapping
        mapping.wake()

    def changed(self, configuration: Mapping[str, Any]) -> None:
        """A mapping was updated."""
        settings = read_settings(configuration)
        with self._lock:
            mapping = self._mappings[settings.uuid]
        mapping.change(settings)

    def closed(self, uuid: str) -> None:
        """A mapping was deleted."""
        with self._lock:
            mapping = self._mappings.pop(uuid, None)
        if mapping is not None:
            mapping.stop()

    def written(self, source_arn: str) -> None:
        """Records came into a stream, or messages into a queue."""
        with self._lock:
            readers = [m for m in self._mappings.values() if m.settings.source_arn == source_arn]
        for reader in readers:
            reader.wake()
