"""The training state machine: prepare, train, gate, compare, compile, register. In JSONPath."""

from __future__ import annotations

from aws_cdk import Aws, Duration, Stack
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from pipelines.spec import Deployment
from stacks.algorithm_image import AlgorithmImage
from stacks.compilation_job import CompilationJob
from stacks.ended_training import TRAINING, ended_training
from stacks.failure_alert import alert_of_failed_tasks, send_alerts
from stacks.glue_run import glue_run, run_job
from stacks.input_channels import input_channels
from stacks.model_comparison import ModelComparison, not_compared
from stacks.names import MODELS_PREFIX, PREPARED_PREFIX, Names
from stacks.null import NULL
from stacks.optional_channel import OptionalChannel, sought_channel
from stacks.permission import Permission, allow
from stacks.policies import (
    decrypt_with,
    grant_volumes,
    pass_role,
    read_objects,
    register_image,
)
from stacks.quality_gate import QualityGate
from stacks.registration import register_state
from stacks.sagemaker_run import run_jobs
from stacks.score_figures import ScoreFigures
from stacks.state_machine import LoggedStateMachine
from stacks.train_state import train_state
from stacks.trained_program import TrainedProgram

RUN = "States.Hash($$.Execution.Id, 'MD5')"
TRANSFORM_MINUTES = 60  # a batch transform has no limit of its own
SLACK_MINUTES = 60  # waiting for capacity and retries, on top of the jobs' own limits


