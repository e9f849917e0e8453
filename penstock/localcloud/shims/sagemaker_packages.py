"""SageMaker's model packages: approval, its event, and what moto forgets or lacks."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import AWSValidationException
from moto.sagemaker.models import ModelPackage, SageMakerModelBackend
from moto.sagemaker.responses import SageMakerResponse

from penstock.localcloud.clock import Clock
from penstock.localcloud.context import EventSink
from penstock.localcloud.shims.patches import Patches
from penstock.localcloud.shims.sagemaker_documents import naive, plain

PENDING_APPROVAL = "PendingManualApproval"


def install_packages(patches: Patches, clock: Clock, events: EventSink) -> None:
    """Approval states, events, and the deletions that moto lacks."""
    create = SageMakerModelBackend.create_model_package
    update = SageMakerModelBackend.update_model_package

    def emit(package: ModelPackage) -> None:
        described = package.gen_response_object()
        keys = (
            "ModelPackageName",
            "ModelPackageGroupName",
            "ModelPackageVersion",
            "ModelPackageArn",
            "ModelPackageDescription",
            "CreationTime",
            "LastModifiedTime",
            "InferenceSpecification",
            "ModelPackageStatus",
            "ModelPackageStatusDetails",
            "CertifyForMarketplace",
            "ModelApprovalStatus",
            "ApprovalDescription",
            "CustomerMetadataProperties",
            "MetadataProperties",
            "ModelMetrics",
        )
        # SageMaker developer guide, automating-sagemaker-with-eventbridge: as DescribeModelPackage
        events.emit(
            source="aws.sagemaker",
            detail_type="SageMaker Model Package State Change",
            detail=plain({key: described.get(key) for key in keys}),
            resources=[described["ModelPackageArn"]],
        )

    def create_model_package(self: Any, **arguments: Any) -> str:
        group = arguments.get("model_package_group_name")
        if group:
            # the name or the ARN (botocore 1.44.5 sagemaker model, ArnOrName)
            arguments["model_package_group_name"] = group.split("/")[-1]
            arguments["model_approval_status"] = (
                arguments.get("model_approval_status") or PENDING_APPROVAL
            )
        arn: str = create(self, **arguments)
        package = self.model_packages[arn]
        package.creation_time = naive(clock)
        emit(package)
        return arn

    def update_model_package(self: Any, **arguments: Any) -> str:
        package = self.describe_model_package(arguments["model_package_arn"])
        # moto forgets what the request does not mention
        for name in ("model_approval_status", "approval_description"):
            if arguments.get(name) is None:
                arguments[name] = getattr(package, name)
        merged = {
            **(package.customer_metadata_properties or {}),
            **(arguments.get("customer_metadata_properties") or {}),
        }
        arguments["customer_metadata_properties"] = merged
        arn: str = update(self, **arguments)
        package.last_modified_time = naive(clock)
        emit(package)
        return arn

    def delete_model_package(self: Any) -> ActionResult:
        backend = self.sagemaker_backend
        package = backend.describe_model_package(self._get_param("ModelPackageName"))
        del backend.model_packages[package.arn]
        backend.model_package_name_mapping.pop(package.arn, None)
        return EmptyResult()

    def delete_model_package_group(self: Any) -> ActionResult:
        backend = self.sagemaker_backend
        group = backend.describe_model_package_group(
            self._get_param("ModelPackageGroupName").split("/")[-1]
        )
        name = group.model_package_group_name
        left = [p for p in backend.model_packages.values() if p.model_package_group_name == name]
        if left:
            raise AWSValidationException(
                f"Model package group {group.arn} cannot be deleted: it still has {len(left)} "
                "model packages; delete them first."
            )
        del backend.model_package_groups[name]
        return EmptyResult()

    patches.replace(SageMakerModelBackend, "create_model_package", create_model_package)
    patches.replace(SageMakerModelBackend, "update_model_package", update_model_package)
    patches.add(SageMakerResponse, "delete_model_package", delete_model_package)
    patches.add(SageMakerResponse, "delete_model_package_group", delete_model_package_group)
