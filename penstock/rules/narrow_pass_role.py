"""NarrowPassRole: who may hand roles to services names each role."""

from __future__ import annotations

from collections.abc import Iterator

from penstock.rules.rule import Breach, Rule
from penstock.rules.statements import allows, as_list, statements
from penstock.rules.templates import Templates
from penstock.rules.text import text


def _check(templates: Templates) -> Iterator[Breach]:
    for resource, path, statement in statements(templates):
        if not allows(statement, "iam:PassRole"):
            continue
        remedy = "name the roles in full, and the service in iam:PassedToService"
        if "Resource" not in statement:
            what = "it may pass every role but some"
            yield Breach(resource, f"{path}.NotResource", what, remedy)
            continue
        for wide in map(text, as_list(statement["Resource"])):
            if "*" in wide or "?" in wide:
                what = f"it may pass any role like {wide}"
                yield Breach(resource, f"{path}.Resource", what, remedy)


RULE = Rule(
    name="NarrowPassRole",
    reason="whoever may pass any role may do what any role may",
    source="IAM user guide, grant a user permissions to pass a role to an AWS service",
    check=_check,
)
