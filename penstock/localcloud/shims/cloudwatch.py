"""CloudWatch: alarms that somebody evaluates; moto's never change by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from moto.cloudwatch.exceptions import InvalidParameterCombination, ValidationError
from moto.cloudwatch.models import Alarm, CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

from penstock.localcloud.clock import Clock
from penstock.localcloud.shims.patches import Patches
from penstock.localcloud.workers.alarms.evaluation import INSUFFICIENT_DATA, MISSING_DATA
from penstock.localcloud.workers.alarms.messages import AlarmRecord

_KEPT_BY_AN_UPDATE = (
    "state_value",
    "state_reason",
    "state_reason_data",
    "state_updated_timestamp",
    "state_transitioned_timestamp",
    "history",
)


class Alarms(Protocol):
    """Who evaluates alarms."""

    def watch(self, alarm: AlarmRecord) -> None:
        """A metric alarm was made or changed."""

    def forget(self, names: Iterable[str]) -> None:
        """Alarms were deleted."""

    def put(self, namespace: str, metric_data: Iterable[Mapping[str, Any]]) -> None:
        """MetricData came."""

    def set_state(
        self, alarm: AlarmRecord, value: str, reason: str, reason_data: str | None
    ) -> None:
        """SetAlarmState."""


def install(patches: Patches, *, alarms: Alarms, clock: Clock) -> None:
    """Tell `alarms` of PutMetricAlarm, DeleteAlarms, PutMetricData and SetAlarmState.

    An alarm begins as INSUFFICIENT_DATA and keeps its state when it is changed (moto: OK, each
    time); DescribeAlarmHistory is added.
    """
    stock_put_alarm = CloudWatchBackend.put_metric_alarm
    stock_put_data = CloudWatchBackend.put_metric_data
    stock_delete = CloudWatchBackend.delete_alarms

    def now() -> datetime:
        return clock.now().astimezone(UTC).replace(tzinfo=None)

    def put_metric_alarm(self: Any, name: str, **settings: Any) -> Alarm:
        _check(settings)
        before = self.alarms.get(name)
        alarm = stock_put_alarm(self, name=name, **settings)
        alarm.configuration_updated_timestamp = now()
        alarm.state_value, alarm.state_reason_data = INSUFFICIENT_DATA, None
        alarm.state_updated_timestamp = alarm.state_transitioned_timestamp = now()
        for attribute in _KEPT_BY_AN_UPDATE if before else ():
            setattr(alarm, attribute, getattr(before, attribute))
        if alarm.rule is None:
            alarms.watch(alarm)
        return alarm

    def put_metric_data(self: Any, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        stock_put_data(self, namespace, metric_data)
        alarms.put(namespace, metric_data)

    def update_state(self: Any, reason: str, reason_data: str | None, state_value: str) -> None:
        alarms.set_state(self, state_value, reason, reason_data)

    def delete_alarms(self: Any, alarm_names: list[str]) -> None:
        stock_delete(self, alarm_names)
        alarms.forget(alarm_names)

    def describe_alarm_history(self: Any) -> ActionResult:
        name = self._get_param("AlarmName")
        kind = self._get_param("HistoryItemType")
        start, end = self._get_param("StartDate"), self._get_param("EndDate")
        items = [
            item
            for alarm in self.cloudwatch_backend.describe_alarms()
            for item in alarm.history
            if name in (None, alarm.name)
            and kind in (None, item["HistoryItemType"])
            and (start is None or item["Timestamp"] >= start)
            and (end is None or item["Timestamp"] <= end)
        ]
        newest_first = self._get_param("ScanBy") != "TimestampAscending"
        items.sort(key=lambda item: item["Timestamp"], reverse=newest_first)
        return ActionResult({"AlarmHistoryItems": items})

    patches.replace(CloudWatchBackend, "put_metric_alarm", put_metric_alarm)
    patches.replace(CloudWatchBackend, "put_metric_data", put_metric_data)
    patches.replace(Alarm, "update_state", update_state)
    patches.replace(CloudWatchBackend, "delete_alarms", delete_alarms)
    patches.add(CloudWatchResponse, "describe_alarm_history", describe_alarm_history)


def _check(settings: Mapping[str, Any]) -> None:
    """What PutMetricAlarm refuses and moto accepts (API reference, PutMetricAlarm)."""
    missing = settings.get("treat_missing_data")
    if missing and missing not in MISSING_DATA:
        raise ValidationError(
            f"Option {missing} is not supported. "
            f"Supported options for parameter TreatMissingData are {', '.join(MISSING_DATA)}."
        )
    needed, of = settings.get("datapoints_to_alarm"), settings.get("evaluation_periods")
    if needed and of and int(needed) > int(of):
        raise ValidationError(f"DatapointsToAlarm {needed} must be at most EvaluationPeriods {of}.")
    period = settings.get("period")
    if period and int(period) not in (10, 20, 30) and int(period) % 60:
        raise ValidationError(f"Period {period} must be 10, 20, 30 or a multiple of 60.")
    if settings.get("statistic") and settings.get("extended_statistic"):
        raise InvalidParameterCombination("Give Statistic or ExtendedStatistic, not both.")
