"""Firehose delivery: source, transformation, buffering, conversion and objects in S3."""

from penstock.localcloud.workers.firehose.worker import DeliveryWorker

__all__ = ["DeliveryWorker"]
