"""The states that compile a new model for the chips that it is to answer on."""

from __future__ import annotations

from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from pipelines.spec import Compilation, Network
from stacks.algorithm_role import AlgorithmRole
from stacks.ended_training import COMPILATION, ended_training
from stacks.input_channels import file_channel
from stacks.names import MODELS_PREFIX, Names
from stacks.permission import Permission
from stacks.placement import vpc_config
from stacks.policies import (
    list_bucket,
    pass_role,
    read_objects,
    write_job_output,
    write_objects,
)
from stacks.sagemaker_run import sagemaker_run
from stacks.trained_program import TrainedProgram
from stacks.training_role import LOG_GROUP

CHANNEL = "model"
# a job of its own needs a name of its own, in the same length as a run's
RUN = "States.Hash(States.Format('{}/compilation', $$.Execution.Id), 'MD5')"


class CompilationJob(Construct):
    """Compile, DescribeCompilation and IsCompiled; then `then`, usually the registration.

    The input has artifact_uri, the trained model. The output adds `compilation`, whose artifact_uri
    is a model with the same files and, beside them, the compiled one. A training job, on a machine
    whose storage takes no key: the job's role need not grant any.
    """

    ARTIFACT = f"{COMPILATION.path}.artifact_uri"
    JOB = f"{COMPILATION.path}.job_name"

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        compilation: Compilation,
        program: TrainedProgram,
        tags: dict[str, str],
        artifacts: s3.IBucket,
        key: kms.IKey,
        network: Network | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._names = names
        self._compilation = compilation
        self._program = program
        self._tags = tags
        self._artifacts = artifacts
        self._key = key
        self._network = network
        assert program.compiling_image is not None  # there is one where there is a compilation
        self._image = program.compiling_image
        self._role = AlgorithmRole(
            self,
            "Role",
            description="Compilation of the pipeline's models",
            data=[
                list_bucket(artifacts, [MODELS_PREFIX]),
                read_objects(artifacts, [MODELS_PREFIX]),
                write_objects(artifacts, [MODELS_PREFIX]),
                *program.reads,
                write_job_output(key),
            ],
            image=self._image,
            log_group=LOG_GROUP,
            network=network,
        )

    def states(self, *, then: sfn.IChainable) -> sfn.Chain:
        """The states, ending in `then`."""
        compilation = self._compilation
        run = sagemaker_run(
            self,
            "Compile",
            kind="Training",
            names=self._names,
            run=RUN,
            parameters={
                "RoleArn": self._role.role_arn,
                "AlgorithmSpecification": {
                    "TrainingImage": self._image.uri,
                    "TrainingInputMode": "File",
                },
                "HyperParameters": {
                    **self._program.starting(compilation.script),
                    "batch_sizes": ",".join(map(str, compilation.batch_sizes)),
                },
                "InputDataConfig": [
                    file_channel(CHANNEL, {"S3Uri.$": "$.artifact_uri"}),
                    *self._program.channels,
                ],
                "OutputDataConfig": {
                    "S3OutputPath": self._artifacts.s3_url_for_object(MODELS_PREFIX),
                    "KmsKeyId": self._key.key_arn,
                },
                "ResourceConfig": {
                    "InstanceType": compilation.instance_type,
                    "InstanceCount": 1,
                },
                "StoppingCondition": {"MaxRuntimeInSeconds": compilation.max_runtime_minutes * 60},
                "EnableNetworkIsolation": True,
                "EnableInterContainerTrafficEncryption": True,
                **vpc_config(self._network),
            },
            tags=self._tags,
            result_path=COMPILATION.path,
        )
        return run.next(ended_training(self, COMPILATION, completed=then))

    def permissions(self) -> list[Permission]:
        """What the machine's role needs beside starting training jobs, which it does anyway."""
        return [pass_role(self._role, to="sagemaker.amazonaws.com")]
