"""What two rules share: a switch that must be on in each request of some kinds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from penstock.rules.requests import Kind, Request, RunTime, requests
from penstock.rules.rule import Breach
from penstock.rules.templates import Templates


def switched_off(templates: Templates, switches: Mapping[Kind, str]) -> Iterator[Breach]:
    """A breach for each request whose switch is not true in the template."""
    for request in requests(templates, *switches):
        name = switches[request.kind]
        value = request.setting(name)
        if value not in (True, "true"):
            yield request.breach(name, _wrong(request, value), f"set {name} to true")


def _wrong(request: Request, value: object) -> str:
    if value is None:
        return f"the {request.kind} request does not ask for it"
    return RunTime.VALUE.value if value is RunTime.VALUE else f"it is {value}"
