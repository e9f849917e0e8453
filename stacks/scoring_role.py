"""The role of a served model that answers test rows: reads both, writes its answers."""

from __future__ import annotations

from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.algorithm_image import AlgorithmImage
from stacks.algorithm_role import AlgorithmRole
from stacks.names import HOLDOUT_PREFIX, MODELS_PREFIX, SCORES_PREFIX
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

    SageMaker developer guide, execution role of CreateModel, narrowed to this data.
    """

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
            description="Batch transforms that compare models of the pipeline",
            data=[
                read_objects(artifacts, [MODELS_PREFIX]),
                *list_bucket(lake, [HOLDOUT_PREFIX]),
                read_objects(lake, [HOLDOUT_PREFIX]),
                write_objects(lake, [SCORES_PREFIX]),
                write_job_output(key),
                grant_volumes(key),
            ],
            image=image,
            log_group=LOG_GROUP,
        )
