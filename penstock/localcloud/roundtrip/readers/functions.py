"""AWS::Lambda: what Lambda says of functions, permissions, mappings and asynchronous events."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from penstock.localcloud.cloudformation.types.functions import inline_zip
from penstock.localcloud.roundtrip.reader import Deployed, Properties, Reader, pairs


class Function(Reader):
    """A function; its code is told by the hash that Lambda gives."""

    type = "AWS::Lambda::Function"
    differs_here = {
        "RuntimeManagementConfig.UpdateRuntimeOn": "the local API has no runtime management: a "
        "function runs with the Python of this machine",
    }

    def read(self, resource: Deployed) -> Properties:
        """GetFunction, GetFunctionConcurrency."""
        functions, name = resource.client("lambda"), resource.physical_id
        answer = functions.get_function(FunctionName=name)
        found = answer["Configuration"]
        concurrency = functions.get_function_concurrency(FunctionName=name)
        return {
            **found,
            "Code": _code(resource, found["CodeSha256"]),
            "KmsKeyArn": found.get("KMSKeyArn"),
            "ReservedConcurrentExecutions": concurrency.get("ReservedConcurrentExecutions"),
            "Tags": pairs(answer.get("Tags", {})),
        }


def _code(resource: Deployed, sha256: str) -> Any:
    """The code that was asked for when the function has it, else the hash of what it has.

    Lambda keeps a copy of the zip and not where it came from (API reference, FunctionCode);
    CodeSha256 is the base64 of the zip's SHA-256 (FunctionConfiguration).
    """
    asked = resource.asked["Code"]
    if "ZipFile" in asked:
        content = inline_zip(str(asked["ZipFile"]), str(resource.asked.get("Runtime", "")))
    elif "S3Key" in asked:
        version = {"VersionId": asked["S3ObjectVersion"]} if "S3ObjectVersion" in asked else {}
        answer = resource.client("s3").get_object(
            Bucket=asked["S3Bucket"], Key=asked["S3Key"], **version
        )
        content = answer["Body"].read()
    else:
        return {"CodeSha256": sha256}
    there = base64.b64encode(hashlib.sha256(content).digest()).decode()
    return asked if there == sha256 else {"CodeSha256": sha256}


class Permission(Reader):
    """A statement of a function's own policy."""

    type = "AWS::Lambda::Permission"

    def read(self, resource: Deployed) -> Properties:
        """GetPolicy; the statement has the resource's id."""
        answer = resource.client("lambda").get_policy(FunctionName=resource.asked["FunctionName"])
        statements = json.loads(answer["Policy"])["Statement"]
        found = next((s for s in statements if s["Sid"] == resource.physical_id), None)
        return {} if found is None else _permission(resource, found)


def _permission(resource: Deployed, statement: dict[str, Any]) -> Properties:
    """A statement in the words of the template (developer guide, "Resource-based policy")."""
    values = {
        key.lower(): value
        for condition in statement.get("Condition", {}).values()
        for key, value in condition.items()
    }
    principal = statement["Principal"]
    if isinstance(principal, dict):
        principal = principal.get("Service") or principal.get("AWS")
    asked = str(resource.asked["FunctionName"])
    # a function may be asked for by its name or its ARN; the statement has the ARN
    names = (statement["Resource"], str(statement["Resource"]).rsplit(":", 1)[-1])
    return {
        "Action": statement["Action"],
        "EventSourceToken": values.get("lambda:eventsourcetoken"),
        "FunctionName": asked if asked in names else statement["Resource"],
        "FunctionUrlAuthType": values.get("lambda:functionurlauthtype"),
        "Principal": principal,
        "PrincipalOrgID": values.get("aws:principalorgid"),
        "SourceAccount": values.get("aws:sourceaccount"),
        "SourceArn": values.get("aws:sourcearn"),
    }


class EventSourceMapping(Reader):
    """A mapping."""

    type = "AWS::Lambda::EventSourceMapping"

    def read(self, resource: Deployed) -> Properties:
        """GetEventSourceMapping, ListTags."""
        functions = resource.client("lambda")
        found = functions.get_event_source_mapping(UUID=resource.physical_id)
        asked = str(resource.asked["FunctionName"])
        arn = str(found["FunctionArn"])
        tags = functions.list_tags(Resource=found["EventSourceMappingArn"])["Tags"]
        return {
            **found,
            "Enabled": found["State"] in ("Enabled", "Enabling", "Creating"),
            "FunctionName": asked if asked in (arn, arn.rsplit(":", 1)[-1]) else arn,
            "Tags": pairs(tags),
        }


class EventInvokeConfig(Reader):
    """What becomes of asynchronous events."""

    type = "AWS::Lambda::EventInvokeConfig"

    def read(self, resource: Deployed) -> Properties:
        """GetFunctionEventInvokeConfig; the answer's ARN ends with name and qualifier."""
        asked = resource.asked
        found = resource.client("lambda").get_function_event_invoke_config(
            FunctionName=asked["FunctionName"], Qualifier=asked["Qualifier"]
        )
        _, name, qualifier = str(found["FunctionArn"]).rsplit(":", 2)
        is_asked = name == str(asked["FunctionName"]).rsplit(":", 1)[-1]
        return {
            **found,
            "FunctionName": asked["FunctionName"] if is_asked else name,
            "Qualifier": qualifier,
        }
