"""Event source mappings: checked, opened, changed and closed at the worker, not run by moto."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from botocore.exceptions import ClientError
from moto.awslambda.exceptions import InvalidParameterValueException, LambdaClientError
from moto.awslambda.models import EventSourceMapping, LambdaBackend
from moto.awslambda.utils import get_backend
from moto.kinesis.models import kinesis_backends
from moto.sqs.models import sqs_backends

from penstock.localcloud.errors import LocalCloudError
from penstock.localcloud.shims.functions import (
    REQUEST_LIMIT_BYTES,
    Invoker,
    settings_of,
)
from penstock.localcloud.shims.patches import Patches
from penstock.localcloud.workers.event_sources.functions import NotInvokedError
from penstock.localcloud.workers.functions.environment import InvocationResult


class Mappings(Protocol):
    """What this module needs of the event sources worker."""

    def check(self, configuration: Mapping[str, Any]) -> None:
        """ValueError if there cannot be such a mapping."""

    def opened(self, configuration: Mapping[str, Any]) -> None:
        """A mapping was created; ClientError when its function may not read the source."""

    def changed(self, configuration: Mapping[str, Any]) -> None:
        """It was updated."""

    def closed(self, uuid: str) -> None:
        """It was deleted."""


class DeployedFunctions:
    """moto's functions as event sources see them: the Lambda service invokes, no role does."""

    def __init__(self, *, invoker: Invoker, account_id: str, region: str) -> None:
        self._invoker = invoker
        self._account_id = account_id
        self._region = region

    def role_of(self, function_arn: str) -> str:
        """The execution role; NotInvokedError if the function is gone."""
        return str(self._find(function_arn).role)

    def invoke(self, function_arn: str, event: str) -> InvocationResult:
        """Run it; NotInvokedError if it is gone, cannot run here, or the event is too large."""
        size = len(event.encode())
        if size > REQUEST_LIMIT_BYTES:
            raise NotInvokedError(
                f"{function_arn}: an event of {size} bytes, the limit is {REQUEST_LIMIT_BYTES}"
            )
        function = self._find(function_arn)
        try:
            return self._invoker.invoke(settings_of(function), event)
        except (LocalCloudError, LambdaClientError) as error:
            raise NotInvokedError(str(error)) from error

    def _find(self, function_arn: str) -> Any:
        backend = get_backend(self._account_id, self._region)
        try:
            return backend.get_function(function_arn)
        except LambdaClientError as error:
            raise NotInvokedError(f"{function_arn}: {error}") from error


def install(patches: Patches, *, mappings: Mappings) -> None:
    """Mappings of Kinesis streams and SQS queues live in `mappings`; others are refused."""

    def create(self: Any, spec: dict[str, Any]) -> Any:
        position = spec.get("StartingPosition")
        arn = str(spec.get("EventSourceArn", ""))
        if arn.count(":") < 5:
            raise InvalidParameterValueException(f"EventSourceArn {arn!r} is no ARN")
        _checked(mappings.check, spec)
        mapping = stock_create(self, spec)
        _quiet(self, arn, mapping)
        if arn.split(":")[2] == "sqs":
            mapping.starting_position = position  # moto gives queues one, too
            try:
                _check_visibility(self, mapping)
            except InvalidParameterValueException:
                stock_delete(self, mapping.uuid)
                raise
        try:
            mappings.opened(mapping.get_configuration())
        except ClientError as error:
            stock_delete(self, mapping.uuid)
            raise InvalidParameterValueException(
                f"Cannot access {arn}. Please ensure the role of {mapping.function_arn} can "
                f"perform {error.operation_name}: {error}"
            ) from error
        return mapping

    def update(self: Any, uuid: str, spec: dict[str, Any]) -> Any:
        mapping = self.get_event_source_mapping(uuid)
        if mapping is None:
            return None
        known = mapping.get_configuration()
        _checked(mappings.check, {**known, **spec})
        changed = stock_update(self, uuid, spec)
        mappings.changed(changed.get_configuration())
        return changed

    def delete(self: Any, uuid: str) -> Any:
        mapping = stock_delete(self, uuid)
        mappings.closed(uuid)
        return mapping

    def configuration(self: Any) -> dict[str, Any]:
        """moto leaves out the timestamp of a starting position."""
        document: dict[str, Any] = stock_configuration(self)
        if self.starting_position_timestamp is not None:
            document["StartingPositionTimestamp"] = self.starting_position_timestamp
        return document

    stock_configuration = patches.replace(EventSourceMapping, "get_configuration", configuration)
    stock_create = patches.replace(LambdaBackend, "create_event_source_mapping", create)
    stock_update = patches.replace(LambdaBackend, "update_event_source_mapping", update)
    stock_delete = patches.replace(LambdaBackend, "delete_event_source_mapping", delete)


def _checked(check: Any, configuration: Mapping[str, Any]) -> None:
    try:
        check(configuration)
    except ValueError as error:
        raise InvalidParameterValueException(str(error)) from error


def _quiet(backend: Any, arn: str, mapping: Any) -> None:
    """moto's own queues and streams no longer know of the mapping: they would invoke, too."""
    sources = (
        *sqs_backends[backend.account_id][backend.region_name].queues.values(),
        *kinesis_backends[backend.account_id][backend.region_name].streams.values(),
    )
    for source in sources:
        for key in (mapping.function_arn, arn):
            source.lambda_event_source_mappings.pop(key, None)


def _check_visibility(backend: Any, mapping: Any) -> None:
    """Lambda developer guide, "Configuring a queue to use with Lambda"."""
    timeout = int(backend.get_function(mapping.function_arn).timeout)
    name = mapping.event_source_arn.rsplit(":", 1)[1]
    queue = sqs_backends[backend.account_id][backend.region_name].get_queue(name)
    if int(queue.visibility_timeout) < timeout:
        raise InvalidParameterValueException(
            f"Queue visibility timeout: {queue.visibility_timeout} seconds is less than Function "
            f"timeout: {timeout} seconds"
        )
