"""The role of the model behind the endpoint: reads its artifact, writes its log."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.algorithm_image import AlgorithmImage
from stacks.names import MODELS_PREFIX, Names
from stacks.policies import (
    decrypt_with,
    log_group_arn,
    pull_image,
    put_metrics,
    read_objects,
    write_log_group,
)
from stacks.service_role import ServiceRole
from stacks.training_role import METRIC_NAMESPACES


class ModelRole(ServiceRole):
    """Lives outside the serving stack, whose updates then need no right on IAM but PassRole."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        artifacts: s3.IBucket,
        image: AlgorithmImage,
        key: kms.IKey,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            service="sagemaker.amazonaws.com",
            description="Models behind the endpoint of the pipeline",
            permissions=[
                read_objects(artifacts, [MODELS_PREFIX]),
                decrypt_with(key),
                *pull_image(image.repository_arn),
                *write_log_group(
                    log_group_arn(Stack.of(scope), names.endpoint_logs), create_group=True
                ),
                put_metrics(METRIC_NAMESPACES),
            ],
        )
