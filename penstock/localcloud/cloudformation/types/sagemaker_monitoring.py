"""AWS::SageMaker: Model Monitor's job definitions and schedules. The API knows them, no more."""

from __future__ import annotations

from botocore.exceptions import ClientError

from penstock.localcloud.cloudformation.names import NameRule
from penstock.localcloud.cloudformation.resource import (
    Created,
    Handler,
    Properties,
    ResourceContext,
    changed,
    tag_map,
    without,
)
from penstock.localcloud.cloudformation.shapes import call
from penstock.localcloud.cloudformation.types.api import ignoring, retag, tag_list
from penstock.localcloud.ledger import Life

# botocore 1.44.5 sagemaker, MonitoringJobDefinitionName
_NAME = NameRule(max_length=63, forbidden=r"[^A-Za-z0-9-]")


def _last(arn: str) -> str:
    return arn.rsplit("/", 1)[1]


class DataQualityJobDefinition(Handler):
    """Ref and JobDefinitionArn are the ARN, as is every identifier of the type's schema.

    All its properties, tags too, are createOnly there (schema of 2026-05, in cfn-lint).
    """

    type = "AWS::SageMaker::DataQualityJobDefinition"
    life = Life.API_ONLY
    properties = frozenset(
        {
            "DataQualityAppSpecification",
            "DataQualityBaselineConfig",
            "DataQualityJobInput",
            "DataQualityJobOutputConfig",
            "JobDefinitionName",
            "JobResources",
            "NetworkConfig",
            "RoleArn",
            "StoppingCondition",
            "Tags",
        }
    )
    unsupported = {"EndpointName": "its input names the endpoint; what this adds is not published"}
    required = frozenset(
        {
            "DataQualityAppSpecification",
            "DataQualityJobInput",
            "DataQualityJobOutputConfig",
            "JobResources",
            "RoleArn",
        }
    )
    replace_on = properties | {"EndpointName"}
    name_property = "JobDefinitionName"
    tag_style = "list"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateDataQualityJobDefinition."""
        sagemaker = context.client("sagemaker")
        name = properties.get("JobDefinitionName") or context.name(_NAME)
        arguments = {
            **without(properties, "EndpointName"),
            "JobDefinitionName": name,
            "Tags": tag_list(tag_map(properties)),
        }
        arn = call(sagemaker, "create_data_quality_job_definition", arguments)["JobDefinitionArn"]
        context.made(arn)
        created = sagemaker.describe_data_quality_job_definition(JobDefinitionName=name)
        return Created(arn, {"CreationTime": str(created["CreationTime"]), "JobDefinitionArn": arn})

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteDataQualityJobDefinition."""
        ignoring(
            ("ResourceNotFound",),
            context.client("sagemaker").delete_data_quality_job_definition,
            JobDefinitionName=_last(physical_id),
        )


class MonitoringSchedule(Handler):
    """Ref is the ARN; attributes MonitoringScheduleArn, CreationTime, LastModifiedTime."""

    type = "AWS::SageMaker::MonitoringSchedule"
    life = Life.API_ONLY
    properties = frozenset({"MonitoringScheduleConfig", "MonitoringScheduleName", "Tags"})
    unsupported = {
        "EndpointName": "the job's input names the endpoint",
        "FailureReason": "the API takes none",
        "LastMonitoringExecutionSummary": "the API takes none",
        "MonitoringScheduleStatus": "the API takes none",
    }
    required = frozenset({"MonitoringScheduleConfig", "MonitoringScheduleName"})
    replace_on = frozenset({"MonitoringScheduleName"})
    name_property = "MonitoringScheduleName"
    tag_style = "list"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateMonitoringSchedule."""
        arguments = {
            **without(properties, *self.unsupported),
            "Tags": tag_list(tag_map(properties)),
        }
        sagemaker = context.client("sagemaker")
        arn = call(sagemaker, "create_monitoring_schedule", arguments)["MonitoringScheduleArn"]
        context.made(arn)
        return self._shown(context, arn)

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> Created:
        """UpdateMonitoringSchedule: another definition or another hour, the same schedule."""
        sagemaker = context.client("sagemaker")
        if changed(old, new, "MonitoringScheduleConfig"):
            arguments = without(new, "Tags", *self.unsupported)
            call(sagemaker, "update_monitoring_schedule", arguments)
        retag(sagemaker, old, new, tag="add_tags", untag="delete_tags", ResourceArn=physical_id)
        return self._shown(context, physical_id)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteMonitoringSchedule."""
        ignoring(
            ("ResourceNotFound",),
            context.client("sagemaker").delete_monitoring_schedule,
            MonitoringScheduleName=_last(physical_id),
        )

    def is_stable(self, context: ResourceContext, physical_id: str, properties: Properties) -> bool:
        """No longer Pending: in that state SageMaker refuses to delete a schedule.

        aws/amazon-sagemaker-examples#2342 has the refusal.
        """
        status: str = self._describe(context, physical_id)["MonitoringScheduleStatus"]
        return status != "Pending"

    def is_gone(self, context: ResourceContext, physical_id: str) -> bool:
        """DescribeMonitoringSchedule does not find it any more."""
        try:
            self._describe(context, physical_id)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFound":
                raise
            return True
        return False

    def _shown(self, context: ResourceContext, arn: str) -> Created:
        described = self._describe(context, arn)
        return Created(
            arn,
            {
                "CreationTime": str(described["CreationTime"]),
                "LastModifiedTime": str(described["LastModifiedTime"]),
                "MonitoringScheduleArn": arn,
            },
        )

    @staticmethod
    def _describe(context: ResourceContext, arn: str) -> Properties:
        answer: Properties = context.client("sagemaker").describe_monitoring_schedule(
            MonitoringScheduleName=_last(arn)
        )
        return answer
