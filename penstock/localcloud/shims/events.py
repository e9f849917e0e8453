"""EventBridge: rules that match, or whose time has come, hand events to the events worker."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Protocol

from moto.events.exceptions import ValidationException
from moto.events.models import EventsBackend, Rule

from penstock.localcloud.shims.patches import Patches
from penstock.localcloud.workers.schedules.worker import RulePlan

Deliver = Callable[[str, list[dict[str, Any]], dict[str, Any]], None]


def install(patches: Patches, *, deliver: Deliver) -> None:
    """Call `deliver(rule ARN, targets, event)` for every enabled rule that matches an event.

    moto walks through a bus's rules without a lock: an event would be lost if one is made or
    removed meanwhile.
    """

    def send_to_targets(self: Any, original_event: Any, **_options: Any) -> None:
        if self.state == "DISABLED" or not self.event_pattern.get_pattern():
            return  # without a pattern the rule has a schedule: PutEvents never triggers it
        if self.event_pattern.matches_event(original_event):
            deliver(self.arn, [dict(target) for target in self.targets], dict(original_event))

    patches.replace(Rule, "send_to_targets", send_to_targets)
    patches.one_at_a_time(
        threading.RLock(), EventsBackend, "put_rule", "delete_rule", "list_rules", "put_events"
    )


class ScheduledRules(Protocol):
    """Who calls rules at their times."""

    def check(self, expression: str, timezone: str) -> None:
        """ValueError if the expression cannot be read."""

    def put_rule(self, plan: RulePlan, deliver: Callable[[dict[str, Any]], None]) -> None:
        """A rule with a schedule was made, changed, enabled or disabled."""

    def remove_rule(self, arn: str) -> None:
        """The rule is gone, or has no schedule."""


def install_schedules(patches: Patches, *, rules: ScheduledRules, deliver: Deliver) -> None:
    """Tell `rules` of every PutRule, EnableRule, DisableRule and DeleteRule.

    When its time comes, a rule's targets of that moment get the "Scheduled Event".
    """
    stock_put = EventsBackend.put_rule

    def put_rule(self: Any, name: str, **settings: Any) -> Rule:
        if settings.get("scheduled_expression"):
            try:
                rules.check(settings["scheduled_expression"], "UTC")
            except ValueError as error:
                raise ValidationException(
                    f"Parameter ScheduleExpression is not valid: {error}"
                ) from None
        rule = stock_put(self, name, **settings)
        planned(rule)
        return rule

    def planned(rule: Rule) -> None:
        if not rule.scheduled_expression:
            rules.remove_rule(rule.arn)
            return
        rules.put_rule(
            RulePlan(rule.arn, rule.scheduled_expression, rule.state == "ENABLED"),
            lambda event: deliver(rule.arn, [dict(target) for target in rule.targets], event),
        )

    def switching(name: str) -> None:
        def switch(self: Any) -> None:
            stock(self)
            planned(self)

        stock = patches.replace(Rule, name, switch)

    def delete_rule(self: Any, name: str, event_bus_arn: str | None) -> None:
        bus = self.event_buses.get(self._normalize_event_bus_arn(event_bus_arn))
        rule = bus.rules.get(name) if bus else None
        stock_delete(self, name, event_bus_arn)
        if rule is not None:
            rules.remove_rule(rule.arn)

    patches.replace(EventsBackend, "put_rule", put_rule)
    switching("enable")
    switching("disable")
    stock_delete = patches.replace(EventsBackend, "delete_rule", delete_rule)
