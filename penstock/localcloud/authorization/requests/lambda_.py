"""Lambda: functions with their policies, and event source mappings."""

from __future__ import annotations

from penstock.localcloud.authorization.call import Access, Call, Holder
from penstock.localcloud.authorization.lookups import Lookups
from penstock.localcloud.authorization.requests.encryption import key_access
from penstock.localcloud.authorization.requests.naming import Naming, tag_context

_WITHOUT = frozenset(
    [
        "CreateCodeSigningConfig",
        "CreateEventSourceMapping",
        "GetAccountSettings",
        "ListCodeSigningConfigs",
        "ListEventSourceMappings",
        "ListFunctions",
        "ListLayerVersions",
        "ListLayers",
    ]
)
_NAMING = Naming(
    prefix="lambda",
    without=_WITHOUT,
    arns=("Resource", "EventSourceArn"),
    names={
        "FunctionName": "function:{}",
        "LayerName": "layer:{}",
        "UUID": "event-source-mapping:{}",
    },
    actions={"Invoke": "InvokeFunction", "InvokeWithResponseStream": "InvokeFunction"},
)


def accesses(call: Call, lookups: Lookups) -> list[Access]:
    """The operation on its function, with lambda:FunctionArn and the like where AWS has them."""
    context = dict(tag_context(call))
    name = call.text("FunctionName")
    function = function_arn(call, name) if name else ""
    if "EventSourceMapping" in call.operation:
        # lambda:FunctionArn: Service Authorization Reference, AWS Lambda
        target = function or lookups.mapping_function(call.text("UUID"))
        if target:
            context["lambda:FunctionArn"] = (target,)
        return [Access(_NAMING.action(call), _NAMING.resource(call), context)]
    resource = function if function and call.operation not in _WITHOUT else _NAMING.resource(call)
    if call.operation == "AddPermission":
        context["lambda:Principal"] = (call.text("Principal"),)
    qualifier = call.text("Qualifier")
    if qualifier and call.operation in ("Invoke", "GetFunction", "GetFunctionConfiguration"):
        resource = f"{resource}:{qualifier}"
    holder = Holder("function", function) if function else None
    found = [Access(_NAMING.action(call), resource, context, holder)]
    if call.operation in ("CreateFunction", "UpdateFunctionConfiguration"):
        # Lambda developer guide, "Securing Lambda environment variables": whoever sets a key
        found += key_access(
            "Encrypt",
            call.text("KMSKeyArn"),
            call,
            lookups,
            via="lambda",
            encryption_context={"aws:lambda:FunctionArn": function},
        )
    return found


def function_arn(call: Call, name: str) -> str:
    """The unqualified ARN of a function by name, partial ARN or ARN."""
    if name.startswith("arn:"):
        return ":".join(name.split(":")[:7])
    parts = name.split(":")
    if "function" in parts:
        return call.arn("lambda", f"function:{parts[parts.index('function') + 1]}")
    return call.arn("lambda", f"function:{parts[0]}")
