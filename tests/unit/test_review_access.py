"""Who may do what: roles, policies on resources, and what stands out in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from penstock.review.access import access
from penstock.review.as_markdown import as_markdown
from penstock.review.assembly import read
from penstock.review.exposure import guard_marks, holder_marks, marks
from penstock.review.findings import findings_of
from penstock.review.policies import guards, holders
from penstock.review.values import Values
from tests.assemblies import allow, arn, ref, role, template, write_assembly

OWN = "111122223333"


def found_marks(folder: Path, one: dict[str, Any]) -> list[str]:
    assembly = read(write_assembly(folder, {"a": one}, environment=f"aws://{OWN}/eu-west-1"))
    values = Values(assembly)
    (stack,) = assembly.stacks
    told = [mark for holder in holders(assembly, values) for mark in holder_marks(holder, stack)]
    return told + [mark for guard in guards(assembly, values) for mark in guard_marks(guard, stack)]


def section(folder: Path, one: dict[str, Any]) -> str:
    assembly = read(write_assembly(folder, {"a": one}))
    values = Values(assembly)
    return as_markdown(access(assembly, values, findings_of(assembly, values)))


def bucket_policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return template(
        Lake=("S3::Bucket", {}),
        Policy=(
            "S3::BucketPolicy",
            {"Bucket": ref("Lake"), "PolicyDocument": {"Statement": list(statements)}},
        ),
    )


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (allow("s3:GetObject", "arn:aws:s3:::x/*"), []),
        (allow("s3:GetObject", "*"), ["any resource"]),
        (allow("*", "arn:aws:s3:::x"), ["any action"]),
        (
            allow("s3:GetObject", "*", Condition={"StringEquals": {"a": "b"}}),
            ["any resource, under its condition"],
        ),
        (
            allow("ecr:BatchGetImage", "arn:aws:ecr:eu-west-1:999988887777:repository/x"),
            ["other account 999988887777"],
        ),
        (
            allow("ecr:BatchGetImage", "arn:aws:ecr:us-east-1:382416733822:repository/kmeans"),
            ["other account 382416733822, AWS's registry of images"],
        ),
        (allow("ecr:BatchGetImage", f"arn:aws:ecr:eu-west-1:{OWN}:repository/x"), []),
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "x"}, ["all but what is named"]),
        ({"Effect": "Deny", "Action": "*", "Resource": "*"}, []),
    ],
)
def test_what_a_role_may_do_stands_out_by_its_reach(
    tmp_path: Path, statement: dict[str, Any], told: list[str]
) -> None:
    assert found_marks(tmp_path, template(Worker=("IAM::Role", role(statement)))) == told


@pytest.mark.parametrize(
    ("principal", "told"),
    [
        ({"AWS": "arn:aws:iam::999988887777:root"}, ["other account 999988887777"]),
        ({"AWS": "999988887777"}, ["other account 999988887777"]),
        ({"AWS": {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:root"}}, []),
        ({"AWS": f"arn:aws:iam::{OWN}:root"}, []),
        ("*", ["PUBLIC: anyone"]),
        ({"AWS": "*"}, ["PUBLIC: anyone"]),
    ],
)
def test_who_may_take_a_role_on_stands_out_too(
    tmp_path: Path, principal: Any, told: list[str]
) -> None:
    assert found_marks(tmp_path, template(R=("IAM::Role", role(principal=principal)))) == told


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ({}, "PUBLIC: anyone"),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, "PUBLIC: anyone"),
        (
            {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}},
            "anyone, under its condition",
        ),
    ],
)
def test_a_condition_makes_a_policy_less_than_public_only_if_it_says_whose(
    tmp_path: Path, condition: dict[str, Any], told: str
) -> None:
    statement = allow("s3:GetObject", "*", Principal="*", **condition)
    assert found_marks(tmp_path, bucket_policy(statement)) == [told]


def test_a_service_without_a_source_acts_for_any_account(tmp_path: Path) -> None:
    principal = {"Service": "logging.s3.amazonaws.com"}
    bound = {"Condition": {"StringEquals": {"aws:SourceAccount": OWN}}}
    for more, told in (({}, ["a service, for any account"]), (bound, [])):
        statement = allow("s3:PutObject", "*", Principal=principal, **more)
        assert found_marks(tmp_path, bucket_policy(statement)) == told


def test_policies_come_from_everywhere_they_may_be_written(tmp_path: Path) -> None:
    document = {"Statement": [allow("sqs:SendMessage", arn("Q"))]}
    other = {"Statement": [allow("sns:Publish", "*")]}
    one = template(
        Q=("SQS::Queue", {}),
        Worker=("IAM::Role", role(ManagedPolicyArns=["arn:aws:iam::aws:policy/X", ref("Own")])),
        Attached=("IAM::Policy", {"Roles": [ref("Worker")], "PolicyDocument": document}),
        Own=("IAM::ManagedPolicy", {"PolicyDocument": other}),
    )
    assembly = read(write_assembly(tmp_path, {"a": one}))
    (holder,) = holders(assembly, Values(assembly))
    actions = [action for statement in holder.statements for action in statement.actions]
    assert sorted(actions) == ["sns:Publish", "sqs:SendMessage"]
    assert holder.managed == ["arn:aws:iam::aws:policy/X"]
    assert holder.statements[0].resources == ("Q",)


def test_policies_on_resources_are_found_whatever_their_type(tmp_path: Path) -> None:
    statement = allow("x:Y", "*", Principal="*")
    document = {"Statement": [statement]}
    one = template(
        Key=("KMS::Key", {"KeyPolicy": document}),
        Logs=("Logs::ResourcePolicy", {"PolicyDocument": json.dumps(document), "PolicyName": "p"}),
        Images=("ECR::Repository", {"RepositoryPolicyText": document}),
        Function=("Lambda::Function", {}),
        Permission=(
            "Lambda::Permission",
            {"Action": "lambda:InvokeFunction", "FunctionName": arn("Function"), "Principal": "*"},
        ),
    )
    assembly = read(write_assembly(tmp_path, {"a": one}))
    found = guards(assembly, Values(assembly))
    (stack,) = assembly.stacks
    assert [guard.protects for guard in found] == ["Key", "p", "Images", "Function"]
    for guard in found:
        assert marks(guard.statements[0], stack) == ["PUBLIC: anyone"]


def test_what_leaves_the_account_comes_first(tmp_path: Path) -> None:
    far = allow("ecr:BatchGetImage", "arn:aws:ecr:eu-west-1:999988887777:repository/x")
    told = section(tmp_path, template(Worker=("IAM::Role", role(far))))
    assert told.index("other account 999988887777") < told.index("1 role with")
    assert "Nothing is public" not in told


def test_a_quiet_assembly_says_that_nothing_leaves(tmp_path: Path) -> None:
    told = section(tmp_path, template(Worker=("IAM::Role", role(allow("s3:GetObject", "x")))))
    assert "Nothing is public, and nothing reaches into or from another account." in told


EVERYWHERE = {"CidrIp": "0.0.0.0/0", "FromPort": 22, "ToPort": 22}
NEAR = {"CidrIp": "10.0.0.0/8", "FromPort": 22, "ToPort": 22}
OPEN, UNSURE = "⚠ **PUBLIC**", "⚠ **may become public**"


@pytest.mark.parametrize(
    ("kind", "properties", "told"),
    [
        ("Lambda::Url", {"AuthType": "NONE", "TargetFunctionArn": "x"}, OPEN),
        ("Lambda::Url", {"AuthType": "AWS_IAM", "TargetFunctionArn": "x"}, ""),
        ("S3::Bucket", {"AccessControl": "PublicRead"}, OPEN),
        ("S3::Bucket", {"PublicAccessBlockConfiguration": {"BlockPublicAcls": False}}, UNSURE),
        ("S3::Bucket", {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}, ""),
        ("EC2::SecurityGroup", {"SecurityGroupIngress": [NEAR, EVERYWHERE]}, OPEN),
        ("EC2::SecurityGroup", {"SecurityGroupIngress": [NEAR]}, ""),
        ("EC2::SecurityGroupIngress", {"CidrIpv6": "::/0", "IpProtocol": "-1"}, OPEN),
        ("SageMaker::NotebookInstance", {}, "⚠ **reaches the internet**"),
        ("SageMaker::NotebookInstance", {"DirectInternetAccess": "Disabled"}, ""),
        ("RDS::DBInstance", {"PubliclyAccessible": True}, UNSURE),
        ("ApiGateway::Method", {"HttpMethod": "POST", "AuthorizationType": "NONE"}, OPEN),
        ("ApiGateway::Method", {"HttpMethod": "POST", "AuthorizationType": "AWS_IAM"}, ""),
    ],
)
def test_other_ways_to_the_public_are_told(
    tmp_path: Path, kind: str, properties: dict[str, Any], told: str
) -> None:
    said = section(tmp_path, template(X=(kind, properties)))
    assert told in said
    assert ("Nothing is public" in said) == (not told)


def test_a_role_says_who_uses_it_and_who_may_take_it_on(tmp_path: Path) -> None:
    one = template(
        Worker=("IAM::Role", role(allow("s3:GetObject", "x"))),
        Function=("Lambda::Function", {"Role": arn("Worker")}),
        Idle=("IAM::Role", role()),
    )
    told = section(tmp_path, one)
    assert "Used by Function. Taken on by Service: lambda.amazonaws.com." in told
    assert "No resource of the assembly uses it." in told
