"""The role of the model behind the endpoint: reads its artifact, writes its log."""

from __future__ import annotations

from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.algorithm_image import AlgorithmImage
from stacks.algorithm_role import AlgorithmRole
from stacks.names import MODELS_PREFIX, Names
from stacks.policies import decrypt_with, read_objects


class ModelRole(AlgorithmRole):
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
            description="Models behind the endpoint of the pipeline",
            data=[read_objects(artifacts, [MODELS_PREFIX]), decrypt_with(key)],
            image=image,
            log_group=names.endpoint_logs,
        )
