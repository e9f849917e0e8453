"""Looks at alarms when their data change, and does what a change of state asks for."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from penstock.localcloud.clock import Timer
from penstock.localcloud.context import CloudContext
from penstock.localcloud.workers.alarms.evaluation import (
    ALARM,
    COMPARISONS,
    INSUFFICIENT_DATA,
    OK,
    STATISTICS,
    AlarmSettings,
    evaluate,
    last_tick,
    next_change,
    range_start,
)
from penstock.localcloud.workers.alarms.messages import (
    AlarmRecord,
    State,
    event_detail,
    sns_message,
    sns_subject,
    state_now,
)
from penstock.localcloud.workers.alarms.metrics import Metric, Metrics

log = logging.getLogger(__name__)


def is_evaluated(alarm: AlarmRecord) -> bool:
    """Whether the alarm has one metric, a plain statistic and a fixed threshold.

    Metric math, anomaly detection, percentiles and composite alarms keep the state that they
    are given.
    """
    return (
        bool(alarm.metric_name)
        and alarm.statistic in STATISTICS
        and alarm.comparison_operator in COMPARISONS
    )


def settings_of(alarm: AlarmRecord) -> AlarmSettings:
    """The alarm's condition, with the API's defaults."""
    return AlarmSettings(
        statistic=alarm.statistic,
        period_seconds=int(alarm.period),
        evaluation_periods=int(alarm.evaluation_periods),
        datapoints_to_alarm=int(alarm.datapoints_to_alarm or alarm.evaluation_periods),
        comparison=alarm.comparison_operator,
        threshold=float(alarm.threshold),
        treat_missing=alarm.treat_missing_data or "missing",
        unit=alarm.unit or None,
    )


def metric_of(alarm: AlarmRecord) -> Metric:
    """The metric that the alarm watches."""
    dimensions = frozenset((one.name, one.value) for one in alarm.dimensions)
    return Metric(alarm.namespace, alarm.metric_name, dimensions)


class AlarmsWorker:
    """Evaluates alarms at whole minutes (or whole 10 seconds, for shorter periods).

    An evaluation sees what was put before its minute began. After a put or a SetAlarmState the
    next minute's evaluation is waited for, so a skipping clock gets there at once, and the
    newest data are always in the last period. Later evaluations, in which data only grow old,
    come at the minutes at which a datum leaves a period, and nobody waits for them.
    """

    def __init__(self, context: CloudContext) -> None:
        self._context = context
        self._metrics = Metrics()
        self._alarms: dict[str, AlarmRecord] = {}
        self._evaluated: dict[str, State] = {}  # what the last evaluation of each alarm gave
        self._soon: dict[str, Timer] = {}
        self._later: dict[str, Timer] = {}
        self._lock = threading.RLock()
        self._stopped = False
        self.failed_actions: list[str] = []

    def start(self) -> None:
        """Nothing to begin: alarms and data come through the API."""

    def stop(self) -> None:
        """Alarms stay as they are."""
        with self._lock:
            self._stopped = True

    def watch(self, alarm: AlarmRecord) -> None:
        """A new or changed alarm: it is evaluated within a minute of the cloud's time."""
        with self._lock:
            known = alarm.name in self._alarms
            self._forget(alarm.name)
            now = self._context.clock.now()
            what = "updated" if known else "created"
            self._remember(alarm, "ConfigurationUpdate", f'Alarm "{alarm.name}" {what}', {})
            if is_evaluated(alarm):
                self._alarms[alarm.name] = alarm
                self._look(self._later, alarm, self._next_tick(alarm, now), background=True)

    def forget(self, names: Iterable[str]) -> None:
        """Deleted alarms are not looked at any more."""
        with self._lock:
            for name in names:
                self._forget(name)
                self._evaluated.pop(name, None)

    def put(self, namespace: str, metric_data: Iterable[Mapping[str, Any]]) -> None:
        """New data: the alarms on their metrics are evaluated at the next minute."""
        with self._lock:
            now = self._context.clock.now()
            metrics = self._metrics.put(
                namespace, metric_data, cloud_now=now, real_now=datetime.now(UTC)
            )
            for alarm in self._alarms.values():
                if metric_of(alarm) in metrics:
                    self._look_soon(alarm, now)

    def set_state(
        self, alarm: AlarmRecord, value: str, reason: str, reason_data: str | None
    ) -> None:
        """SetAlarmState: acts as any change does, and lasts until the next evaluation.

        "Metric alarms return to their actual state quickly" (API reference). Where missing
        data are ignored, the state to keep is the last one that an evaluation gave, not the
        one that was set; that AWS sees it so is unconfirmed.
        """
        with self._lock:
            now = self._context.clock.now()
            if is_evaluated(alarm):
                self._evaluated.setdefault(alarm.name, state_now(alarm))
                self._look_soon(alarm, now)
            self._change(alarm, value, reason, reason_data, now)

    def _evaluate(self, name: str) -> None:
        with self._lock:
            alarm = self._alarms.get(name)
            if alarm is None or self._stopped:
                return
            now = self._context.clock.now()
            settings = settings_of(alarm)
            at = last_tick(settings, now)
            data = self._metrics.of(
                metric_of(alarm), unit=settings.unit, since=range_start(settings, at)
            )
            verdict = evaluate(settings, data, at=at, now=now)
            if verdict.state is not None:
                found = State(verdict.state, verdict.reason, verdict.reason_data, now)
                self._evaluated[name] = found
            else:
                found = self._evaluated.get(name) or state_now(alarm)
            if found.value != alarm.state_value:
                self._change(alarm, found.value, found.reason, found.reason_data, now)
            due = next_change(settings, data, at)
            if due is not None:
                self._look(self._later, alarm, due, background=True)

    def _change(
        self, alarm: AlarmRecord, value: str, reason: str, reason_data: str | None, now: datetime
    ) -> None:
        old = state_now(alarm)
        stamp = now.astimezone(UTC).replace(tzinfo=None)
        alarm.state_value = value
        alarm.state_reason = reason
        alarm.state_reason_data = reason_data
        alarm.state_updated_timestamp = stamp
        new = state_now(alarm)
        if new.value == old.value:
            return
        alarm.state_transitioned_timestamp = stamp
        self._remember(
            alarm,
            "StateUpdate",
            f"Alarm updated from {old.value} to {new.value}",
            {"oldState": old.of_history(), "newState": new.of_history()},
        )
        log.info("alarm %s: %s -> %s: %s", alarm.name, old.value, new.value, reason)
        actions = {
            OK: alarm.ok_actions,
            ALARM: alarm.alarm_actions,
            INSUFFICIENT_DATA: alarm.insufficient_data_actions,
        }[new.value]
        told = list(actions) if alarm.actions_enabled else []
        # on a thread of the clock: who put the data or set the state does not wait for it
        self._context.clock.call_later(0, lambda: self._announce(alarm, old, new, told))

    def _announce(self, alarm: AlarmRecord, old: State, new: State, actions: list[str]) -> None:
        if self._stopped:
            return
        if is_evaluated(alarm):
            self._context.events.emit(
                source="aws.cloudwatch",
                detail_type="CloudWatch Alarm State Change",
                detail=event_detail(alarm, old, new),
                resources=[alarm.alarm_arn],
            )
        for action in actions:
            try:
                self._act(action, alarm, old, new)
            except (ClientError, BotoCoreError, ValueError) as error:
                failure = f"alarm {alarm.name}: action {action}: {error}"
                log.error("not carried out: %s", failure)
                self.failed_actions.append(failure)
                self._remember(alarm, "Action", f"Failed to execute action {action}", {})
            else:
                self._remember(alarm, "Action", f"Successfully executed action {action}", {})

    def _act(self, action: str, alarm: AlarmRecord, old: State, new: State) -> None:
        service = action.split(":")[2]
        if service != "sns":
            raise ValueError(f"actions of service {service} are not carried out here")
        # the topic's policy admits CloudWatch: there is no role to act as
        sns = self._context.clients.for_service(
            "cloudwatch.amazonaws.com", "sns", source_arn=alarm.alarm_arn
        )
        sns.publish(
            TopicArn=action,
            Subject=sns_subject(alarm, new, self._context.region),
            Message=sns_message(
                alarm,
                old,
                new,
                account_id=self._context.account_id,
                region=self._context.region,
            ),
        )

    def _remember(self, alarm: AlarmRecord, kind: str, summary: str, data: dict[str, Any]) -> None:
        alarm.history.append(
            {
                "AlarmName": alarm.name,
                "AlarmType": "MetricAlarm",
                "Timestamp": self._context.clock.now().astimezone(UTC).replace(tzinfo=None),
                "HistoryItemType": kind,
                "HistorySummary": summary,
                "HistoryData": json.dumps({"version": "1.0", **data}),
            }
        )

    def _look_soon(self, alarm: AlarmRecord, now: datetime) -> None:
        if alarm.name not in self._soon:
            self._look(self._soon, alarm, self._next_tick(alarm, now), background=False)

    def _look(
        self, timers: dict[str, Timer], alarm: AlarmRecord, due: datetime, *, background: bool
    ) -> None:
        if alarm.name in timers:
            timers[alarm.name].cancel()

        def look() -> None:
            with self._lock:
                if timers.get(alarm.name) is timer:
                    del timers[alarm.name]
            self._evaluate(alarm.name)

        wait = (due - self._context.clock.now()).total_seconds()
        timer = self._context.clock.call_later(max(wait, 0), look, background=background)
        timers[alarm.name] = timer

    @staticmethod
    def _next_tick(alarm: AlarmRecord, now: datetime) -> datetime:
        settings = settings_of(alarm)
        return last_tick(settings, now) + timedelta(seconds=settings.tick_seconds)

    def _forget(self, name: str) -> None:
        self._alarms.pop(name, None)
        for timers in (self._soon, self._later):
            if name in timers:
                timers.pop(name).cancel()
