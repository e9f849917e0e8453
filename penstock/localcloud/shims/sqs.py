"""SQS: no message is lost, readers hear of messages, timeouts pass by the cloud's clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

import moto.sqs.models
from moto.core.utils import unix_time
from moto.sqs.exceptions import ReceiptHandleIsInvalid
from moto.sqs.models import Queue, SQSBackend

from penstock.localcloud.clock import Clock
from penstock.localcloud.shims.patches import Patches
from penstock.localcloud.shims.sqs_attributes import install_attributes


def install(patches: Patches, *, clock: Clock, written: Callable[[str], None]) -> None:
    """Call `written(queue ARN)` after a message came in, however it did, and after its delay.

    Visibility timeouts, delays and retention pass as `clock` does; a long poll takes real time.
    moto changes its list of messages from several threads, which could lose one. It also asks for
    the time at each message of a queue, in several walks for each message that comes or goes.
    """

    def now(moment: datetime | None = None) -> float:
        return clock.now().timestamp() if moment is None else float(unix_time(moment))

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
            if receipt_handle in self.deleted_messages:
                return
            for place, message in enumerate(self._messages):
                if message.had_receipt_handle(receipt_handle):
                    del self._messages[place]
                    self.pending_messages.discard(message)
                    self.deleted_messages.update(message.all_receipt_handles)
                    return
            raise ReceiptHandleIsInvalid

    def visible(self: Any) -> list[Any]:
        moment = now_ms()
        return [m for m in self._messages if m.visible_at < moment >= m.delayed_until]

    def hidden_count(self: Any) -> int:
        moment = now_ms()
        return sum(m.visible_at >= moment for m in self._messages)

    def delayed_count(self: Any) -> int:
        moment = now_ms()
        return sum(m.delayed_until > moment for m in self._messages)

    def is_kept(self: Any, queue_name: str, message: Any) -> bool:
        kept_seconds = int(self.get_queue(queue_name).message_retention_period)
        return bool(message.sent_timestamp / 1000 + kept_seconds > now())

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
    install_attributes(patches)
    stock_add = patches.replace(Queue, "add_message", add)
    patches.replace(Queue, "delete_message", delete)
    patches.replace(Queue, "messages", property(visible))
    patches.replace(Queue, "approximate_number_of_messages_not_visible", property(hidden_count))
    patches.replace(Queue, "approximate_number_of_messages_delayed", property(delayed_count))
    patches.replace(SQSBackend, "is_message_valid_based_on_retention_period", is_kept)
    stock_receive = patches.replace(SQSBackend, "receive_message", receive)
