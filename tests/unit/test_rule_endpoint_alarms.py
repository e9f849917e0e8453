"""EndpointAlarms: an alarm with an action looks at the errors of each endpoint."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.rules.endpoint_alarms import RULE
from tests.unit.ruled import Body, found, resource

ENDPOINT = {"Endpoint": resource("SageMaker::Endpoint", EndpointName="digits-dev")}


def alarm(
    endpoint: Any = "digits-dev", metric: str = "Invocation5XXErrors", action: str = "topic"
) -> dict[str, Body]:
    return {
        "Alarm": resource(
            "CloudWatch::Alarm",
            AlarmActions=[action] if action else [],
            Namespace="AWS/SageMaker",
            MetricName=metric,
            Dimensions=[
                {"Name": "EndpointName", "Value": endpoint},
                {"Name": "VariantName", "Value": "main"},
            ],
        )
    }


def test_an_alarm_in_any_stack_by_name_or_reference_passes() -> None:
    assert not found(RULE, ENDPOINT, alarm())
    by_reference = alarm({"Fn::GetAtt": ["Endpoint", "EndpointName"]})
    assert not found(RULE, {"Endpoint": resource("SageMaker::Endpoint"), **by_reference})


def test_an_alarm_on_a_sum_of_metrics_passes() -> None:
    metric = alarm()["Alarm"]["Properties"]
    queries = [{"Id": "errors", "MetricStat": {"Metric": metric}}]
    summed = resource("CloudWatch::Alarm", AlarmActions=["topic"], Metrics=queries)
    assert not found(RULE, {**ENDPOINT, "Alarm": summed})


@pytest.mark.parametrize(
    "other", [{}, alarm("digits-prod"), alarm(metric="Invocations"), alarm(action="")]
)
def test_no_alarm_or_one_on_something_else_or_to_nobody_is_found(other: dict[str, Body]) -> None:
    assert list(found(RULE, ENDPOINT, other)) == ["EndpointAlarms Endpoint.Properties.EndpointName"]
