"""Training: the jobs' definitions and roles, both state machines, the model registry."""

from __future__ import annotations

from aws_cdk import CfnOutput
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_sns as sns
from aws_cdk import aws_ssm as ssm
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from penstock.catalog import instances
from pipelines.spec import Deployment, ScriptTraining
from stacks.baseline import Baseline
from stacks.data_bucket import data_bucket
from stacks.deployment_machine import DeploymentMachine
from stacks.layer import Layer
from stacks.managed_monitor_role import ManagedMonitorRole
from stacks.model_role import ModelRole
from stacks.monitor_job import MonitorJob
from stacks.names import CHECKPOINTS_PREFIX, Names
from stacks.prepare_job import PrepareJob
from stacks.removal import Removal
from stacks.serving import NO_MODEL
from stacks.serving_update_role import ServingUpdateRole
from stacks.switch_machine import SwitchMachine
from stacks.trained_program import TrainedProgram
from stacks.training_machine import TrainingMachine
from stacks.training_role import TrainingRole

CHECKPOINT_DAYS = 7  # nobody asks for them once their job has ended


class TrainingStack(Layer):
    """From the lake to an approved model package, and from its approval to the endpoint."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        deployment: Deployment,
        lake: s3.IBucket,
        alerts: sns.ITopic,
        key: kms.IKey,
        access_logs_bucket_name: str,
        removal: Removal,
    ) -> None:
        super().__init__(
            scope, construct_id, names=names, description="Training and registry of the pipeline"
        )
        pipeline, environment = deployment.pipeline, deployment.environment
        spot = pipeline.training.spot
        checkpoints = spot is not None and spot.checkpoints
        pretrained = isinstance(pipeline.training, ScriptTraining) and pipeline.training.pretrained
        canary = pipeline.serving.canary
        self.artifacts: s3.IBucket = data_bucket(
            self,
            "Artifacts",
            given=deployment.buckets.artifacts,
            key=key,
            access_logs_bucket_name=access_logs_bucket_name,
            removal=removal,
            expire_after_days={CHECKPOINTS_PREFIX: CHECKPOINT_DAYS} if checkpoints else {},
        )
        program = TrainedProgram(self, "Program", pipeline=pipeline)
        group = sagemaker.CfnModelPackageGroup(
            self,
            "Models",
            model_package_group_name=names.model_package_group,
            model_package_group_description=pipeline.description,
        )
        group.apply_removal_policy(removal.policy)
        # The deployment machine owns the value from now on. CloudFormation would write "none"
        # again if any property here changed, hence no tags (see PipelineStage) and no wording
        # that somebody might want to improve.
        parameter = ssm.StringParameter(
            self,
            "ModelPackage",
            parameter_name=names.model_package_parameter,
            string_value=NO_MODEL,
        )
        prepare = PrepareJob(
            self,
            "Prepare",
            names=names,
            prepare=pipeline.prepare,
            record_schema=pipeline.record_schema,
            training_hosts=pipeline.training.instance_count,
            weights=self.artifacts if pretrained else None,
            bucket=lake,
            key=key,
            network=environment.network,
            log_retention_days=environment.log_retention_days,
        )
        self.model_role: iam.IRole = ModelRole(
            self,
            "ModelRole",
            names=names,
            artifacts=self.artifacts,
            image=program.serving_image,
            key=key,
            network=environment.network,
            capture_to=None if pipeline.serving.capture is None else lake,
            guardrail=canary is not None,
        )
        self.monitor_role: iam.IRole | None = None
        if pipeline.monitor is not None and pipeline.monitor.engine == "model-monitor":
            self.monitor_role = ManagedMonitorRole(
                self,
                "ManagedMonitorRole",
                names=names,
                lake=lake,
                key=key,
                network=environment.network,
            )
        training = TrainingMachine(
            self,
            "Training",
            names=names,
            deployment=deployment,
            job=prepare.job,
            program=program,
            training_role=TrainingRole(
                self,
                "TrainingRole",
                lake=lake,
                artifacts=self.artifacts,
                program=program,
                key=key,
                network=environment.network,
                checkpoints=checkpoints,
                pretrained=pretrained,
                volumes=instances.instance_type(pipeline.training.instance_type).takes_volume_key,
            ),
            model_package_group_name=group.model_package_group_name,
            lake=lake,
            artifacts=self.artifacts,
            alerts=alerts,
            key=key,
        )
        self.training_machine: sfn.StateMachine = training.state_machine.machine
        self.baseline: Baseline | None = None
        if pipeline.monitor is not None:
            monitor = MonitorJob(
                self,
                "Monitor",
                names=names,
                monitor=pipeline.monitor,
                row_columns=pipeline.row_columns,
                bucket=lake,
                key=key,
                network=environment.network,
                log_retention_days=environment.log_retention_days,
            )
            self.baseline = Baseline(job=monitor.job, monitor=pipeline.monitor, lake=lake)
            CfnOutput(self, "MonitorJobName", value=monitor.job.job_name)
        switch = environment.serving_switch
        update_role = ServingUpdateRole(
            self,
            "ServingUpdateRole",
            names=names,
            model_role=self.model_role,
            monitor_role=self.monitor_role,
            switched=switch is not None,
            key=key,
            guardrail=canary is not None,
        )
        serving = DeploymentMachine(
            self,
            "Deployment",
            names=names,
            update_role=update_role,
            baseline=self.baseline,
            switched=switch is not None,
            canary=canary,
            alerts=alerts,
            key=key,
            log_retention_days=environment.log_retention_days,
        )
        for name, value in {
            "TrainingStateMachineArn": training.state_machine.machine.state_machine_arn,
            "DeploymentStateMachineArn": serving.state_machine.machine.state_machine_arn,
            "ModelPackageGroupName": names.model_package_group,
            "ModelPackageParameterName": parameter.parameter_name,
            "ArtifactsBucketName": self.artifacts.bucket_name,
            "GateMetric": pipeline.gate.metric,
            "GateDemand": pipeline.gate.demand,
            "RequestContentType": pipeline.training.request_type,
        }.items():
            CfnOutput(self, name, value=value)
        if switch is not None:
            # the switch machine owns the value from now on, as with the model's
            position = ssm.StringParameter(
                self,
                "ServingPosition",
                parameter_name=names.serving_parameter,
                string_value=switch.at_first,
            )
            switching = SwitchMachine(
                self,
                "ServingSwitch",
                names=names,
                environment=environment,
                switch=switch,
                update_role=update_role,
                alerts=alerts,
                key=key,
            )
            machine = switching.state_machine.machine
            CfnOutput(self, "ServingSwitchStateMachineArn", value=machine.state_machine_arn)
            CfnOutput(self, "ServingParameterName", value=position.parameter_name)
