"""Event source mappings: streams and queues whose records invoke a function, in batches."""

from penstock.localcloud.workers.event_sources.worker import EventSourcesWorker

__all__ = ["EventSourcesWorker"]
