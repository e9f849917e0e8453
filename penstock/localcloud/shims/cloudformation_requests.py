"""What requests to CloudFormation's API say, read from moto's response objects."""

from __future__ import annotations

from typing import Any

from penstock.localcloud.cloudformation.errors import TemplateError
from penstock.localcloud.cloudformation.requests import Request


def read_request(
    response: Any, *, on_failure: str = "ROLLBACK", termination_protection: bool = False
) -> Request:
    """CreateStack, UpdateStack or CreateChangeSet. TemplateError for what contradicts itself."""
    if response._get_param("NotificationARNs"):
        raise TemplateError("NotificationARNs are not supported by the local cloud")
    body = response._get_param("TemplateBody")
    url = response._get_param("TemplateURL")
    if body and url:
        raise TemplateError("TemplateBody and TemplateURL cannot both be given")
    if url:
        body = response._get_stack_from_s3_url(url)
    if not body and not response._get_bool_param("UsePreviousTemplate", False):
        raise TemplateError("Either Template URL or Template Body must be specified.")
    parameters: dict[str, str | None] = {}
    for parameter in response._get_param("Parameters", []):
        name, value = parameter["ParameterKey"], parameter.get("ParameterValue")
        previous = str(parameter.get("UsePreviousValue", False)).lower() == "true"
        if previous and value:
            raise TemplateError(
                f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as "
                "true and non empty value for a parameter"
            )
        parameters[name] = None if previous else value or ""
    tags = {tag["Key"]: tag["Value"] for tag in response._get_param("Tags", [])}
    return Request(
        template=body or None,
        parameters=parameters,
        # the request does not show whether Tags was absent or empty: both keep the tags
        tags=tags or None if response._get_action() != "CreateStack" else tags,
        role_arn=response._get_param("RoleARN"),
        capabilities=response._get_param("Capabilities", []),
        policy=read_policy(response, "StackPolicy"),
        policy_during_update=read_policy(response, "StackPolicyDuringUpdate"),
        on_failure=on_failure,
        termination_protection=termination_protection,
    )


def read_policy(response: Any, prefix: str) -> str | None:
    """The stack policy of a request, from `<prefix>Body` or `<prefix>URL`."""
    body, url = response._get_param(f"{prefix}Body"), response._get_param(f"{prefix}URL")
    if body and url:
        raise TemplateError(f"You cannot specify both {prefix}URL and {prefix}Body")
    if url:
        body = response._get_stack_from_s3_url(url)
    return str(body) if body else None
