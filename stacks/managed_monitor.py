"""SageMaker Model Monitor's own data-quality check of the endpoint, on its own schedule."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from aws_cdk import CfnCondition, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sagemaker as sagemaker
from constructs import Construct

from penstock.catalog import images, instances
from pipelines.spec import Monitor, Network
from stacks.algorithm_image import AlgorithmImage
from stacks.baseline import MANAGED_BASELINE_PREFIX
from stacks.cron_hours import cron_hours
from stacks.names import REPORTS_PREFIX, Names
from stacks.rules import acknowledge_rule

IMAGE = "model-monitor"
# The default of the SageMaker SDK 2.257.7 (DefaultModelMonitor) and of AWS's examples; one
# instance, as how the analyzer shares requests among several is not published.
INSTANCE_TYPE = "ml.m5.xlarge"
INSTANCE_COUNT = 1
VOLUME_GB = 30
# the container's paths, as the SageMaker SDK 2.257.7 gives them
_REQUESTS = "/opt/ml/processing/input/endpoint"
_REPORTS = "/opt/ml/processing/output"


class ManagedMonitor(Construct):
    """A job definition and its schedule, there with the endpoint and gone before it.

    SageMaker wants the endpoint to exist and to capture data when the schedule is made
    (aws/sagemaker-python-sdk#4873). Both name the endpoint, not its configuration or model, so a
    new model leaves them as they are. No property of a definition can change, `tags` neither: the
    name holds a digest of them all, so that there is a successor, which the schedule takes on in
    place. CloudFormation would generate a name too, but gives it in the ARN alone, and SageMaker
    writes ARNs in lower case. For the service's closure to new accounts see docs/monitor.md. That
    the analyzer runs under network isolation is unconfirmed; the API allows it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        monitor: Monitor,
        role: iam.IRole,
        lake: s3.IBucket,
        key: kms.IKey,
        tags: Mapping[str, str],
        endpoint: sagemaker.CfnEndpoint,
        network: Network | None,
        condition: CfnCondition,
    ) -> None:
        super().__init__(scope, construct_id)
        settings = self._settings(
            names=names, monitor=monitor, role=role, lake=lake, key=key, network=network
        )
        definition = sagemaker.CfnDataQualityJobDefinition(
            self,
            "Definition",
            job_definition_name=f"{names.monitor_schedule}-{self._digest(settings, tags)}",
            **settings,
        )
        watch = sagemaker.CfnMonitoringSchedule
        schedule = watch(
            self,
            "Schedule",
            monitoring_schedule_name=names.monitor_schedule,
            monitoring_schedule_config=watch.MonitoringScheduleConfigProperty(
                monitoring_job_definition_name=definition.job_definition_name,
                monitoring_type="DataQuality",
                schedule_config=watch.ScheduleConfigProperty(
                    schedule_expression=schedule_expression(monitor.every_hours)
                ),
            ),
        )
        definition.node.add_dependency(endpoint)
        schedule.node.add_dependency(definition, endpoint)
        for resource in (definition, schedule):
            resource.cfn_options.condition = condition
        acknowledge_rule(
            self,
            "NoRetiredService",
            reason="the pipeline asks for engine model-monitor, which accounts that had it keep",
        )

    def _settings(
        self,
        *,
        names: Names,
        monitor: Monitor,
        role: iam.IRole,
        lake: s3.IBucket,
        key: kms.IKey,
        network: Network | None,
    ) -> dict[str, Any]:
        """All properties of the definition but its name and tags."""
        job = sagemaker.CfnDataQualityJobDefinition
        takes_key = instances.instance_type(INSTANCE_TYPE).takes_volume_key
        return {
            "role_arn": role.role_arn,
            "data_quality_app_specification": job.DataQualityAppSpecificationProperty(
                image_uri=AlgorithmImage(self, "Image", image=images.image(IMAGE)).uri,
                environment={"publish_cloudwatch_metrics": "Enabled"},
            ),
            "data_quality_baseline_config": job.DataQualityBaselineConfigProperty(
                constraints_resource=job.ConstraintsResourceProperty(
                    s3_uri=_baseline(lake, "constraints.json")
                ),
                statistics_resource=job.StatisticsResourceProperty(
                    s3_uri=_baseline(lake, "statistics.json")
                ),
            ),
            "data_quality_job_input": job.DataQualityJobInputProperty(
                endpoint_input=job.EndpointInputProperty(
                    endpoint_name=names.endpoint, local_path=_REQUESTS
                )
            ),
            "data_quality_job_output_config": job.MonitoringOutputConfigProperty(
                kms_key_id=key.key_arn,
                monitoring_outputs=[
                    job.MonitoringOutputProperty(
                        s3_output=job.S3OutputProperty(
                            local_path=_REPORTS,
                            s3_uri=lake.s3_url_for_object(REPORTS_PREFIX.rstrip("/")),
                        )
                    )
                ],
            ),
            "job_resources": job.MonitoringResourcesProperty(
                cluster_config=job.ClusterConfigProperty(
                    instance_count=INSTANCE_COUNT,
                    instance_type=INSTANCE_TYPE,
                    volume_size_in_gb=VOLUME_GB,
                    volume_kms_key_id=key.key_arn if takes_key else None,
                )
            ),
            "network_config": job.NetworkConfigProperty(
                enable_inter_container_traffic_encryption=True,
                enable_network_isolation=True,
                vpc_config=None
                if network is None
                else job.VpcConfigProperty(
                    subnets=list(network.subnets),
                    security_group_ids=list(network.security_group_ids),
                ),
            ),
            "stopping_condition": job.StoppingConditionProperty(
                max_runtime_in_seconds=monitor.timeout_minutes * 60
            ),
        }

    def _digest(self, settings: dict[str, Any], tags: Mapping[str, str]) -> str:
        text = json.dumps([Stack.of(self).resolve(settings), dict(tags)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:10]


def schedule_expression(every_hours: int) -> str:
    """Model Monitor's cron, which begins at full hours only (API reference, ScheduleConfig).

    SageMaker starts a check up to 20 minutes late.
    """
    return f"cron(0 {cron_hours(every_hours)} ? * * *)"


def _baseline(lake: s3.IBucket, name: str) -> str:
    return lake.s3_url_for_object(f"{MANAGED_BASELINE_PREFIX}{name}")
