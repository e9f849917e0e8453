"""What one endpoint configuration describes, running: variants with their containers."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from penstock.localcloud.context import CloudContext
from penstock.localcloud.engines.registry import UnknownImageError
from penstock.localcloud.workers.hosting.capture import DataCapture
from penstock.localcloud.workers.hosting.capture_account import CaptureAccount
from penstock.localcloud.workers.hosting.capture_settings import CaptureSettings
from penstock.localcloud.workers.hosting.container import ModelContainer, StartFailedError
from penstock.localcloud.workers.hosting.keeper import Keeper
from penstock.localcloud.workers.hosting.model import (
    ModelDefinitionError,
    container_definitions,
    container_of,
    inference_image,
)
from penstock.localcloud.workers.hosting.model_data import ModelDataError
from penstock.localcloud.workers.hosting.trouble import HostingTrouble
from penstock.localcloud.workers.s3 import S3_ATTEMPTS

# SageMaker developer guide, your-algorithms-inference-code: 8 minutes after startup (4 until 2023)
DEFAULT_STARTUP_SECONDS = 480.0
INVOCATION_SECONDS = 60.0  # a container has to answer (botocore sagemaker-runtime, InvokeEndpoint)


class DeploymentFailedError(Exception):
    """The configuration cannot serve; the text is the FailureReason."""


@dataclass
class Variant:
    """A production variant: containers in series, and how often it was invoked."""

    name: str
    weight: float
    log_group: str
    log_stream: str
    containers: list[ModelContainer] = field(default_factory=list)
    keepers: list[Keeper] = field(default_factory=list)
    invocations: int = 0
    capture: DataCapture | None = None


class Fleet:
    """All variants of one configuration, started in `start` and ended in `stop`."""

    def __init__(
        self,
        context: CloudContext,
        endpoint_name: str,
        config_name: str,
        number: int,
        captures: CaptureAccount,
    ) -> None:
        self._context = context
        self._endpoint_name = endpoint_name
        self.config_name = config_name
        self._number = number
        self._captures = captures
        self._trouble = HostingTrouble(context.faults)
        self._changed = threading.Condition()
        self._in_flight = 0
        self.variants: list[Variant] = []

    def start(self) -> None:
        """Start everything; raises DeploymentFailedError after ending what had been started."""
        try:
            config = self._sagemaker.describe_endpoint_config(EndpointConfigName=self.config_name)
            try:
                capture = CaptureSettings.of(config)
            except ValueError as error:
                raise DeploymentFailedError(
                    f"DataCaptureConfig.DestinationS3Uri: {error}"
                ) from None
            for settings in config["ProductionVariants"]:
                self._start_variant(settings, capture)
        except (ClientError, BotoCoreError, OSError) as error:
            self.stop()
            raise DeploymentFailedError(str(error)) from error
        except (ModelDataError, ModelDefinitionError, UnknownImageError) as error:
            self.stop()
            raise DeploymentFailedError(str(error)) from error
        except DeploymentFailedError:
            self.stop()
            raise

    def stop(self, grace_seconds: float | None = None) -> None:
        """End all containers, then write what was captured of their answers.

        Without a grace period that is given, requests on their way are answered first.
        """
        if grace_seconds is None:
            with self._changed:
                self._changed.wait_for(lambda: not self._in_flight, INVOCATION_SECONDS)
        for variant in self.variants:
            for keeper in variant.keepers:
                keeper.stop()
            for container in variant.containers:
                if grace_seconds is None:
                    container.stop()
                else:
                    container.stop(grace_seconds)
        for variant in self.variants:
            if variant.capture is not None:
                variant.capture.close()

    def choose(self, target: str) -> Variant | None:
        """The targeted variant, or one by weight: traffic is weight by the sum of weights."""
        if target:
            return next((v for v in self.variants if v.name == target), None)
        weights = [variant.weight for variant in self.variants]
        if not any(weights):
            return None
        return random.choices(self.variants, weights)[0]  # noqa: S311

    def begin_request(self) -> None:
        """A request is on its way, until `end_request`."""
        with self._changed:
            self._in_flight += 1

    def end_request(self) -> None:
        """A request has been answered, or has failed."""
        with self._changed:
            self._in_flight -= 1
            self._changed.notify_all()

    def count(self, variant: Variant) -> None:
        """One more invocation of this variant."""
        with self._changed:
            variant.invocations += 1

    @property
    def _sagemaker(self) -> Any:
        return self._context.clients.deployer("sagemaker")

    def _start_variant(self, settings: dict[str, Any], capture: CaptureSettings | None) -> None:
        name = str(settings["VariantName"])
        variant = Variant(
            name,
            float(settings.get("InitialVariantWeight", 1.0)),
            f"/aws/sagemaker/Endpoints/{self._endpoint_name}",
            f"{name}/i-local{self._number:04d}",
        )
        self.variants.append(variant)
        if "ModelName" not in settings:
            raise DeploymentFailedError(
                f"variant {name} has no ModelName: inference components do not exist here"
            )
        model = self._sagemaker.describe_model(ModelName=settings["ModelName"])
        role = str(model["ExecutionRoleArn"])
        if capture is not None:
            variant.capture = DataCapture(
                capture,
                s3=self._context.clients.for_role(
                    role,
                    "s3",
                    attempts=S3_ATTEMPTS,
                    by="sagemaker.amazonaws.com",
                    source_arn=str(model["ModelArn"]),
                ),
                clock=self._context.clock,
                account=self._captures,
                endpoint=self._endpoint_name,
                variant=name,
            )
        containers = container_definitions(self._sagemaker, model)
        timeout = float(
            settings.get("ContainerStartupHealthCheckTimeoutInSeconds") or DEFAULT_STARTUP_SECONDS
        )
        for number, definition in enumerate(containers):
            self._trouble.damage(definition, self._context.clients.deployer("s3"))
            unhealthy_seconds = self._trouble.limit_seconds()
            container = container_of(
                self._context,
                model,
                definition,
                number=number,
                directory=self._context.workdir
                / "hosting"
                / self._endpoint_name
                / f"{self._number:04d}"
                / name,
                log_group=variant.log_group,
                log_stream=variant.log_stream,
                environment=None if unhealthy_seconds is None else self._trouble.unhealthy(),
            )
            variant.containers.append(container)
            try:
                container.start(unhealthy_seconds or timeout)
            except StartFailedError as error:
                if unhealthy_seconds is not None:
                    self._trouble.was_unhealthy(unhealthy_seconds)
                # the first sentences are AWS's own
                which = "primary" if len(containers) == 1 else container.name
                raise DeploymentFailedError(
                    f"The {which} container for production variant {name} did not pass the ping "
                    "health check. Please check CloudWatch logs for this endpoint. "
                    f"({definition['Image']}: {error})"
                ) from error
            variant.keepers.append(Keeper(container, timeout, self._trouble.again))
        instances = int(settings.get("InitialInstanceCount") or 1)
        if instances > 1:
            for definition in containers:
                self._context.ledger.note(
                    inference_image(str(definition["Image"])),
                    f"variant {name} of endpoint {self._endpoint_name}: one process stands for "
                    f"{instances} instances",
                )
