"""Encrypted data in the local cloud: whose key it is, and what is handed over from AWS itself."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

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

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("authorization-keys")]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AuthorizationLab]:
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as cloud:
        yield AuthorizationLab(cloud)


def key(lab: AuthorizationLab, *statements: dict[str, Any]) -> str:
    """The ARN of a key whose policy leaves it to the account, or says what is given."""
    root = allow("kms:*", "*", Principal={"AWS": "arn:aws:iam::123456789012:root"})
    made = lab.admin("kms").create_key(Policy=policy(root, *statements))
    return str(made["KeyMetadata"]["Arn"])


def encrypted_bucket(lab: AuthorizationLab, key_arn: str) -> str:
    name = lab.bucket()
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key_arn}
    lab.admin("s3").put_bucket_encryption(
        Bucket=name,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": default}]
        },
    )
    return name


def test_encrypted_objects_need_the_key_through_s3(lab: AuthorizationLab) -> None:
    key_arn = key(lab)
    name = encrypted_bucket(lab, key_arn)
    objects = allow(["s3:GetObject", "s3:PutObject"], f"arn:aws:s3:::{name}/*")
    error = refused(lab.client("s3", objects).put_object, Bucket=name, Key="a", Body=b"a")
    assert error["Code"] == "AccessDenied"
    assert error["Message"].endswith(said("kms:GenerateDataKey", key_arn))
    through = {
        "StringEquals": {
            "kms:ViaService": "s3.us-east-1.amazonaws.com",
            "kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{name}/a",
        }
    }
    writes = lab.client("s3", objects, allow("kms:GenerateDataKey", key_arn, Condition=through))
    writes.put_object(Bucket=name, Key="a", Body=b"a")
    error = refused(writes.get_object, Bucket=name, Key="a")
    assert error["Message"].endswith(said("kms:Decrypt", key_arn))
    reads = lab.client("s3", objects, allow("kms:Decrypt", key_arn, Condition=through))
    assert reads.get_object(Bucket=name, Key="a")["Body"].read() == b"a"


def test_parts_of_an_encrypted_object_need_both_uses_of_the_key(lab: AuthorizationLab) -> None:
    key_arn = key(lab)
    name = encrypted_bucket(lab, key_arn)
    objects = allow("s3:PutObject", f"arn:aws:s3:::{name}/*")
    s3 = lab.client("s3", objects, allow("kms:GenerateDataKey", key_arn))
    upload = s3.create_multipart_upload(Bucket=name, Key="a")["UploadId"]
    part = {"Bucket": name, "Key": "a", "UploadId": upload, "PartNumber": 1, "Body": b"a"}
    assert refused(s3.upload_part, **part)["Message"].endswith(said("kms:Decrypt", key_arn))
    uses = allow(["kms:Decrypt", "kms:GenerateDataKey"], key_arn)
    lab.client("s3", objects, uses).upload_part(**part)


def test_a_key_policy_that_leaves_nothing_to_the_account_decides_alone(
    lab: AuthorizationLab,
) -> None:
    role = lab.role(allow("kms:*", "*"))
    other = lab.role()
    mine = allow("kms:*", "*", Principal={"AWS": role})
    made = lab.admin("kms").create_key(Policy=policy(mine), BypassPolicyLockoutSafetyCheck=True)
    key_id = made["KeyMetadata"]["KeyId"]
    clients = lab.cloud.context.clients
    clients.for_role(role, "kms", by=SERVICE).encrypt(KeyId=key_id, Plaintext=b"a")
    kms = clients.for_role(other, "kms", by=SERVICE)
    error = refused(kms.encrypt, KeyId=key_id, Plaintext=b"a")
    assert error["Code"] == "AccessDeniedException"
    assert error["Message"].endswith(
        "because no resource-based policy allows the kms:Encrypt action"
    )


def test_an_encrypted_stream_is_written_and_read_with_its_key(lab: AuthorizationLab) -> None:
    key_arn, name = key(lab), lab.name("stream")
    admin = lab.admin("kinesis")
    admin.create_stream(StreamName=name, ShardCount=1)
    admin.start_stream_encryption(StreamName=name, EncryptionType="KMS", KeyId=key_arn)
    stream = allow("kinesis:*", arn("kinesis", f"stream/{name}"))
    record = {"StreamName": name, "Data": b"a", "PartitionKey": "1"}
    blind = lab.client("kinesis", stream)
    assert refused(blind.put_record, **record)["Code"] == "AccessDeniedException"
    writer = lab.client("kinesis", stream, allow("kms:GenerateDataKey", key_arn))
    shard = writer.put_record(**record)["ShardId"]
    reader = lab.client("kinesis", stream, allow("kms:Decrypt", key_arn))
    where = {"StreamName": name, "ShardId": shard, "ShardIteratorType": "TRIM_HORIZON"}
    iterator = reader.get_shard_iterator(**where)["ShardIterator"]
    assert len(reader.get_records(ShardIterator=iterator)["Records"]) == 1
    error = refused(writer.get_records, ShardIterator=iterator)
    assert error["Message"].endswith(said("kms:Decrypt", key_arn))


def test_logs_may_use_a_key_only_if_the_keys_policy_lets_it(lab: AuthorizationLab) -> None:
    group = lab.name("group")
    logs = lab.admin("logs")
    error = refused(logs.create_log_group, logGroupName=group, kmsKeyId=key(lab))
    assert error["Code"] == "AccessDeniedException"
    assert "not allowed to be used with LogGroup" in error["Message"]
    service = {"Service": "logs.us-east-1.amazonaws.com"}
    groups = {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": arn("logs", "log-group:*")}}
    uses = ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*"]
    open_key = key(lab, allow(uses, "*", Principal=service, Condition=groups))
    logs.create_log_group(logGroupName=group, kmsKeyId=open_key)


def test_a_queue_takes_messages_only_of_topics_that_its_policy_names(
    lab: AuthorizationLab,
) -> None:
    sns, sqs = lab.admin("sns"), lab.admin("sqs")
    topic = sns.create_topic(Name=lab.name("topic"))["TopicArn"]
    name = lab.name("queue")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn("sqs", name))
    sns.publish(TopicArn=topic, Message="lost")
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    (line,) = (line for line in lab.denied() if arn("sqs", name) in line)
    assert "service sns.amazonaws.com may not sqs:SendMessage" in line
    admits = allow(
        "sqs:SendMessage",
        arn("sqs", name),
        Principal={"Service": "sns.amazonaws.com"},
        Condition={"ArnEquals": {"aws:SourceArn": topic}},
    )
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(admits)})
    sns.publish(TopicArn=topic, Message="here")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    assert json.loads(message["Body"])["Message"] == "here"


def test_an_alarm_tells_an_encrypted_topic_only_if_topic_and_key_admit_it(
    lab: AuthorizationLab,
) -> None:
    key_arn = key(lab)
    topic = lab.admin("sns").create_topic(
        Name=lab.name("topic"), Attributes={"KmsMasterKeyId": key_arn}
    )["TopicArn"]
    clients = lab.cloud.context.clients
    alarm = clients.for_service(
        "cloudwatch.amazonaws.com", "sns", source_arn=arn("cloudwatch", "alarm:a")
    )
    error = refused(alarm.publish, TopicArn=topic, Message="m")
    assert error["Code"] == "AuthorizationError"
    assert "kms:GenerateDataKey" in error["Message"]  # the topic's default policy admits services
    service = {"Service": "cloudwatch.amazonaws.com"}
    account = {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    uses = allow(["kms:Decrypt", "kms:GenerateDataKey*"], "*", Principal=service, Condition=account)
    lab.admin("sns").set_topic_attributes(
        TopicArn=topic, AttributeName="KmsMasterKeyId", AttributeValue=key(lab, uses)
    )
    alarm.publish(TopicArn=topic, Message="m")


def test_a_rule_writes_to_a_log_group_only_by_a_policy_of_the_logs(lab: AuthorizationLab) -> None:
    group = lab.name("group")
    lab.admin("logs").create_log_group(logGroupName=group)
    stream = {"logGroupName": group, "logStreamName": "s"}
    rule = lab.cloud.context.clients.for_service(
        "events.amazonaws.com", "logs", source_arn=arn("events", "rule/r")
    )
    assert refused(rule.create_log_stream, **stream)["Code"] == "AccessDeniedException"
    lets = allow(
        "logs:CreateLogStream",
        arn("logs", f"log-group:{group}:*"),
        Principal={"Service": "events.amazonaws.com"},
    )
    lab.admin("logs").put_resource_policy(policyName=group, policyDocument=policy(lets))
    rule.create_log_stream(**stream)


def test_a_function_is_invoked_by_whom_a_permission_names(lab: AuthorizationLab) -> None:
    name = lab.name("function")
    lambda_ = lab.admin("lambda")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("index.py", "def handler(event, context):\n    return event\n")
    lambda_.create_function(
        FunctionName=name,
        Role=lab.role(allow("logs:*", "*")),
        Runtime="python3.13",
        Handler="index.handler",
        Code={"ZipFile": archive.getvalue()},
    )
    topic = lab.cloud.context.clients.for_service(
        "sns.amazonaws.com", "lambda", source_arn=arn("sns", "t")
    )
    request = {"FunctionName": name, "Payload": b"1"}
    assert refused(topic.invoke, **request)["Code"] == "AccessDeniedException"
    lambda_.add_permission(
        FunctionName=name,
        StatementId="topic",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=arn("sns", "t"),
    )
    assert topic.invoke(**request)["Payload"].read() == b"1"
