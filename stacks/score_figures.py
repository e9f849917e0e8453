"""The states that let a new model score its training rows, and keep what the scores are like."""

from __future__ import annotations

from typing import Any

from aws_cdk import Aws, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from penstock.catalog import instances
from pipelines.spec import Pipeline
from stacks.algorithm_image import AlgorithmImage
from stacks.function_call import function_call
from stacks.names import (
    SERIES_DOCUMENT,
    SERIES_PREFIX,
    SETTINGS_PREFIX,
    TRAIN_PREFIX,
    TRAIN_SAMPLE,
    TRAIN_SCORES_FOLDER,
    TRAIN_SCORES_PREFIX,
    Names,
)
from stacks.permission import Permission, allow
from stacks.pipeline_function import PipelineFunction
from stacks.policies import encrypt_with, list_bucket, pass_role, put_objects, read_objects
from stacks.sagemaker_run import run_jobs, sagemaker_run
from stacks.scoring_role import ScoringRole
from stacks.sdk_call import sdk_call

# jobs and models of these states need names of their own in the same length as a run's
RUN = "States.Hash(States.Format('{}/figures', $$.Execution.Id), 'MD5')"
# how SageMaker finds the records of a channel's files
SPLIT = {"text/csv": "Line", "application/x-recordio-protobuf": "RecordIO"}
MEMORY_MB = 512
TIMEOUT_SECONDS = 300


class ScoreFigures(Construct):
    """CreateNewModel to HasFigures; then `then`, usually the model's registration.

    The input has run, prepared_uri and artifact_uri. The rows are those of the train channel's
    first part, which the job puts in random order. No model is registered whose points the
    stream's scorer could not judge: a failure here fails the execution.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        pipeline: Pipeline,
        tags: dict[str, str],
        image: AlgorithmImage,
        lake: s3.IBucket,
        artifacts: s3.IBucket,
        key: kms.IKey,
        log_retention_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self._names = names
        self._pipeline = pipeline
        self._tags = tags
        self._image = image
        self._artifacts = artifacts
        self._key = key
        self._role = ScoringRole(
            self,
            "ScoringRole",
            description="Batch transforms of training rows by a new model",
            reads=TRAIN_PREFIX,
            writes=TRAIN_SCORES_PREFIX,
            lake=lake,
            artifacts=artifacts,
            image=image,
            key=key,
        )
        self._model_name = f"States.Format('{names.training_jobs}{{}}', {RUN})"
        self._keep = PipelineFunction(
            self,
            "Keep",
            folder="score_figures",
            description="Keeps the mean and the deviation of a new model's training scores",
            role_description="Figures of a new model's training scores",
            permissions=[
                *list_bucket(lake, [TRAIN_SCORES_PREFIX]),
                read_objects(lake, [TRAIN_SCORES_PREFIX, SERIES_PREFIX]),
                put_objects(artifacts, [SETTINGS_PREFIX]),
                encrypt_with(key),
            ],
            environment={},
            memory_mb=MEMORY_MB,
            timeout_seconds=TIMEOUT_SECONDS,
            key=key,
            log_retention_days=log_retention_days,
        )

    def states(self, *, then: sfn.IChainable) -> sfn.IChainable:
        """The states, ending in `then`."""
        create, score, keep = self._create_model(), self._score(), self._invoke()
        delete = sdk_call(
            self,
            "DeleteNewModel",
            "sagemaker:deleteModel",
            {"ModelName.$": self._model_name},
            result_path="$.deleted",
        )
        for state in (score, keep):
            state.add_catch(delete, errors=["States.ALL"], result_path="$.failure")
        failed = sfn.Fail(
            self,
            "FiguresMissing",
            state_name="FiguresMissing",
            error="TrainingRowsNotScored",
            cause_path="$.failure.Cause",
        )
        delete.next(
            sfn.Choice(self, "HasFigures", state_name="HasFigures")
            .when(sfn.Condition.is_present("$.failure"), failed)
            .otherwise(then)
        )
        return create.next(score).next(keep).next(delete)

    def _create_model(self) -> sfn.CustomState:
        return sdk_call(
            self,
            "CreateNewModel",
            "sagemaker:createModel",
            {
                "ModelName.$": self._model_name,
                "ExecutionRoleArn": self._role.role_arn,
                "PrimaryContainer": {
                    "Image": self._image.uri,
                    "ModelDataUrl.$": "$.artifact_uri",
                },
                "EnableNetworkIsolation": True,
            },
            result_path="$.model",
        )

    def _score(self) -> sfn.CustomState:
        content_type = self._pipeline.training.content_type
        machine = self._pipeline.serving.instance_type
        resources: dict[str, Any] = {"InstanceType": machine, "InstanceCount": 1}
        if instances.instance_type(machine).takes_volume_key:
            resources["VolumeKmsKeyId"] = self._key.key_arn
        return sagemaker_run(
            self,
            "ScoreTrainingRows",
            kind="Transform",
            names=self._names,
            run=RUN,
            parameters={
                "ModelName.$": self._model_name,
                "BatchStrategy": "MultiRecord",
                "TransformInput": {
                    "DataSource": {
                        "S3DataSource": {
                            "S3DataType": "S3Prefix",
                            "S3Uri.$": _below_prepared(TRAIN_SAMPLE),
                        }
                    },
                    "ContentType": content_type,
                    "CompressionType": "None",
                    "SplitType": SPLIT[content_type],
                },
                "TransformOutput": {
                    "S3OutputPath.$": _below_prepared(TRAIN_SCORES_FOLDER),
                    "Accept": "application/jsonlines",
                    "AssembleWith": "Line",
                    "KmsKeyId": self._key.key_arn,
                },
                "TransformResources": resources,
            },
            tags=self._tags,
            result_path="$.scores",
        )

    def _invoke(self) -> sfn.CustomState:
        settings = self._artifacts.s3_url_for_object(SETTINGS_PREFIX)
        return function_call(
            self,
            "KeepFigures",
            function=self._keep.function,
            payload={
                "Payload": {
                    "scores_uri.$": _below_prepared(TRAIN_SCORES_FOLDER),
                    "series_uri.$": _below_prepared(SERIES_DOCUMENT),
                    "settings_uri.$": f"States.Format('{settings}{{}}/settings.json', $.run)",
                }
            },
            result={
                "ResultSelector": {"rows.$": "$.Payload.rows"},
                "ResultPath": "$.figures",
            },
        )

    def permissions(self) -> list[Permission]:
        """What the machine's role needs for these states, on these names only."""
        names, stack = self._names, Stack.of(self)
        sagemaker = f"arn:{Aws.PARTITION}:sagemaker:{stack.region}:{stack.account}"
        return [
            allow(
                ["sagemaker:CreateModel", "sagemaker:DeleteModel"],
                [f"{sagemaker}:model/{names.training_jobs}*"],
                wildcard="models that are scored are named after the pipeline and the run",
            ),
            pass_role(self._role, to="sagemaker.amazonaws.com"),
            *run_jobs(stack, names, "Transform"),
            allow(["lambda:InvokeFunction"], [self._keep.function.function_arn]),
        ]


def _below_prepared(name: str) -> str:
    return f"States.Format('{{}}{name}', $.prepared_uri)"
