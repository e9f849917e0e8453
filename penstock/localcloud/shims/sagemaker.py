"""SageMaker: jobs and endpoints that live, missing operations, current instance types."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any, Protocol

import botocore.session
from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import (
    AWSValidationException,
    ResourceInUseException,
    ResourceNotFound,
)
from moto.sagemaker.models import (
    FakeEndpoint,
    FakeEndpointConfig,
    FakeTrainingJob,
    ModelPackage,
    SageMakerModelBackend,
)
from moto.sagemaker.responses import SageMakerResponse

from penstock.localcloud.clock import Clock
from penstock.localcloud.context import EventSink
from penstock.localcloud.shims.patches import Patches
from penstock.localcloud.workers.hosting import Endpoint
from penstock.localcloud.workers.training import RefusedRequestError, TrainingJob

PENDING_APPROVAL = "PendingManualApproval"


class TrainingHooks(Protocol):
    """Who runs training jobs."""

    def check(self, request: dict[str, Any]) -> None:
        """RefusedRequestError for what CreateTrainingJob itself refuses."""

    def submit(self, job: TrainingJob) -> None:
        """Run the job."""

    def stop_job(self, name: str) -> None:
        """StopTrainingJob."""


class HostingHooks(Protocol):
    """Who runs endpoints."""

    def deploy(self, endpoint: Endpoint, config_name: str) -> None:
        """CreateEndpoint."""

    def update(self, endpoint: Endpoint, config_name: str) -> None:
        """UpdateEndpoint."""

    def delete(self, name: str) -> None:
        """DeleteEndpoint."""


def install(
    patches: Patches,
    *,
    clock: Clock,
    events: EventSink,
    training: TrainingHooks,
    hosting: HostingHooks,
) -> None:
    """Give training jobs, endpoints and model packages the life that AWS gives them."""
    _install_training(patches, clock, events, training)
    _install_endpoints(patches, clock, events, hosting)
    _install_models(patches)
    _install_packages(patches, clock, events)
    patches.replace(FakeEndpointConfig, "validate_instance_type", _validate_instance_type)


def _install_training(
    patches: Patches, clock: Clock, events: EventSink, training: TrainingHooks
) -> None:
    create = SageMakerResponse.create_training_job

    def create_training_job(self: Any) -> ActionResult:
        # a copy: moto writes a metric definition of its own into what it is given
        request = copy.deepcopy(dict(self._get_params()))
        backend = self.sagemaker_backend
        name = request["TrainingJobName"]
        if name in backend.training_jobs:
            raise ResourceInUseException(
                message=f"Training job names must be unique within an AWS account and region, and "
                f"a training job with this name already exists "
                f"({backend.training_jobs[name].arn})"
            )
        try:
            training.check(request)
        except RefusedRequestError as error:
            raise AWSValidationException(str(error)) from None
        result = create(self)
        training.submit(ApiTrainingJob(backend.training_jobs[name], request, clock, events))
        return result

    def stop_training_job(self: Any) -> ActionResult:
        name = self._get_param("TrainingJobName")
        job = self.sagemaker_backend.training_jobs.get(name)
        if job is None:
            raise ResourceNotFound(message="Requested resource not found.")
        if job.training_job_status not in ("InProgress", "Stopping"):
            raise AWSValidationException(
                f"The request was rejected because the training job is in status "
                f"{job.training_job_status}."
            )
        job.training_job_status = job.secondary_status = "Stopping"
        training.stop_job(name)
        return EmptyResult()

    patches.replace(SageMakerResponse, "create_training_job", create_training_job)
    patches.add(SageMakerResponse, "stop_training_job", stop_training_job)


class ApiTrainingJob:
    """A training job in moto's backend, as DescribeTrainingJob shows it."""

    def __init__(
        self, stored: FakeTrainingJob, request: dict[str, Any], clock: Clock, events: EventSink
    ) -> None:
        self.name = str(stored.training_job_name)
        self.arn = str(stored.arn)
        self.request = request
        self._stored = stored
        self._clock = clock
        self._events = events
        now = naive(clock)
        definitions = (request.get("AlgorithmSpecification") or {}).get("MetricDefinitions")
        stored.algorithm_specification = {
            **(request.get("AlgorithmSpecification") or {}),
            "MetricDefinitions": definitions or [],
        }
        stored.creation_time = stored.last_modified_time = now
        stored.training_start_time = stored.training_end_time = None
        stored.final_metric_data_list = []
        stored.environment = request.get("Environment")
        stored.retry_strategy = request.get("RetryStrategy")
        stored.model_artifacts = {
            "S3ModelArtifacts": f"{request['OutputDataConfig']['S3OutputPath'].rstrip('/')}"
            f"/{self.name}/output/model.tar.gz"
        }
        stored.secondary_status_transitions = []
        stored.training_job_status = "InProgress"
        self.transition("Starting", "Starting the training job")

    def transition(self, secondary_status: str, message: str) -> None:
        """Close the last transition and begin this one."""
        now = naive(self._clock)
        transitions = self._stored.secondary_status_transitions
        if transitions:
            transitions[-1]["EndTime"] = now
        transitions.append({"Status": secondary_status, "StartTime": now, "StatusMessage": message})
        if self._stored.training_job_status != "Stopping":
            self._stored.secondary_status = secondary_status
        self._stored.last_modified_time = now

    def training_started(self) -> None:
        """TrainingStartTime."""
        self._stored.training_start_time = naive(self._clock)

    def finish(
        self,
        status: str,
        secondary_status: str,
        message: str,
        *,
        failure_reason: str = "",
        metrics: dict[str, float] | None = None,
    ) -> None:
        """The final state; TrainingJobStatus is written last, because waiters look at it."""
        stored = self._stored
        now = naive(self._clock)
        self.transition(secondary_status, failure_reason or message)
        stored.secondary_status_transitions[-1]["EndTime"] = now
        if stored.training_start_time is not None:
            seconds = max(1, round((now - stored.training_start_time).total_seconds()))
            instances = int((self.request.get("ResourceConfig") or {}).get("InstanceCount") or 1)
            stored.training_time_in_seconds = seconds
            stored.billable_time_in_seconds = seconds * instances
        stored.training_end_time = now
        stored.final_metric_data_list = [
            {"MetricName": name, "Value": value, "Timestamp": now}
            for name, value in (metrics or {}).items()
        ]
        if failure_reason:
            stored.failure_reason = failure_reason
        stored.secondary_status = secondary_status
        stored.training_job_status = status
        self._events.emit(
            source="aws.sagemaker",
            detail_type="SageMaker Training Job State Change",
            detail=plain(
                {
                    "TrainingJobName": self.name,
                    "TrainingJobArn": self.arn,
                    "TrainingJobStatus": status,
                    "SecondaryStatus": secondary_status,
                    "FailureReason": failure_reason or None,
                    "HyperParameters": self.request.get("HyperParameters"),
                    "ModelArtifacts": stored.model_artifacts,
                    "RoleArn": self.request["RoleArn"],
                    "CreationTime": stored.creation_time,
                    "TrainingEndTime": now,
                }
            ),
            resources=[self.arn],
        )


