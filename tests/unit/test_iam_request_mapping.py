"""What each API call needs: its actions, the resources' ARNs and the condition keys."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.localcloud.authorization.call import Access, Call, Holder, NotDerivedError
from penstock.localcloud.authorization.lookups import Encryption, Text
from penstock.localcloud.authorization.requests.registry import needed

KEY = "arn:aws:kms:us-east-1:123456789012:key/k"
ROLE = "arn:aws:iam::123456789012:role/path/r"


class Nothing:
    """A cloud without resources; what a test sets is there."""

    def __init__(self, **there: Any) -> None:
        self.there = there

    def __getattr__(self, name: str) -> Any:
        return lambda *_: self.there.get(name)

    def key_arn(self, reference: str) -> str:
        return "" if reference.startswith("alias/aws/") else KEY

    def role_arn(self, role: str) -> str:
        return role if role.startswith("arn:") else ROLE

    def stack_arn(self, name: str) -> str:
        return name or "*"

    def model_package_arn(self, name: str) -> str:
        return name

    def resource_policy(self, _holder: Holder) -> Text | None:
        return None


def accesses(
    service: str,
    operation: str,
    *,
    headers: dict[str, str] | None = None,
    there: dict[str, Any] | None = None,
    **parameters: Any,
) -> list[Access]:
    call = Call(
        service=service,
        operation=operation,
        headers=headers or {},
        region="us-east-1",
        account_id="123456789012",
        parse=lambda: parameters,
    )
    return needed(call, Nothing(**(there or {})))  # type: ignore[arg-type]


def pairs(found: list[Access]) -> list[tuple[str, str]]:
    start = "arn:aws:{}:us-east-1:123456789012:"
    return [
        (one.action, one.resource.removeprefix(start.format(one.resource.split(":")[2])))
        if one.resource.startswith("arn:aws:") and ":us-east-1:" in one.resource
        else (one.action, one.resource)
        for one in found
    ]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "expected"),
    [
        ("kinesis", "PutRecord", {"StreamName": "s"}, [("kinesis:PutRecord", "stream/s")]),
        ("kinesis", "ListStreams", {}, [("kinesis:ListStreams", "*")]),
        (
            "firehose",
            "PutRecordBatch",
            {"DeliveryStreamName": "d"},
            [("firehose:PutRecordBatch", "deliverystream/d")],
        ),
        (
            "sns",
            "PublishBatch",
            {"TopicArn": "arn:aws:sns:us-east-1:123456789012:t"},
            [("sns:Publish", "t")],
        ),
        ("sns", "Publish", {"PhoneNumber": "+1"}, [("sns:Publish", "*")]),
        ("sqs", "SendMessageBatch", {"QueueUrl": "http://h/1/q"}, [("sqs:SendMessage", "q")]),
        (
            "lambda",
            "Invoke",
            {"FunctionName": "f", "Qualifier": "live"},
            [("lambda:InvokeFunction", "function:f:live")],
        ),
        (
            "lambda",
            "GetFunctionConfiguration",
            {"FunctionName": "arn:aws:lambda:us-east-1:123456789012:function:f"},
            [("lambda:GetFunctionConfiguration", "function:f")],
        ),
        (
            "stepfunctions",
            "StartExecution",
            {"stateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:m"},
            [("states:StartExecution", "stateMachine:m")],
        ),
        (
            "glue",
            "GetTable",
            {"DatabaseName": "d", "Name": "t"},
            [
                ("glue:GetTable", "catalog"),
                ("glue:GetTable", "database/d"),
                ("glue:GetTable", "table/d/t"),
            ],
        ),
        ("glue", "GetJobRun", {"JobName": "j"}, [("glue:GetJobRun", "job/j")]),
        ("glue", "GetJobs", {}, [("glue:GetJobs", "*")]),
        (
            "logs",
            "PutLogEvents",
            {"logGroupName": "g", "logStreamName": "s"},
            [("logs:PutLogEvents", "log-group:g:log-stream:s")],
        ),
        ("logs", "StartQuery", {"logGroupName": "g"}, [("logs:StartQuery", "log-group:g:*")]),
        (
            "sagemaker",
            "CreateEndpoint",
            {"EndpointName": "E", "EndpointConfigName": "C"},
            [
                ("sagemaker:CreateEndpoint", "endpoint/e"),
                ("sagemaker:CreateEndpoint", "endpoint-config/c"),
            ],
        ),
        (
            "sagemaker",
            "DescribeTransformJob",
            {"TransformJobName": "t"},
            [("sagemaker:DescribeTransformJob", "transform-job/t")],
        ),
        (
            "sagemaker-runtime",
            "InvokeEndpoint",
            {"EndpointName": "e"},
            [("sagemaker:InvokeEndpoint", "endpoint/e")],
        ),
        (
            "dynamodb",
            "Query",
            {"TableName": "t", "IndexName": "i"},
            [("dynamodb:Query", "table/t/index/i")],
        ),
        (
            "dynamodb",
            "TransactWriteItems",
            {"TransactItems": [{"Put": {"TableName": "t"}}, {"Delete": {"TableName": "u"}}]},
            [("dynamodb:PutItem", "table/t"), ("dynamodb:DeleteItem", "table/u")],
        ),
        ("ssm", "GetParameter", {"Name": "/a/b"}, [("ssm:GetParameter", "parameter/a/b")]),
        (
            "events",
            "PutTargets",
            {"Rule": "r", "EventBusName": "b"},
            [("events:PutTargets", "rule/b/r")],
        ),
        (
            "scheduler",
            "DeleteSchedule",
            {"Name": "n", "GroupName": "g"},
            [("scheduler:DeleteSchedule", "schedule/g/n")],
        ),
        ("cloudwatch", "PutMetricData", {"Namespace": "n"}, [("cloudwatch:PutMetricData", "*")]),
        (
            "budgets",
            "DescribeBudget",
            {"BudgetName": "b"},
            [("budgets:ViewBudget", "arn:aws:budgets::123456789012:budget/b")],
        ),
        ("sts", "GetCallerIdentity", {}, []),
    ],
)
def test_action_and_resource(
    service: str, operation: str, parameters: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    assert pairs(accesses(service, operation, **parameters)) == expected


@pytest.mark.parametrize(
    ("operation", "parameters", "expected"),
    [
        ("GetObject", {"Key": "k"}, ["s3:GetObject", "s3:ListBucket"]),  # the object is not there
        ("GetObject", {"Key": "k", "VersionId": "1"}, ["s3:GetObjectVersion", "s3:ListBucket"]),
        ("HeadBucket", {}, ["s3:ListBucket"]),
        ("GetBucketEncryption", {}, ["s3:GetEncryptionConfiguration"]),
        ("CompleteMultipartUpload", {"Key": "k"}, ["s3:PutObject"]),
        (
            "DeleteObjects",
            {"Delete": {"Objects": [{"Key": "k"}, {"Key": "l", "VersionId": "1"}]}},
            ["s3:DeleteObject", "s3:DeleteObjectVersion"],
        ),
    ],
)
def test_actions_of_s3(operation: str, parameters: dict[str, Any], expected: list[str]) -> None:
    found = accesses("s3", operation, Bucket="b", there={"bucket_exists": True}, **parameters)
    assert [one.action for one in found] == expected
    assert {one.resource.split("/")[0] for one in found} == {"arn:aws:s3:::b"}
    assert all(one.holder == Holder("bucket", "arn:aws:s3:::b") for one in found)


def test_a_listings_prefix_is_a_condition_key_if_it_is_given() -> None:
    (plain,) = accesses("s3", "ListObjectsV2", Bucket="b")
    assert "s3:prefix" not in plain.context
    (below,) = accesses("s3", "ListObjectsV2", Bucket="b", Prefix="p/")
    assert below.context["s3:prefix"] == ("p/",)


def test_a_put_uses_the_key_that_its_header_or_its_bucket_names() -> None:
    default = {"bucket_encryption": Encryption("aws:kms", KEY, bucket_key=True)}
    write, use = accesses("s3", "PutObject", Bucket="b", Key="k", there=default)
    assert (write.action, use.action, use.resource) == ("s3:PutObject", "kms:GenerateDataKey", KEY)
    assert use.context["kms:ViaService"] == ("s3.us-east-1.amazonaws.com",)
    assert use.context["kms:EncryptionContext:aws:s3:arn"] == ("arn:aws:s3:::b",)
    asked = {
        "x-amz-server-side-encryption": "aws:kms",
        "x-amz-server-side-encryption-aws-kms-key-id": KEY,
    }
    write, use = accesses("s3", "PutObject", Bucket="b", Key="k", headers=asked)
    assert write.context["s3:x-amz-server-side-encryption"] == ("aws:kms",)
    assert use.context["kms:EncryptionContext:aws:s3:arn"] == ("arn:aws:s3:::b/k",)
    managed = {"bucket_encryption": Encryption("aws:kms", "alias/aws/s3")}
    assert len(accesses("s3", "PutObject", Bucket="b", Key="k", there=managed)) == 1


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "to"),
    [
        ("sagemaker", "CreateTrainingJob", {"TrainingJobName": "t", "RoleArn": ROLE}, "sagemaker"),
        ("sagemaker", "CreateModel", {"ModelName": "m", "ExecutionRoleArn": ROLE}, "sagemaker"),
        ("lambda", "CreateFunction", {"FunctionName": "f", "Role": ROLE}, "lambda"),
        ("glue", "CreateJob", {"Name": "j", "Role": "r"}, "glue"),
        ("stepfunctions", "CreateStateMachine", {"name": "m", "roleArn": ROLE}, "states"),
        ("events", "PutTargets", {"Rule": "r", "Targets": [{"RoleArn": ROLE}, {}]}, "events"),
        ("scheduler", "CreateSchedule", {"Name": "n", "Target": {"RoleArn": ROLE}}, "scheduler"),
        ("cloudformation", "UpdateStack", {"StackName": "s", "RoleARN": ROLE}, "cloudformation"),
        (
            "firehose",
            "CreateDeliveryStream",
            {"DeliveryStreamName": "d", "ExtendedS3DestinationConfiguration": {"RoleARN": ROLE}},
            "firehose",
        ),
    ],
)
def test_a_role_is_passed_to_the_service_that_will_use_it(
    service: str, operation: str, parameters: dict[str, Any], to: str
) -> None:
    passed = accesses(service, operation, **parameters)[-1]
    assert (passed.action, passed.resource) == ("iam:PassRole", ROLE)
    assert passed.context == {"iam:PassedToService": (f"{to}.amazonaws.com",)}


def test_an_update_without_a_role_passes_none() -> None:
    found = accesses("lambda", "UpdateFunctionConfiguration", FunctionName="f")
    assert [one.action for one in found] == ["lambda:UpdateFunctionConfiguration"]


def test_tags_of_a_request_are_condition_keys() -> None:
    tags = [{"Key": "stage", "Value": "dev"}]
    found = accesses("sagemaker", "CreateModelPackageGroup", ModelPackageGroupName="g", Tags=tags)
    assert found[0].context["aws:RequestTag/stage"] == ("dev",)
    assert found[0].context["aws:TagKeys"] == ("stage",)


@pytest.mark.parametrize(
    ("service", "operation"), [("ec2", "RunInstances"), ("kinesis", "PutRecord"), ("s3", "Strange")]
)
def test_what_cannot_be_derived_says_so(service: str, operation: str) -> None:
    with pytest.raises(NotDerivedError):
        accesses(service, operation)
