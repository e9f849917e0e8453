"""AWS::StepFunctions: state machines."""

from __future__ import annotations

import json
import re
from typing import Any

from penstock.localcloud.cloudformation.errors import ResourceError
from penstock.localcloud.cloudformation.intrinsics import text_of
from penstock.localcloud.cloudformation.names import NameRule
from penstock.localcloud.cloudformation.resource import (
    Created,
    Handler,
    Properties,
    ResourceContext,
    tag_map,
)
from penstock.localcloud.cloudformation.shapes import call
from penstock.localcloud.cloudformation.types.api import ignoring, retag, tag_list
from penstock.localcloud.ledger import Life

_NAME = NameRule(max_length=80)


def definition_text(properties: Properties, s3: Any) -> str:
    """The definition from DefinitionString, Definition or DefinitionS3Location, substituted.

    `${name}` stands for a value of DefinitionSubstitutions; other `${...}` stay as they are
    (CloudFormation reference, AWS::StepFunctions::StateMachine).
    """
    given = [
        name
        for name in ("DefinitionString", "Definition", "DefinitionS3Location")
        if name in properties
    ]
    if len(given) != 1:
        raise ResourceError(
            "exactly one of DefinitionString, Definition and DefinitionS3Location must be given, "
            f"got {given or 'none'}"
        )
    source = properties[given[0]]
    if given[0] == "DefinitionS3Location":
        version = {"VersionId": source["Version"]} if "Version" in source else {}
        answer = s3.get_object(Bucket=source["Bucket"], Key=source["Key"], **version)
        text = answer["Body"].read().decode()
    else:
        text = source if isinstance(source, str) else json.dumps(source)
    values = properties.get("DefinitionSubstitutions", {})
    return re.sub(
        r"\$\{([^}]+)\}",
        lambda match: text_of(values[match[1]]) if match[1] in values else match[0],
        text,
    )


class StateMachine(Handler):
    """Ref is the ARN; attributes Arn, Name and StateMachineRevisionId."""

    type = "AWS::StepFunctions::StateMachine"
    life = Life.LIVE
    properties = frozenset(
        {
            "Definition",
            "DefinitionS3Location",
            "DefinitionString",
            "DefinitionSubstitutions",
            "EncryptionConfiguration",
            "LoggingConfiguration",
            "RoleArn",
            "StateMachineName",
            "StateMachineType",
            "Tags",
            "TracingConfiguration",
        }
    )
    required = frozenset({"RoleArn"})
    replace_on = frozenset({"StateMachineName", "StateMachineType"})
    name_property = "StateMachineName"
    tag_style = "list"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateStateMachine."""
        machines = context.client("stepfunctions")
        arguments = {
            **self._settings(context, properties),
            "name": properties.get("StateMachineName") or context.name(_NAME),
            "type": properties.get("StateMachineType", "STANDARD"),
            "tags": tag_list(tag_map(properties), "key", "value"),
        }
        arn = call(machines, "create_state_machine", arguments)["stateMachineArn"]
        self._say_what_is_missing(context, properties)
        return self._created(machines, arn)

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> Created:
        """UpdateStateMachine; running executions keep their definition."""
        machines = context.client("stepfunctions")
        settings = {
            "loggingConfiguration": {"level": "OFF"},
            "tracingConfiguration": {"enabled": False},
            **self._settings(context, new),
        }
        if "LoggingConfiguration" not in old and "LoggingConfiguration" not in new:
            del settings["loggingConfiguration"]
        arguments = {**settings, "stateMachineArn": physical_id}
        call(machines, "update_state_machine", arguments)
        retag(machines, old, new, resourceArn=physical_id)
        self._say_what_is_missing(context, new)
        return self._created(machines, physical_id)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteStateMachine."""
        ignoring(
            ("StateMachineDoesNotExist",),
            context.client("stepfunctions").delete_state_machine,
            stateMachineArn=physical_id,
        )

    @staticmethod
    def _settings(context: ResourceContext, properties: Properties) -> Properties:
        settings: Properties = {
            "definition": definition_text(properties, context.client("s3")),
            "roleArn": properties["RoleArn"],
        }
        for name in ("LoggingConfiguration", "TracingConfiguration", "EncryptionConfiguration"):
            if name in properties:
                settings[name[0].lower() + name[1:]] = properties[name]
        return settings

    @staticmethod
    def _created(machines: Any, arn: str) -> Created:
        machine = machines.describe_state_machine(stateMachineArn=arn)
        return Created(
            arn,
            {
                "Arn": arn,
                "Name": machine["name"],
                "StateMachineRevisionId": machine.get("revisionId", "INITIAL"),
            },
        )

    @staticmethod
    def _say_what_is_missing(context: ResourceContext, properties: Properties) -> None:
        if properties.get("LoggingConfiguration"):
            context.note("LoggingConfiguration: the executions' history is not written to logs")
        if text_of(properties.get("TracingConfiguration", {}).get("Enabled", False)) == "true":
            context.note("TracingConfiguration: no traces are written here")
