"""SageMaker: jobs, models, endpoints and the rest by their names; InvokeEndpoint."""

from __future__ import annotations

import re

from penstock.localcloud.authorization.call import Access, Call, Holder, NotDerivedError
from penstock.localcloud.authorization.keys import UNKNOWN
from penstock.localcloud.authorization.lookups import Lookups
from penstock.localcloud.authorization.requests.naming import tag_context

_VERB = re.compile(r"(?:Create|Describe|Delete|Update|Start|Stop)(.+)")
# kinds whose path is not the name in lower case with hyphens
_PATHS = {
    "Trial": "experiment-trial",
    "TrialComponent": "experiment-trial-component",
    "AutoMLJob": "automl-job",
    "AutoMLJobV2": "automl-job",
    "EndpointWeightsAndCapacities": "endpoint",
    "HyperParameterTuningJob": "hyper-parameter-tuning-job",
}
_NAMES = {"Trial": "TrialName", "EndpointWeightsAndCapacities": "EndpointName"}
_OF_GRANTS = (
    "kms:GrantIsForAWSResource",
    "kms:GrantOperations",
    "kms:GranteePrincipal",
    "kms:ViaService",
)
# SageMaker developer guide, "sagemaker: condition keys"; of the actions that create
_INSTANCES = "sagemaker:InstanceTypes"


def accesses(call: Call, lookups: Lookups) -> list[Access]:
    """The operation on the resource that its ...Name parameter names."""
    action = f"sagemaker:{call.operation}"
    context = dict(tag_context(call))
    if call.operation in ("AddTags", "DeleteTags", "ListTags"):
        return [Access(action, call.text("ResourceArn"), context)]
    if call.operation.startswith("InvokeEndpoint"):
        # the name is compared in lower case (Service Authorization Reference, Amazon SageMaker)
        name = call.text("EndpointName").lower()
        return [Access(action, call.arn("sagemaker", f"endpoint/{name}"))]
    if call.operation == "BatchPutMetrics":
        component = call.text("TrialComponentName").lower()
        path = f"experiment-trial-component/{component}"
        return [Access(action, call.arn("sagemaker", path))]
    if call.operation.startswith("List") or call.operation in ("Search", "GetSearchSuggestions"):
        return [Access(action, _listed(call, lookups))]
    resources = _resources(call, lookups)
    found = [Access(action, resource, {**context, **_special(call)}) for resource in resources]
    if call.operation.startswith("Create") and call.parameters.get("Tags"):
        # SageMaker developer guide, "Provide permissions for tagging SageMaker AI resources"
        tagging = {**context, "sagemaker:TaggingAction": (call.operation,)}
        found.append(Access("sagemaker:AddTags", _created(call, resources), tagging))
    if call.operation == "CreateTrainingJob":
        found += _volumes(call, lookups)
    return found


def _volumes(call: Call, lookups: Lookups) -> list[Access]:
    """The execution role lets SageMaker use the key of the machines' volumes.

    SageMaker developer guide, "SageMaker AI execution roles", CreateTrainingJob. When it is asked
    for, and with which condition keys, AWS does not say: here the request is refused, and a policy
    that looks at one of them is not understood.
    """
    key = str((call.parameters.get("ResourceConfig") or {}).get("VolumeKmsKeyId") or "")
    arn = lookups.key_arn(key) if key else ""
    if not arn:
        return []
    context = {"kms:CallerAccount": (call.account_id,), **dict.fromkeys(_OF_GRANTS, UNKNOWN)}
    role = call.text("RoleArn")
    return [Access("kms:CreateGrant", arn, context, Holder("key", arn), role=role)]


def _created(call: Call, resources: list[str]) -> str:
    """Of the resources of a Create call: an endpoint comes before its configuration."""
    return resources[-1] if call.operation == "CreateModelPackage" else resources[0]


def _listed(call: Call, lookups: Lookups) -> str:
    """Only a group's packages are a resource among what is listed."""
    group = call.text("ModelPackageGroupName")
    if call.operation == "ListModelPackages" and group:
        return lookups.model_package_arn(group)
    return "*"


def _resources(call: Call, lookups: Lookups) -> list[str]:
    if call.operation == "CreateModelPackage":
        group = call.text("ModelPackageGroupName")
        name = group.rsplit("/", 1)[-1]
        if group:
            # a version of a group: both resource types
            # (Service Authorization Reference: model-package, model-package-group)
            return [
                call.arn("sagemaker", f"model-package-group/{name.lower()}"),
                call.arn("sagemaker", f"model-package/{name.lower()}/*"),
            ]
        return [call.arn("sagemaker", f"model-package/{call.text('ModelPackageName').lower()}")]
    if call.operation in ("DescribeModelPackage", "UpdateModelPackage", "DeleteModelPackage"):
        given = call.text("ModelPackageName") or call.text("ModelPackageArn")
        return [lookups.model_package_arn(given)]
    found = _VERB.fullmatch(call.operation)
    if found is None:
        raise NotDerivedError(f"no resource is known for sagemaker:{call.operation}")
    kind = found[1]
    name = call.text(_NAMES.get(kind, f"{kind}Name"))
    if kind.endswith("JobDefinition"):
        name = call.text("JobDefinitionName")
    if not name:
        raise NotDerivedError(f"no resource is known for sagemaker:{call.operation}")
    path = _PATHS.get(kind, _hyphens(kind))
    resources = [call.arn("sagemaker", f"{path}/{name.lower()}")]
    if call.operation in ("CreateEndpoint", "UpdateEndpoint"):
        config = call.text("EndpointConfigName").lower()
        resources.append(call.arn("sagemaker", f"endpoint-config/{config}"))
    return resources


def _hyphens(kind: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind).lower()


def _special(call: Call) -> dict[str, tuple[str, ...]]:
    context: dict[str, tuple[str, ...]] = {}
    instances = tuple(dict.fromkeys(_instance_types(call.parameters)))
    if instances:
        context[_INSTANCES] = instances
    if "EnableNetworkIsolation" in call.parameters:
        value = str(bool(call.parameters["EnableNetworkIsolation"])).lower()
        context["sagemaker:NetworkIsolation"] = (value,)
    if call.operation == "UpdateModelPackage" and call.text("ModelApprovalStatus"):
        context["sagemaker:ModelApprovalStatus"] = (call.text("ModelApprovalStatus"),)
    return context


def _instance_types(value: object) -> list[str]:
    if isinstance(value, dict):
        own = [str(value["InstanceType"])] if "InstanceType" in value else []
        return own + [found for item in value.values() for found in _instance_types(item)]
    if isinstance(value, list):
        return [found for item in value for found in _instance_types(item)]
    return []