def _install_endpoints(
    patches: Patches, clock: Clock, events: EventSink, hosting: HostingHooks
) -> None:
    create = SageMakerModelBackend.create_endpoint
    delete = SageMakerModelBackend.delete_endpoint

    def create_endpoint(
        self: Any, endpoint_name: str, endpoint_config_name: str, tags: Any
    ) -> FakeEndpoint:
        if endpoint_name in self.endpoints:
            raise AWSValidationException(
                f'Cannot create already existing endpoint "{self.endpoints[endpoint_name].arn}".'
            )
        stored = create(self, endpoint_name, endpoint_config_name, tags)
        stored.endpoint_status = "Creating"
        stored.creation_time = stored.last_modified_time = naive(clock)
        hosting.deploy(ApiEndpoint(stored, self, clock, events), endpoint_config_name)
        return stored

    def update_endpoint(self: Any) -> ActionResult:
        backend = self.sagemaker_backend
        name = self._get_param("EndpointName")
        config_name = self._get_param("EndpointConfigName")
        stored = backend.endpoints.get(name)
        if stored is None:
            backend.describe_endpoint(name)  # raises what DescribeEndpoint raises
        backend.describe_endpoint_config(config_name)
        if stored.endpoint_status != "InService":
            raise AWSValidationException(
                f'Cannot update endpoint "{stored.arn}" in status {stored.endpoint_status}; '
                "only an endpoint that is InService can be updated."
            )
        stored.endpoint_status = "Updating"
        stored.failure_reason = None
        stored.last_modified_time = naive(clock)
        deployment = self._get_param("DeploymentConfig")
        if deployment is not None:
            stored.last_deployment_config = deployment
        hosting.update(ApiEndpoint(stored, backend, clock, events), config_name)
        return ActionResult({"EndpointArn": stored.arn})

    def delete_endpoint(self: Any, endpoint_name: str) -> None:
        delete(self, endpoint_name)
        hosting.delete(endpoint_name)

    patches.replace(SageMakerModelBackend, "create_endpoint", create_endpoint)
    patches.replace(SageMakerModelBackend, "delete_endpoint", delete_endpoint)
    patches.add(SageMakerResponse, "update_endpoint", update_endpoint)


