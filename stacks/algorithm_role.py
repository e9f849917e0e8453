"""What the roles of algorithm containers share: the image, the log, the metrics."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Stack
from constructs import Construct

from pipelines.spec import Network
from stacks.algorithm_image import AlgorithmImage
from stacks.permission import Permission
from stacks.placement import attach_job
from stacks.policies import log_group_arn, pull_image, put_metrics, write_log_group
from stacks.service_role import ServiceRole

METRIC_NAMESPACES = ("/aws/sagemaker/*", "aws/sagemaker/*", "AWS/SageMaker*")


class AlgorithmRole(ServiceRole):
    """`data` is what the container may do with the pipeline's data."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        description: str,
        data: Sequence[Permission],
        image: AlgorithmImage,
        log_group: str,
        network: Network | None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            service="sagemaker.amazonaws.com",
            description=description,
            permissions=[
                *data,
                *pull_image(image.repository_arn),
                write_log_group(
                    log_group_arn(Stack.of(scope), log_group),
                    "logs:CreateLogGroup",
                    "logs:DescribeLogStreams",
                ),
                put_metrics(METRIC_NAMESPACES),
                *attach_job(Stack.of(scope), network),
            ],
        )
