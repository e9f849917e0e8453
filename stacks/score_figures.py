"""The states that let a new model score its training rows, and keep what the scores are like."""

from __future__ import annotations

from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from pipelines.spec import Network, Pipeline
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
from stacks.policies import encrypt_with, list_bucket, put_objects, read_objects
from stacks.scored_model import ScoredModel, below_prepared
from stacks.trained_program import TrainedProgram

# jobs and models of these states need names of their own in the same length as a run's
RUN = "States.Hash(States.Format('{}/figures', $$.Execution.Id), 'MD5')"
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
        program: TrainedProgram,
        lake: s3.IBucket,
        artifacts: s3.IBucket,
        key: kms.IKey,
        network: Network | None,
        log_retention_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self._pipeline = pipeline
        self._program = program
        self._artifacts = artifacts
        self._new = ScoredModel(
            self,
            model="NewModel",
            purpose="Batch transforms of training rows by a new model",
            names=names,
            run=RUN,
            machine=pipeline.serving.instance_type,
            tags=tags,
            reads=TRAIN_PREFIX,
            writes=TRAIN_SCORES_PREFIX,
            image=program.serving_image,
            lake=lake,
            artifacts=artifacts,
            network=network,
            key=key,
        )
        self._keep = PipelineFunction(
            self,
            "Keep",
            folder="score_figures",
            description="Keeps the mean and the deviation of a new model's training scores",
            role_description="Figures of a new model's training scores",
            permissions=[
                list_bucket(lake, [TRAIN_SCORES_PREFIX]),
                read_objects(lake, [TRAIN_SCORES_PREFIX, SERIES_PREFIX]),
                put_objects(artifacts, [SETTINGS_PREFIX]),
                encrypt_with(key),
            ],
            environment={},
            memory_mb=MEMORY_MB,
            timeout_seconds=TIMEOUT_SECONDS,
            key=key,
            network=network,
            log_retention_days=log_retention_days,
        )

    def states(self, *, then: sfn.IChainable) -> sfn.IChainable:
        """The states, ending in `then`."""
        failed = sfn.Fail(
            self,
            "FiguresMissing",
            state_name="FiguresMissing",
            error="TrainingRowsNotScored",
            cause_path="$.failure.Cause",
        )
        return self._new.states(
            container=self._program.container("$.artifact_uri"),
            score="ScoreTrainingRows",
            rows=TRAIN_SAMPLE,
            content_type=self._pipeline.training.content_type,
            answers=TRAIN_SCORES_FOLDER,
            judge=self._invoke(),
            judged=sfn.Choice(self, "HasFigures", state_name="HasFigures")
            .when(sfn.Condition.is_present("$.failure"), failed)
            .otherwise(then),
        )

    def _invoke(self) -> sfn.CustomState:
        settings = self._artifacts.s3_url_for_object(SETTINGS_PREFIX)
        return function_call(
            self,
            "KeepFigures",
            function=self._keep.function,
            payload={
                "Payload": {
                    "scores_uri.$": below_prepared(TRAIN_SCORES_FOLDER),
                    "series_uri.$": below_prepared(SERIES_DOCUMENT),
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
        return [
            *self._new.permissions(),
            allow(["lambda:InvokeFunction"], [self._keep.function.function_arn]),
        ]
