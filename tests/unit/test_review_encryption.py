"""Encryption: each place where data lies, with its key or without one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from penstock.review.as_markdown import as_markdown
from penstock.review.assembly import read
from penstock.review.encryption import encryption
from penstock.review.values import Values
from tests.assemblies import arn, ref, template, write_assembly

KMS = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": arn("Key")}


def encrypted(by: dict[str, Any]) -> dict[str, Any]:
    rule = {"ServerSideEncryptionByDefault": by}
    return {"BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]}}


def row(folder: Path, kind: str, properties: dict[str, Any], what: str) -> str:
    """The row of one thing that resource `X` keeps."""
    one = template(X=(kind, properties), Key=("KMS::Key", {"EnableKeyRotation": True}))
    assembly = read(write_assembly(folder, {"a": one}))
    told = as_markdown(encryption(assembly, Values(assembly)))
    (found,) = (line for line in told.splitlines() if line.startswith(f"| X | {what} |"))
    return found


@pytest.mark.parametrize(
    ("kind", "properties", "what", "key"),
    [
        ("S3::Bucket", encrypted(KMS), "objects", "Key"),
        ("S3::Bucket", encrypted({"SSEAlgorithm": "AES256"}), "objects", "the service's own key"),
        ("S3::Bucket", {}, "objects", "⚠ **nothing in the template**"),
        ("Kinesis::Stream", {"StreamEncryption": {"KeyId": ref("Key")}}, "records", "Key"),
        ("Kinesis::Stream", {}, "records", "⚠ **nothing in the template**"),
        ("SNS::Topic", {}, "messages", "⚠ **nothing in the template**"),
        ("SNS::Topic", {"KmsMasterKeyId": arn("Key")}, "messages", "Key"),
        ("SQS::Queue", {"SqsManagedSseEnabled": True}, "messages", "the service's own key"),
        ("Logs::LogGroup", {}, "log events", "the service's own key"),
        ("Logs::LogGroup", {"KmsKeyId": arn("Key")}, "log events", "Key"),
        (
            "DynamoDB::Table",
            {"SSESpecification": {"KMSMasterKeyId": arn("Key")}},
            "items",
            "Key",
        ),
        ("SSM::Parameter", {"Type": "String"}, "value", "⚠ **plain text**"),
        (
            "KinesisFirehose::DeliveryStream",
            {"DeliveryStreamType": "DirectPut"},
            "records before delivery",
            "⚠ **nothing in the template**",
        ),
        (
            "SageMaker::EndpointConfig",
            {"ProductionVariants": [{"InstanceType": "ml.m5.large"}], "KmsKeyId": ref("Key")},
            "volumes of ml.m5.large",
            "Key",
        ),
        (
            "SageMaker::EndpointConfig",
            {"ProductionVariants": [], "DataCaptureConfig": {"EnableCapture": True}},
            "captured requests",
            "⚠ **nothing in the template**",
        ),
        ("EFS::FileSystem", {"KmsKeyId": ref("Key")}, "KmsKeyId", "Key"),
    ],
)
def test_each_place_has_its_key(
    tmp_path: Path, kind: str, properties: dict[str, Any], what: str, key: str
) -> None:
    assert row(tmp_path, kind, properties, what).startswith(f"| X | {what} | {key}")


def test_jobs_of_state_machines_lie_somewhere_too(tmp_path: Path) -> None:
    parameters = {
        "OutputDataConfig": {"S3OutputPath": "s3://x/"},
        "ResourceConfig": {"InstanceCount": 2, "VolumeKmsKeyId": "alias/own"},
    }
    fit = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
        "Parameters": parameters,
    }
    definition = json.dumps({"StartAt": "Fit", "States": {"Fit": fit}})
    one = template(X=("StepFunctions::StateMachine", {"DefinitionString": definition}))
    assembly = read(write_assembly(tmp_path, {"a": one}))
    told = as_markdown(encryption(assembly, Values(assembly)))
    assert "| X (Fit) | what the job writes | ⚠ **nothing in the template** |" in told
    assert "| X (Fit) | volumes | alias/own | plain between hosts |" in told


def test_a_policy_that_denies_plain_http_is_told(tmp_path: Path) -> None:
    def denying(bucket: str, condition: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        deny = {
            "Effect": "Deny",
            "Action": "s3:*",
            "Resource": "*",
            "Principal": "*",
            "Condition": condition,
        }
        policy = {"Bucket": ref(bucket), "PolicyDocument": {"Statement": [deny]}}
        return ("S3::BucketPolicy", policy)

    one = template(
        Lake=("S3::Bucket", {}),
        Other=("S3::Bucket", {}),
        P=denying("Lake", {"Bool": {"aws:SecureTransport": "false"}}),
        Q=denying("Other", {"NumericLessThan": {"s3:TlsVersion": 1.2}}),
    )
    assembly = read(write_assembly(tmp_path, {"a": one}))
    lines = as_markdown(encryption(assembly, Values(assembly))).splitlines()
    assert next(line for line in lines if "only TLS" in line).startswith("| Lake |")
    assert len([line for line in lines if "only TLS" in line]) == 1


def test_a_key_that_is_never_turned_over_stands_out(tmp_path: Path) -> None:
    one = template(Key=("KMS::Key", {}))
    assembly = read(write_assembly(tmp_path, {"a": one}))
    told = as_markdown(encryption(assembly, Values(assembly)))
    assert "| Key | ⚠ **no** | ⚠ **deleted with the stack** |" in told
