"""A SageMaker model as containers that serve: their definitions, their files, requests to them."""

from __future__ import annotations

import http.client
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from penstock.localcloud.context import CloudContext
from penstock.localcloud.engines.registry import find_engine
from penstock.localcloud.ledger import Life
from penstock.localcloud.workers.hosting.connections import Response
from penstock.localcloud.workers.hosting.container import ModelContainer
from penstock.localcloud.workers.hosting.model_data import fetch
from penstock.localcloud.workers.logs import LogStream
from penstock.localcloud.workers.s3 import S3_ATTEMPTS


class ModelDefinitionError(Exception):
    """The model names no container that could be started; one line that says why."""


class ContainerFailedError(Exception):
    """A container answered with an error, or not at all.

    `status` is its HTTP status, 0 without an answer; `original` is what it said.
    """

    def __init__(self, container: str, status: int, original: str) -> None:
        super().__init__(original)
        self.container = container
        self.status = status
        self.original = original


class NoAnswerError(ContainerFailedError):
    """The connection broke or could not be made: the container is not there."""


def container_definitions(sagemaker: Any, model: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Container definitions with images: of the model itself, or of its model package.

    `model` is DescribeModel's answer, `sagemaker` a client that may describe packages.
    Raises ModelDefinitionError.
    """
    definitions = model.get("Containers") or []
    if model.get("PrimaryContainer"):
        definitions = [model["PrimaryContainer"]]
    if not definitions:
        raise ModelDefinitionError(f"model {model['ModelName']} has no container")
    resolved: list[dict[str, Any]] = []
    for definition in definitions:
        package = definition.get("ModelPackageName")
        if package:
            own = definition.get("Environment") or {}
            resolved.extend(
                {**found, "Environment": {**(found.get("Environment") or {}), **own}}
                for found in _of_package(sagemaker, str(package))
            )
        else:
            resolved.append(definition)
    for definition in resolved:
        if not definition.get("Image"):
            raise ModelDefinitionError(f"a container of model {model['ModelName']} has no Image")
    return resolved


def container_of(
    context: CloudContext,
    model: Mapping[str, Any],
    definition: Mapping[str, Any],
    *,
    number: int,
    directory: Path,
    log_group: str,
    log_stream: str,
    environment: Mapping[str, str] | None = None,
) -> ModelContainer:
    """The container of one definition with its files, below `directory`; not yet started.

    It acts as the model's role, unless the model is isolated from the network; `environment`
    comes on top of the definition's. Raises ModelDataError, UnknownImageError, ClientError.
    """
    image, role = str(definition["Image"]), str(model["ExecutionRoleArn"])
    engine = find_engine(image)
    context.ledger.record(
        inference_image(image), "SageMaker inference image", Life.SUBSTITUTED, engine.by
    )
    clients = context.clients
    name = str(definition.get("ContainerHostname") or f"container-{number + 1}")
    root = directory / name / "opt" / "ml"
    s3 = clients.for_role(
        role,
        "s3",
        by="sagemaker.amazonaws.com",
        source_arn=str(model["ModelArn"]),
        attempts=S3_ATTEMPTS,
    )
    fetch(definition, s3, root / "model", f"container_{number + 1}")
    variables = {str(k): str(v) for k, v in (definition.get("Environment") or {}).items()}
    variables |= {"AWS_REGION": context.region, **(environment or {})}
    if not model.get("EnableNetworkIsolation"):
        variables |= clients.environment(
            role, by="sagemaker.amazonaws.com", source_arn=str(model["ModelArn"])
        )
    log = LogStream(
        clients.for_role(
            role, "logs", by="sagemaker.amazonaws.com", source_arn=str(model["ModelArn"])
        ),
        context.clock,
        group=log_group,
        stream=log_stream if number == 0 else f"{log_stream}/{name}",
        create_group=True,
    )
    return ModelContainer(name, engine, root, variables, log)


def invoke_in_series(
    containers: Sequence[ModelContainer],
    body: bytes,
    headers: Mapping[str, str],
    timeout_seconds: float,
) -> Response:
    """POST /invocations of each: a container gets the answer of the one before it.

    Raises ContainerFailedError.
    """
    sent = dict(headers)
    response: Response | None = None
    for container in containers:
        try:
            response = container.invoke(body, sent, timeout_seconds)
        except TimeoutError:
            raise ContainerFailedError(
                container.name,
                0,
                "Your invocation timed out while waiting for a response from container "
                f"{container.name}. Review the latency metrics for each container in Amazon "
                "CloudWatch, resolve the issue, and try again.",
            ) from None
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswerError(container.name, 0, f"{type(error).__name__}: {error}") from None
        if response.status >= 400:
            text = response.body.decode("utf-8", "replace")
            raise ContainerFailedError(container.name, response.status, text)
        body = response.body
        sent["Content-Type"] = response.headers.get("content-type", "")
    assert response is not None
    return response


def inference_image(image: str) -> str:
    """How the ledger calls an image that serves."""
    return f"{image} (hosting)"


def _of_package(sagemaker: Any, name: str) -> list[dict[str, Any]]:
    package = sagemaker.describe_model_package(ModelPackageName=name)
    status = package.get("ModelApprovalStatus", "Approved")
    if status != "Approved":
        # from experience, unconfirmed: a package must be approved before it can be deployed
        raise ModelDefinitionError(
            f"model package {name} cannot be deployed: its ModelApprovalStatus is {status}, "
            "only an Approved package can serve"
        )
    specification = package.get("InferenceSpecification") or {}
    containers: list[dict[str, Any]] = specification.get("Containers") or []
    if not containers:
        raise ModelDefinitionError(f"model package {name} has no InferenceSpecification.Containers")
    return containers
