"""Starts targets at their times: EventBridge Scheduler's schedules and rules with a schedule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from penstock.localcloud.context import CloudContext
from penstock.localcloud.workers.schedules.expressions import Times, parse
from penstock.localcloud.workers.schedules.invocation import Invocation, Invoker
from penstock.localcloud.workers.schedules.timetable import Entry, Timetable
from penstock.localcloud.workers.targets import scheduled_event


@dataclass(frozen=True)
class Schedule:
    """A schedule as CreateSchedule and UpdateSchedule describe it; dates are UTC."""

    arn: str
    expression: str
    timezone: str
    enabled: bool
    target: dict[str, Any]
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True)
class RulePlan:
    """A rule with a ScheduleExpression, on the default bus."""

    arn: str
    expression: str
    enabled: bool


class SchedulesWorker:
    """Keeps the timetable of schedules and of rules.

    A flexible time window begins at the scheduled time, and that is when targets are started.
    """

    def __init__(self, context: CloudContext) -> None:
        self._context = context
        self._timetable = Timetable(context.clock)
        self._schedules: dict[str, Schedule] = {}
        self._anchors: dict[str, datetime] = {}  # where each schedule's rate counts from
        self._invoker = Invoker(context, wanted=lambda arn: arn in self._schedules)

    @property
    def failed(self) -> list[str]:
        """What could not be delivered, one line each."""
        return self._invoker.failed

    def start(self) -> None:
        """Nothing to begin: schedules come through the API."""

    def stop(self) -> None:
        """Nothing starts any more."""
        self._schedules.clear()
        self._timetable.clear()

    def check(self, expression: str, timezone: str) -> None:
        """ValueError, in one line, if the expression or the zone cannot be read."""
        parse(expression, zone=timezone, anchor=self._context.clock.now())

    def put(self, schedule: Schedule, *, ended: Callable[[], None]) -> None:
        """A new or changed schedule; `ended` is called after its last invocation.

        A rate without StartDate begins at once (Scheduler user guide, "Rate-based schedules")
        and again at once when the expression is changed; other changes leave its rhythm as it
        is. The guide says nothing of changes: unconfirmed.
        """
        now = self._context.clock.now()
        old = self._schedules.get(schedule.arn)
        self._schedules[schedule.arn] = schedule
        begins = old is None or old.expression != schedule.expression
        if begins:
            self._anchors[schedule.arn] = now
        if not schedule.enabled:
            self._timetable.remove(schedule.arn)
            return
        times = parse(
            schedule.expression,
            zone=schedule.timezone,
            anchor=schedule.start or self._anchors[schedule.arn],
        )
        entry = Entry(
            next_time=lambda moment: self._within(schedule, times, moment),
            act=lambda due: self._invoker.invoke(Invocation(schedule.arn, schedule.target, due)),
            ended=ended,
        )
        self._timetable.put(
            schedule.arn, entry, after=now - timedelta(microseconds=1) if begins else now
        )

    def remove(self, arn: str) -> None:
        """The schedule was deleted."""
        self._schedules.pop(arn, None)
        self._anchors.pop(arn, None)
        self._timetable.remove(arn)

    def put_rule(self, plan: RulePlan, deliver: Callable[[dict[str, Any]], None]) -> None:
        """A rule's first time comes one interval after PutRule; its cron is in UTC.

        Source: EventBridge user guide, "Creating a rule that runs on a schedule".
        """
        now = self._context.clock.now()
        if not plan.enabled:
            self._timetable.remove(plan.arn)
            return
        times = parse(plan.expression, zone="UTC", anchor=now)

        def act(due: datetime) -> None:
            deliver(
                scheduled_event(
                    source="aws.events",
                    account_id=self._context.account_id,
                    region=self._context.region,
                    arn=plan.arn,
                    time=f"{due:%Y-%m-%dT%H:%M:%SZ}",
                )
            )

        self._timetable.put(plan.arn, Entry(next_time=times.after, act=act), after=now)

    def remove_rule(self, arn: str) -> None:
        """The rule was deleted, or has no schedule any more."""
        self._timetable.remove(arn)

    @staticmethod
    def _within(schedule: Schedule, times: Times, moment: datetime) -> datetime | None:
        if schedule.start is not None:
            moment = max(moment, schedule.start - timedelta(microseconds=1))
        due = times.after(moment)
        if due is None or (schedule.end is not None and due > schedule.end):
            return None
        return due
