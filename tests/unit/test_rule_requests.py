"""The settings that the rules look for are settings of SageMaker's API."""

from __future__ import annotations

import botocore.session
import pytest
from botocore.model import Shape

from penstock.rules import inside_vpc, network_isolation, output_keys, traffic_encryption
from penstock.rules.requests import Kind

OPERATIONS: dict[Kind, tuple[str, ...]] = {
    "training": ("CreateTrainingJob",),
    "model": ("CreateModel",),
    "processing": ("CreateProcessingJob",),
    "transform": ("CreateTransformJob",),
    "automl": ("CreateAutoMLJobV2",),
    "endpoint configuration": ("CreateEndpointConfig",),
    "monitoring": (
        "CreateDataQualityJobDefinition",
        "CreateModelQualityJobDefinition",
        "CreateModelBiasJobDefinition",
        "CreateModelExplainabilityJobDefinition",
    ),
}
SETTINGS: list[tuple[Kind, str]] = [
    *network_isolation.SWITCHES.items(),
    *traffic_encryption.SWITCHES.items(),
    *inside_vpc.SETTINGS.items(),
]
MODEL = botocore.session.get_session().get_service_model("sagemaker")


def has(shape: Shape | None, name: str) -> bool:
    for part in name.split("."):
        members = getattr(shape, "members", {})
        if part not in members:
            return False
        shape = members[part]
    return True


@pytest.mark.parametrize(("kind", "name"), SETTINGS)
def test_each_setting_is_there_in_each_request_of_its_kind(kind: Kind, name: str) -> None:
    for operation in OPERATIONS[kind]:
        assert has(MODEL.operation_model(operation).input_shape, name), operation


def test_each_output_is_there_in_a_request_of_its_kind() -> None:
    schedule = MODEL.shape_for("MonitoringJobDefinition")
    for kind, outputs in output_keys.OUTPUTS.items():
        shapes = [MODEL.operation_model(one).input_shape for one in OPERATIONS[kind]]
        if kind == "monitoring":
            shapes.append(schedule)
        for place, key in outputs:
            assert any(has(shape, f"{place}.{key}") for shape in shapes), (kind, place)


def test_a_schedule_that_holds_its_job_spells_it_like_a_job_definition() -> None:
    schedule = MODEL.shape_for("MonitoringJobDefinition")
    for switches in (network_isolation.SWITCHES, traffic_encryption.SWITCHES, inside_vpc.SETTINGS):
        assert has(schedule, switches["monitoring"])
