"""AWS::SageMaker: what SageMaker says of groups, models, configurations and endpoints."""

from __future__ import annotations

from typing import Any

from penstock.localcloud.roundtrip.reader import Deployed, Properties, Reader, if_there


def _name(resource: Deployed) -> str:
    return resource.physical_id.rsplit("/", 1)[1]


def _tags(resource: Deployed) -> Any:
    return resource.client("sagemaker").list_tags(ResourceArn=resource.physical_id)["Tags"]


class ModelPackageGroup(Reader):
    """A group of model packages."""

    type = "AWS::SageMaker::ModelPackageGroup"

    def read(self, resource: Deployed) -> Properties:
        """DescribeModelPackageGroup, GetModelPackageGroupPolicy, ListTags."""
        sagemaker, group = resource.client("sagemaker"), _name(resource)
        found = sagemaker.describe_model_package_group(ModelPackageGroupName=group)
        if "ModelPackageGroupPolicy" in resource.asked:
            answer = if_there(
                ("ValidationException",),
                sagemaker.get_model_package_group_policy,
                ModelPackageGroupName=group,
            )
            found["ModelPackageGroupPolicy"] = answer.get("ResourcePolicy")
        return {**found, "Tags": _tags(resource)}


class Model(Reader):
    """A model's description has the template's names."""

    type = "AWS::SageMaker::Model"

    def read(self, resource: Deployed) -> Properties:
        """DescribeModel, ListTags."""
        found = resource.client("sagemaker").describe_model(ModelName=_name(resource))
        return {**found, "Tags": _tags(resource)}


class EndpointConfig(Reader):
    """An endpoint configuration's description has the template's names."""

    type = "AWS::SageMaker::EndpointConfig"

    def read(self, resource: Deployed) -> Properties:
        """DescribeEndpointConfig, ListTags."""
        found = resource.client("sagemaker").describe_endpoint_config(
            EndpointConfigName=_name(resource)
        )
        return {**found, "Tags": _tags(resource)}


_OF_THE_UPDATE = (
    "it belongs to the call that updates the endpoint (API reference, UpdateEndpoint; "
    "CloudFormation's schema: write-only)"
)


class Endpoint(Reader):
    """An endpoint."""

    type = "AWS::SageMaker::Endpoint"
    not_given_back = {
        "ExcludeRetainedVariantProperties": _OF_THE_UPDATE,
        "RetainAllVariantProperties": _OF_THE_UPDATE,
        "RetainDeploymentConfig": _OF_THE_UPDATE,
    }

    def read(self, resource: Deployed) -> Properties:
        """DescribeEndpoint, ListTags; the API says LastDeploymentConfig for DeploymentConfig."""
        found = resource.client("sagemaker").describe_endpoint(EndpointName=_name(resource))
        return {
            **found,
            "DeploymentConfig": found.get("LastDeploymentConfig"),
            "Tags": _tags(resource),
        }


_NOT_OF_THE_API = "no API of SageMaker takes or shows it; the job's input names the endpoint"


class DataQualityJobDefinition(Reader):
    """A job definition of Model Monitor."""

    type = "AWS::SageMaker::DataQualityJobDefinition"
    not_given_back = {"EndpointName": _NOT_OF_THE_API}

    def read(self, resource: Deployed) -> Properties:
        """DescribeDataQualityJobDefinition, ListTags."""
        found = resource.client("sagemaker").describe_data_quality_job_definition(
            JobDefinitionName=_name(resource)
        )
        return {**found, "Tags": _tags(resource)}


class MonitoringSchedule(Reader):
    """When such a job runs."""

    type = "AWS::SageMaker::MonitoringSchedule"
    not_given_back = {
        "FailureReason": "no API of SageMaker takes it",
        "LastMonitoringExecutionSummary": "no API of SageMaker takes it",
        "MonitoringScheduleStatus": "no API of SageMaker takes it",
    }

    def read(self, resource: Deployed) -> Properties:
        """DescribeMonitoringSchedule, ListTags."""
        found = resource.client("sagemaker").describe_monitoring_schedule(
            MonitoringScheduleName=_name(resource)
        )
        return {**found, "Tags": _tags(resource)}
