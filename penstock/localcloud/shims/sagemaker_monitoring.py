"""SageMaker's monitoring schedules: kept, checked and shown; nothing is started by them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import (
    AWSValidationException,
    ResourceInUseException,
    ResourceNotFound,
)
from moto.sagemaker.models import FakeDataQualityJobDefinition, SageMakerModelBackend, arn_formatter
from moto.sagemaker.responses import SageMakerResponse

from penstock.localcloud.clock import Clock
from penstock.localcloud.shims.patches import Patches
from penstock.localcloud.shims.sagemaker_documents import naive

# SageMaker API reference, ScheduleConfig
_EXPRESSION = re.compile(
    r"NOW|cron\(0 (\*|[01]?\d|2[0-3]|([01]?\d|2[0-3])/(0?[1-9]|1\d|2[0-4])) \? \* \* \*\)"
)
_NOT_FOUND = "Requested resource not found."


@dataclass
class Schedule:
    """A monitoring schedule as DescribeMonitoringSchedule shows it."""

    name: str
    arn: str
    config: dict[str, Any]
    endpoint_name: str
    tags: list[dict[str, str]]
    created: datetime
    modified: datetime
    status: str = "Scheduled"

    @property
    def summary(self) -> dict[str, Any]:
        """As ListMonitoringSchedules shows it."""
        optional: dict[str, Any] = {
            key: self.config[key]
            for key in ("MonitoringJobDefinitionName", "MonitoringType")
            if key in self.config
        }
        return {
            "MonitoringScheduleName": self.name,
            "MonitoringScheduleArn": self.arn,
            "CreationTime": self.created,
            "LastModifiedTime": self.modified,
            "MonitoringScheduleStatus": self.status,
            "EndpointName": self.endpoint_name,
            **optional,
        }


def install_monitoring(patches: Patches, clock: Clock) -> None:
    """Monitoring schedules, which moto lacks, and job definitions that know their endpoint.

    A schedule's endpoint must exist and capture data (aws/sagemaker-python-sdk#4873). SageMaker
    shows a schedule as Pending for a while; here it is Scheduled at once.
    """
    create_definition = SageMakerModelBackend.create_data_quality_job_definition

    def create_data_quality_job_definition(self: Any, **arguments: Any) -> dict[str, str]:
        name = arguments["job_definition_name"]
        if name in self.data_quality_job_definitions:
            raise ResourceInUseException(message=f"Job definition {name} already exists")
        answer: dict[str, str] = create_definition(self, **arguments)
        definition = self.data_quality_job_definitions[name]
        definition.creation_time = definition.last_modified_time = naive(clock)
        return answer

    def create_monitoring_schedule(self: Any) -> ActionResult:
        backend = self.sagemaker_backend
        name = self._get_param("MonitoringScheduleName")
        if name in _schedules(backend):
            raise ResourceInUseException(message=f"Monitoring schedule {name} already exists")
        config = self._get_param("MonitoringScheduleConfig")
        now = naive(clock)
        arn = arn_formatter("monitoring-schedule", name, backend.account_id, backend.region_name)
        _schedules(backend)[name] = Schedule(
            name=name,
            arn=arn,
            config=config,
            endpoint_name=_checked_endpoint(backend, config),
            tags=self._get_param("Tags") or [],
            created=now,
            modified=now,
        )
        return ActionResult({"MonitoringScheduleArn": arn})

    def update_monitoring_schedule(self: Any) -> ActionResult:
        schedule = _named(self)
        config = self._get_param("MonitoringScheduleConfig")
        schedule.endpoint_name = _checked_endpoint(self.sagemaker_backend, config)
        schedule.config, schedule.modified = config, naive(clock)
        return ActionResult({"MonitoringScheduleArn": schedule.arn})

    def describe_monitoring_schedule(self: Any) -> ActionResult:
        schedule = _named(self)
        kept = {**schedule.summary, "MonitoringScheduleConfig": schedule.config}
        kept.pop("MonitoringJobDefinitionName", None)
        return ActionResult(kept)

    def list_monitoring_schedules(self: Any) -> ActionResult:
        return ActionResult(_page(self, list(_schedules(self.sagemaker_backend).values())))

    def start_monitoring_schedule(self: Any) -> ActionResult:
        _named(self).status = "Scheduled"
        return EmptyResult()

    def stop_monitoring_schedule(self: Any) -> ActionResult:
        _named(self).status = "Stopped"
        return EmptyResult()

    def delete_monitoring_schedule(self: Any) -> ActionResult:
        del _schedules(self.sagemaker_backend)[_named(self).name]
        return EmptyResult()

    find = SageMakerModelBackend._get_resource_from_arn

    def get_resource_from_arn(self: Any, arn: str) -> Any:
        kind, _, name = arn.split(":")[-1].partition("/")
        if kind != "monitoring-schedule":
            return find(self, arn)
        if name not in _schedules(self):
            raise ResourceNotFound(message=_NOT_FOUND)
        return _schedules(self)[name]

    patches.replace(
        SageMakerModelBackend,
        "create_data_quality_job_definition",
        create_data_quality_job_definition,
    )
    patches.replace(SageMakerModelBackend, "_get_resource_from_arn", get_resource_from_arn)
    patches.replace(FakeDataQualityJobDefinition, "summary_object", property(_definition_summary))
    for method in (
        create_monitoring_schedule,
        update_monitoring_schedule,
        describe_monitoring_schedule,
        list_monitoring_schedules,
        start_monitoring_schedule,
        stop_monitoring_schedule,
        delete_monitoring_schedule,
    ):
        patches.add(SageMakerResponse, method.__name__, method)


def _schedules(backend: Any) -> dict[str, Schedule]:
    # in the backend itself, so that moto's reset forgets them as well
    kept: dict[str, Schedule] = vars(backend).setdefault("monitoring_schedules", {})
    return kept


def _named(response: Any) -> Schedule:
    name = response._get_param("MonitoringScheduleName")
    schedule = _schedules(response.sagemaker_backend).get(name)
    if schedule is None:
        raise ResourceNotFound(message=_NOT_FOUND)
    return schedule


def _checked_endpoint(backend: Any, config: dict[str, Any]) -> str:
    """The endpoint that a schedule watches, once everything about it is in order."""
    expression = config.get("ScheduleConfig", {}).get("ScheduleExpression")
    if expression is not None and not _EXPRESSION.fullmatch(expression):
        raise AWSValidationException(
            f"Schedule expression {expression} is not one of NOW, cron(0 * ? * * *), "
            "cron(0 [00-23] ? * * *), cron(0 [00-23]/[01-24] ? * * *)"
        )
    if "MonitoringJobDefinition" in config:
        (source,) = config["MonitoringJobDefinition"]["MonitoringInputs"]
    else:
        name = config.get("MonitoringJobDefinitionName")
        kind = config.get("MonitoringType")
        if kind != "DataQuality" or name not in backend.data_quality_job_definitions:
            raise AWSValidationException(f"Could not find job definition {name} of type {kind}")
        source = backend.data_quality_job_definitions[name].data_quality_job_input
    if "EndpointInput" not in source:
        raise AWSValidationException("only endpoints are monitored here, not batch transforms")
    endpoint_name = str(source["EndpointInput"]["EndpointName"])
    endpoint = backend.endpoints.get(endpoint_name)
    if endpoint is None:
        raise AWSValidationException(f'Could not find endpoint "{endpoint_name}".')
    settings = backend.endpoint_configs[endpoint.endpoint_config_name].data_capture_config
    if not settings or not settings.get("EnableCapture", True):
        raise AWSValidationException(f'Endpoint "{endpoint_name}" does not capture data.')
    return endpoint_name


def _definition_summary(self: Any) -> dict[str, Any]:
    endpoint = self.data_quality_job_input.get("EndpointInput", {}).get("EndpointName")
    return {
        "MonitoringJobDefinitionName": self.job_definition_name,
        "MonitoringJobDefinitionArn": self.arn,
        "CreationTime": self.creation_time,
        "EndpointName": endpoint,
    }


def _page(response: Any, schedules: list[Schedule]) -> dict[str, Any]:
    """What ListMonitoringSchedules answers: filtered, sorted, one page of it."""
    wanted = {
        "EndpointName": response._get_param("EndpointName"),
        "MonitoringJobDefinitionName": response._get_param("MonitoringJobDefinitionName"),
        "MonitoringScheduleStatus": response._get_param("StatusEquals"),
        "MonitoringType": response._get_param("MonitoringTypeEquals"),
    }
    part = response._get_param("NameContains") or ""
    found = [
        schedule.summary
        for schedule in schedules
        if part in schedule.name
        and all(
            value is None or schedule.summary.get(key) == value for key, value in wanted.items()
        )
    ]
    for edge in ("CreationTime", "LastModifiedTime"):
        for side in ("Before", "After"):
            if response._get_param(f"{edge}{side}") is not None:
                raise AWSValidationException(f"ListMonitoringSchedules: no {edge}{side} here")
    key = {
        "Name": "MonitoringScheduleName",
        "Status": "MonitoringScheduleStatus",
        "CreationTime": "CreationTime",
    }[response._get_param("SortBy") or "CreationTime"]
    found.sort(key=lambda summary: summary[key])
    if response._get_param("SortOrder") != "Ascending":
        found.reverse()
    start = int(response._get_param("NextToken") or 0)
    end = start + int(response._get_param("MaxResults") or 100)
    more = {"NextToken": str(end)} if end < len(found) else {}
    return {"MonitoringScheduleSummaries": found[start:end], **more}
