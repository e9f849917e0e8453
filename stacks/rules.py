"""Our own rules inside synth, beside cdk-nag's, and how a breach is acknowledged with its reason.

cdk-nag's AwsSolutions know no training job and no endpoint. The rules lie in penstock.rules and
read nothing but the templates.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import jsii
from aws_cdk import (
    Acknowledgment,
    App,
    IPolicyValidationContext,
    IPolicyValidationPlugin,
    PolicyValidationPluginReport,
    PolicyViolatingResource,
    PolicyViolation,
    Validations,
)
from constructs import IConstruct

from penstock.rules.book import RULES
from penstock.rules.templates import Templates

NAME = "Penstock"


def add_own_rules(app: App) -> None:
    """Make synth fail on a breach that nobody has acknowledged."""
    Validations.of(app).add_plugins(RulePlugin())


def acknowledge_rule(scope: IConstruct, rule: str, *, reason: str) -> None:
    """Leave a breach, such as of 'NetworkIsolation', on a construct and what is below it.

    A breach in a state of a state machine has the state in its name: 'NetworkIsolation[Train]'.
    """
    Validations.of(scope).acknowledge(Acknowledgment(id=f"{NAME}::{rule}", reason=reason))


@jsii.implements(IPolicyValidationPlugin)
class RulePlugin:
    """The rules of penstock.rules as a validation plugin of CDK."""

    @property
    def name(self) -> str:
        """What findings are listed under."""
        return NAME

    @property
    def rule_ids(self) -> list[str]:
        """The names of the rules."""
        return [rule.name for rule in RULES]

    @property
    def version(self) -> str | None:
        """The rules have none of their own."""
        return None

    def validate(self, context: IPolicyValidationContext) -> PolicyValidationPluginReport:
        """All breaches, each with its resource and the property in it."""
        violations = [
            violation
            for templates in _deployments(context.template_paths)
            for violation in _violations(templates)
        ]
        return PolicyValidationPluginReport(success=not violations, violations=violations)


def _deployments(paths: Iterable[str]) -> list[Templates]:
    """The stacks of a stage lie in one folder."""
    folders: dict[Path, list[Path]] = defaultdict(list)
    for path in map(Path, paths):
        folders[path.parent].append(path)
    return [Templates.read(stacks) for stacks in folders.values()]


def _violations(templates: Templates) -> list[PolicyViolation]:
    return [
        PolicyViolation(
            rule_name=rule.name_for(breach),
            description=rule.description_of(breach),
            fix=breach.remedy,
            severity="error",  # by it CDK judges what is left when acknowledgements are taken off
            violating_resources=[
                PolicyViolatingResource(
                    resource_logical_id=breach.resource.logical_id,
                    template_path=str(breach.resource.template),
                    locations=[breach.path],
                )
            ],
        )
        for rule in RULES
        for breach in rule.check(templates)
    ]
