"""SQS: no message is lost, readers hear of messages, timeouts pass by the cloud's clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import moto.sqs.models
from moto.core.utils import unix_time
from moto.sqs.models import Queue, SQSBackend

from penstock.localcloud.clock import Clock
from penstock.localcloud.shims.patches import Patches


def install(patches: Patches, *, clock: Clock, written: Callable[[str], None]) -> None:
    """Call `written(queue ARN)` after a message came in, however it did, and after its delay.

    Visibility timeouts, delays and retention pass as `clock` does; a long poll takes real time.
    moto changes its list of messages from several threads, which could lose one.
    """

    def now(moment: datetime | None = None) -> float:
        return float(unix_time(moment or clock.now().replace(tzinfo=None)))

    def now_ms(moment: datetime | None = None) -> float:
        return now(moment) * 1000.0

    def add(self: Any, message: Any) -> None:
        stock_add(self, message)
        written(self.queue_arn)
        delay = message.delayed_until / 1000 - now()
        if delay > 0:
            clock.call_later(delay, lambda: written(self.queue_arn))

    def delete(self: Any, receipt_handle: str) -> None:
        with self._messages_lock:
            stock_delete(self, receipt_handle)

    def receive(
        self: Any,
        queue_name: str,
        count: int,
        wait_seconds_timeout: int,
        visibility_timeout: int,
        message_attribute_names: list[str] | None = None,
    ) -> list[Any]:
        queue = self.get_queue(queue_name)
        deadline = time.monotonic() + wait_seconds_timeout
        while True:
            with queue._messages_lock:
                found: list[Any] = stock_receive(
                    self, queue_name, count, 0, visibility_timeout, message_attribute_names
                )
            left = deadline - time.monotonic()
            if found or left <= 0:
                return found
            queue.wait_for_messages(min(left, 1))

    patches.replace(moto.sqs.models, "unix_time", now)
    patches.replace(moto.sqs.models, "unix_time_millis", now_ms)
    stock_add = patches.replace(Queue, "add_message", add)
    stock_delete = patches.replace(Queue, "delete_message", delete)
    stock_receive = patches.replace(SQSBackend, "receive_message", receive)
