"""SageMaker: jobs and endpoints that live, missing operations, current instance types."""

from __future__ import annotations

from typing import Any

import botocore.session
from moto.core.responses import ActionResult
from moto.sagemaker.exceptions import AWSValidationException
from moto.sagemaker.models import FakeEndpointConfig
from moto.sagemaker.responses import SageMakerResponse

from penstock.localcloud.clock import Clock
from penstock.localcloud.context import EventSink
from penstock.localcloud.shims.patches import Patches
from penstock.localcloud.shims.sagemaker_endpoints import HostingHooks, install_endpoints
from penstock.localcloud.shims.sagemaker_group_policies import install_group_policies
from penstock.localcloud.shims.sagemaker_monitoring import install_monitoring
from penstock.localcloud.shims.sagemaker_packages import install_packages
from penstock.localcloud.shims.sagemaker_settings import install_settings
from penstock.localcloud.shims.sagemaker_training import TrainingHooks, install_training
from penstock.localcloud.shims.sagemaker_transform import TransformHooks, install_transform


def install(
    patches: Patches,
    *,
    clock: Clock,
    events: EventSink,
    training: TrainingHooks,
    hosting: HostingHooks,
    transform: TransformHooks,
) -> None:
    """Give jobs, endpoints and model packages the life that AWS gives them."""
    install_training(patches, clock, events, training)
    install_transform(patches, clock, events, transform)
    install_endpoints(patches, clock, events, hosting)
    _install_models(patches)
    install_settings(patches)
    install_packages(patches, clock, events)
    install_group_policies(patches)
    install_monitoring(patches, clock)
    patches.replace(FakeEndpointConfig, "validate_instance_type", _validate_instance_type)


def _install_models(patches: Patches) -> None:
    create = SageMakerResponse.create_model

    def create_model(self: Any) -> ActionResult:
        name = self._get_param("ModelName")
        backend = self.sagemaker_backend
        if name in backend._models:
            raise AWSValidationException(
                f'Cannot create already existing model "{backend._models[name].arn}".'
            )
        result = create(self)
        backend._models[name].enable_network_isolation = self._get_param(
            "EnableNetworkIsolation", False
        )
        return result

    patches.replace(SageMakerResponse, "create_model", create_model)


def instance_types() -> frozenset[str]:
    """Every type that botocore's own model knows for a production variant."""
    model = botocore.session.get_session().get_service_model("sagemaker")
    return frozenset(model.shape_for("ProductionVariantInstanceType").enum)


_known_types: list[frozenset[str]] = []


def _validate_instance_type(_self: Any, instance_type: str) -> None:
    if not _known_types:
        _known_types.append(instance_types())
    if instance_type not in _known_types[0]:
        raise AWSValidationException(
            f"1 validation error detected: Value '{instance_type}' at "
            "'productionVariants.member.instanceType' failed to satisfy constraint: Member must "
            "satisfy enum value set (ProductionVariantInstanceType)"
        )
