"""ModelContainers: a model has no more containers than SageMaker takes."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.catalog.limits import limit
from penstock.rules.requests import requests
from penstock.rules.rule import Breach, Rule
from penstock.rules.templates import Templates

LIMIT = limit("sagemaker.containers")


def _check(templates: Templates) -> Iterator[Breach]:
    for request in requests(templates, "model"):
        containers = request.setting("Containers")
        if isinstance(containers, list) and not LIMIT.allows(len(containers)):
            what = f"{len(containers)} containers"
            yield request.breach("Containers", what, f"use {LIMIT.bounds}, or do more in one")


RULE = Rule(
    name="ModelContainers",
    reason=LIMIT.rule,
    source=LIMIT.citation,
    check=_check,
)
