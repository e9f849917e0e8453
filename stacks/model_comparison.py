"""The states that let the served model answer the new run's test rows and compare the two."""

from __future__ import annotations

from aws_cdk import Aws, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from pipelines.spec import Network, Pipeline, ScriptTraining
from stacks.function_call import function_call
from stacks.names import (
    HOLDOUT_FEATURES,
    HOLDOUT_LABELS,
    HOLDOUT_PREFIX,
    SCORES_FOLDER,
    SCORES_PREFIX,
    Names,
)
from stacks.null import NULL
from stacks.permission import Permission, allow
from stacks.pipeline_function import PipelineFunction
from stacks.policies import model_parameter_arn, read_objects
from stacks.scored_model import ScoredModel, below_prepared
from stacks.sdk_call import sdk_call
from stacks.serving import NO_MODEL
from stacks.trained_program import TrainedProgram

# what the training machine writes into a package, and where the state finds it in the served one's
PLAIN_WEIGHTS_PROPERTY = "plain_model_data_url"
PACKAGE = "$.package"
PLAIN_WEIGHTS = f"{PACKAGE}.CustomerMetadataProperties.{PLAIN_WEIGHTS_PROPERTY}"

MEMORY_MB = 256
TIMEOUT_SECONDS = 300


class ModelComparison(Construct):
    """ReadServedModel to BeatsServing; then `better` or `not_better`.

    The input has prepared_uri and metric_values. The output adds `serving`: metric_value is None
    if there was nothing to compare with, which is `better`. A served model that cannot be
    scored fails the execution: it is never taken for a beaten one.

    A script's model answers by its plain weights, wherever it was trained and compiled for: its
    package names them, and the image is that of the machine here.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        pipeline: Pipeline,
        run: str,
        tags: dict[str, str],
        program: TrainedProgram,
        lake: s3.IBucket,
        artifacts: s3.IBucket,
        key: kms.IKey,
        network: Network | None,
        log_retention_days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        self._names = names
        self._pipeline = pipeline
        self._program = program
        self._by_weights = isinstance(pipeline.training, ScriptTraining)
        rows_type = pipeline.training.rows_type
        assert rows_type is not None  # refused by the gate's checks
        self._rows_type = rows_type
        self._rows = HOLDOUT_FEATURES[rows_type]
        self._served = ScoredModel(
            self,
            model="ServedModel",
            purpose="Batch transforms that compare models of the pipeline",
            names=names,
            run=run,
            machine=pipeline.comparison_instance_type,
            tags=tags,
            reads=HOLDOUT_PREFIX,
            writes=SCORES_PREFIX,
            image=program.comparison_image,
            lake=lake,
            artifacts=artifacts,
            network=network,
            key=key,
        )
        self._compare = PipelineFunction(
            self,
            "Compare",
            folder="compare_models",
            description="Computes the served model's metric and compares it with the new one's",
            role_description="Comparison of a new model with the served one",
            permissions=[read_objects(lake, [HOLDOUT_PREFIX, SCORES_PREFIX])],
            environment={},
            memory_mb=MEMORY_MB,
            timeout_seconds=TIMEOUT_SECONDS,
            key=key,
            network=network,
            log_retention_days=log_retention_days,
        )

    def states(self, *, better: sfn.IChainable, not_better: sfn.IChainable) -> sfn.IChainable:
        """The states, ending in one of the two."""
        read = sdk_call(
            self,
            "ReadServedModel",
            "ssm:getParameter",
            {"Name": self._names.model_package_parameter},
            result_path="$.serving",
            result_selector={"package_arn.$": "$.Parameter.Value"},
        )
        failed = sfn.Fail(
            self,
            "ComparisonFailed",
            state_name="ComparisonFailed",
            error="ServedModelNotScored",
            cause_path="$.failure.Cause",
        )
        judged = (
            sfn.Choice(self, "BeatsServing", state_name="BeatsServing")
            .when(sfn.Condition.is_present("$.failure"), failed)
            .when(sfn.Condition.boolean_equals("$.serving.is_beaten", True), better)
            .otherwise(not_better)
        )
        compared: sfn.IChainable = self._served.states(
            container=(
                self._program.compared_container(PLAIN_WEIGHTS)
                if self._by_weights
                else {"ModelPackageName.$": "$.serving.package_arn"}
            ),
            score="ScoreServedModel",
            rows=self._rows,
            content_type=self._rows_type,
            answers=SCORES_FOLDER,
            judge=self._invoke_compare(),
            judged=judged,
        )
        if self._by_weights:
            compared = self._find_weights(compared)
        return read.next(
            sfn.Choice(self, "IsModelServed", state_name="IsModelServed")
            .when(
                sfn.Condition.string_equals("$.serving.package_arn", NO_MODEL),
                not_compared(self).next(better),
            )
            .otherwise(compared)
        )

    def _find_weights(self, then: sfn.IChainable) -> sfn.IChainable:
        """DescribeServedModel and KnowsItsWeights; a path to nothing is an error nobody catches."""
        return sdk_call(
            self,
            "DescribeServedModel",
            "sagemaker:describeModelPackage",
            {"ModelPackageName.$": "$.serving.package_arn"},
            result_path=PACKAGE,
        ).next(
            sfn.Choice(self, "KnowsItsWeights", state_name="KnowsItsWeights")
            .when(sfn.Condition.is_present(PLAIN_WEIGHTS), then)
            .otherwise(
                sfn.Fail(
                    self,
                    "WeightsUnknown",
                    state_name="WeightsUnknown",
                    error="ServedModelNotScored",
                    cause=f"the served model package's metadata has no {PLAIN_WEIGHTS_PROPERTY}, "
                    "which the training machine writes: it was registered by hand; deploy one of "
                    "the machine's own first, or train once with gate.beats_serving=False",
                )
            )
        )

    def _invoke_compare(self) -> sfn.CustomState:
        gate = self._pipeline.gate
        how = self._pipeline.training.facts.from_answers[gate.metric]
        features = self._rows.rpartition("/")[2]
        return function_call(
            self,
            "CompareModels",
            function=self._compare.function,
            payload={
                "Payload": {
                    "labels_uri.$": below_prepared(HOLDOUT_LABELS),
                    "answers_uri.$": below_prepared(f"{SCORES_FOLDER}{features}.out"),
                    "answer_field": how.answer_field,
                    "formula": how.formula,
                    "objective": gate.objective,
                    "new_metric_value.$": "$.metric_values[0]",
                }
            },
            result={
                "ResultSelector": {
                    "metric_value.$": "$.Payload.metric_value",
                    "rows.$": "$.Payload.rows",
                    "is_beaten.$": "$.Payload.is_beaten",
                },
                "ResultPath": "$.serving",
            },
        )

    def permissions(self) -> list[Permission]:
        """What the machine's role needs for these states, on these names only.

        Step Functions developer guide, IAM policies for integrated services: Lambda.
        """
        names, stack = self._names, Stack.of(self)
        sagemaker = f"arn:{Aws.PARTITION}:sagemaker:{stack.region}:{stack.account}"
        return [
            allow(["ssm:GetParameter"], [model_parameter_arn(stack, names)]),
            *self._served.permissions(),
            # as for the serving stack's update (ServingUpdateRole)
            allow(
                [
                    *([] if self._by_weights else ["sagemaker:CreateModel"]),
                    "sagemaker:DescribeModelPackage",
                ],
                [f"{sagemaker}:model-package/{names.model_package_group}/*"],
                wildcard="versions of the pipeline's own group",
            ),
            allow(["lambda:InvokeFunction"], [self._compare.function.function_arn]),
        ]


def not_compared(scope: Construct) -> sfn.CustomState:
    """The state NotCompared: there is no metric of a served model."""
    return sfn.CustomState(
        scope,
        "NotCompared",
        state_json={
            "Type": "Pass",
            "Parameters": {"metric_value": NULL},
            "ResultPath": "$.serving",
        },
    )
