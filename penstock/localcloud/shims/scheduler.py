"""EventBridge Scheduler: schedules that somebody carries out; moto only keeps them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from moto.scheduler.exceptions import ValidationException
from moto.scheduler.models import EventBridgeSchedulerBackend
from moto.scheduler.models import Schedule as KeptSchedule

from penstock.localcloud.shims.patches import Patches
from penstock.localcloud.workers.schedules.worker import Schedule


class Schedules(Protocol):
    """Who carries schedules out."""

    def check(self, expression: str, timezone: str) -> None:
        """ValueError if the expression cannot be read."""

    def put(self, schedule: Schedule, *, ended: Callable[[], None]) -> None:
        """A schedule was made or changed."""

    def remove(self, arn: str) -> None:
        """A schedule was deleted."""


def install(patches: Patches, *, schedules: Schedules) -> None:
    """Tell `schedules` of CreateSchedule, UpdateSchedule, DeleteSchedule and DeleteScheduleGroup.

    An expression that cannot be read is refused (moto takes anything), State is ENABLED unless
    it is given, and ActionAfterCompletion DELETE deletes the schedule after its last time.
    """
    stock_create = EventBridgeSchedulerBackend.create_schedule
    stock_update = EventBridgeSchedulerBackend.update_schedule
    stock_delete = EventBridgeSchedulerBackend.delete_schedule
    stock_delete_group = EventBridgeSchedulerBackend.delete_schedule_group

    def check(settings: dict[str, Any]) -> None:
        try:
            schedules.check(
                settings["schedule_expression"],
                settings.get("schedule_expression_timezone") or "UTC",
            )
        except ValueError as error:
            raise ValidationException(f"Invalid Schedule Expression: {error}") from None
        settings["state"] = settings.get("state") or "ENABLED"

    def put(backend: Any, kept: KeptSchedule) -> KeptSchedule:
        def ended() -> None:
            if kept.action_after_completion == "DELETE":
                backend.delete_schedule(kept.group_name, kept.name)

        schedules.put(_schedule(kept), ended=ended)
        return kept

    def create_schedule(self: Any, **settings: Any) -> KeptSchedule:
        check(settings)
        return put(self, stock_create(self, **settings))

    def update_schedule(self: Any, **settings: Any) -> KeptSchedule:
        check(settings)
        return put(self, stock_update(self, **settings))

    def delete_schedule(self: Any, group_name: str | None, name: str) -> None:
        arn = self.get_schedule(group_name, name).arn
        stock_delete(self, group_name, name)
        schedules.remove(arn)

    def delete_schedule_group(self: Any, name: str | None) -> None:
        group = self.schedule_groups.get(name or "default")
        stock_delete_group(self, name)
        for kept in group.schedules.values() if group else ():
            schedules.remove(kept.arn)

    patches.replace(EventBridgeSchedulerBackend, "create_schedule", create_schedule)
    patches.replace(EventBridgeSchedulerBackend, "update_schedule", update_schedule)
    patches.replace(EventBridgeSchedulerBackend, "delete_schedule", delete_schedule)
    patches.replace(EventBridgeSchedulerBackend, "delete_schedule_group", delete_schedule_group)


def _schedule(kept: KeptSchedule) -> Schedule:
    return Schedule(
        arn=kept.arn,
        expression=kept.schedule_expression,
        timezone=kept.schedule_expression_timezone,
        enabled=kept.state == "ENABLED",
        target=dict(kept.target),
        start=_utc(kept.start_date),
        end=_utc(kept.end_date),
    )


def _utc(epoch_seconds: float | None) -> datetime | None:
    return None if epoch_seconds is None else datetime.fromtimestamp(float(epoch_seconds), UTC)
