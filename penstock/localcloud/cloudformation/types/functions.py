"""AWS::Lambda: functions, their permissions, event source mappings and asynchronous events."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from penstock.localcloud.cloudformation.errors import ResourceError
from penstock.localcloud.cloudformation.names import NameRule
from penstock.localcloud.cloudformation.resource import (
    Created,
    Handler,
    Properties,
    ResourceContext,
    changed,
    tag_map,
    without,
)
from penstock.localcloud.cloudformation.shapes import call
from penstock.localcloud.cloudformation.types.api import ignoring, retag
from penstock.localcloud.ledger import Life
from penstock.localcloud.workers.event_sources.worker import LEDGER_NOTES as EVENT_SOURCE_NOTES
from penstock.localcloud.workers.functions.worker import LEDGER_NOTES

_NAME = NameRule(max_length=64)
_GONE = ("ResourceNotFoundException",)
_NOT_CONFIGURATION = ("Architectures", "Code", "FunctionName", "PackageType", "Tags")
# what UpdateFunctionConfiguration gets when a property has left the template
_DEFAULTS: dict[str, Any] = {
    "DeadLetterConfig": {"TargetArn": ""},
    "Description": "",
    "Environment": {"Variables": {}},
    "EphemeralStorage": {"Size": 512},
    "LoggingConfig": {"LogFormat": "Text"},
    "MemorySize": 128,
    "SnapStart": {"ApplyOn": "None"},
    "Timeout": 3,
    "TracingConfig": {"Mode": "PassThrough"},
    "VpcConfig": {"SecurityGroupIds": [], "SubnetIds": []},
}
_MAPPING_DEFAULTS: dict[str, Any] = {
    "BisectBatchOnFunctionError": False,
    "DestinationConfig": {"OnFailure": {"Destination": ""}},
    "Enabled": True,
    "FunctionResponseTypes": [],
    "MaximumBatchingWindowInSeconds": 0,
    "MaximumRecordAgeInSeconds": -1,
    "MaximumRetryAttempts": -1,
    "ParallelizationFactor": 1,
}


def inline_zip(source: str, runtime: str) -> bytes:
    """The zip that Lambda makes of Code.ZipFile: one file named index."""
    if runtime.startswith("python"):
        name = "index.py"
    elif runtime.startswith("nodejs"):
        name = "index.js"
    else:
        raise ResourceError(
            f"Code.ZipFile needs a python or nodejs runtime, got {runtime!r}; "
            "give the code as an S3 object"
        )
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        # a fixed date keeps the code's hash the same from one deploy to the next
        archive.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), source)
    return content.getvalue()


def _code(properties: Properties) -> dict[str, Any]:
    code = dict(properties["Code"])
    if "ZipFile" in code:
        code["ZipFile"] = inline_zip(str(code["ZipFile"]), str(properties.get("Runtime", "")))
    return code


class Function(Handler):
    """Ref is the function's name; attribute Arn."""

    type = "AWS::Lambda::Function"
    life = Life.SUBSTITUTED
    by = "a CPython process on this machine"
    properties = frozenset(
        {
            "Architectures",
            "Code",
            "DeadLetterConfig",
            "Description",
            "Environment",
            "EphemeralStorage",
            "FunctionName",
            "Handler",
            "KmsKeyArn",
            "Layers",
            "LoggingConfig",
            "MemorySize",
            "PackageType",
            "ReservedConcurrentExecutions",
            "Role",
            "Runtime",
            "SnapStart",
            "Tags",
            "Timeout",
            "TracingConfig",
            "VpcConfig",
        }
    )
    required = frozenset({"Code", "Role"})
    unsupported = {
        "RuntimeManagementConfig": "the process runs with the Python of this machine",
    }
    kept_only = {
        "SnapStart": "there are no snapshots here",
        "TracingConfig": "no traces are written here",
        "VpcConfig": "there are no networks here",
    }
    replace_on = frozenset({"FunctionName", "PackageType"})
    name_property = "FunctionName"
    tag_style = "list"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateFunction, and its reserved concurrency."""
        functions = context.client("lambda")
        name = properties.get("FunctionName") or context.name(_NAME)
        arguments = {
            **without(properties, "ReservedConcurrentExecutions", *self.unsupported),
            "FunctionName": name,
            "Code": _code(properties),
            "Tags": tag_map(properties),
        }
        answer = call(functions, "create_function", arguments)
        context.made(name)
        for note in LEDGER_NOTES:
            context.note(note)
        self._reserve(functions, name, {}, properties)
        return Created(name, {"Arn": answer["FunctionArn"]})

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """Code and configuration change in place."""
        functions = context.client("lambda")
        if changed(old, new, "Code", "Architectures"):
            arguments = {
                "FunctionName": physical_id,
                "Architectures": new.get("Architectures", ["x86_64"]),
                **_code(new),
            }
            call(functions, "update_function_code", arguments)
        names = (self.properties - {"ReservedConcurrentExecutions"}) - set(_NOT_CONFIGURATION)
        if changed(old, new, *names):
            configuration = {name: new[name] for name in names if name in new}
            for name, default in _DEFAULTS.items():
                if name in old and name not in new:
                    configuration[name] = default
            arguments = {"FunctionName": physical_id, **configuration}
            call(functions, "update_function_configuration", arguments)
        self._reserve(functions, physical_id, old, new)
        arn = functions.get_function_configuration(FunctionName=physical_id)["FunctionArn"]
        retag(functions, old, new, written=dict, Resource=arn)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteFunction."""
        ignoring(_GONE, context.client("lambda").delete_function, FunctionName=physical_id)

    def is_stable(self, context: ResourceContext, physical_id: str, properties: Properties) -> bool:
        """Active, and no update under way."""
        answer = context.client("lambda").get_function_configuration(FunctionName=physical_id)
        last_update = answer.get("LastUpdateStatus", "Successful")
        return (str(answer.get("State")), str(last_update)) == ("Active", "Successful")

    @staticmethod
    def _reserve(functions: Any, name: str, old: Properties, new: Properties) -> None:
        if not changed(old, new, "ReservedConcurrentExecutions"):
            return
        reserved = new.get("ReservedConcurrentExecutions")
        if reserved is None:
            functions.delete_function_concurrency(FunctionName=name)
        else:
            functions.put_function_concurrency(
                FunctionName=name, ReservedConcurrentExecutions=int(reserved)
            )


