"""SageMaker: settings of models, configurations and endpoints that moto would not show again."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import camelcase_to_underscores
from moto.sagemaker.responses import SageMakerResponse

from penstock.localcloud.shims.patches import Patches

_OF_A_MODEL = ("InferenceExecutionConfig",)
_OF_A_CONFIGURATION = (
    "EnableNetworkIsolation",
    "ExecutionRoleArn",
    "ExplainerConfig",
    "ShadowProductionVariants",
    "VpcConfig",
)


def install_settings(patches: Patches) -> None:
    """Keep them with moto's own objects, whose every attribute a description shows."""

    def create_model(self: Any) -> ActionResult:
        answer = stock_model(self)
        _keep(self, self.sagemaker_backend._models[self._get_param("ModelName")], _OF_A_MODEL)
        return answer

    def create_endpoint_config(self: Any) -> ActionResult:
        answer = stock_config(self)
        stored = self.sagemaker_backend.endpoint_configs[self._get_param("EndpointConfigName")]
        _keep(self, stored, _OF_A_CONFIGURATION)
        return answer

    def create_endpoint(self: Any) -> ActionResult:
        answer = stock_endpoint(self)
        stored = self.sagemaker_backend.endpoints[self._get_param("EndpointName")]
        stored.last_deployment_config = self._get_param("DeploymentConfig")
        return answer

    stock_model = patches.replace(SageMakerResponse, "create_model", create_model)
    stock_config = patches.replace(
        SageMakerResponse, "create_endpoint_config", create_endpoint_config
    )
    stock_endpoint = patches.replace(SageMakerResponse, "create_endpoint", create_endpoint)


def _keep(response: Any, stored: Any, names: tuple[str, ...]) -> None:
    for name in names:
        setattr(stored, camelcase_to_underscores(name), response._get_param(name))
