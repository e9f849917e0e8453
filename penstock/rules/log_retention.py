"""LogRetention: logs are kept for a stated time, also those that a service would begin itself."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.rules.rule import Breach, Rule
from penstock.rules.templates import Resource, Templates
from penstock.rules.text import text

GROUP = "AWS::Logs::LogGroup"


def _check(templates: Templates) -> Iterator[Breach]:
    groups = list(templates.resources(GROUP))
    for group in groups:
        if not group.properties.get("RetentionInDays"):
            what = "no retention, so its events are kept for ever"
            yield Breach(group, "Properties.RetentionInDays", what, "set RetentionInDays")
    names = {text(group.properties.get("LogGroupName", "")) for group in groups}
    for function in templates.resources("AWS::Lambda::Function"):
        if not function.properties.get("LoggingConfig", {}).get("LogGroup"):
            remedy = "name a log group of the template in LoggingConfig"
            yield from _begun(function, "/aws/lambda/", "FunctionName", names, remedy)
    for endpoint in templates.resources("AWS::SageMaker::Endpoint"):
        remedy = "give the endpoint a name, and a template of the deployment a log group like that"
        yield from _begun(endpoint, "/aws/sagemaker/Endpoints/", "EndpointName", names, remedy)


def _begun(
    resource: Resource, prefix: str, name: str, groups: set[str], remedy: str
) -> Iterator[Breach]:
    """A breach if the service would begin the group, as no template of the deployment has it."""
    group = prefix + text(resource.properties.get(name, {"Ref": resource.logical_id}))
    if group not in groups:
        what = f"the service will begin {group}, without retention and key"
        yield Breach(resource, f"Properties.{name}", what, remedy)


RULE = Rule(
    name="LogRetention",
    reason="logs hold what was in the data, and cost for as long as they are kept",
    source="CloudWatch Logs user guide, change log data retention",
    check=_check,
)
