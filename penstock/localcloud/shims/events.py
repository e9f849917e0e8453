"""EventBridge: a rule that matches hands its event to the events worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.events.models import Rule

from penstock.localcloud.shims.patches import Patches

Deliver = Callable[[str, list[dict[str, Any]], dict[str, Any]], None]


def install(patches: Patches, *, deliver: Deliver) -> None:
    """Call `deliver(rule name, targets, event)` for every enabled rule that matches an event."""

    def send_to_targets(self: Any, original_event: Any, **_options: Any) -> None:
        if self.state == "DISABLED" or not self.event_pattern.get_pattern():
            return  # without a pattern the rule has a schedule: PutEvents never triggers it
        if self.event_pattern.matches_event(original_event):
            deliver(self.name, [dict(target) for target in self.targets], dict(original_event))

    patches.replace(Rule, "send_to_targets", send_to_targets)
