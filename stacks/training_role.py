"""The role of training jobs: reads prepared channels, writes model artifacts."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.algorithm_image import AlgorithmImage
from stacks.names import MODELS_PREFIX, PREPARED_PREFIX
from stacks.policies import (
    encrypt_with,
    grant_volumes,
    list_bucket,
    log_group_arn,
    pull_image,
    put_metrics,
    read_objects,
    write_log_group,
    write_objects,
)
from stacks.service_role import ServiceRole

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
METRIC_NAMESPACES = ("/aws/sagemaker/*", "aws/sagemaker/*", "AWS/SageMaker*")


class TrainingRole(ServiceRole):
    """SageMaker developer guide, execution role of CreateTrainingJob, narrowed to this data."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        lake: s3.IBucket,
        artifacts: s3.IBucket,
        image: AlgorithmImage,
        key: kms.IKey,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            service="sagemaker.amazonaws.com",
            description="Training jobs of the pipeline",
            permissions=[
                *list_bucket(lake, [PREPARED_PREFIX]),
                read_objects(lake, [PREPARED_PREFIX]),
                write_objects(artifacts, [MODELS_PREFIX]),
                encrypt_with(key),
                *grant_volumes(key),
                *pull_image(image.repository_arn),
                *write_log_group(log_group_arn(Stack.of(scope), LOG_GROUP), create_group=True),
                put_metrics(METRIC_NAMESPACES),
            ],
        )
