"""The role of training jobs: reads prepared channels, writes model artifacts."""

from __future__ import annotations

from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from pipelines.spec import Network
from stacks.algorithm_role import AlgorithmRole
from stacks.names import CHECKPOINTS_PREFIX, MODELS_PREFIX, PREPARED_PREFIX, PRETRAINED_PREFIX
from stacks.policies import (
    delete_objects,
    grant_volumes,
    list_bucket,
    read_objects,
    write_job_output,
    write_objects,
)
from stacks.trained_program import TrainedProgram

LOG_GROUP = "/aws/sagemaker/TrainingJobs"


class TrainingRole(AlgorithmRole):
    """SageMaker developer guide, execution role of CreateTrainingJob, narrowed to this data.

    With `checkpoints` it also lists, reads, writes and deletes those: what the algorithm deletes in
    its container SageMaker deletes in S3 (developer guide, model-checkpoints). With `pretrained` it
    reads the weights that people have put there. With `volumes` its machine has volumes that the
    key encrypts; storage of its own needs no grant.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        lake: s3.IBucket,
        artifacts: s3.IBucket,
        program: TrainedProgram,
        key: kms.IKey,
        network: Network | None,
        checkpoints: bool,
        pretrained: bool,
        volumes: bool,
    ) -> None:
        kept = [CHECKPOINTS_PREFIX] if checkpoints else []
        super().__init__(
            scope,
            construct_id,
            description="Training jobs of the pipeline",
            data=[
                list_bucket(lake, [PREPARED_PREFIX]),
                read_objects(lake, [PREPARED_PREFIX]),
                write_objects(artifacts, [MODELS_PREFIX, *kept]),
                *(
                    [
                        list_bucket(artifacts, kept),
                        read_objects(artifacts, kept),
                        delete_objects(artifacts, kept),
                    ]
                    if checkpoints
                    else []
                ),
                *(
                    [
                        list_bucket(artifacts, [PRETRAINED_PREFIX]),
                        read_objects(artifacts, [PRETRAINED_PREFIX]),
                    ]
                    if pretrained
                    else []
                ),
                *program.reads,
                write_job_output(key),
                *([grant_volumes(key)] if volumes else []),
            ],
            image=program.training_image,
            log_group=LOG_GROUP,
            network=network,
        )
