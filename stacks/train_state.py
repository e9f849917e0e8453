"""The state that trains: CreateTrainingJob and its end."""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from penstock.catalog import instances
from pipelines.spec import Network, TrainingJob
from stacks.names import MODELS_PREFIX, Names
from stacks.placement import vpc_config
from stacks.sagemaker_run import sagemaker_run
from stacks.spot_parameters import spot_parameters
from stacks.trained_program import TrainedProgram


def train_state(
    scope: Construct,
    *,
    names: Names,
    run: str,
    training: TrainingJob,
    program: TrainedProgram,
    role: iam.IRole,
    artifacts: s3.IBucket,
    key: kms.IKey,
    tags: dict[str, str],
    channels: dict[str, Any],
    network: Network | None,
) -> sfn.CustomState:
    """The state Train; `channels` is the job's InputDataConfig, or where the state finds it."""
    resources: dict[str, Any] = {
        "InstanceType": training.instance_type,
        "InstanceCount": training.instance_count,
    }
    machine = instances.instance_type(training.instance_type)
    if machine.takes_volume_size:
        resources["VolumeSizeInGB"] = training.volume_gb
    if machine.takes_volume_key:
        resources["VolumeKmsKeyId"] = key.key_arn
    if training.keep_alive_seconds:
        resources["KeepAlivePeriodInSeconds"] = training.keep_alive_seconds
    return sagemaker_run(
        scope,
        "Train",
        kind="Training",
        names=names,
        run=run,
        parameters={
            "RoleArn": role.role_arn,
            "AlgorithmSpecification": {
                **program.specification,
                "TrainingInputMode": training.input_mode,
            },
            "HyperParameters": program.hyperparameters,
            **channels,
            "OutputDataConfig": {
                "S3OutputPath": artifacts.s3_url_for_object(MODELS_PREFIX),
                "KmsKeyId": key.key_arn,
            },
            "ResourceConfig": resources,
            "StoppingCondition": {"MaxRuntimeInSeconds": training.max_runtime_minutes * 60},
            "EnableNetworkIsolation": True,
            "EnableInterContainerTrafficEncryption": True,
            **vpc_config(network),
            **spot_parameters(training, artifacts=artifacts, run=run),
        },
        tags=tags,
        result_path="$.training",
    )
