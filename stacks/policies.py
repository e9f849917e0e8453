"""Permissions that several roles share."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3

from stacks.permission import Permission, allow


def list_bucket(bucket: s3.IBucket, prefixes: Sequence[str]) -> list[Permission]:
    """Listing a bucket below some prefixes only."""
    patterns = [text for prefix in prefixes for text in (prefix.rstrip("/"), f"{prefix}*")]
    return [
        allow(["s3:GetBucketLocation"], [bucket.bucket_arn]),
        allow(
            ["s3:ListBucket"],
            [bucket.bucket_arn],
            conditions={"StringLike": {"s3:prefix": patterns}},
        ),
    ]


def read_objects(bucket: s3.IBucket, prefixes: Sequence[str]) -> Permission:
    """Reading objects below some prefixes."""
    return allow(
        ["s3:GetObject"],
        [bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes],
        wildcard="objects below these prefixes",
    )


def write_objects(bucket: s3.IBucket, prefixes: Sequence[str]) -> Permission:
    """Writing objects below some prefixes, in parts if they are large."""
    return allow(
        ["s3:PutObject", "s3:AbortMultipartUpload"],
        [bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes],
        wildcard="objects below these prefixes",
    )


def decrypt_with(key: kms.IKey) -> Permission:
    """Reading what the pipeline's key encrypts."""
    return allow(["kms:Decrypt"], [key.key_arn])


def encrypt_with(key: kms.IKey) -> Permission:
    """Reading and writing what the pipeline's key encrypts."""
    return allow(["kms:Decrypt", "kms:GenerateDataKey"], [key.key_arn])


def grant_volumes(key: kms.IKey) -> list[Permission]:
    """Letting a service use the key for the volumes of machines that it starts."""
    return [
        allow(["kms:DescribeKey"], [key.key_arn]),
        allow(
            ["kms:CreateGrant"],
            [key.key_arn],
            conditions={"Bool": {"kms:GrantIsForAWSResource": True}},
        ),
    ]


def pass_role(role: iam.IRole, *, to: str) -> Permission:
    """Handing one role to one service."""
    return allow(
        ["iam:PassRole"],
        [role.role_arn],
        conditions={"StringEquals": {"iam:PassedToService": to}},
    )


def log_group_arn(stack: Stack, name: str) -> str:
    """The ARN of a log group that is known by name alone."""
    return f"arn:{Aws.PARTITION}:logs:{stack.region}:{stack.account}:log-group:{name}"


def write_log_group(group_arn: str, *, create_group: bool) -> list[Permission]:
    """Writing the streams of a log group; creating it too where a service insists on it."""
    statements = [
        allow(
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            [group_arn, f"{group_arn}:log-stream:*"],
            wildcard="the service names the streams of this log group",
        )
    ]
    if create_group:
        wildcard = "the service names the log groups" if "*" in group_arn else None
        statements.append(allow(["logs:CreateLogGroup"], [group_arn], wildcard=wildcard))
    return statements


def pull_image(repository_arn: str) -> list[Permission]:
    """Pulling one container image; the token's action takes no resource."""
    return [
        allow(
            [
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:GetDownloadUrlForLayer",
            ],
            [repository_arn],
        ),
        allow(["ecr:GetAuthorizationToken"], ["*"], wildcard="the action takes no resource"),
    ]


def put_metrics(namespaces: Sequence[str]) -> Permission:
    """Publishing metrics in some namespaces; the action takes no resource."""
    return allow(
        ["cloudwatch:PutMetricData"],
        ["*"],
        conditions={"StringLike": {"cloudwatch:namespace": list(namespaces)}},
        wildcard="the action takes no resource; the namespace bounds it",
    )


def run_state_machine(key: kms.IKey) -> list[Permission]:
    """What every logged and traced state machine needs; log delivery and X-Ray take no resource.

    Step Functions developer guide, logging with CloudWatch Logs and X-Ray tracing.
    """
    return [
        allow(
            [
                "logs:CreateLogDelivery",
                "logs:DeleteLogDelivery",
                "logs:DescribeLogGroups",
                "logs:DescribeResourcePolicies",
                "logs:GetLogDelivery",
                "logs:ListLogDeliveries",
                "logs:PutResourcePolicy",
                "logs:UpdateLogDelivery",
            ],
            ["*"],
            wildcard="these actions take no resource",
        ),
        allow(
            [
                "xray:GetSamplingRules",
                "xray:GetSamplingTargets",
                "xray:PutTelemetryRecords",
                "xray:PutTraceSegments",
            ],
            ["*"],
            wildcard="these actions take no resource",
        ),
        encrypt_with(key),
    ]
