"""OutputKeys: every output, capture and monitor location has its key."""

from __future__ import annotations

from typing import Any

from penstock.rules.output_keys import RULE
from tests.unit.ruled import Body, call, found, machine, resource

URI = "s3://bucket/place/"
KEY = {"Fn::GetAtt": ["Key", "Arn"]}


def stack(**key: Any) -> dict[str, Body]:
    """All that writes; `key` is KmsKeyId or nothing."""
    delivery = (
        {"EncryptionConfiguration": {"KMSEncryptionConfig": {"AWSKMSKeyARN": KEY}}} if key else {}
    )
    encryption = {"S3Encryptions": [{"KmsKeyArn": KEY}]} if key else {}
    return {
        "Machine": machine(
            Train=call("createTrainingJob.sync", OutputDataConfig={"S3OutputPath": URI, **key}),
            Clean=call("createProcessingJob.sync", ProcessingOutputConfig={"Outputs": [1], **key}),
            Answer=call(
                "createTransformJob.sync",
                TransformOutput={"S3OutputPath": URI, **key},
                DataCaptureConfig={"DestinationS3Uri": URI, **key},
            ),
        ),
        "Config": resource(
            "SageMaker::EndpointConfig",
            DataCaptureConfig={"DestinationS3Uri": URI, **key},
            AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": URI, **key}},
        ),
        "Watch": resource(
            "SageMaker::DataQualityJobDefinition",
            DataQualityJobOutputConfig={"MonitoringOutputs": [1], **key},
        ),
        "Stream": resource(
            "KinesisFirehose::DeliveryStream",
            ExtendedS3DestinationConfiguration={
                "BucketARN": "arn:aws:s3:::bucket",
                **delivery,
                "S3BackupConfiguration": {"BucketARN": "arn:aws:s3:::bucket", **delivery},
            },
        ),
        "Job": resource("Glue::Job", SecurityConfiguration="encrypted" if key else ""),
        "Encryption": resource("Glue::SecurityConfiguration", EncryptionConfiguration=encryption),
    }


def test_with_keys_all_passes_and_what_writes_nothing_needs_none() -> None:
    assert not found(RULE, stack(KmsKeyId=KEY))
    assert not found(RULE, {"Config": resource("SageMaker::EndpointConfig")})


def test_a_key_that_comes_at_run_time_is_a_key() -> None:
    output = {"S3OutputPath": URI, "KmsKeyId.$": "$.key"}
    assert not found(
        RULE, {"Machine": machine(Train=call("createTrainingJob.sync", OutputDataConfig=output))}
    )


def test_without_keys_each_place_is_found() -> None:
    states = "Machine.Properties.DefinitionString.States"
    stream = "Stream.Properties.ExtendedS3DestinationConfiguration"
    assert list(found(RULE, stack())) == [
        f"OutputKeys[Train] {states}.Train.Parameters.OutputDataConfig.KmsKeyId",
        f"OutputKeys[Clean] {states}.Clean.Parameters.ProcessingOutputConfig.KmsKeyId",
        f"OutputKeys[Answer] {states}.Answer.Parameters.TransformOutput.KmsKeyId",
        f"OutputKeys[Answer] {states}.Answer.Parameters.DataCaptureConfig.KmsKeyId",
        "OutputKeys Config.Properties.DataCaptureConfig.KmsKeyId",
        "OutputKeys Config.Properties.AsyncInferenceConfig.OutputConfig.KmsKeyId",
        "OutputKeys Watch.Properties.DataQualityJobOutputConfig.KmsKeyId",
        f"OutputKeys {stream}.EncryptionConfiguration",
        f"OutputKeys {stream}.S3BackupConfiguration.EncryptionConfiguration",
        "OutputKeys Job.Properties.SecurityConfiguration",
        "OutputKeys Encryption.Properties.EncryptionConfiguration.S3Encryptions",
    ]