class Permission(Handler):
    """A statement of a function's own policy; attribute Id."""

    type = "AWS::Lambda::Permission"
    life = Life.LIVE
    properties = frozenset(
        {
            "Action",
            "EventSourceToken",
            "FunctionName",
            "FunctionUrlAuthType",
            "Principal",
            "PrincipalOrgID",
            "SourceAccount",
            "SourceArn",
        }
    )
    required = frozenset({"Action", "FunctionName", "Principal"})
    replace_on = properties

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """AddPermission under a generated statement id."""
        statement = context.name(NameRule(max_length=100))
        call(context.client("lambda"), "add_permission", {**properties, "StatementId": statement})
        return Created(statement, {"Id": statement})

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """RemovePermission."""
        ignoring(
            _GONE,
            context.client("lambda").remove_permission,
            FunctionName=properties["FunctionName"],
            StatementId=physical_id,
        )


class EventSourceMapping(Handler):
    """Ref is the mapping's UUID; attribute Id. Sources: Kinesis streams and SQS queues."""

    type = "AWS::Lambda::EventSourceMapping"
    life = Life.LIVE
    properties = frozenset(
        {
            "BatchSize",
            "BisectBatchOnFunctionError",
            "DestinationConfig",
            "Enabled",
            "EventSourceArn",
            "FilterCriteria",
            "FunctionName",
            "FunctionResponseTypes",
            "MaximumBatchingWindowInSeconds",
            "MaximumRecordAgeInSeconds",
            "MaximumRetryAttempts",
            "ParallelizationFactor",
            "StartingPosition",
            "StartingPositionTimestamp",
            "Tags",
            "TumblingWindowInSeconds",
        }
    )
    required = frozenset({"FunctionName"})
    replace_on = frozenset({"EventSourceArn", "StartingPosition", "StartingPositionTimestamp"})
    tag_style = "list"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateEventSourceMapping."""
        arguments = {**properties, "Tags": tag_map(properties)}
        answer = call(context.client("lambda"), "create_event_source_mapping", arguments)
        for note in EVENT_SOURCE_NOTES:
            context.note(note)
        return Created(answer["UUID"], {"Id": answer["UUID"]})

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """UpdateEventSourceMapping; a property that has left the template gets its default back."""
        functions = context.client("lambda")
        left = {name: value for name, value in _MAPPING_DEFAULTS.items() if name in old}
        if "BatchSize" in old:
            left["BatchSize"] = 10 if ":sqs:" in str(new["EventSourceArn"]) else 100
        arguments = {
            **left,
            **without(new, *self.replace_on, "Tags"),
            "UUID": physical_id,
        }
        arn = call(functions, "update_event_source_mapping", arguments)["EventSourceMappingArn"]
        retag(functions, old, new, written=dict, Resource=arn)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteEventSourceMapping."""
        ignoring(_GONE, context.client("lambda").delete_event_source_mapping, UUID=physical_id)


class EventInvokeConfig(Handler):
    """What becomes of events for a function: retries, age, destinations. Ref is an id."""

    type = "AWS::Lambda::EventInvokeConfig"
    life = Life.LIVE
    properties = frozenset(
        {
            "DestinationConfig",
            "FunctionName",
            "MaximumEventAgeInSeconds",
            "MaximumRetryAttempts",
            "Qualifier",
        }
    )
    required = frozenset({"FunctionName", "Qualifier"})
    replace_on = frozenset({"FunctionName", "Qualifier"})

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """PutFunctionEventInvokeConfig."""
        self._put(context, properties)
        return Created(context.name(NameRule(max_length=100)))

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """PutFunctionEventInvokeConfig over the old one."""
        self._put(context, new)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteFunctionEventInvokeConfig."""
        ignoring(
            _GONE,
            context.client("lambda").delete_function_event_invoke_config,
            FunctionName=properties["FunctionName"],
            Qualifier=properties["Qualifier"],
        )

    @staticmethod
    def _put(context: ResourceContext, properties: Properties) -> None:
        if properties["Qualifier"] != "$LATEST":
            raise ResourceError(
                f"Qualifier {properties['Qualifier']!r}: functions have no versions and aliases "
                "here, use $LATEST"
            )
        call(context.client("lambda"), "put_function_event_invoke_config", properties)
