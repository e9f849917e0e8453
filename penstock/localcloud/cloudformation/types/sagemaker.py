"""AWS::SageMaker: model package groups, models, endpoint configurations and endpoints."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

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
from penstock.localcloud.cloudformation.types.api import document, retag, tag_list
from penstock.localcloud.ledger import Life

# botocore 1.44.5 sagemaker: ModelName, EndpointConfigName, EndpointName ([a-zA-Z0-9-], 63)
_NAME = NameRule(max_length=63, forbidden=r"[^A-Za-z0-9-]")

_NO_VPC = "containers are processes on this machine's network"


def _not_found(error: ClientError) -> bool:
    details = error.response["Error"]
    message = str(details.get("Message", ""))
    return details["Code"] == "ResourceNotFound" or (
        details["Code"] == "ValidationException" and "not find" in message
    )


def _delete(method: Any, **arguments: str) -> None:
    try:
        method(**arguments)
    except ClientError as error:
        if not _not_found(error):
            raise


def _last(arn: str) -> str:
    return arn.rsplit("/", 1)[1]


def _set_tags(sagemaker: Any, arn: str, old: Properties, new: Properties) -> None:
    retag(sagemaker, old, new, tag="add_tags", untag="delete_tags", ResourceArn=arn)


class OnlyTagsChange(Handler):
    """What SageMaker cannot change once it exists, but for its tags."""

    tag_style = "list"

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """Tags change in place."""
        _set_tags(context.client("sagemaker"), physical_id, old, new)


class ModelPackageGroup(OnlyTagsChange):
    """Ref is the ARN; attributes ModelPackageGroupArn, ModelPackageGroupStatus, CreationTime."""

    type = "AWS::SageMaker::ModelPackageGroup"
    life = Life.LIVE
    properties = frozenset(
        {
            "ModelPackageGroupDescription",
            "ModelPackageGroupName",
            "ModelPackageGroupPolicy",
            "Tags",
        }
    )
    kept_only = {"ModelPackageGroupPolicy": "nobody asks for this policy here"}
    required = frozenset({"ModelPackageGroupName"})
    replace_on = frozenset({"ModelPackageGroupDescription", "ModelPackageGroupName"})
    name_property = "ModelPackageGroupName"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateModelPackageGroup, and its policy."""
        sagemaker = context.client("sagemaker")
        arguments = {
            **without(properties, "ModelPackageGroupPolicy"),
            "Tags": tag_list(tag_map(properties)),
        }
        arn = call(sagemaker, "create_model_package_group", arguments)["ModelPackageGroupArn"]
        context.made(arn)
        if "ModelPackageGroupPolicy" in properties:
            self._set_policy(context, arn, properties)
        group = sagemaker.describe_model_package_group(ModelPackageGroupName=_last(arn))
        return Created(
            arn,
            {
                "CreationTime": str(group["CreationTime"]),
                "ModelPackageGroupArn": arn,
                "ModelPackageGroupStatus": group["ModelPackageGroupStatus"],
            },
        )

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """The policy and tags change in place."""
        if changed(old, new, "ModelPackageGroupPolicy"):
            self._set_policy(context, physical_id, new)
        super().update(context, physical_id, old, new)

    @staticmethod
    def _set_policy(context: ResourceContext, arn: str, properties: Properties) -> None:
        sagemaker, name = context.client("sagemaker"), _last(arn)
        if "ModelPackageGroupPolicy" in properties:
            sagemaker.put_model_package_group_policy(
                ModelPackageGroupName=name,
                ResourcePolicy=document(properties["ModelPackageGroupPolicy"]),
            )
        else:
            sagemaker.delete_model_package_group_policy(ModelPackageGroupName=name)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteModelPackageGroup; SageMaker refuses while packages are in it."""
        _delete(
            context.client("sagemaker").delete_model_package_group,
            ModelPackageGroupName=_last(physical_id),
        )


class Model(OnlyTagsChange):
    """Ref is the ARN; attribute ModelName."""

    type = "AWS::SageMaker::Model"
    life = Life.SUBSTITUTED
    by = "a process on this machine behind the container contract"
    kept_only = {"VpcConfig": _NO_VPC}
    properties = frozenset(
        {
            "Containers",
            "EnableNetworkIsolation",
            "ExecutionRoleArn",
            "InferenceExecutionConfig",
            "ModelName",
            "PrimaryContainer",
            "Tags",
            "VpcConfig",
        }
    )
    replace_on = properties - {"Tags"}
    name_property = "ModelName"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateModel."""
        name = properties.get("ModelName") or context.name(_NAME)
        arguments = {**properties, "ModelName": name, "Tags": tag_list(tag_map(properties))}
        arn = call(context.client("sagemaker"), "create_model", arguments)["ModelArn"]
        return Created(arn, {"ModelName": name})

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteModel."""
        _delete(context.client("sagemaker").delete_model, ModelName=_last(physical_id))


# what the API keeps of a production variant, and what therefore does not happen
_VARIANT_NOTES = {
    "ServerlessConfig": "the variant is a process that always runs, with no bound on its memory "
    "and on requests at once",
    "VolumeSizeInGB": "the model lies on this machine's disk",
}


class EndpointConfig(OnlyTagsChange):
    """Ref is the ARN; attribute EndpointConfigName."""

    type = "AWS::SageMaker::EndpointConfig"
    life = Life.LIVE
    kept_only = {
        "AsyncInferenceConfig": "there are no asynchronous invocations here",
        "ExplainerConfig": "nothing is explained here",
        "KmsKeyId": "nothing is encrypted here",
        "ShadowProductionVariants": "shadow variants are not started here",
        "VpcConfig": _NO_VPC,
    }
    properties = frozenset(
        {
            "AsyncInferenceConfig",
            "DataCaptureConfig",
            "EnableNetworkIsolation",
            "EndpointConfigName",
            "ExecutionRoleArn",
            "ExplainerConfig",
            "KmsKeyId",
            "ProductionVariants",
            "ShadowProductionVariants",
            "Tags",
            "VpcConfig",
        }
    )
    required = frozenset({"ProductionVariants"})
    replace_on = properties - {"Tags"}
    name_property = "EndpointConfigName"

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateEndpointConfig."""
        name = properties.get("EndpointConfigName") or context.name(_NAME)
        arguments = {
            **properties,
            "EndpointConfigName": name,
            "Tags": tag_list(tag_map(properties)),
        }
        arn = call(context.client("sagemaker"), "create_endpoint_config", arguments)[
            "EndpointConfigArn"
        ]
        for setting, reason in _VARIANT_NOTES.items():
            if any(setting in variant for variant in properties["ProductionVariants"]):
                context.note(f"{setting}: {reason}")
        return Created(arn, {"EndpointConfigName": name})

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteEndpointConfig."""
        _delete(
            context.client("sagemaker").delete_endpoint_config,
            EndpointConfigName=_last(physical_id),
        )


class Endpoint(Handler):
    """Ref is the ARN; attribute EndpointName. Ready when it is InService."""

    type = "AWS::SageMaker::Endpoint"
    life = Life.SUBSTITUTED
    kept_only = {
        "DeploymentConfig": "all traffic moves at once when the new containers are up, and no "
        "alarm takes it back",
    }
    by = "a process on this machine behind the container contract"
    properties = frozenset(
        {
            "DeploymentConfig",
            "EndpointConfigName",
            "EndpointName",
            "ExcludeRetainedVariantProperties",
            "RetainAllVariantProperties",
            "RetainDeploymentConfig",
            "Tags",
        }
    )
    required = frozenset({"EndpointConfigName"})
    replace_on = frozenset({"EndpointName"})
    name_property = "EndpointName"
    tag_style = "list"

    _UPDATES = (
        "DeploymentConfig",
        "EndpointConfigName",
        "ExcludeRetainedVariantProperties",
        "RetainAllVariantProperties",
        "RetainDeploymentConfig",
    )

    def create(self, context: ResourceContext, properties: Properties) -> Created:
        """CreateEndpoint."""
        name = properties.get("EndpointName") or context.name(_NAME)
        arguments = {
            "EndpointName": name,
            "EndpointConfigName": properties["EndpointConfigName"],
            "Tags": tag_list(tag_map(properties)),
        }
        if "DeploymentConfig" in properties:
            arguments["DeploymentConfig"] = properties["DeploymentConfig"]
        arn = call(context.client("sagemaker"), "create_endpoint", arguments)["EndpointArn"]
        return Created(arn, {"EndpointName": name})

    def update(
        self, context: ResourceContext, physical_id: str, old: Properties, new: Properties
    ) -> None:
        """UpdateEndpoint: the name and the address stay, the configuration changes."""
        sagemaker = context.client("sagemaker")
        name = _last(physical_id)
        if changed(old, new, *self._UPDATES):
            arguments = {key: new[key] for key in self._UPDATES if key in new}
            call(sagemaker, "update_endpoint", {"EndpointName": name, **arguments})
        _set_tags(sagemaker, physical_id, old, new)

    def delete(self, context: ResourceContext, physical_id: str, properties: Properties) -> None:
        """DeleteEndpoint."""
        _delete(context.client("sagemaker").delete_endpoint, EndpointName=_last(physical_id))

    def is_stable(self, context: ResourceContext, physical_id: str, properties: Properties) -> bool:
        """InService with the configuration that was asked for; a failure gives its reason."""
        answer = context.client("sagemaker").describe_endpoint(EndpointName=_last(physical_id))
        status = answer["EndpointStatus"]
        if status in ("Failed", "OutOfService", "UpdateRollbackFailed"):
            said = answer.get("FailureReason") or "SageMaker gave no reason"
            raise ResourceError(f"endpoint {_last(physical_id)} is {status}: {said}")
        if status != "InService":
            return False
        if answer["EndpointConfigName"] != properties["EndpointConfigName"]:
            # SageMaker went back to the configuration before
            said = answer.get("FailureReason") or "SageMaker gave no reason"
            raise ResourceError(
                f"endpoint {_last(physical_id)} was rolled back to "
                f"{answer['EndpointConfigName']}: {said}"
            )
        return True

    def is_gone(self, context: ResourceContext, physical_id: str) -> bool:
        """DescribeEndpoint does not find it any more."""
        try:
            context.client("sagemaker").describe_endpoint(EndpointName=_last(physical_id))
        except ClientError as error:
            if _not_found(error):
                return True
            raise
        return False
