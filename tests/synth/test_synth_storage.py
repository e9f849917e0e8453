"""Buckets, key, topic, stream and logs: encryption, TLS, public access, removal."""

from __future__ import annotations

import json
from typing import Any

import pytest

DATA_BUCKETS = ("Lake", "Artifacts")


@pytest.mark.parametrize("bucket", DATA_BUCKETS)
def test_a_data_bucket_is_encrypted_private_versioned_tidied_and_logged(
    dev: Any, bucket: str
) -> None:
    properties = dev.named("S3::Bucket", bucket)
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["BucketKeyEnabled"] is True
    encryption = rule["ServerSideEncryptionByDefault"]
    assert encryption["SSEAlgorithm"] == "aws:kms"
    assert "digits-dev-foundation:ExportsOutputFnGetAttKey" in json.dumps(encryption)
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    logging = properties["LoggingConfiguration"]
    assert "ExportsOutputRefAccessLogs" in json.dumps(logging["DestinationBucketName"])
    assert logging["LogFilePrefix"] == f"{bucket.lower()}/"
    rules = {rule["Id"]: rule for rule in properties["LifecycleConfiguration"]["Rules"]}
    assert rules["tidy"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert rules["tidy"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert "BucketName" not in properties


def test_errors_and_prepared_data_expire_and_records_stay(plain: Any) -> None:
    rules = plain.named("S3::Bucket", "Lake")["LifecycleConfiguration"]["Rules"]
    expiring = {r["Prefix"]: r["ExpirationInDays"] for r in rules if "ExpirationInDays" in r}
    assert expiring == {"errors/": 90, "prepared/": 30}


def test_the_access_log_bucket_is_sse_s3_and_admits_only_this_accounts_logs(dev: Any) -> None:
    properties = dev.only("S3::Bucket", "foundation")
    (rule,) = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    policy = dev.only("S3::BucketPolicy", "foundation")["PolicyDocument"]
    (delivery,) = (s for s in policy["Statement"] if s["Effect"] == "Allow")
    assert delivery["Principal"] == {"Service": "logging.s3.amazonaws.com"}
    assert delivery["Action"] == "s3:PutObject"
    assert delivery["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


def test_every_bucket_denies_plain_http_and_old_tls(dev: Any) -> None:
    policies = dev.resources("S3::BucketPolicy")
    assert len(policies) == len(dev.resources("S3::Bucket")) == 3
    for resource in policies.values():
        denied = [
            statement["Condition"]
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]
            if statement["Effect"] == "Deny" and statement["Action"] == "s3:*"
        ]
        assert {"Bool": {"aws:SecureTransport": "false"}} in denied
        assert {"NumericLessThan": {"s3:TlsVersion": 1.2}} in denied


def test_the_key_rotates_and_names_the_services_that_must_use_it(dev: Any) -> None:
    key = dev.only("KMS::Key")
    assert key["EnableKeyRotation"] is True
    services: dict[str, dict[str, Any]] = {}
    for statement in key["KeyPolicy"]["Statement"]:
        principal = statement["Principal"].get("Service", [])
        for service in principal if isinstance(principal, list) else [principal]:
            services[service] = statement["Condition"]
    assert set(services) == {
        "logs.us-east-1.amazonaws.com",
        "cloudwatch.amazonaws.com",
    }
    assert all(services.values()), "a service without a condition"
    logs = services["logs.us-east-1.amazonaws.com"]["ArnLike"]
    assert list(logs) == ["kms:EncryptionContext:aws:logs:arn"]


def test_every_log_group_has_the_key_and_a_retention(plain: Any) -> None:
    groups = plain.resources("Logs::LogGroup")
    assert len(groups) == 8
    for name, resource in groups.items():
        assert "ExportsOutputFnGetAttKey" in json.dumps(resource["Properties"]["KmsKeyId"]), name
        assert resource["Properties"]["RetentionInDays"] == 90, name


def test_stream_and_topic_are_encrypted_with_the_key(dev: Any) -> None:
    stream = dev.only("Kinesis::Stream")
    assert stream["StreamEncryption"]["EncryptionType"] == "KMS"
    assert stream["ShardCount"] == 1
    assert stream["RetentionPeriodHours"] == 24
    assert "<Key" in json.dumps(dev.only("SNS::Topic")["KmsMasterKeyId"]).replace('"Key', '"<Key')
    policy = dev.only("SNS::TopicPolicy")["PolicyDocument"]
    assert any(
        statement["Effect"] == "Deny"
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        for statement in policy["Statement"]
    )


def test_alarms_may_publish_to_the_topic_as_they_may_use_its_key(dev: Any) -> None:
    policy = dev.only("SNS::TopicPolicy")["PolicyDocument"]
    (allowed,) = (s for s in policy["Statement"] if s["Effect"] == "Allow")
    assert allowed["Action"] == "sns:Publish"
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    }


def test_no_rule_sends_to_the_topic_as_its_key_does_not_admit_event_bridge(dev: Any) -> None:
    rules = dev.resources("Events::Rule")
    assert rules
    for name, rule in rules.items():
        for target in rule["Properties"]["Targets"]:
            assert "Alerts" not in json.dumps(target["Arn"]), name


HOLDS_DATA = ("S3::Bucket", "KMS::Key", "Kinesis::Stream", "SageMaker::ModelPackageGroup")


@pytest.mark.parametrize("kind", HOLDS_DATA)
@pytest.mark.parametrize("variant", ["dev", "prod"])
def test_data_is_kept_unless_both_keys_say_otherwise(
    request: pytest.FixtureRequest, kind: str, variant: str
) -> None:
    synthesized = request.getfixturevalue(variant)
    for name, resource in synthesized.resources(kind).items():
        assert resource["DeletionPolicy"] == "Retain", name
        assert resource["UpdateReplacePolicy"] == "Retain", name


@pytest.mark.parametrize("kind", HOLDS_DATA)
def test_both_keys_together_delete_data(removable: Any, kind: str) -> None:
    for name, resource in removable.resources(kind).items():
        assert resource["DeletionPolicy"] == "Delete", name


@pytest.mark.parametrize("kind", ["Glue::Database", "Glue::SecurityConfiguration"])
def test_what_holds_no_data_and_has_a_fixed_name_does_not_stop_the_next_deployment(
    prod: Any, kind: str
) -> None:
    resources = prod.resources(kind).values()
    assert resources
    assert all(one.get("DeletionPolicy", "Delete") == "Delete" for one in resources)


def test_only_both_keys_together_bring_the_function_that_empties_buckets(
    dev: Any, prod: Any, removable: Any
) -> None:
    assert not dev.resources("Lambda::Function", "lake")
    assert not prod.resources("Lambda::Function", "lake")
    assert removable.resources("Lambda::Function", "lake")


def test_table_has_the_schemas_columns_and_time_partitions(dev: Any) -> None:
    table = dev.only("Glue::Table")["TableInput"]
    columns = table["StorageDescriptor"]["Columns"]
    assert len(columns) == 66
    assert columns[0] == {"Name": "id", "Type": "string"}
    assert columns[64] == {"Name": "pixels_63", "Type": "double"}
    assert columns[65] == {"Name": "label", "Type": "int"}
    assert [key["Name"] for key in table["PartitionKeys"]] == ["year", "month", "day", "hour"]
    location = table["StorageDescriptor"]["Location"]["Fn::Join"][1]
    assert location[-1] == "/records/"
    assert table["Parameters"]["projection.enabled"] == "true"


def test_lake_outputs_say_where_things_are(plain: Any) -> None:
    outputs = plain.outputs("lake")
    assert set(outputs) == {"LakeBucketName", "RecordsPrefix", "ErrorsPrefix", "PreparedPrefix"}
    assert outputs["RecordsPrefix"] == "records/"
    assert outputs["ErrorsPrefix"] == "errors/"
    assert outputs["PreparedPrefix"] == "prepared/"
    assert set(plain.outputs("foundation")) == {"AlertsTopicArn"}
