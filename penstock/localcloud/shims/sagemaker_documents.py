"""Times and documents as moto's SageMaker keeps and EventBridge shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from penstock.localcloud.clock import Clock


def naive(clock: Clock) -> datetime:
    """The cloud's time as moto keeps times: UTC without saying so."""
    return clock.now().astimezone(UTC).replace(tzinfo=None)


def plain(value: Any) -> Any:
    """A JSON document: times as ISO 8601 in UTC, no keys without a value."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds").removesuffix("+00:00") + "Z"
    return value
