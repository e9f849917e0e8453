"""NoRetiredService: nothing new stands on what AWS has closed or ended."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from penstock.catalog import retired
from penstock.catalog.retired import Retired
from penstock.rules.requests import Request, requests
from penstock.rules.rule import Breach, Rule
from penstock.rules.states import STATE_MACHINE, states
from penstock.rules.templates import Resource, Templates
from penstock.rules.text import text

_CALL = re.compile(r":(?:aws-sdk:)?(\w+):create(\w+?)(?:\.\w+)?$")
_OLD_GLUE = ("0.9", "1.0", "2.0")
_DEBUGGER = ("DebugHookConfig", "DebugRuleConfigurations", "ProfilerRuleConfigurations")


def _check(templates: Templates) -> Iterator[Breach]:
    for resource in templates.resources():
        yield from _breach(resource, "Type", retired.of_cloudformation(resource.type))
        if resource.type == STATE_MACHINE:
            yield from _calls(resource)
        elif resource.type == "AWS::Glue::Job" and _is_old(resource):
            yield from _breach(resource, "Properties.GlueVersion", retired.retired("glue-2"))
    for request in requests(
        templates, "training", "processing", "transform", "monitoring", "endpoint configuration"
    ):
        yield from _machines(request, request.values, request.path)
    for request in requests(templates, "training"):
        yield from _watchers(request)


def _is_old(job: Resource) -> bool:
    """A job without a version had better name one; which it gets is not stated here."""
    return text(job.properties.get("GlueVersion", "")) in _OLD_GLUE


def _calls(machine: Resource) -> Iterator[Breach]:
    """`forecast:createDataset` belongs to what AWS::Forecast::Dataset belongs to."""
    for name, path, state in states(machine):
        if call := _CALL.search(text(state.get("Resource", ""))):
            path = f"Properties.{path}.Resource"
            yield from _breach(machine, path, _of_call(call[1], call[2]), part=name)


def _of_call(service: str, noun: str) -> Retired | None:
    wanted = f"aws::{service}::{noun}".lower()
    for name in retired.names():
        found = retired.retired(name)
        if any(wanted == kind.lower() for kind in found.cloudformation):
            return found
    return None


def _machines(request: Request, value: Any, path: str) -> Iterator[Breach]:
    """Instance types and accelerators, however deep in the request."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            below = f"{path}.{key}"
            if key == "InstanceType":
                found = retired.of_instance_type(text(inner))
                yield from _breach(request.resource, below, found, part=request.state)
            elif key == "AcceleratorType":
                found = retired.retired("elastic-inference")
                yield from _breach(request.resource, below, found, part=request.state)
            else:
                yield from _machines(request, inner, below)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _machines(request, inner, f"{path}.{number}")


def _watchers(request: Request) -> Iterator[Breach]:
    """Debugger and profiler, which come with a training job."""
    for name in _DEBUGGER:
        if request.setting(name):
            path = f"{request.path}.{name}"
            found = retired.retired("debugger")
            yield from _breach(request.resource, path, found, part=request.state)
    if request.setting("ProfilerConfig") and not request.setting("ProfilerConfig.DisableProfiler"):
        path = f"{request.path}.ProfilerConfig"
        found = retired.retired("profiler")
        yield from _breach(request.resource, path, found, part=request.state)


def _breach(
    resource: Resource, path: str, found: Retired | None, part: str | None = None
) -> Iterator[Breach]:
    """Nothing for what is merely superseded."""
    if found is not None and found.status != "legacy":
        yield Breach(
            resource, path, f"{found.in_words} ({found.citation})", found.remedy, part=part
        )


RULE = Rule(
    name="NoRetiredService",
    reason="a new account is refused, and an old one will have to move",
    source="the catalog's list of retirements, each with its source",
    check=_check,
)
