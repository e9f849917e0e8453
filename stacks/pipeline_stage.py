"""One pipeline in one environment: five stacks, more where it scores its stream or is watched."""

from __future__ import annotations

from aws_cdk import Environment as CdkEnvironment
from aws_cdk import PermissionsBoundary, Stage, Tags
from constructs import Construct

from pipelines.spec import Deployment
from stacks.foundation import Foundation
from stacks.ingestion import Ingestion
from stacks.lake import Lake
from stacks.layer import Layer
from stacks.monitoring import Monitoring, is_watched_here
from stacks.names import Names
from stacks.removal import Removal
from stacks.serving import ServingStack
from stacks.stream_scoring import StreamScoring
from stacks.training import TrainingStack


class PipelineStage(Stage):
    """Deploys in this order: foundation, lake, ingestion and training, serving, monitoring.

    Scoring of the stream needs ingestion and training; it knows the endpoint by name alone.
    """

    def __init__(
        self, scope: Construct, *, deployment: Deployment, allow_data_removal: bool
    ) -> None:
        pipeline, environment = deployment.pipeline, deployment.environment
        super().__init__(
            scope,
            deployment.prefix,
            env=CdkEnvironment(account=environment.account, region=environment.region),
            permissions_boundary=_boundary(environment.permissions_boundary),
        )
        names = Names.of(deployment)
        tags = {**deployment.tags, **environment.tags}
        removal = Removal.of(environment, allowed=allow_data_removal)
        foundation = Foundation(
            self,
            "foundation",
            names=names,
            given_key_arn=environment.key_arn,
            given_access_logs=deployment.buckets.access_logs,
            budget=environment.budget,
            removal=removal,
        )
        access_logs_bucket_name = foundation.access_logs_bucket_name
        lake = Lake(
            self,
            "lake",
            names=names,
            pipeline=pipeline,
            given_bucket=deployment.buckets.lake,
            key=foundation.key,
            access_logs_bucket_name=access_logs_bucket_name,
            removal=removal,
        )
        ingestion = Ingestion(
            self,
            "ingestion",
            names=names,
            pipeline=pipeline,
            bucket=lake.bucket,
            database=lake.database,
            table=lake.table,
            key=foundation.key,
            removal=removal,
            network=environment.network,
            log_retention_days=environment.log_retention_days,
        )
        training = TrainingStack(
            self,
            "training",
            names=names,
            deployment=deployment,
            lake=lake.bucket,
            alerts=foundation.alerts,
            key=foundation.key,
            access_logs_bucket_name=access_logs_bucket_name,
            removal=removal,
        )
        serving = ServingStack(
            self,
            "serving",
            names=names,
            serving=pipeline.serving,
            monitor=pipeline.monitor,
            model_role=training.model_role,
            monitor_role=training.monitor_role,
            lake=lake.bucket,
            alerts=foundation.alerts,
            key=foundation.key,
            tags=tags,
            network=environment.network,
            log_retention_days=environment.log_retention_days,
            switched=environment.serving_switch is not None,
        )
        # the parameter of the training stack must exist before serving reads it
        serving.add_stack_dependency(training)
        self.layers: list[Layer] = [foundation, lake, ingestion, training, serving]
        if pipeline.scoring is not None:
            self.layers.append(
                StreamScoring(
                    self,
                    "scoring",
                    names=names,
                    pipeline=pipeline,
                    scoring=pipeline.scoring,
                    stream=ingestion.stream,
                    lake=lake.bucket,
                    artifacts=training.artifacts,
                    alerts=foundation.alerts,
                    key=foundation.key,
                    removal=removal,
                    network=environment.network,
                    log_retention_days=environment.log_retention_days,
                )
            )
        if is_watched_here(pipeline) or pipeline.retrain is not None:
            monitoring = Monitoring(
                self,
                "monitoring",
                names=names,
                pipeline=pipeline,
                baseline=training.baseline,
                training=training.training_machine,
                lake=lake.bucket,
                alerts=foundation.alerts,
                key=foundation.key,
                network=environment.network,
                log_retention_days=environment.log_retention_days,
            )
            # what it watches comes first
            monitoring.add_stack_dependency(serving)
            self.layers.append(monitoring)
        for layer in self.layers:
            layer.termination_protection = not environment.removable
        for key, value in tags.items():
            # a changed tag would make CloudFormation write the parameter's first value again
            Tags.of(self).add(key, value, exclude_resource_types=["AWS::SSM::Parameter"])


def _boundary(name_or_arn: str | None) -> PermissionsBoundary | None:
    if name_or_arn is None:
        return None
    if name_or_arn.startswith("arn:"):
        return PermissionsBoundary.from_arn(name_or_arn)
    return PermissionsBoundary.from_name(name_or_arn)
