"""Calls the API with template properties as arguments, by the API's own model."""

from __future__ import annotations

import json
from typing import Any

from penstock.localcloud.cloudformation.errors import ResourceError
from penstock.localcloud.cloudformation.intrinsics import text_of


def api_arguments(client: Any, method: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Arguments of the boto3 method, named and typed as botocore's service model says.

    Templates may write numbers and booleans as strings, and begin names with another case
    than the API (`Level` for `level`). A property that the operation does not know raises
    ResourceError with its path; nothing is dropped.
    """
    operation = client.meta.method_to_api_mapping[method]
    shape = client.meta.service_model.operation_model(operation).input_shape
    converted = _convert(shape, properties, operation)
    assert isinstance(converted, dict)
    return converted


def call(client: Any, method: str, properties: dict[str, Any]) -> Any:
    """Call the boto3 method with `properties` as its arguments (see api_arguments)."""
    return getattr(client, method)(**api_arguments(client, method, properties))


def _convert(shape: Any, value: Any, path: str) -> Any:
    kind = shape.type_name
    if kind == "structure":
        if not isinstance(value, dict):
            raise ResourceError(f"{path} must be an object, got {value!r}")
        by_folded = {name.lower(): name for name in shape.members}
        result = {}
        for key, item in value.items():
            member = key if key in shape.members else by_folded.get(key.lower())
            if member is None:
                raise ResourceError(
                    f"property {path}.{key} is not known to the API "
                    f"(botocore model of {shape.name}); known: {', '.join(shape.members)}"
                )
            result[member] = _convert(shape.members[member], item, f"{path}.{key}")
        return result
    if kind == "list":
        if not isinstance(value, list):
            raise ResourceError(f"{path} must be a list, got {value!r}")
        return [_convert(shape.member, item, f"{path}[{n}]") for n, item in enumerate(value)]
    if kind == "map":
        if not isinstance(value, dict):
            raise ResourceError(f"{path} must be an object, got {value!r}")
        return {
            str(key): _convert(shape.value, item, f"{path}.{key}") for key, item in value.items()
        }
    if kind in ("integer", "long", "float", "double"):
        convert = int if kind in ("integer", "long") else float
        try:
            return convert(value)
        except (TypeError, ValueError):
            raise ResourceError(f"{path} must be a number, got {value!r}") from None
    if kind == "boolean":
        if isinstance(value, bool):
            return value
        if text_of(value).lower() in ("true", "false"):
            return text_of(value).lower() == "true"
        raise ResourceError(f"{path} must be true or false, got {value!r}")
    if kind == "string":
        if isinstance(value, dict | list):
            return json.dumps(value)
        return text_of(value)
    return value
