"""SageMaker's endpoints: deployed by whoever hosts them, shown as they stand."""

from __future__ import annotations

from typing import Any, Protocol

from moto.core.responses import ActionResult
from moto.sagemaker.exceptions import AWSValidationException
from moto.sagemaker.models import FakeEndpoint, SageMakerModelBackend
from moto.sagemaker.responses import SageMakerResponse

from penstock.localcloud.clock import Clock
from penstock.localcloud.context import EventSink
from penstock.localcloud.shims.patches import Patches
from penstock.localcloud.shims.sagemaker_documents import naive, plain
from penstock.localcloud.workers.hosting import Endpoint


class HostingHooks(Protocol):
    """Who runs endpoints."""

    def deploy(self, endpoint: Endpoint, config_name: str) -> None:
        """CreateEndpoint."""

    def update(self, endpoint: Endpoint, config_name: str) -> None:
        """UpdateEndpoint."""

    def delete(self, name: str) -> None:
        """DeleteEndpoint."""


def install_endpoints(
    patches: Patches, clock: Clock, events: EventSink, hosting: HostingHooks
) -> None:
    """Endpoints that somebody deploys, updates and deletes."""
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
            self._stored.data_capture_config = _capture_summary(config.data_capture_config)
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


def _capture_summary(config: Any) -> dict[str, Any] | None:
    """DescribeEndpoint's DataCaptureConfig (botocore 1.44.5 sagemaker model)."""
    if not config:
        return None
    enabled = bool(config.get("EnableCapture", True))
    return {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if enabled else "Stopped",
        "CurrentSamplingPercentage": config["InitialSamplingPercentage"],
        "DestinationS3Uri": config["DestinationS3Uri"],
        "KmsKeyId": config.get("KmsKeyId", ""),
    }