class TrainingMachine(Construct):
    """Jobs have no lifetime of their own: this machine starts them and waits (.sync).

    A successful execution's output: run, training_job_name, metric_value (null if there were no
    labels to judge by), serving_metric_value (null if there was no model to compare with),
    registered, model_package_arn (null if the served model was not beaten), prepared_uri,
    artifact_uri. Where models are compiled, what is registered is the compiled one.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        deployment: Deployment,
        job: glue.IJob,
        program: TrainedProgram,
        training_role: iam.IRole,
        model_package_group_name: str,
        lake: s3.IBucket,
        artifacts: s3.IBucket,
        alerts: sns.ITopic,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        pipeline = deployment.pipeline
        tags = dict(deployment.tags)
        prepare = self._build_prepare(job=job, lake=lake)
        gate = QualityGate(self, "QualityGate", gate=pipeline.gate)
        sought = sought_channel(pipeline, lake=lake, artifacts=artifacts, always=program.channels)
        optional = None if sought is None else OptionalChannel(self, "Optional", sought=sought)
        train = train_state(
            self,
            names=names,
            run=RUN,
            training=pipeline.training,
            program=program,
            role=training_role,
            artifacts=artifacts,
            key=key,
            tags=tags,
            channels=(
                {"InputDataConfig.$": OptionalChannel.INPUT}
                if optional
                else {"InputDataConfig": [*input_channels(pipeline.training), *program.channels]}
            ),
            network=deployment.environment.network,
        )
        register = register_state(
            self,
            deployment=deployment,
            program=program,
            run=RUN,
            group_name=model_package_group_name,
            gate=gate,
        ).next(self._build_summary("Summarize", gate=gate, registered=True))
        figures: ScoreFigures | None = None
        registering: sfn.IChainable = register
        if pipeline.scoring is not None:
            figures = ScoreFigures(
                self,
                "Figures",
                names=names,
                pipeline=pipeline,
                tags=tags,
                program=program,
                lake=lake,
                artifacts=artifacts,
                key=key,
                network=deployment.environment.network,
                log_retention_days=deployment.environment.log_retention_days,
            )
            registering = figures.states(then=register)
        compilation: CompilationJob | None = None
        if pipeline.compilation is not None:
            compilation = CompilationJob(
                self,
                "Compilation",
                names=names,
                compilation=pipeline.compilation,
                program=program,
                tags=tags,
                artifacts=artifacts,
                key=key,
                network=deployment.environment.network,
            )
            registering = compilation.states(then=registering)
        comparison: ModelComparison | None = None
        if pipeline.gate.beats_serving:
            comparison = ModelComparison(
                self,
                "Comparison",
                names=names,
                pipeline=pipeline,
                run=RUN,
                tags=tags,
                program=program,
                lake=lake,
                artifacts=artifacts,
                key=key,
                network=deployment.environment.network,
                log_retention_days=deployment.environment.log_retention_days,
            )
            passed = comparison.states(
                better=registering,
                not_better=self._build_summary("KeepServing", gate=gate, registered=False),
            )
        else:
            passed = not_compared(self).next(registering)
        ended = ended_training(
            self,
            TRAINING,
            completed=gate.states(passed=passed),
            selected={"metric_values.$": gate.metric_values},
        )
        # whoever started it, a training may fail at night
        alert_of_failed_tasks(
            self,
            subject=f"{names.endpoint}: a training has failed",
            error="TrainingFailed",
            alerts=alerts,
        )
        trained = train.next(ended)
        self.state_machine = LoggedStateMachine(
            self,
            "Workflow",
            log_group_name=f"{names.prefix}-training",
            description="Prepares data, trains a model, judges it and registers it",
            start=prepare.next(optional.states(then=trained) if optional else trained),
            permissions=[
                *self._permissions(
                    names=names,
                    job=job,
                    training_role=training_role,
                    image=program.serving_image,
                    artifacts=artifacts,
                    key=key,
                ),
                *(optional.permissions() if optional else []),
                *(comparison.permissions() if comparison else []),
                *(compilation.permissions() if compilation else []),
                *(figures.permissions() if figures else []),
                *send_alerts(alerts, key),
            ],
            timeout=Duration.minutes(
                pipeline.prepare.timeout_minutes
                + pipeline.training.longest_minutes
                + (pipeline.compilation.max_runtime_minutes if pipeline.compilation else 0)
                + (TRANSFORM_MINUTES if comparison else 0)
                + (TRANSFORM_MINUTES if figures else 0)
                + SLACK_MINUTES
            ),
            key=key,
            log_retention_days=deployment.environment.log_retention_days,
        )

    def _build_prepare(self, *, job: glue.IJob, lake: s3.IBucket) -> sfn.CustomState:
        prepared_uri = f"States.Format('{lake.s3_url_for_object(PREPARED_PREFIX)}{{}}/', {RUN})"
        return glue_run(
            self,
            "Prepare",
            job=job,
            arguments={"--output_uri.$": prepared_uri},
            result={"run.$": RUN, "prepared_uri.$": prepared_uri},
            result_path="$",
        )

    def _build_summary(self, name: str, *, gate: QualityGate, registered: bool) -> sfn.CustomState:
        """The last state, whose output is the execution's."""
        package = (
            {"model_package_arn.$": "$.model_package.ModelPackageArn"}
            if registered
            else {"model_package_arn": NULL}
        )
        return sfn.CustomState(
            self,
            name,
            state_json={
                "Type": "Pass",
                "Parameters": {
                    "run.$": "$.run",
                    "training_job_name.$": "$.training_job_name",
                    "metric_value.$": gate.value,
                    "serving_metric_value.$": "$.serving.metric_value",
                    "registered": registered,
                    **package,
                    "prepared_uri.$": "$.prepared_uri",
                    "artifact_uri.$": "$.artifact_uri",
                },
            },
        )

    def _permissions(
        self,
        *,
        names: Names,
        job: glue.IJob,
        training_role: iam.IRole,
        image: AlgorithmImage,
        artifacts: s3.IBucket,
        key: kms.IKey,
    ) -> list[Permission]:
        """All that the two .sync integrations and the registry need, on these names only.

        To register a package the caller needs to read image and model, too: so the handler of
        AWS::SageMaker::ModelPackage in CloudFormation's registry.
        """
        stack = Stack.of(self)
        sagemaker = f"arn:{Aws.PARTITION}:sagemaker:{stack.region}:{stack.account}"
        return [
            run_job(job),
            *run_jobs(stack, names, "Training"),
            pass_role(training_role, to="sagemaker.amazonaws.com"),
            allow(
                ["sagemaker:CreateModelPackage"],
                [
                    f"{sagemaker}:model-package-group/{names.model_package_group}",
                    f"{sagemaker}:model-package/{names.model_package_group}/*",
                ],
                wildcard="versions of the pipeline's own group",
            ),
            register_image(image.repository_arn),
            read_objects(artifacts, [MODELS_PREFIX]),
            decrypt_with(key),
            grant_volumes(key),
        ]
