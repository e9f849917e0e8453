"""What an alarm says when its state changes: to SNS topics, and as an EventBridge event."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import botocore.loaders

from penstock.localcloud.workers.alarms.evaluation import long_time


class AlarmRecord(Protocol):
    """A metric alarm as the API keeps it (moto's names; times are UTC without saying so)."""

    name: str
    alarm_arn: str
    description: str | None
    namespace: str
    metric_name: str
    dimensions: list[Any]
    statistic: str
    period: int
    unit: str | None
    evaluation_periods: int
    datapoints_to_alarm: int | None
    comparison_operator: str
    threshold: float
    treat_missing_data: str | None
    evaluate_low_sample_count_percentile: str | None
    actions_enabled: bool
    alarm_actions: list[str]
    ok_actions: list[str]
    insufficient_data_actions: list[str]
    configuration_updated_timestamp: datetime
    state_value: str
    state_reason: str
    state_reason_data: str | None
    state_updated_timestamp: datetime
    state_transitioned_timestamp: datetime
    history: list[dict[str, Any]]


@dataclass(frozen=True)
class State:
    """The part of an alarm that changes, as it was from `at` (UTC) on."""

    value: str
    reason: str
    reason_data: str | None
    at: datetime

    def of_event(self) -> dict[str, str]:
        """`state` and `previousState` of the event."""
        shown = {"value": self.value, "reason": self.reason, "timestamp": long_time(self.at)}
        if self.reason_data:
            shown["reasonData"] = self.reason_data
        return shown

    def of_history(self) -> dict[str, str]:
        """`oldState` and `newState` of the alarm's history."""
        shown = {"stateValue": self.value, "stateReason": self.reason}
        if self.reason_data:
            shown["stateReasonData"] = self.reason_data
        return shown


def state_now(alarm: AlarmRecord) -> State:
    """The state that the API shows."""
    return State(
        alarm.state_value,
        alarm.state_reason,
        alarm.state_reason_data,
        _utc(alarm.state_updated_timestamp),
    )


def event_detail(alarm: AlarmRecord, old: State, new: State) -> dict[str, Any]:
    """`detail` of "CloudWatch Alarm State Change".

    Source: CloudWatch user guide, "Alarm events and EventBridge". The id of the one metric is
    random there, the alarm's own name here.
    """
    metric_stat: dict[str, Any] = {
        "metric": {
            "namespace": alarm.namespace,
            "name": alarm.metric_name,
            "dimensions": {one.name: one.value for one in alarm.dimensions},
        },
        "period": alarm.period,
        "stat": alarm.statistic,
    }
    if alarm.unit:
        metric_stat["unit"] = alarm.unit
    configuration: dict[str, Any] = {
        "metrics": [{"id": alarm.name, "metricStat": metric_stat, "returnData": True}]
    }
    if alarm.description:
        configuration["description"] = alarm.description
    return {
        "alarmName": alarm.name,
        "state": new.of_event(),
        "previousState": old.of_event(),
        "configuration": configuration,
    }


def sns_subject(alarm: AlarmRecord, new: State, region: str) -> str:
    """ALARM: "name" in US East (N. Virginia); at most the 100 characters that SNS takes."""
    return f'{new.value}: "{alarm.name}" in {region_name(region)}'[:100]


def sns_message(alarm: AlarmRecord, old: State, new: State, *, account_id: str, region: str) -> str:
    """The JSON text that subscribers of a topic receive.

    Source: published examples of alarm notifications (the user guide describes the message
    without listing its fields).
    """
    return json.dumps(
        {
            "AlarmName": alarm.name,
            "AlarmDescription": alarm.description,
            "AWSAccountId": account_id,
            "AlarmConfigurationUpdatedTimestamp": long_time(
                _utc(alarm.configuration_updated_timestamp)
            ),
            "NewStateValue": new.value,
            "NewStateReason": new.reason,
            "StateChangeTime": long_time(new.at),
            "Region": region_name(region),
            "AlarmArn": alarm.alarm_arn,
            "OldStateValue": old.value,
            "OKActions": alarm.ok_actions,
            "AlarmActions": alarm.alarm_actions,
            "InsufficientDataActions": alarm.insufficient_data_actions,
            "Trigger": {
                "MetricName": alarm.metric_name,
                "Namespace": alarm.namespace,
                "StatisticType": "Statistic",
                "Statistic": alarm.statistic.upper(),
                "Unit": alarm.unit,
                "Dimensions": [{"value": one.value, "name": one.name} for one in alarm.dimensions],
                "Period": alarm.period,
                "EvaluationPeriods": alarm.evaluation_periods,
                "DatapointsToAlarm": alarm.datapoints_to_alarm or alarm.evaluation_periods,
                "ComparisonOperator": alarm.comparison_operator,
                "Threshold": alarm.threshold,
                "TreatMissingData": alarm.treat_missing_data or "missing",
                "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile
                or "",
            },
        }
    )


@functools.cache
def region_name(region: str) -> str:
    """US East (N. Virginia) for us-east-1, by botocore's table; the code if it is not there."""
    endpoints = botocore.loaders.create_loader().load_data("endpoints")
    for partition in endpoints["partitions"]:
        if region in partition["regions"]:
            return str(partition["regions"][region]["description"])
    return region


def _utc(naive: datetime) -> datetime:
    """A time of the API's records with its zone."""
    return naive.replace(tzinfo=UTC)