class ApiEndpoint:
    """An endpoint in moto's backend, as DescribeEndpoint shows it."""

    def __init__(self, stored: FakeEndpoint, backend: Any, clock: Clock, events: EventSink) -> None:
        self.name = str(stored.endpoint_name)
        self.arn = str(stored.arn)
        self._stored = stored
        self._backend = backend
        self._clock = clock
        self._events = events

    def in_service(self, config_name: str) -> None:
        """The configuration serves."""
        config = self._backend.endpoint_configs.get(config_name)
        if config is not None:
            self._stored.production_variants = self._stored._process_production_variants(
                config.production_variants
            )
            self._stored.data_capture_config = config.data_capture_config
        self._stored.endpoint_config_name = config_name
        self._become("InService", None)

    def failed(self, reason: str) -> None:
        """It could not be created."""
        self._become("Failed", reason)

    def update_failed(self, reason: str) -> None:
        """What served before serves on."""
        self._become("InService", reason)

    def _become(self, status: str, reason: str | None) -> None:
        stored = self._stored
        stored.failure_reason = reason
        stored.last_modified_time = naive(self._clock)
        stored.endpoint_status = status
        # the event spells the status IN_SERVICE, FAILED (SageMaker developer guide,
        # automating-sagemaker-with-eventbridge)
        self._events.emit(
            source="aws.sagemaker",
            detail_type="SageMaker Endpoint State Change",
            detail=plain(
                {
                    "EndpointName": self.name,
                    "EndpointArn": self.arn,
                    "EndpointConfigName": stored.endpoint_config_name,
                    "ProductionVariants": stored.production_variants,
                    "EndpointStatus": {"InService": "IN_SERVICE", "Failed": "FAILED"}[status],
                    "FailureReason": reason,
                    "CreationTime": stored.creation_time,
                    "LastModifiedTime": stored.last_modified_time,
                }
            ),
            resources=[self.arn],
        )


def _install_models(patches: Patches) -> None:
    create = SageMakerResponse.create_model

    def create_model(self: Any) -> ActionResult:
        name = self._get_param("ModelName")
        backend = self.sagemaker_backend
        if name in backend._models:
            raise AWSValidationException(
                f'Cannot create already existing model "{backend._models[name].arn}".'
            )
        result = create(self)
        backend._models[name].enable_network_isolation = self._get_param(
            "EnableNetworkIsolation", False
        )
        return result

    patches.replace(SageMakerResponse, "create_model", create_model)


