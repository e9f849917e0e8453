"""The role of Model Monitor's checks: reads captures and the baseline, writes reports."""

from __future__ import annotations

from aws_cdk import Aws, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from penstock.catalog import images, instances
from pipelines.spec import Network
from stacks.algorithm_image import AlgorithmImage
from stacks.algorithm_role import AlgorithmRole
from stacks.baseline import MANAGED_BASELINE_PREFIX
from stacks.managed_monitor import IMAGE, INSTANCE_TYPE
from stacks.names import CAPTURE_PREFIX, REPORTS_PREFIX, Names
from stacks.permission import Permission, allow
from stacks.policies import (
    grant_volumes,
    list_bucket,
    read_objects,
    write_job_output,
    write_objects,
)

LOG_GROUP = "/aws/sagemaker/ProcessingJobs"


class ManagedMonitorRole(AlgorithmRole):
    """SageMaker developer guide, execution role of CreateProcessingJob, narrowed to this data.

    The service finds the captures by the endpoint: that it asks for it in this role's name is
    unconfirmed; AWS's aws-solutions/mlops-workload-orchestrator lets it.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        names: Names,
        lake: s3.IBucket,
        key: kms.IKey,
        network: Network | None,
    ) -> None:
        stack = Stack.of(scope)
        endpoint = (
            f"arn:{Aws.PARTITION}:sagemaker:{stack.region}:{stack.account}:"
            f"endpoint/{names.endpoint}"
        )
        captures = f"{CAPTURE_PREFIX}{names.endpoint}/"
        data: list[Permission] = [
            list_bucket(lake, [captures, MANAGED_BASELINE_PREFIX]),
            read_objects(lake, [captures, MANAGED_BASELINE_PREFIX]),
            write_objects(lake, [REPORTS_PREFIX]),
            write_job_output(key),
            allow(["sagemaker:DescribeEndpoint"], [endpoint]),
        ]
        if instances.instance_type(INSTANCE_TYPE).takes_volume_key:
            data.append(grant_volumes(key))
        super().__init__(
            scope,
            construct_id,
            description="Model Monitor's checks of the endpoint's requests",
            data=data,
            image=AlgorithmImage(scope, f"{construct_id}Image", image=images.image(IMAGE)),
            log_group=LOG_GROUP,
            network=network,
        )
