"""Permissions that several roles share."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Aws, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn

from stacks.names import Names
from stacks.permission import Permission, allow


def list_bucket(bucket: s3.IBucket, prefixes: Sequence[str]) -> Permission:
    """Listing a bucket below some prefixes only."""
    patterns = [text for prefix in prefixes for text in (prefix.rstrip("/"), f"{prefix}*")]
    return allow(
        ["s3:ListBucket"], [bucket.bucket_arn], conditions={"StringLike": {"s3:prefix": patterns}}
    )


def locate_bucket(bucket: s3.IBucket) -> Permission:
    """Asking in which region a bucket is.

    Glue developer guide, create an IAM policy for the Glue service.
    """
    return allow(["s3:GetBucketLocation"], [bucket.bucket_arn])


def read_objects(bucket: s3.IBucket, prefixes: Sequence[str]) -> Permission:
    """Reading objects below some prefixes."""
    return allow(
        ["s3:GetObject"],
        [bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes],
        wildcard="objects below these prefixes",
    )


def read_folders(bucket: s3.IBucket, prefixes: Sequence[str]) -> Permission:
    """Reading for Spark, which asks for an object with the folder's own name first.

    S3 answers 403 to whoever may not read that name, though there is no such object (S3 API
    reference, HeadObject), and Hadoop's S3A file system gives up.
    """
    return allow(
        ["s3:GetObject"],
        [
            bucket.arn_for_objects(name)
            for prefix in prefixes
            for name in (prefix.rstrip("/"), f"{prefix}*")
        ],
        wildcard="objects below these prefixes",
    )


def write_objects(bucket: s3.IBucket, prefixes: Sequence[str]) -> Permission:
    """Writing objects below some prefixes, in parts if they are large."""
    return allow(
        ["s3:PutObject", "s3:AbortMultipartUpload"],
        [bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes],
        wildcard="objects below these prefixes",
    )


def deliver_objects(bucket: s3.IBucket, prefixes: Sequence[str]) -> list[Permission]:
    """What Firehose needs of a bucket to write below some prefixes.

    Firehose developer guide, granting access to an Amazon S3 destination.
    """
    return [
        allow(
            ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
            [bucket.bucket_arn],
        ),
        allow(
            ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"],
            [bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes],
            wildcard="objects below these prefixes",
        ),
    ]


def put_objects(bucket: s3.IBucket, prefixes: Sequence[str]) -> Permission:
    """Writing objects below some prefixes, each in one call."""
    return allow(
        ["s3:PutObject"],
        [bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes],
        wildcard="objects below these prefixes",
    )


def delete_objects(bucket: s3.IBucket, prefixes: Sequence[str]) -> Permission:
    """Deleting objects below some prefixes."""
    return allow(
        ["s3:DeleteObject"],
        [bucket.arn_for_objects(f"{prefix}*") for prefix in prefixes],
        wildcard="objects below these prefixes",
    )


def decrypt_with(key: kms.IKey) -> Permission:
    """Reading what the pipeline's key encrypts."""
    return allow(["kms:Decrypt"], [key.key_arn])


def encrypt_with(key: kms.IKey) -> Permission:
    """Reading and writing what the pipeline's key encrypts."""
    return allow(["kms:Decrypt", "kms:GenerateDataKey"], [key.key_arn])


def use_table_key(key: kms.IKey) -> Permission:
    """Reading and writing items of a table that the key encrypts.

    DynamoDB uses the key in the caller's name (DynamoDB developer guide, encryption at rest, key
    policy); these are the actions that CDK's own grants on a table give, each by name.
    """
    return allow(
        [
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:Encrypt",
            "kms:GenerateDataKey",
            "kms:GenerateDataKeyWithoutPlaintext",
            "kms:ReEncryptFrom",
            "kms:ReEncryptTo",
        ],
        [key.key_arn],
    )


def write_job_output(key: kms.IKey) -> Permission:
    """The same for jobs of Glue and SageMaker, which ask for kms:Encrypt as well.

    Glue developer guide, setting up encryption; SageMaker developer guide, execution roles.
    """
    return allow(["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey"], [key.key_arn])


def grant_volumes(key: kms.IKey) -> Permission:
    """Letting SageMaker use the key for the volumes of machines that it starts.

    No condition, as in AWS's own examples (SageMaker developer guide, execution roles): a
    public report has kms:GrantIsForAWSResource refuse SageMaker's grant for a volume, and
    kms:ViaService, since the call may come by way of EC2. Whether either holds for training and
    hosting is unconfirmed. What bounds the grant is one key, and roles that services assume.
    """
    return allow(["kms:CreateGrant", "kms:DescribeKey"], [key.key_arn])


def pass_role(role: iam.IRole, *, to: str) -> Permission:
    """Handing one role to one service."""
    return allow(
        ["iam:PassRole"],
        [role.role_arn],
        conditions={"StringEquals": {"iam:PassedToService": to}},
    )


def model_parameter_arn(stack: Stack, names: Names) -> str:
    """The ARN of the parameter that holds the served model package's ARN."""
    return _parameter_arn(stack, names.model_package_parameter)


def serving_parameter_arn(stack: Stack, names: Names) -> str:
    """The ARN of the parameter that says whether serving is on."""
    return _parameter_arn(stack, names.serving_parameter)


def _parameter_arn(stack: Stack, name: str) -> str:
    return f"arn:{Aws.PARTITION}:ssm:{stack.region}:{stack.account}:parameter{name}"


def log_group_arn(stack: Stack, name: str) -> str:
    """The ARN of a log group that is known by name alone, as policies want it.

    It ends with ":*" like the Arn attribute of a log group in CloudFormation; without that,
    actions on the group itself are refused (botocore 1.44.5 logs model, LogGroup.arn).
    """
    return f"arn:{Aws.PARTITION}:logs:{stack.region}:{stack.account}:log-group:{name}:*"


def write_log_group(group_arn: str, *also: str) -> Permission:
    """Writing the streams of a log group, and what else a service insists on.

    The ARN is one with ":*" at its end, which covers the group and its streams.
    """
    # an ARN that CloudFormation fills in shows its wildcard only when it is deployed
    wildcard = "the log group and its streams, which the service names"
    return allow(
        [*also, "logs:CreateLogStream", "logs:PutLogEvents"],
        [group_arn],
        wildcard=wildcard if "*" in group_arn else None,
    )


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


def register_image(repository_arn: str) -> Permission:
    """Letting SageMaker look at the image of a model package in the caller's name."""
    return allow(["ecr:BatchGetImage", "ecr:DescribeImages"], [repository_arn])


def put_metrics(namespaces: Sequence[str]) -> Permission:
    """Publishing metrics in some namespaces; the action takes no resource."""
    return allow(
        ["cloudwatch:PutMetricData"],
        ["*"],
        conditions={"StringLike": {"cloudwatch:namespace": list(namespaces)}},
        wildcard="the action takes no resource; the namespace bounds it",
    )


def start_machine(machine: sfn.IStateMachine) -> Permission:
    """Starting one state machine."""
    return allow(["states:StartExecution"], [machine.state_machine_arn])


def run_state_machine() -> list[Permission]:
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
    ]
