"""IAM in the local cloud: permissions that hang on the tags of resources, requests and callers."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from penstock.localcloud.cloud import LocalCloud
from tests.offline.authorization_lab import SERVICE, AuthorizationLab, allow, arn, refused

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("resource-tags")]

TAGS = {"team": "blue"}
PAIRS = [{"Key": "team", "Value": "blue"}]
# what makes something by name, and the call that looks at it
Maker = Callable[[AuthorizationLab, str], tuple[str, dict[str, Any]]]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuthorizationLab]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as cloud:
        yield AuthorizationLab(cloud)


def stream(lab: AuthorizationLab, name: str) -> tuple[str, dict[str, Any]]:
    lab.admin("kinesis").create_stream(StreamName=name, ShardCount=1)
    lab.admin("kinesis").add_tags_to_stream(StreamName=name, Tags=TAGS)
    return "describe_stream_summary", {"StreamName": name}


def delivery_stream(lab: AuthorizationLab, name: str) -> tuple[str, dict[str, Any]]:
    role = lab.role(trusts="firehose.amazonaws.com")
    bucket = f"arn:aws:s3:::{lab.bucket()}"
    lab.admin("firehose").create_delivery_stream(
        DeliveryStreamName=name,
        ExtendedS3DestinationConfiguration={"RoleARN": role, "BucketARN": bucket},
        Tags=PAIRS,
    )
    return "describe_delivery_stream", {"DeliveryStreamName": name}


def function(lab: AuthorizationLab, name: str) -> tuple[str, dict[str, Any]]:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("index.py", "def handler(event, context):\n    return event\n")
    lab.admin("lambda").create_function(
        FunctionName=name,
        Role=lab.role(),
        Runtime="python3.13",
        Handler="index.handler",
        Code={"ZipFile": archive.getvalue()},
        Tags=TAGS,
    )
    return "get_function", {"FunctionName": name}


def model(lab: AuthorizationLab, name: str) -> tuple[str, dict[str, Any]]:
    role = lab.role(trusts="sagemaker.amazonaws.com")
    image = "382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1"
    lab.admin("sagemaker").create_model(
        ModelName=name, ExecutionRoleArn=role, PrimaryContainer={"Image": image}, Tags=PAIRS
    )
    return "describe_model", {"ModelName": name}


def group_of_packages(lab: AuthorizationLab, name: str) -> tuple[str, dict[str, Any]]:
    lab.admin("sagemaker").create_model_package_group(ModelPackageGroupName=name, Tags=PAIRS)
    return "describe_model_package_group", {"ModelPackageGroupName": name}


def parameter(lab: AuthorizationLab, name: str) -> tuple[str, dict[str, Any]]:
    lab.admin("ssm").put_parameter(Name=f"/{name}/a", Value="a", Type="String", Tags=PAIRS)
    return "get_parameter", {"Name": f"/{name}/a"}


def topic(lab: AuthorizationLab, name: str) -> tuple[str, dict[str, Any]]:
    made = lab.admin("sns").create_topic(Name=name, Tags=PAIRS)
    return "get_topic_attributes", {"TopicArn": made["TopicArn"]}


def queue(lab: AuthorizationLab, name: str) -> tuple[str, dict[str, Any]]:
    made = lab.admin("sqs").create_queue(QueueName=name, tags=TAGS)
    return "get_queue_attributes", {"QueueUrl": made["QueueUrl"], "AttributeNames": ["All"]}


def key(lab: AuthorizationLab, _: str) -> tuple[str, dict[str, Any]]:
    tags = [{"TagKey": "team", "TagValue": "blue"}]
    made = lab.admin("kms").create_key(Tags=tags)["KeyMetadata"]
    return "describe_key", {"KeyId": made["KeyId"]}


def log_group(lab: AuthorizationLab, name: str) -> tuple[str, dict[str, Any]]:
    lab.admin("logs").create_log_group(logGroupName=name, tags=TAGS)
    return "create_log_stream", {"logGroupName": name, "logStreamName": "s"}


def table(lab: AuthorizationLab, name: str) -> tuple[str, dict[str, Any]]:
    lab.admin("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=PAIRS,
    )
    return "describe_table", {"TableName": name}


def state_machine(lab: AuthorizationLab, name: str) -> tuple[str, dict[str, Any]]:
    made = lab.admin("stepfunctions").create_state_machine(
        name=name,
        roleArn=lab.role(trusts="states.amazonaws.com"),
        definition=json.dumps({"StartAt": "a", "States": {"a": {"Type": "Succeed"}}}),
        tags=[{"key": "team", "value": "blue"}],
    )
    return "describe_state_machine", {"stateMachineArn": made["stateMachineArn"]}


def job(lab: AuthorizationLab, name: str) -> tuple[str, dict[str, Any]]:
    command = {"Name": "glueetl", "ScriptLocation": "s3://b/script.py"}
    role = lab.role(trusts="glue.amazonaws.com")
    lab.admin("glue").create_job(
        Name=name, Role=role, Command=command, GlueVersion="5.0", Tags=TAGS
    )
    return "get_job", {"JobName": name}


def alarm(lab: AuthorizationLab, name: str) -> tuple[str, dict[str, Any]]:
    lab.admin("cloudwatch").put_metric_alarm(
        AlarmName=name,
        Namespace="n",
        MetricName="m",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        Tags=PAIRS,
    )
    return "describe_alarms", {"AlarmNames": [name]}


def rule(lab: AuthorizationLab, name: str) -> tuple[str, dict[str, Any]]:
    lab.admin("events").put_rule(Name=name, ScheduleExpression="rate(1 day)", Tags=PAIRS)
    return "describe_rule", {"Name": name}


def schedule_group(lab: AuthorizationLab, name: str) -> tuple[str, dict[str, Any]]:
    lab.admin("scheduler").create_schedule_group(Name=name, Tags=PAIRS)
    return "get_schedule_group", {"Name": name}


def role(lab: AuthorizationLab, _: str) -> tuple[str, dict[str, Any]]:
    made = lab.role(Tags=PAIRS)
    return "get_role", {"RoleName": made.rsplit("/", 1)[-1]}


@pytest.mark.parametrize(
    ("service", "maker"),
    [
        ("kinesis", stream),
        ("firehose", delivery_stream),
        ("lambda", function),
        ("sagemaker", model),
        ("sagemaker", group_of_packages),
        ("ssm", parameter),
        ("sns", topic),
        ("sqs", queue),
        ("kms", key),
        ("logs", log_group),
        ("dynamodb", table),
        ("stepfunctions", state_machine),
        ("glue", job),
        ("cloudwatch", alarm),
        ("events", rule),
        ("scheduler", schedule_group),
        ("iam", role),
    ],
)
def test_who_may_what_the_resources_tags_say(
    lab: AuthorizationLab, service: str, maker: Maker
) -> None:
    # names with capitals: SageMaker's ARNs are compared without them
    call, arguments = maker(lab, lab.name("Tagged"))

    def of_team(team: str) -> Any:
        tagged = {"StringEquals": {"aws:ResourceTag/team": team}}
        return lab.client(service, allow("*", "*", Condition=tagged))

    getattr(of_team("blue"), call)(**arguments)
    refused(getattr(of_team("red"), call), **arguments)
    assert "no statement of its policies" in lab.denied()[-1]


@pytest.mark.parametrize(
    ("service", "maker", "condition_key"),
    [
        ("sagemaker", model, "sagemaker:ResourceTag/team"),
        ("ssm", parameter, "ssm:resourceTag/team"),
        ("iam", role, "iam:ResourceTag/team"),
    ],
)
def test_services_have_keys_of_their_own_for_tags(
    lab: AuthorizationLab, service: str, maker: Maker, condition_key: str
) -> None:
    call, arguments = maker(lab, lab.name("Tagged"))
    blue, red = (
        lab.client(service, allow("*", "*", Condition={"StringEquals": {condition_key: team}}))
        for team in ("blue", "red")
    )
    getattr(blue, call)(**arguments)
    refused(getattr(red, call), **arguments)


def test_a_key_that_only_another_service_has_is_not_there(lab: AuthorizationLab) -> None:
    call, arguments = topic(lab, lab.name("topic"))
    there = {"Null": {"sagemaker:ResourceTag/team": "true"}}
    getattr(lab.client("sns", allow("*", "*", Condition=there)), call)(**arguments)


def test_a_changed_tag_counts_at_once(lab: AuthorizationLab) -> None:
    call, arguments = topic(lab, lab.name("topic"))
    tagged = {"StringEquals": {"aws:ResourceTag/team": "blue"}}
    sns = lab.client("sns", allow("*", "*", Condition=tagged))
    getattr(sns, call)(**arguments)
    red = [{"Key": "team", "Value": "red"}]
    lab.admin("sns").tag_resource(ResourceArn=arguments["TopicArn"], Tags=red)
    refused(getattr(sns, call), **arguments)


def test_tags_that_are_not_known_here_are_not_taken_for_missing(lab: AuthorizationLab) -> None:
    absent = {"Null": {"aws:ResourceTag/team": "true"}}
    secrets = lab.client("secretsmanager", allow("*", "*", Condition=absent))
    error = refused(secrets.describe_secret, SecretId="s")
    assert "aws:resourcetag/team is not known" in error["Message"]
    queues = lab.client("sqs", allow("*", "*", Condition=absent))
    queues.list_queues()


def test_a_policy_can_want_the_resource_tagged_as_the_caller(lab: AuthorizationLab) -> None:
    call, arguments = topic(lab, lab.name("topic"))
    same = {"StringEquals": {"aws:ResourceTag/team": "${aws:PrincipalTag/Team}"}}
    clients = lab.cloud.context.clients
    for team, may in (("blue", True), ("red", False)):
        caller = lab.role(allow("*", "*", Condition=same), Tags=[{"Key": "Team", "Value": team}])
        sns = clients.for_role(caller, "sns", by=SERVICE)
        if may:
            getattr(sns, call)(**arguments)
        else:
            refused(getattr(sns, call), **arguments)


@pytest.mark.parametrize(
    ("service", "call", "arguments"),
    [
        ("glue", "tag_resource", {"TagsToAdd": TAGS, "ResourceArn": arn("glue", "job/j")}),
        ("logs", "create_log_group", {"tags": TAGS, "logGroupName": "tagged"}),
        ("sagemaker", "create_model_package_group", {"Tags": PAIRS, "ModelPackageGroupName": "g"}),
        ("kms", "create_key", {"Tags": [{"TagKey": "team", "TagValue": "blue"}]}),
        ("s3", "create_bucket", {"Bucket": "untagged"}),
    ],
)
def test_tags_of_the_request(
    lab: AuthorizationLab, service: str, call: str, arguments: dict[str, Any]
) -> None:
    red = {"StringEquals": {"aws:RequestTag/team": "red"}}
    refused(getattr(lab.client(service, allow("*", "*", Condition=red)), call), **arguments)
    if service == "s3":
        return
    blue = {
        "StringEquals": {"aws:RequestTag/team": "blue"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]},
    }
    getattr(lab.client(service, allow("*", "*", Condition=blue)), call)(**arguments)


def test_taking_tags_away_names_their_keys(lab: AuthorizationLab) -> None:
    job(lab, "untagged")
    other = {"ForAnyValue:StringEquals": {"aws:TagKeys": ["other"]}}
    take = {"ResourceArn": arn("glue", "job/untagged"), "TagsToRemove": ["team"]}
    refused(lab.client("glue", allow("*", "*", Condition=other)).untag_resource, **take)
    own = {"ForAnyValue:StringEquals": {"aws:TagKeys": ["team"]}}
    lab.client("glue", allow("*", "*", Condition=own)).untag_resource(**take)
