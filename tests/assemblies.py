"""Small cloud assemblies made by hand: what CDK would write, as far as a reader looks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Template = dict[str, Any]


def write_assembly(
    folder: Path,
    stacks: dict[str, Template],
    *,
    environment: str = "aws://unknown-account/eu-west-1",
    paths: dict[str, dict[str, str]] | None = None,
    needs: dict[str, list[str]] | None = None,
    validation: dict[str, Any] | None = None,
    metadata: dict[str, dict[str, list[dict[str, Any]]]] | None = None,
) -> Path:
    """Write an assembly; returns its folder.

    Args:
        folder: where it goes.
        stacks: template by stack name.
        environment: of every stack.
        paths: by stack: the construct path of logical ids.
        needs: by stack: the stacks that come before it.
        validation: the validation report.
        metadata: by stack: further entries of metadata by construct path.
    """
    folder.mkdir(parents=True, exist_ok=True)
    artifacts: dict[str, Any] = {}
    for name, template in stacks.items():
        entries: dict[str, list[dict[str, Any]]] = {
            path: [{"type": "aws:cdk:logicalId", "data": logical_id}]
            for logical_id, path in (paths or {}).get(name, {}).items()
        }
        for path, further in (metadata or {}).get(name, {}).items():
            entries.setdefault(path, []).extend(further)
        (folder / f"{name}.template.json").write_text(json.dumps(template))
        (folder / f"{name}.metadata.json").write_text(json.dumps(entries))
        artifacts[name] = {
            "type": "aws:cloudformation:stack",
            "environment": environment,
            "properties": {"templateFile": f"{name}.template.json", "stackName": name},
            "dependencies": (needs or {}).get(name, []),
            "additionalMetadataFile": f"{name}.metadata.json",
            "displayName": name,
        }
    (folder / "manifest.json").write_text(json.dumps({"version": "55.0.0", "artifacts": artifacts}))
    if validation is not None:
        (folder / "validation-report.json").write_text(json.dumps(validation))
    return folder


def template(**resources: tuple[str, dict[str, Any]]) -> Template:
    """A template of resources: logical id to type (without AWS::) and properties."""
    return {
        "Resources": {
            logical_id: {"Type": f"AWS::{kind}", "Properties": properties}
            for logical_id, (kind, properties) in resources.items()
        }
    }


def ref(name: str) -> dict[str, Any]:
    """A Ref."""
    return {"Ref": name}


def arn(name: str) -> dict[str, Any]:
    """A GetAtt of Arn."""
    return {"Fn::GetAtt": [name, "Arn"]}


def joined(*parts: Any) -> dict[str, Any]:
    """A Join without a separator."""
    return {"Fn::Join": ["", list(parts)]}


def role(*statements: dict[str, Any], principal: Any = None, **more: Any) -> dict[str, Any]:
    """A role's properties with one inline policy."""
    trusted = principal or {"Service": "lambda.amazonaws.com"}
    assume = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trusted}
    return {
        "AssumeRolePolicyDocument": _policy([assume]),
        "Policies": [{"PolicyName": "Access", "PolicyDocument": _policy(list(statements))}],
        **more,
    }


def _policy(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


def allow(action: Any, resource: Any, **more: Any) -> dict[str, Any]:
    """A statement that allows."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}
