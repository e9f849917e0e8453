"""The role of a model that answers rows of prepared data: reads both, writes its answers."""

from __future__ import annotations

from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from pipelines.spec import Network
from stacks.algorithm_image import AlgorithmImage
from stacks.algorithm_role import AlgorithmRole
from stacks.names import MODELS_PREFIX
from stacks.policies import (
    grant_volumes,
    list_bucket,
    read_objects,
    write_job_output,
    write_objects,
)

LOG_GROUP = "/aws/sagemaker/TransformJobs"


class ScoringRole(AlgorithmRole):
    """A batch transform has no role but its model's, and the endpoint's need not see the lake.

    `reads` and `writes` are prefixes of the lake.

    SageMaker developer guide, execution role of CreateModel, narrowed to this data.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        description: str,
        reads: str,
        writes: str,
        lake: s3.IBucket,
        artifacts: s3.IBucket,
        image: AlgorithmImage,
        key: kms.IKey,
        network: Network | None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description=description,
            data=[
                read_objects(artifacts, [MODELS_PREFIX]),
                list_bucket(lake, [reads]),
                read_objects(lake, [reads]),
                write_objects(lake, [writes]),
                write_job_output(key),
                grant_volumes(key),
            ],
            image=image,
            log_group=LOG_GROUP,
            network=network,
        )
