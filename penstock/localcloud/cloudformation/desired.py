"""The desired state of a stack: parameters and conditions read anew, everything checked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from penstock.localcloud.cloudformation.errors import TemplateError
from penstock.localcloud.cloudformation.model import Model, Outside
from penstock.localcloud.cloudformation.registry import IGNORED, handler_for, unknown_types
from penstock.localcloud.cloudformation.services import Services
from penstock.localcloud.cloudformation.state import StackState
from penstock.localcloud.cloudformation.template import Template


def build_model(
    services: Services,
    stack: StackState,
    template: Template,
    given: Mapping[str, str],
    tags: dict[str, str],
    role_arn: str | None,
) -> Model:
    """What `template` with the parameters `given` asks for now.

    Raises TemplateError for whatever the API refuses at once (ValidationError).
    """

    def client(service: str) -> Any:
        return services.client(role_arn, service)

    def read_ssm(name: str) -> str:
        answer = client("ssm").get_parameters(Names=[name])
        if not answer["Parameters"]:
            raise TemplateError(
                f"Unable to fetch parameters [{name}] from parameter store for this account."
            )
        return str(answer["Parameters"][0]["Value"])

    unknown = unknown_types(template)
    if unknown:
        listed = ", ".join(f"{type_} ({', '.join(ids)})" for type_, ids in unknown.items())
        raise TemplateError(f"Template format error: Unrecognized resource types: [{listed}]")
    model = Model(
        template=template,
        parameters=template.parameter_values(given, read_ssm),
        pseudo={
            "AWS::AccountId": services.account_id,
            "AWS::NotificationARNs": [],
            "AWS::Partition": "aws",
            "AWS::Region": services.region,
            "AWS::StackId": stack.stack_id,
            "AWS::StackName": stack.name,
            "AWS::URLSuffix": "amazonaws.com",
        },
        tags=tags,
        outside=_outside(services, client),
        resources=stack.resources,
    )
    for logical_id, definition in model.active.items():
        _check_properties(logical_id, definition)
    return model


def _outside(services: Services, client: Callable[[str], Any]) -> Outside:
    def imported(export: str) -> str:
        for other in services.stacks():
            if export in other.exports():
                return other.exports()[export]
        raise TemplateError(f"No export named {export} found.")

    def stack_output(name: str, key: str) -> str:
        for other in services.stacks():
            if name in (other.name, other.stack_id):
                for output in other.outputs:
                    if output.key == key:
                        return output.value
        raise TemplateError(f"Stack {name} has no output {key}")

    def dynamic(service: str, reference: str) -> str:
        if service == "secretsmanager":
            return _secret(client("secretsmanager"), reference)
        if service == "ssm-secure":
            # user guide, "Get a secure string value from Systems Manager Parameter Store":
            # passwords of a few types, none of which can be deployed here
            raise TemplateError(
                f"SSM Secure reference is not supported in any property of the types that the "
                f"local cloud knows: {{{{resolve:ssm-secure:{reference}}}}}; "
                "use secretsmanager, or let the resource read the parameter itself"
            )
        found = client("ssm").get_parameter(Name=reference)["Parameter"]
        if found["Type"] == "SecureString":
            raise TemplateError(
                f"{{{{resolve:ssm:{reference}}}}}: {found['Name']} is a SecureString, which "
                "resolve:ssm does not read; use String, StringList, or secretsmanager"
            )
        return str(found["Value"])

    def zones(region: str) -> list[str]:
        answer = client("ec2").describe_availability_zones(
            Filters=[{"Name": "region-name", "Values": [region]}]
        )
        return [zone["ZoneName"] for zone in answer["AvailabilityZones"]]

    return Outside(imported=imported, stack_output=stack_output, dynamic=dynamic, zones=zones)


def _secret(client: Any, reference: str) -> str:
    parts = reference.split(":")
    # an ARN as the secret's id has six colons of its own
    count = 7 if reference.startswith("arn:") else 1
    secret, rest = ":".join(parts[:count]), parts[count:]
    value = str(client.get_secret_value(SecretId=secret)["SecretString"])
    key = rest[1] if len(rest) > 1 else ""
    return str(json.loads(value)[key]) if key else value


def _check_properties(logical_id: str, definition: dict[str, Any]) -> None:
    type_ = definition["Type"]
    properties = definition.get("Properties") or {}
    if type_ in IGNORED:
        return
    handler = handler_for(type_)
    unknown = sorted(set(properties) - handler.properties - set(handler.unsupported))
    if unknown:
        raise TemplateError(
            f"Properties validation failed for resource {logical_id}: the local cloud does not "
            f"pass on [{', '.join(unknown)}] of {type_}; it knows "
            f"{', '.join(sorted(handler.properties | set(handler.unsupported)))}"
        )
