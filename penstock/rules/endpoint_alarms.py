"""EndpointAlarms: an endpoint that fails tells somebody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from penstock.rules.rule import Breach, Rule
from penstock.rules.templates import Resource, Templates
from penstock.rules.text import text

NAMESPACE = "AWS/SageMaker"
ERRORS = ("Invocation5XXErrors", "InvocationModelErrors")


def _check(templates: Templates) -> Iterator[Breach]:
    watched = [
        (alarm, metric)
        for alarm in templates.resources("AWS::CloudWatch::Alarm")
        if alarm.properties.get("AlarmActions")
        for metric in _metrics(alarm.properties)
        if metric.get("Namespace") == NAMESPACE and metric.get("MetricName") in ERRORS
    ]
    for endpoint in templates.resources("AWS::SageMaker::Endpoint"):
        if not any(_is_on(endpoint, alarm, metric, templates) for alarm, metric in watched):
            what = f"no alarm with an action looks at its {ERRORS[0]}"
            remedy = f"add an alarm on {NAMESPACE} {ERRORS[0]} of this endpoint, to a topic"
            yield Breach(endpoint, "Properties.EndpointName", what, remedy)


def _metrics(alarm: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [
        alarm,
        *(query.get("MetricStat", {}).get("Metric", {}) for query in alarm.get("Metrics", ())),
    ]


def _is_on(
    endpoint: Resource, alarm: Resource, metric: Mapping[str, Any], templates: Templates
) -> bool:
    name = endpoint.properties.get("EndpointName")
    for dimension in metric.get("Dimensions", ()):
        value = dimension["Value"]
        if dimension["Name"] == "EndpointName" and (
            templates.target(alarm.template, value) is endpoint
            or (name is not None and text(name) == text(value))
        ):
            return True
    return False


RULE = Rule(
    name="EndpointAlarms",
    reason="callers would be the first to learn that a model fails",
    source="SageMaker developer guide, metrics in CloudWatch: endpoint invocation metrics",
    check=_check,
)
