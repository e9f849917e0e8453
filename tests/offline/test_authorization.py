"""IAM in the local cloud: each call needs what it needs on AWS, and is refused as there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from penstock.localcloud.cloud import LocalCloud
from tests.offline.authorization_lab import (
    SERVICE,
    AuthorizationLab,
    allow,
    arn,
    policy,
    refused,
    said,
)

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("authorization")]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuthorizationLab]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as cloud:
        yield AuthorizationLab(cloud)


def test_an_object_is_read_below_the_allowed_prefix_alone(lab: AuthorizationLab) -> None:
    name = lab.bucket("open/a", "shut/a")
    s3 = lab.client("s3", allow("s3:GetObject", f"arn:aws:s3:::{name}/open/*"))
    assert s3.get_object(Bucket=name, Key="open/a")["Body"].read() == b"there"
    error = refused(s3.get_object, Bucket=name, Key="shut/a")
    assert error["Code"] == "AccessDenied"
    assert error["Message"].endswith(said("s3:GetObject", f'"arn:aws:s3:::{name}/shut/a"'))


def test_an_object_that_is_not_there_is_missing_only_for_who_may_list(
    lab: AuthorizationLab,
) -> None:
    name = lab.bucket()
    read = allow("s3:GetObject", f"arn:aws:s3:::{name}/*")
    assert refused(lab.client("s3", read).head_object, Bucket=name, Key="a")["Code"] == "403"
    lists = allow("s3:ListBucket", f"arn:aws:s3:::{name}")
    assert refused(lab.client("s3", read, lists).head_object, Bucket=name, Key="a")["Code"] == "404"


def test_who_may_list_a_prefix_is_told_what_is_missing_below_it(lab: AuthorizationLab) -> None:
    name = lab.bucket()
    read = allow("s3:GetObject", f"arn:aws:s3:::{name}/*")
    below = {"StringLike": {"s3:prefix": "open/*"}}
    lists = allow("s3:ListBucket", f"arn:aws:s3:::{name}", Condition=below)
    s3 = lab.client("s3", read, lists)
    assert refused(s3.head_object, Bucket=name, Key="open/a")["Code"] == "404"
    assert refused(s3.head_object, Bucket=name, Key="shut/a")["Code"] == "403"


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("s3", "list_buckets", {}),
        ("sns", "list_topics", {}),
        ("ssm", "get_parameter", {"Name": "none"}),
        ("lambda", "list_functions", {}),
    ],
)
def test_a_refusal_has_a_request_id(
    lab: AuthorizationLab, service: str, operation: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(ClientError) as error:
        getattr(lab.client(service), operation)(**arguments)
    assert error.value.response["ResponseMetadata"]["RequestId"]


def test_a_listing_needs_the_prefix_of_the_condition(lab: AuthorizationLab) -> None:
    name = lab.bucket("open/a")
    below = {"StringLike": {"s3:prefix": "open/*"}}
    s3 = lab.client("s3", allow("s3:ListBucket", f"arn:aws:s3:::{name}", Condition=below))
    assert s3.list_objects_v2(Bucket=name, Prefix="open/")["KeyCount"] == 1
    assert refused(s3.list_objects_v2, Bucket=name)["Code"] == "AccessDenied"


def test_a_copy_needs_both_ends(lab: AuthorizationLab) -> None:
    name = lab.bucket("a")
    write = allow("s3:PutObject", f"arn:aws:s3:::{name}/b")
    source = {"Bucket": name, "Key": "a"}
    blind = lab.client("s3", write)
    assert (
        "s3:GetObject"
        in refused(blind.copy_object, Bucket=name, Key="b", CopySource=source)["Message"]
    )
    lab.client("s3", write, allow("s3:GetObject", f"arn:aws:s3:::{name}/a")).copy_object(
        Bucket=name, Key="b", CopySource=source
    )


def test_a_bucket_policy_denies_by_its_conditions_even_the_deployer(lab: AuthorizationLab) -> None:
    name = lab.bucket()
    everything = [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
    deny = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "s3:*", "Resource": everything}
    plain = {**deny, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    old = {**deny, "Condition": {"NumericLessThan": {"s3:TlsVersion": 1.2}}}
    secret = {**deny, "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{name}/secret/*"}
    s3 = lab.admin("s3")
    s3.put_bucket_policy(Bucket=name, Policy=policy(plain, old, secret))
    s3.put_object(Bucket=name, Key="a", Body=b"a")
    error = refused(s3.put_object, Bucket=name, Key="secret/a", Body=b"a")
    assert error["Code"] == "AccessDenied"
    assert error["Message"].endswith("with an explicit deny in a resource-based policy")


def test_a_bucket_policy_allows_without_an_identity_policy(lab: AuthorizationLab) -> None:
    name, role = lab.bucket("a"), lab.role()
    statement = allow("s3:GetObject", f"arn:aws:s3:::{name}/*", Principal={"AWS": role})
    lab.admin("s3").put_bucket_policy(Bucket=name, Policy=policy(statement))
    s3 = lab.cloud.context.clients.for_role(role, "s3", by=SERVICE)
    assert s3.get_object(Bucket=name, Key="a")["Body"].read() == b"there"


@pytest.mark.parametrize(
    ("service", "call", "arguments", "action", "resource"),
    [
        ("sns", "list_subscriptions_by_topic", {"TopicArn": arn("sns", "t")}, "", arn("sns", "t")),
        ("lambda", "get_function", {"FunctionName": "f"}, "", arn("lambda", "function:f")),
        ("stepfunctions", "list_state_machines", {}, "states:ListStateMachines", ""),
        ("glue", "get_job", {"JobName": "j"}, "", arn("glue", "job/j")),
        ("sagemaker", "describe_model", {"ModelName": "M"}, "", arn("sagemaker", "model/m")),
        (
            "logs",
            "create_log_stream",
            {"logGroupName": "g", "logStreamName": "s"},
            "",
            arn("logs", "log-group:g:log-stream:s"),
        ),
        (
            "sagemaker-runtime",
            "invoke_endpoint",
            {"EndpointName": "e", "Body": b"1"},
            "sagemaker:InvokeEndpoint",
            arn("sagemaker", "endpoint/e"),
        ),
    ],
)
def test_each_service_refuses_with_its_own_error(
    lab: AuthorizationLab,
    service: str,
    call: str,
    arguments: dict[str, Any],
    action: str,
    resource: str,
) -> None:
    action = action or f"{service}:{''.join(part.capitalize() for part in call.split('_'))}"
    error = refused(getattr(lab.client(service), call), **arguments)
    codes = {"sns": "AuthorizationError"}
    assert error["Code"] == codes.get(service, "AccessDeniedException")
    assert error["Message"].endswith(said(action, resource))
    allowed = lab.client(service, allow(action, resource or "*"))
    # what is asked for is not there: that the service says so shows that it was allowed
    denials = len(lab.denied())
    with suppress(ClientError):
        getattr(allowed, call)(**arguments)
    assert len(lab.denied()) == denials


def test_a_permissions_boundary_limits_what_a_role_may(lab: AuthorizationLab) -> None:
    name = lab.bucket("a")
    document = policy(allow("s3:ListBucket", "*"))
    limit = lab.admin("iam").create_policy(PolicyName=lab.name("limit"), PolicyDocument=document)
    s3 = lab.client("s3", allow("s3:*", "*"), PermissionsBoundary=limit["Policy"]["Arn"])
    s3.list_objects_v2(Bucket=name)
    error = refused(s3.get_object, Bucket=name, Key="a")
    assert error["Message"].endswith(
        "because no permissions boundary allows the s3:GetObject action"
    )


def test_a_role_is_passed_only_to_the_service_of_the_condition(lab: AuthorizationLab) -> None:
    passed = lab.role(trusts="states.amazonaws.com")
    create = allow("states:CreateStateMachine", arn("states", "stateMachine:*"))
    machine = {
        "definition": json.dumps({"StartAt": "a", "States": {"a": {"Type": "Succeed"}}}),
        "roleArn": passed,
    }

    def passing(service: str) -> Any:
        condition = {"StringEquals": {"iam:PassedToService": service}}
        return lab.client(
            "stepfunctions", create, allow("iam:PassRole", passed, Condition=condition)
        )

    passing("states.amazonaws.com").create_state_machine(name=lab.name("machine"), **machine)
    error = refused(
        passing("glue.amazonaws.com").create_state_machine, name=lab.name("machine"), **machine
    )
    assert error["Code"] == "AccessDeniedException"
    assert error["Message"].endswith(said("iam:PassRole", passed))


def test_a_role_is_assumed_only_by_whom_it_trusts(lab: AuthorizationLab) -> None:
    role = lab.role(trusts="glue.amazonaws.com")
    clients = lab.cloud.context.clients
    clients.for_role(role, "s3", by="glue.amazonaws.com")
    error = refused(clients.for_role, role_arn=role, service="s3", by="lambda.amazonaws.com")
    assert error["Code"] == "AccessDenied"
    assert "sts:AssumeRole" in error["Message"]


def test_a_denial_is_one_line_with_the_statement_that_would_allow_it(
    lab: AuthorizationLab, tmp_path: Path
) -> None:
    name = lab.bucket("a")
    role = lab.role()
    s3 = lab.cloud.context.clients.for_role(role, "s3", by=SERVICE)
    for _ in range(3):
        refused(s3.get_object, Bucket=name, Key="a")
    lines = [line for line in lab.denied() if name in line]
    assert len(lines) == 1
    assert role.rsplit("/", 1)[1] in lines[0]
    assert f'"Action": "s3:GetObject", "Resource": "arn:aws:s3:::{name}/a"' in lines[0]
    lab.cloud.context.authorization.write(tmp_path / "decisions.jsonl")
    entries = [json.loads(line) for line in (tmp_path / "decisions.jsonl").read_text().splitlines()]
    (entry,) = (e for e in entries if e["principal"] == role and e["action"] == "s3:GetObject")
    assert (entry["verdict"], entry["count"]) == ("implicit deny", 3)


def test_a_condition_that_is_not_understood_denies_and_says_so(lab: AuthorizationLab) -> None:
    name = lab.bucket("a")
    strange = {"StringEquals": {"s3:DataAccessPointArn": "x"}}
    s3 = lab.client("s3", allow("s3:GetObject", "*", Condition=strange))
    error = refused(s3.get_object, Bucket=name, Key="a")
    assert "the local cloud does not understand" in error["Message"]
    assert "s3:dataaccesspointarn" in error["Message"]


def test_a_session_key_that_nobody_gave_out_is_no_key(lab: AuthorizationLab) -> None:
    keys = lab.cloud.context.clients.environment(lab.role(), by=SERVICE)
    assert keys["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    stranger = boto3.client(
        "kinesis",
        endpoint_url=lab.cloud.context.clients.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="ASIA" + "X" * 16,
        aws_secret_access_key="x",
    )
    assert refused(stranger.list_streams)["Code"] == "UnrecognizedClientException"
