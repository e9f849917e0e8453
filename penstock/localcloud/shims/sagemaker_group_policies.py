"""SageMaker: resource policies of model package groups, which moto lacks."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import AWSValidationException
from moto.sagemaker.responses import SageMakerResponse

from penstock.localcloud.shims.patches import Patches


def install_group_policies(patches: Patches) -> None:
    """Add PutModelPackageGroupPolicy, and getting and deleting it."""

    def group_of(response: Any) -> Any:
        name = response._get_param("ModelPackageGroupName").rsplit("/", 1)[-1]
        groups = response.sagemaker_backend.model_package_groups
        if name not in groups:
            raise AWSValidationException(f"ModelPackageGroup {name} does not exist.")
        return groups[name]

    def put_policy(self: Any) -> ActionResult:
        group = group_of(self)
        group.resource_policy = self._get_param("ResourcePolicy")
        return ActionResult({"ModelPackageGroupArn": group.arn})

    def get_policy(self: Any) -> ActionResult:
        policy = getattr(group_of(self), "resource_policy", None)
        if policy is None:
            raise AWSValidationException("Cannot find resource policy")
        return ActionResult({"ResourcePolicy": policy})

    def delete_policy(self: Any) -> ActionResult:
        group_of(self).resource_policy = None
        return EmptyResult()

    patches.add(SageMakerResponse, "put_model_package_group_policy", put_policy)
    patches.add(SageMakerResponse, "get_model_package_group_policy", get_policy)
    patches.add(SageMakerResponse, "delete_model_package_group_policy", delete_policy)
