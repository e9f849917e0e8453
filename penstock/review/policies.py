"""Policies of the templates: statements of roles, of who may take a role on, and of resources."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from penstock.review.assembly import Assembly, Resource, as_list, compact
from penstock.review.values import Values

ROLE = "AWS::IAM::Role"
HOLDERS = (ROLE, "AWS::IAM::User", "AWS::IAM::Group")
_ATTACHED = (
    "AWS::IAM::Policy",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::UserPolicy",
    "AWS::IAM::GroupPolicy",
)
PERMISSION = "AWS::Lambda::Permission"
FUNCTION_URL = "AWS::Lambda::Url"

Where = Literal["role", "trust", "resource"]


@dataclass(frozen=True)
class Statement:
    """One statement in words; `principals` is empty in a role's policy.

    `opaque` is the whole statement where it says what it does not mean (NotAction and the like).
    """

    effect: str
    principals: tuple[str, ...]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: str
    opaque: str = ""


@dataclass
class Holder:
    """A role, user or group: what it may do and who may be it."""

    resource: Resource
    statements: list[Statement] = field(default_factory=list)
    trust: list[Statement] = field(default_factory=list)
    managed: list[str] = field(default_factory=list)
    boundary: str = ""


@dataclass(frozen=True)
class Guard:
    """A policy on a resource: who may do what to it."""

    resource: Resource
    protects: str
    statements: tuple[Statement, ...]


def holders(assembly: Assembly, values: Values) -> list[Holder]:
    """Every role, user and group of the templates with the policies that they attach to it."""
    found = {resource.key: Holder(resource) for resource in assembly.of_type(*HOLDERS)}
    for key, written in documents(assembly, values).items():
        for policy, document in written:
            found[key].statements += _statements(values, policy, document)
    for holder in found.values():
        resource = holder.resource
        properties = resource.properties
        holder.trust += _statements(values, resource, properties.get("AssumeRolePolicyDocument"))
        for attached in as_list(properties.get("ManagedPolicyArns")):
            if not any(used.type in _ATTACHED for used in values.uses(resource, attached)):
                holder.managed.append(values.text(resource, attached))
        if "PermissionsBoundary" in properties:
            holder.boundary = values.text(resource, properties["PermissionsBoundary"])
    return list(found.values())


def documents(
    assembly: Assembly, values: Values
) -> dict[tuple[str, str], list[tuple[Resource, Any]]]:
    """By each role, user and group: its policies as written, and the resource they are written in.

    Without who may take a role on.
    """
    found: dict[tuple[str, str], list[tuple[Resource, Any]]] = {
        resource.key: [
            (resource, policy.get("PolicyDocument"))
            for policy in as_list(resource.properties.get("Policies"))
        ]
        for resource in assembly.of_type(*HOLDERS)
    }
    for policy in assembly.of_type(*_ATTACHED):
        for key in dict.fromkeys(_attached_to(assembly, values, policy)):
            found[key].append((policy, policy.properties.get("PolicyDocument")))
    return found


def _attached_to(assembly: Assembly, values: Values, policy: Resource) -> Iterator[tuple[str, str]]:
    """Roles that a policy names, and those that name a managed policy."""
    names = [policy.properties.get(name) for name in ("Roles", "Users", "Groups")]
    names += [policy.properties.get(name) for name in ("RoleName", "UserName", "GroupName")]
    for used in values.uses(policy, [name for name in names if name is not None]):
        if used.type in HOLDERS:
            yield used.key
    for resource in assembly.of_type(*HOLDERS):
        if policy in values.uses(resource, as_list(resource.properties.get("ManagedPolicyArns"))):
            yield resource.key


def guards(assembly: Assembly, values: Values) -> list[Guard]:
    """Every policy on a resource: bucket, key, queue, topic, function and whatever has one."""
    found = []
    for resource in assembly.resources.values():
        if resource.type in (*HOLDERS, *_ATTACHED):
            continue
        if resource.type == PERMISSION:
            found.append(_permission(values, resource))
            continue
        for name, document in resource.properties.items():
            if "Policy" in name and (written := _statements(values, resource, document)):
                protects = _protected(values, resource, name)
                found.append(Guard(resource, protects, tuple(written)))
    return found


def _protected(values: Values, resource: Resource, policy: str) -> str:
    """What the policy is on: what it names beside its text, or else the resource itself."""
    others = {name: value for name, value in resource.properties.items() if name != policy}
    if not resource.type.endswith("Policy"):
        return resource.name
    used = [use.name for use in values.uses(resource, others)]
    used = used or [values.text(resource, value) for value in others.values()]
    return ", ".join(used) or resource.name


def _permission(values: Values, resource: Resource) -> Guard:
    properties = resource.properties
    conditions = {
        key: values.text(resource, properties[name])
        for name, key in (
            ("SourceAccount", "aws:SourceAccount"),
            ("SourceArn", "aws:SourceArn"),
            ("PrincipalOrgID", "aws:PrincipalOrgID"),
            ("FunctionUrlAuthType", "lambda:FunctionUrlAuthType"),
        )
        if name in properties
    }
    function = values.text(resource, properties.get("FunctionName", ""))
    principal = values.text(resource, properties.get("Principal", ""))
    kind = "Service" if principal.endswith(".amazonaws.com") else "AWS"
    statement = Statement(
        "Allow",
        (principal if principal == "*" else f"{kind}: {principal}",),
        (values.text(resource, properties.get("Action", "")),),
        (function,),
        _condition({"StringEquals": conditions} if conditions else {}),
    )
    return Guard(resource, function, (statement,))


def _statements(values: Values, resource: Resource, document: Any) -> list[Statement]:
    """The statements of a policy, which may be JSON in a text."""
    if isinstance(document, str):
        try:
            document = json.loads(document)
        except ValueError:
            return []
    plain = values.plain(values.stack_of(resource), document)
    if isinstance(plain, str):  # JSON put together from parts
        try:
            plain = json.loads(plain)
        except ValueError:
            return []
    if not isinstance(plain, Mapping) or "Statement" not in plain:
        return []
    return [_statement(found) for found in as_list(plain["Statement"])]


def _statement(found: Mapping[str, Any]) -> Statement:
    opaque = any(name in found for name in ("NotAction", "NotResource", "NotPrincipal"))
    return Statement(
        effect=str(found.get("Effect", "Allow")),
        principals=tuple(_principals(found.get("Principal", found.get("NotPrincipal")))),
        actions=_texts(found, "Action"),
        resources=_texts(found, "Resource"),
        condition=_condition(found.get("Condition") or {}),
        opaque=compact({key: value for key, value in found.items() if key != "Sid"})
        if opaque
        else "",
    )


def _texts(found: Mapping[str, Any], name: str) -> tuple[str, ...]:
    negated = [f"all but {compact(item)}" for item in as_list(found.get(f"Not{name}"))]
    return tuple([compact(item) for item in as_list(found.get(name))] + negated)


def _principals(found: Any) -> Iterator[str]:
    if isinstance(found, Mapping):
        for kind, names in found.items():
            for name in as_list(names):
                yield "*" if name == "*" and kind == "AWS" else f"{kind}: {compact(name)}"
    elif found is not None:
        yield compact(found)


def _condition(found: Mapping[str, Any]) -> str:
    """`key operator value`, one after another, in a fixed order."""
    said = [
        f"{key} {operator} {' | '.join(compact(value) for value in as_list(wanted))}"
        for operator, keys in found.items()
        for key, wanted in keys.items()
    ]
    return "; ".join(sorted(said))
