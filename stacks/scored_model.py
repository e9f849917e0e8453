"""The states of a model that is made to answer rows in a batch transform, and deleted after it."""

from __future__ import annotations

from typing import Any

from aws_cdk import Aws, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from penstock.catalog import instances
from pipelines.spec import Network
from stacks.algorithm_image import AlgorithmImage
from stacks.names import Names
from stacks.permission import Permission, allow
from stacks.placement import vpc_config
from stacks.policies import pass_role
from stacks.sagemaker_run import run_jobs, sagemaker_run
from stacks.scoring_role import ScoringRole
from stacks.sdk_call import sdk_call

# how SageMaker finds the records of an object
SPLIT = {
    "text/csv": "Line",
    "application/jsonlines": "Line",
    "application/x-recordio-protobuf": "RecordIO",
}

# of texts, 6 MB (what SageMaker takes where nothing is said) is more than a CPU answers in time
TEXT_PAYLOAD_MB = 1


class ScoredModel:
    """Create<model>, <score> and Delete<model>, with the role that they need, in `scope`.

    Model and job are named after `run`, an expression of the states language. The model may read
    `reads` and write `writes`, which are prefixes of the lake.
    """

    def __init__(
        self,
        scope: Construct,
        *,
        model: str,
        purpose: str,
        names: Names,
        run: str,
        machine: str,
        tags: dict[str, str],
        reads: str,
        writes: str,
        image: AlgorithmImage,
        lake: s3.IBucket,
        artifacts: s3.IBucket,
        key: kms.IKey,
        network: Network | None,
    ) -> None:
        self._scope = scope
        self._model = model
        self._names = names
        self._run = run
        self._machine = machine
        self._tags = tags
        self._key = key
        self._network = network
        self._name = f"States.Format('{names.training_jobs}{{}}', {run})"
        self._role = ScoringRole(
            scope,
            "ScoringRole",
            description=purpose,
            reads=reads,
            writes=writes,
            lake=lake,
            artifacts=artifacts,
            image=image,
            key=key,
            network=network,
        )

    def states(
        self,
        *,
        container: dict[str, Any],
        score: str,
        rows: str,
        content_type: str,
        answers: str,
        judge: sfn.CustomState,
        judged: sfn.IChainable,
    ) -> sfn.Chain:
        """The states, with `judge` once the answers are there, ending in `judged`.

        `rows` and `answers` are names below $.prepared_uri. The model is deleted also when it could
        not answer, or `judge` could not read it: `judged` finds the error in $.failure then.
        """
        create = sdk_call(
            self._scope,
            f"Create{self._model}",
            "sagemaker:createModel",
            {
                "ModelName.$": self._name,
                "ExecutionRoleArn": self._role.role_arn,
                "PrimaryContainer": container,
                "EnableNetworkIsolation": True,
                **vpc_config(self._network),
            },
            result_path="$.model",
        )
        transform = self._transform(score, rows=rows, content_type=content_type, answers=answers)
        delete = sdk_call(
            self._scope,
            f"Delete{self._model}",
            "sagemaker:deleteModel",
            {"ModelName.$": self._name},
            result_path="$.deleted",
        )
        for state in (transform, judge):
            state.add_catch(delete, errors=["States.ALL"], result_path="$.failure")
        return create.next(transform).next(judge).next(delete).next(judged)

    def _transform(
        self, name: str, *, rows: str, content_type: str, answers: str
    ) -> sfn.CustomState:
        resources: dict[str, Any] = {"InstanceType": self._machine, "InstanceCount": 1}
        if instances.instance_type(self._machine).takes_volume_key:
            resources["VolumeKmsKeyId"] = self._key.key_arn
        payload = (
            {"MaxPayloadInMB": TEXT_PAYLOAD_MB} if content_type == "application/jsonlines" else {}
        )
        return sagemaker_run(
            self._scope,
            name,
            kind="Transform",
            names=self._names,
            run=self._run,
            parameters={
                "ModelName.$": self._name,
                "BatchStrategy": "MultiRecord",
                **payload,
                "TransformInput": {
                    "DataSource": {
                        "S3DataSource": {
                            "S3DataType": "S3Prefix",
                            "S3Uri.$": below_prepared(rows),
                        }
                    },
                    "ContentType": content_type,
                    "CompressionType": "None",
                    "SplitType": SPLIT[content_type],
                },
                "TransformOutput": {
                    "S3OutputPath.$": below_prepared(answers),
                    "Accept": "application/jsonlines",
                    "AssembleWith": "Line",
                    "KmsKeyId": self._key.key_arn,
                },
                "TransformResources": resources,
            },
            tags=self._tags,
            result_path="$.scores",
        )

    def permissions(self) -> list[Permission]:
        """What the machine's role needs for these states, on these names only."""
        stack = Stack.of(self._scope)
        models = f"arn:{Aws.PARTITION}:sagemaker:{stack.region}:{stack.account}:model"
        return [
            allow(
                ["sagemaker:CreateModel", "sagemaker:DeleteModel"],
                [f"{models}/{self._names.training_jobs}*"],
                wildcard="models that are scored are named after the pipeline and the run",
            ),
            pass_role(self._role, to="sagemaker.amazonaws.com"),
            *run_jobs(stack, self._names, "Transform"),
        ]


def below_prepared(name: str) -> str:
    """The address of a name below $.prepared_uri, as an expression of the states language."""
    return f"States.Format('{{}}{name}', $.prepared_uri)"
