"""SQS: attributes of queues that moto does not show, or loses when others are set."""

from __future__ import annotations

from typing import Any

from moto.sqs.models import Queue

from penstock.localcloud.shims.patches import Patches


def install_attributes(patches: Patches) -> None:
    """RedriveAllowPolicy is shown; a policy stays when SetQueueAttributes names others only."""

    def attributes(self: Any) -> dict[str, Any]:
        answer: dict[str, Any] = stock_attributes.fget(self)
        allowed = getattr(self, "redrive_allow_policy", "")
        return {**answer, "RedriveAllowPolicy": allowed} if allowed else answer

    def set_attributes(self: Any, given: dict[str, Any], now: float | None = None) -> None:
        policy = getattr(self, "policy", None)
        stock_set(self, given, now)
        if "Policy" not in given:
            self.policy = policy

    stock_attributes = patches.replace(Queue, "attributes", property(attributes))
    stock_set = patches.replace(Queue, "_set_attributes", set_attributes)
