"""KeyPolicyServices: who uses a key in a service's name finds that service in the key's policy."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.rules.key_policy_services import RULE
from tests.unit.ruled import Body, found, resource

EXPORT = {"Key": {"Value": {"Fn::GetAtt": ["Key", "Arn"]}, "Export": {"Name": "base:Key"}}}
TOPIC = {"Topic": {"Value": {"Ref": "Topic"}, "Export": {"Name": "base:Topic"}}}
BOTH = ["kms:Decrypt", "kms:GenerateDataKey*"]


def base(*services: Any, actions: list[str] = BOTH) -> dict[str, Body]:
    statements = [
        {"Effect": "Allow", "Principal": {"Service": one}, "Action": actions, "Resource": "*"}
        for one in services
    ]
    key = resource("KMS::Key", KeyPolicy={"Statement": statements})
    topic = resource("SNS::Topic", KmsMasterKeyId={"Ref": "Key"})
    return {"Key": key, "Topic": topic}


USERS = {
    "logs": resource("Logs::LogGroup", KmsKeyId={"Fn::ImportValue": "base:Key"}),
    "cloudwatch": resource("CloudWatch::Alarm", AlarmActions=[{"Fn::ImportValue": "base:Topic"}]),
    "events": resource("Events::Rule", Targets=[{"Arn": {"Fn::ImportValue": "base:Topic"}}]),
    "s3": resource(
        "S3::Bucket",
        NotificationConfiguration={
            "TopicConfigurations": [{"Topic": {"Fn::ImportValue": "base:Topic"}}]
        },
    ),
}


@pytest.mark.parametrize("service", USERS)
def test_a_named_service_passes_and_an_unnamed_one_is_found(service: str) -> None:
    user = {"User": USERS[service]}
    outputs = {**EXPORT, **TOPIC}
    principal = (
        {"Fn::Join": ["", ["logs.", {"Ref": "AWS::Region"}, ".amazonaws.com"]]}
        if service == "logs"
        else f"{service}.amazonaws.com"
    )
    assert not found(RULE, base(principal), user, outputs=outputs)
    (wrong,) = found(RULE, base("lambda.amazonaws.com"), user, outputs=outputs)
    assert wrong.startswith(f"KeyPolicyServices[{service}] User.")


def test_a_topic_sends_to_an_encrypted_queue() -> None:
    stack = {
        **base("cloudwatch.amazonaws.com"),
        "Queue": resource("SQS::Queue", KmsMasterKeyId={"Ref": "Alias"}),
        "Alias": resource("KMS::Alias", TargetKeyId={"Ref": "Key"}),
        "Ask": resource("SNS::Subscription", Endpoint={"Fn::GetAtt": ["Queue", "Arn"]}),
    }
    assert list(found(RULE, stack)) == ["KeyPolicyServices[sns] Ask.Properties.Endpoint"]


def test_to_decrypt_alone_is_not_enough() -> None:
    group = {"User": resource("Logs::LogGroup", KmsKeyId={"Ref": "Key"})}
    named = base("logs.eu-west-1.amazonaws.com", actions=["kms:Decrypt"])
    assert list(found(RULE, {**named, **group})) == [
        "KeyPolicyServices[logs] User.Properties.KmsKeyId"
    ]


def test_a_key_or_topic_from_elsewhere_has_its_policy_elsewhere() -> None:
    arn = "arn:aws:kms:eu-west-1:111122223333:key/1"
    alarm = resource("CloudWatch::Alarm", AlarmActions=["arn:aws:sns:eu-west-1:1:alerts"])
    assert not found(RULE, {"Group": resource("Logs::LogGroup", KmsKeyId=arn), "Alarm": alarm})


def test_a_target_with_a_role_uses_its_role() -> None:
    target = {"Arn": {"Ref": "Topic"}, "RoleArn": "arn:aws:iam::111122223333:role/sender"}
    assert not found(RULE, {**base(), "Rule": resource("Events::Rule", Targets=[target])})