def _install_packages(patches: Patches, clock: Clock, events: EventSink) -> None:
    create = SageMakerModelBackend.create_model_package
    update = SageMakerModelBackend.update_model_package

    def emit(package: ModelPackage) -> None:
        described = package.gen_response_object()
        keys = (
            "ModelPackageName",
            "ModelPackageGroupName",
            "ModelPackageVersion",
            "ModelPackageArn",
            "ModelPackageDescription",
            "CreationTime",
            "LastModifiedTime",
            "InferenceSpecification",
            "ModelPackageStatus",
            "ModelPackageStatusDetails",
            "CertifyForMarketplace",
            "ModelApprovalStatus",
            "ApprovalDescription",
            "CustomerMetadataProperties",
            "MetadataProperties",
            "ModelMetrics",
        )
        # SageMaker developer guide, automating-sagemaker-with-eventbridge: as DescribeModelPackage
        events.emit(
            source="aws.sagemaker",
            detail_type="SageMaker Model Package State Change",
            detail=plain({key: described.get(key) for key in keys}),
            resources=[described["ModelPackageArn"]],
        )

    def create_model_package(self: Any, **arguments: Any) -> str:
        group = arguments.get("model_package_group_name")
        if group:
            # the name or the ARN (botocore 1.44.5 sagemaker model, ArnOrName)
            arguments["model_package_group_name"] = group.split("/")[-1]
            arguments["model_approval_status"] = (
                arguments.get("model_approval_status") or PENDING_APPROVAL
            )
        arn: str = create(self, **arguments)
        package = self.model_packages[arn]
        package.creation_time = naive(clock)
        emit(package)
        return arn

    def update_model_package(self: Any, **arguments: Any) -> str:
        package = self.describe_model_package(arguments["model_package_arn"])
        # moto forgets what the request does not mention
        for name in ("model_approval_status", "approval_description"):
            if arguments.get(name) is None:
                arguments[name] = getattr(package, name)
        merged = {
            **(package.customer_metadata_properties or {}),
            **(arguments.get("customer_metadata_properties") or {}),
        }
        arguments["customer_metadata_properties"] = merged
        arn: str = update(self, **arguments)
        package.last_modified_time = naive(clock)
        emit(package)
        return arn

    def delete_model_package(self: Any) -> ActionResult:
        backend = self.sagemaker_backend
        package = backend.describe_model_package(self._get_param("ModelPackageName"))
        del backend.model_packages[package.arn]
        backend.model_package_name_mapping.pop(package.arn, None)
        return EmptyResult()

    def delete_model_package_group(self: Any) -> ActionResult:
        backend = self.sagemaker_backend
        group = backend.describe_model_package_group(
            self._get_param("ModelPackageGroupName").split("/")[-1]
        )
        name = group.model_package_group_name
        left = [p for p in backend.model_packages.values() if p.model_package_group_name == name]
        if left:
            raise AWSValidationException(
                f"Model package group {group.arn} cannot be deleted: it still has {len(left)} "
                "model packages; delete them first."
            )
        del backend.model_package_groups[name]
        return EmptyResult()

    patches.replace(SageMakerModelBackend, "create_model_package", create_model_package)
    patches.replace(SageMakerModelBackend, "update_model_package", update_model_package)
    patches.add(SageMakerResponse, "delete_model_package", delete_model_package)
    patches.add(SageMakerResponse, "delete_model_package_group", delete_model_package_group)


def instance_types() -> frozenset[str]:
    """Every type that botocore's own model knows for a production variant."""
    model = botocore.session.get_session().get_service_model("sagemaker")
    return frozenset(model.shape_for("ProductionVariantInstanceType").enum)


_known_types: list[frozenset[str]] = []


def _validate_instance_type(_self: Any, instance_type: str) -> None:
    if not _known_types:
        _known_types.append(instance_types())
    if instance_type not in _known_types[0]:
        raise AWSValidationException(
            f"1 validation error detected: Value '{instance_type}' at "
            "'productionVariants.member.instanceType' failed to satisfy constraint: Member must "
            "satisfy enum value set (ProductionVariantInstanceType)"
        )


def naive(clock: Clock) -> datetime:
    """The cloud's time as moto keeps times: UTC without saying so."""
    return clock.now().astimezone(UTC).replace(tzinfo=None)


def plain(value: Any) -> Any:
    """A JSON document: times as ISO 8601 in UTC, no keys without a value."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds").removesuffix("+00:00") + "Z"
    return value
