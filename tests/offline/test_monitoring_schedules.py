"""Monitoring schedules through SageMaker's API: what is refused, listed, stopped and forgotten."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from penstock.localcloud.context import CloudContext
from tests.offline.cloudformation_lab import CloudFormationLab, empty_lab

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("cloudformation")]

HOURLY = "cron(0 * ? * * *)"


@pytest.fixture
def api(shared_server: CloudContext) -> Iterator[Any]:
    """SageMaker with an endpoint `seen`, which captures data, and one `unseen`, which does not."""
    with empty_lab(shared_server) as lab:
        sagemaker = lab.cloud.client("sagemaker")
        _endpoint(lab, "seen", {"EnableCapture": True})
        _endpoint(lab, "unseen", None)
        yield sagemaker


def _endpoint(lab: CloudFormationLab, name: str, capture: dict[str, Any] | None) -> None:
    sagemaker = lab.cloud.client("sagemaker")
    image = "382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1"
    sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=lab.cloud.role_arn,
        PrimaryContainer={"Image": image, "ModelDataUrl": "s3://b/model.tar.gz"},
    )
    settings = {
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": "s3://b/capture",
        "CaptureOptions": [{"CaptureMode": "Input"}],
    }
    sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {
                "VariantName": "main",
                "ModelName": name,
                "InitialInstanceCount": 1,
                "InstanceType": "ml.m5.large",
            }
        ],
        **({} if capture is None else {"DataCaptureConfig": {**settings, **capture}}),
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    deadline = time.monotonic() + 60
    while sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] != "InService":
        assert time.monotonic() < deadline
        time.sleep(0.02)


def define(api: Any, name: str, endpoint: str) -> None:
    api.create_data_quality_job_definition(
        JobDefinitionName=name,
        DataQualityAppSpecification={"ImageUri": "1.dkr.ecr.us-east-1.amazonaws.com/analyzer"},
        DataQualityJobInput={"EndpointInput": {"EndpointName": endpoint, "LocalPath": "/in"}},
        DataQualityJobOutputConfig={
            "MonitoringOutputs": [{"S3Output": {"S3Uri": "s3://b/out", "LocalPath": "/out"}}]
        },
        JobResources={
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.m5.xlarge",
                "VolumeSizeInGB": 20,
            }
        },
        RoleArn="arn:aws:iam::123456789012:role/worker",
    )


def schedule(api: Any, name: str, definition: str, expression: str = HOURLY) -> None:
    api.create_monitoring_schedule(
        MonitoringScheduleName=name,
        MonitoringScheduleConfig={
            "MonitoringJobDefinitionName": definition,
            "MonitoringType": "DataQuality",
            "ScheduleConfig": {"ScheduleExpression": expression},
        },
    )


def names(api: Any, **wanted: Any) -> list[str]:
    listed = api.list_monitoring_schedules(SortBy="Name", SortOrder="Ascending", **wanted)
    return [summary["MonitoringScheduleName"] for summary in listed["MonitoringScheduleSummaries"]]


@pytest.mark.parametrize(
    ("endpoint", "expression", "said"),
    [
        ("nowhere", HOURLY, 'Could not find endpoint "nowhere"'),
        ("unseen", HOURLY, "does not capture data"),
        ("seen", "rate(1 hour)", "is not one of NOW, cron"),
        ("seen", "cron(20 * ? * * *)", "is not one of NOW, cron"),
        ("seen", "cron(0 0/25 ? * * *)", "is not one of NOW, cron"),
    ],
)
def test_a_schedule_needs_an_endpoint_that_captures_and_a_known_expression(
    api: Any, endpoint: str, expression: str, said: str
) -> None:
    define(api, "quality", endpoint)
    with pytest.raises(ClientError, match=said) as caught:
        schedule(api, "watch", "quality", expression)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert names(api) == []


def test_names_are_taken_once_and_definitions_must_exist(api: Any) -> None:
    define(api, "quality", "seen")
    with pytest.raises(ClientError, match="already exists"):
        define(api, "quality", "seen")
    with pytest.raises(ClientError, match="Could not find job definition other"):
        schedule(api, "watch", "other")
    schedule(api, "watch", "quality")
    with pytest.raises(ClientError, match="already exists") as caught:
        schedule(api, "watch", "quality")
    assert caught.value.response["Error"]["Code"] == "ResourceInUse"


def test_schedules_are_listed_by_endpoint_name_and_status_page_by_page(api: Any) -> None:
    define(api, "quality", "seen")
    for name in ("one", "two", "three"):
        schedule(api, name, "quality", "cron(0 17/12 ? * * *)")
    api.stop_monitoring_schedule(MonitoringScheduleName="two")
    assert names(api) == ["one", "three", "two"]
    assert names(api, EndpointName="seen", NameContains="t") == ["three", "two"]
    assert names(api, EndpointName="unseen") == []
    assert names(api, StatusEquals="Stopped") == ["two"]
    first = api.list_monitoring_schedules(MaxResults=2, SortBy="Name", SortOrder="Ascending")
    assert len(first["MonitoringScheduleSummaries"]) == 2
    assert names(api, NextToken=first["NextToken"]) == ["two"]
    api.start_monitoring_schedule(MonitoringScheduleName="two")
    assert names(api, StatusEquals="Stopped") == []
    (summary,) = api.list_data_quality_job_definitions()["JobDefinitionSummaries"]
    assert summary["EndpointName"] == "seen"


def test_a_deleted_schedule_is_not_found_by_any_call(api: Any) -> None:
    define(api, "quality", "seen")
    schedule(api, "watch", "quality")
    arn = api.describe_monitoring_schedule(MonitoringScheduleName="watch")["MonitoringScheduleArn"]
    api.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "b"}])
    assert api.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    api.delete_monitoring_schedule(MonitoringScheduleName="watch")
    for call in ("describe", "start", "stop", "delete"):
        with pytest.raises(ClientError, match="Requested resource not found") as caught:
            getattr(api, f"{call}_monitoring_schedule")(MonitoringScheduleName="watch")
        assert caught.value.response["Error"]["Code"] == "ResourceNotFound"
    with pytest.raises(ClientError, match="Requested resource not found"):
        api.list_tags(ResourceArn=arn)
