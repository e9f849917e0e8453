"""Step Functions: calls of any AWS API, with the names and the errors that states see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from penstock.localcloud.shims.stepfunctions_values import plain

# The service's part of an aws-sdk error name ("CloudFormation.CloudFormationException").
ERROR_NAMES = {
    "cloudformation": "CloudFormation",
    "sagemaker": "SageMaker",
    "ssm": "Ssm",
    "sns": "Sns",
    "s3": "S3",
    "glue": "Glue",
    "events": "EventBridge",
    "cloudwatch": "CloudWatch",
    "lambda": "Lambda",
    "sfn": "Sfn",
}


def call(client: Any, action: str, parameters: Mapping[str, Any]) -> Any:
    """An API call as a state sees it: names in Pascal case, whatever the API's model writes.

    Step Functions developer guide, supported AWS SDK integrations: "Parameters must be expressed
    in PascalCase, even if the native service API is in camelCase". moto 5.2.5 hands the names on.
    """
    operation = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[action])
    members = operation.input_shape.members if operation.input_shape else {}
    given = {
        name if name in members else name[:1].lower() + name[1:]: value
        for name, value in parameters.items()
    }
    response = getattr(client, action)(**given) or {}
    response.pop("ResponseMetadata", None)
    if operation.output_shape is not None:
        response = _pascal(response, operation.output_shape)
    # times are ISO strings in aws-sdk results; moto leaves datetime objects in the state
    return plain(response, lambda moment: moment.isoformat())


def _pascal(value: Any, shape: Any) -> Any:
    """Members of structures begin with a capital; keys of maps are data and stay as they are."""
    if shape.type_name == "structure" and isinstance(value, dict):
        return {
            name[:1].upper() + name[1:]: _pascal(item, shape.members[name])
            if name in shape.members
            else item
            for name, item in value.items()
        }
    if shape.type_name == "list":
        return [_pascal(item, shape.member) for item in value]
    return value
