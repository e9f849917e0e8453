"""The policies of a deployed app: read through its APIs and kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

Client = Callable[[str], Any]


@dataclass(frozen=True, eq=False)
class Document:
    """One policy.

    `kind` is identity, or that of the resource that carries it: role (a trust policy), bucket,
    key, topic, queue, function. `logical_id` and `stack` are the role's or resource's.
    """

    kind: str
    arn: str
    name: str
    stack: str
    logical_id: str
    document: dict[str, Any]

    @property
    def label(self) -> str:
        """How the output names it: layer, resource and policy."""
        return f"{self.stack}/{self.logical_id} {self.name}"

    @property
    def statements(self) -> list[dict[str, Any]]:
        """The statements as written."""
        written = self.document["Statement"]
        return written if isinstance(written, list) else [written]


def read(client: Client) -> list[Document]:
    """The policies of every stack's roles, buckets, keys, topics, queues and functions."""
    cloudformation = client("cloudformation")
    stacks = cloudformation.get_paginator("describe_stacks").paginate()
    found: list[Document] = []
    for stack in (stack for page in stacks for stack in page["Stacks"]):
        pages = cloudformation.get_paginator("list_stack_resources").paginate(
            StackName=stack["StackName"]
        )
        for resource in (resource for page in pages for resource in page["StackResourceSummaries"]):
            reader = _READERS.get(resource["ResourceType"])
            if reader is None:
                continue
            for kind, arn, name, document in reader(client, resource["PhysicalResourceId"]):
                found.append(
                    Document(
                        kind=kind,
                        arn=arn,
                        name=name,
                        stack=stack["StackName"],
                        logical_id=resource["LogicalResourceId"],
                        document=json.loads(document) if isinstance(document, str) else document,
                    )
                )
    return found


def write(documents: list[Document], path: Path) -> None:
    """As JSON."""
    path.write_text(json.dumps([asdict(document) for document in documents]), encoding="utf-8")


def load(path: Path) -> list[Document]:
    """What `write` wrote."""
    return [Document(**found) for found in json.loads(path.read_text(encoding="utf-8"))]


_Found = Iterator[tuple[str, str, str, Any]]


def _role(client: Client, name: str) -> _Found:
    iam = client("iam")
    role = iam.get_role(RoleName=name)["Role"]
    yield "role", role["Arn"], "trust", role["AssumeRolePolicyDocument"]
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        yield "identity", role["Arn"], policy, document
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert attached == [], f"{name}: read attached policies, too"
    assert "PermissionsBoundary" not in role, f"{name}: read its boundary, too"


def _bucket(client: Client, name: str) -> _Found:
    document = client("s3").get_bucket_policy(Bucket=name)["Policy"]
    yield "bucket", f"arn:aws:s3:::{name}", "policy", document


def _key(client: Client, key_id: str) -> _Found:
    kms = client("kms")
    arn = kms.describe_key(KeyId=key_id)["KeyMetadata"]["Arn"]
    document = kms.get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]
    yield "key", arn, "policy", document


def _topic(client: Client, arn: str) -> _Found:
    document = client("sns").get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"]
    yield "topic", arn, "policy", document


def _queue(client: Client, url: str) -> _Found:
    answer = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn", "Policy"])
    yield "queue", answer["Attributes"]["QueueArn"], "policy", answer["Attributes"]["Policy"]


def _function(client: Client, name: str) -> _Found:
    functions = client("lambda")
    try:
        document = functions.get_policy(FunctionName=name)["Policy"]
    except functions.exceptions.ResourceNotFoundException:
        return  # nobody but roles may invoke it
    arn = functions.get_function_configuration(FunctionName=name)["FunctionArn"]
    yield "function", arn, "policy", document


_READERS: dict[str, Callable[[Client, str], _Found]] = {
    "AWS::IAM::Role": _role,
    "AWS::S3::Bucket": _bucket,
    "AWS::KMS::Key": _key,
    "AWS::SNS::Topic": _topic,
    "AWS::SQS::Queue": _queue,
    "AWS::Lambda::Function": _function,
}
