"""docs/fidelity.md is what a local cloud says, and what differs there has a reason."""

from __future__ import annotations

from collections import defaultdict

import pytest

from penstock.localcloud.cloudformation.registry import ALL
from penstock.localcloud.roundtrip.comparison import Verdict
from penstock.localcloud.roundtrip.page import page
from penstock.localcloud.roundtrip.registry import readers
from penstock.localcloud.roundtrip.stacks import ResourceResult
from tests.offline.cloudformation_full import full
from tests.offline.fidelity import PAGE, deployments

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("fidelity")]

# asked for by no template here: the API takes them for what cannot be deployed in the local cloud
NOT_ASKED_FOR = {
    "AWS::ApplicationAutoScaling::ScalingPolicy": {"PredictiveScalingPolicyConfiguration"},
    "AWS::Glue::Table": {"OpenTableFormatInput"},
    "AWS::Lambda::EventSourceMapping": {"FilterCriteria", "TumblingWindowInSeconds"},
    "AWS::SageMaker::MonitoringSchedule": {"FailureReason", "LastMonitoringExecutionSummary"},
    "AWS::StepFunctions::StateMachine": {"DefinitionS3Location"},
}


@pytest.fixture(scope="module")
def deployed() -> dict[str, list[ResourceResult]]:
    return deployments()


def test_the_page_is_what_is_read_back(deployed: dict[str, list[ResourceResult]]) -> None:
    assert PAGE.read_text() == page(deployed), "run `make fidelity`"


def test_every_resource_is_read_back(deployed: dict[str, list[ResourceResult]]) -> None:
    pipelines = deployed["every pipeline in dev, serving a model"]
    endpoints = [result for result in pipelines if result.type == "AWS::SageMaker::Endpoint"]
    assert endpoints
    asks = [result for found in deployed.values() for result in found if result.properties]
    assert {result.type for result in asks} == {handler.type for handler in ALL}


def test_each_difference_has_a_reason_and_each_reason_a_difference(
    deployed: dict[str, list[ResourceResult]],
) -> None:
    different = {
        (result.type, found.path)
        for results in deployed.values()
        for result in results
        for found in result.properties
        if found.verdict is Verdict.DIFFERENT
    }
    declared = {
        (type_, path) for type_, reader in readers().items() for path in reader.differs_here
    }
    assert different == declared


def test_every_type_has_a_reader() -> None:
    assert set(readers()) == {handler.type for handler in ALL}


def test_the_full_template_asks_for_every_property() -> None:
    asked: dict[str, set[str]] = defaultdict(set)
    for resource in full()["Resources"].values():
        asked[resource["Type"]] |= set(resource["Properties"])
    missing = {
        handler.type: (handler.properties | set(handler.unsupported)) - asked[handler.type]
        for handler in ALL
    }
    assert {type_: names for type_, names in missing.items() if names} == NOT_ASKED_FOR
