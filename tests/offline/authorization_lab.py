"""A local cloud with roles of a test's own making, for tests of who may do what."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from penstock.localcloud.cloud import LocalCloud

ACCOUNT_ID = "123456789012"
REGION = "us-east-1"
SERVICE = "lambda.amazonaws.com"

Statements = list[dict[str, Any]]


def policy(*statements: dict[str, Any]) -> str:
    """A policy document."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str | list[str], resource: str | list[str], **more: Any) -> dict[str, Any]:
    """An Allow statement."""
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def arn(service: str, resource: str) -> str:
    """In the cloud's account and region."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT_ID}:{resource}"


@dataclass
class AuthorizationLab:
    """Makes roles, and clients that act as them."""

    cloud: LocalCloud
    _numbers: Any = field(default_factory=itertools.count)

    def admin(self, service: str) -> Any:
        """The deployer's client."""
        return self.cloud.context.clients.deployer(service)

    def name(self, kind: str) -> str:
        """A name that no other test has."""
        return f"{kind}-{next(self._numbers)}"

    def role(self, *statements: dict[str, Any], trusts: str = SERVICE, **more: Any) -> str:
        """The ARN of a new role with one inline policy, which one service may assume."""
        iam, name = self.admin("iam"), self.name("role")
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": trusts}}
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust), **more)
        if statements:
            document = policy(*statements)
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document)
        return str(role["Role"]["Arn"])

    def client(self, service: str, *statements: dict[str, Any], **more: Any) -> Any:
        """A client that acts as a new role with these statements."""
        return self.cloud.context.clients.for_role(
            self.role(*statements, **more), service, by=SERVICE
        )

    def bucket(self, *keys: str) -> str:
        """A new bucket with these objects."""
        name = self.name("bucket")
        self.admin("s3").create_bucket(Bucket=name)
        for key in keys:
            self.admin("s3").put_object(Bucket=name, Key=key, Body=b"there")
        return name

    def denied(self) -> list[str]:
        """The lines of all denials."""
        return self.cloud.context.authorization.denied_lines()


def refused(call: Callable[..., Any], **arguments: Any) -> dict[str, Any]:
    """The error of a call that must fail: Code and Message."""
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return dict(error.value.response["Error"])


def said(action: str, resource: str = "") -> str:
    """The end of AWS's message for an action that no policy allows."""
    on = f" on resource: {resource}" if resource else ""
    return (
        f"is not authorized to perform: {action}{on} because no identity-based policy allows the "
        f"{action} action"
    )
