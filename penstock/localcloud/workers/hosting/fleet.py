"""What one endpoint configuration describes, running: variants with their containers."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from penstock.localcloud.context import CloudContext
from penstock.localcloud.engines.registry import UnknownImageError, find_engine
from penstock.localcloud.ledger import Life
from penstock.localcloud.workers.hosting.capture import DataCapture
from penstock.localcloud.workers.hosting.capture_account import CaptureAccount
from penstock.localcloud.workers.hosting.capture_settings import CaptureSettings
from penstock.localcloud.workers.hosting.container import ModelContainer, StartFailedError
from penstock.localcloud.workers.hosting.model_data import ModelDataError, fetch
from penstock.localcloud.workers.logs import LogStream

# SageMaker developer guide, your-algorithms-inference-code: healthy within 4 minutes
DEFAULT_STARTUP_SECONDS = 240.0


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
        self._lock = threading.Lock()
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
        except (ModelDataError, UnknownImageError) as error:
            self.stop()
            raise DeploymentFailedError(str(error)) from error
        except DeploymentFailedError:
            self.stop()
            raise

    def stop(self, grace_seconds: float | None = None) -> None:
        """End all containers, then write what was captured of their answers."""
        for variant in self.variants:
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

    def count(self, variant: Variant) -> None:
        """One more invocation of this variant."""
        with self._lock:
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
                s3=self._context.clients.for_role(role, "s3"),
                clock=self._context.clock,
                account=self._captures,
                endpoint=self._endpoint_name,
                variant=name,
            )
        containers = self._containers(model)
        timeout = float(
            settings.get("ContainerStartupHealthCheckTimeoutInSeconds") or DEFAULT_STARTUP_SECONDS
        )
        for number, definition in enumerate(containers):
            container = self._container(variant, model, definition, number, role)
            try:
                container.start(timeout)
            except StartFailedError as error:
                # the first sentences are AWS's own
                which = "primary" if len(containers) == 1 else container.name
                raise DeploymentFailedError(
                    f"The {which} container for production variant {name} did not pass the ping "
                    "health check. Please check CloudWatch logs for this endpoint. "
                    f"({definition['Image']}: {error})"
                ) from error
        instances = int(settings.get("InitialInstanceCount") or 1)
        if instances > 1:
            for definition in containers:
                self._context.ledger.note(
                    _resource(str(definition["Image"])),
                    f"variant {name} of endpoint {self._endpoint_name}: one process stands for "
                    f"{instances} instances",
                )

    def _containers(self, model: dict[str, Any]) -> list[dict[str, Any]]:
        """Container definitions with images: of the model itself, or of its model package."""
        definitions = model.get("Containers") or []
        if model.get("PrimaryContainer"):
            definitions = [model["PrimaryContainer"]]
        if not definitions:
            raise DeploymentFailedError(f"model {model['ModelName']} has no container")
        resolved: list[dict[str, Any]] = []
        for definition in definitions:
            package = definition.get("ModelPackageName")
            if package:
                own = definition.get("Environment") or {}
                resolved.extend(
                    {**found, "Environment": {**(found.get("Environment") or {}), **own}}
                    for found in self._package(str(package))
                )
            else:
                resolved.append(definition)
        for definition in resolved:
            if not definition.get("Image"):
                raise DeploymentFailedError(
                    f"a container of model {model['ModelName']} has no Image"
                )
        return resolved

    def _package(self, name: str) -> list[dict[str, Any]]:
        package = self._sagemaker.describe_model_package(ModelPackageName=name)
        status = package.get("ModelApprovalStatus", "Approved")
        if status != "Approved":
            # from experience, unconfirmed: a package must be approved before it can be deployed
            raise DeploymentFailedError(
                f"model package {name} cannot be deployed: its ModelApprovalStatus is {status}, "
                "only an Approved package can serve"
            )
        specification = package.get("InferenceSpecification") or {}
        containers: list[dict[str, Any]] = specification.get("Containers") or []
        if not containers:
            raise DeploymentFailedError(
                f"model package {name} has no InferenceSpecification.Containers"
            )
        return containers

    def _container(
        self,
        variant: Variant,
        model: dict[str, Any],
        definition: dict[str, Any],
        number: int,
        role: str,
    ) -> ModelContainer:
        image = str(definition["Image"])
        engine = find_engine(image)
        self._context.ledger.record(
            _resource(image), "SageMaker inference image", Life.SUBSTITUTED, engine.by
        )
        clients = self._context.clients
        name = str(definition.get("ContainerHostname") or f"container-{number + 1}")
        root = (
            self._context.workdir
            / "hosting"
            / self._endpoint_name
            / f"{self._number:04d}"
            / variant.name
            / name
            / "opt"
            / "ml"
        )
        fetch(definition, clients.for_role(role, "s3"), root / "model")
        environment = {str(k): str(v) for k, v in (definition.get("Environment") or {}).items()}
        environment["AWS_REGION"] = self._context.region
        if not model.get("EnableNetworkIsolation"):
            environment.update(clients.environment(role))
        stream = variant.log_stream if number == 0 else f"{variant.log_stream}/{name}"
        container = ModelContainer(
            name,
            engine,
            root,
            environment,
            LogStream(
                clients.for_role(role, "logs"),
                self._context.clock,
                group=variant.log_group,
                stream=stream,
                create_group=True,
            ),
        )
        variant.containers.append(container)
        return container


def _resource(image: str) -> str:
    return f"{image} (hosting)"
