"""NoRetiredService: resource types, calls, machines and features that AWS has closed or ended."""

from __future__ import annotations

from typing import Any

import pytest

from penstock.rules.no_retired_service import RULE
from tests.unit.ruled import call, found, machine, resource


def variants(**variant: Any) -> dict[str, Any]:
    return resource("SageMaker::EndpointConfig", ProductionVariants=[variant])


def test_what_is_open_passes_and_what_is_only_superseded_too() -> None:
    train = call(
        "createTrainingJob.sync",
        ResourceConfig={"InstanceType": "ml.g5.2xlarge"},
        ProfilerConfig={"DisableProfiler": True},
    )
    assert not found(
        RULE,
        {
            "Machine": machine(Train=train),
            "Config": variants(InstanceType="ml.inf1.xlarge"),
            "Job": resource("Glue::Job", GlueVersion="5.1"),
        },
    )


def test_a_closed_type_is_found_with_its_date_and_source() -> None:
    (what,) = found(RULE, {"Watch": resource("SageMaker::MonitoringSchedule")}).values()
    assert "SageMaker Model Monitor: closed to new customers as of 2026-07-30" in what
    assert "SageMaker developer guide" in what


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (resource("LookoutVision::Project"), "Type"),
        (
            variants(InstanceType="ml.p2.xlarge"),
            "Properties.ProductionVariants.0.InstanceType",
        ),
        (
            variants(InstanceType="ml.m5.large", AcceleratorType="ml.eia2.medium"),
            "Properties.ProductionVariants.0.AcceleratorType",
        ),
        (resource("Glue::Job", GlueVersion="2.0"), "Properties.GlueVersion"),
    ],
)
def test_retired_types_and_machines_are_found(body: dict[str, Any], place: str) -> None:
    assert list(found(RULE, {"It": body})) == [f"NoRetiredService It.{place}"]


@pytest.mark.parametrize(
    ("state", "place"),
    [
        (
            {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:forecast:createDataset"},
            "Resource",
        ),
        (call("createDataQualityJobDefinition"), "Resource"),
        (
            call("createTrainingJob.sync", ResourceConfig={"InstanceType": "ml.p2.xlarge"}),
            "Parameters.ResourceConfig.InstanceType",
        ),
        (
            call("createTrainingJob.sync", DebugHookConfig={"S3OutputPath": "s3://bucket/"}),
            "Parameters.DebugHookConfig",
        ),
        (
            call("createTrainingJob.sync", ProfilerConfig={"S3OutputPath": "s3://bucket/"}),
            "Parameters.ProfilerConfig",
        ),
    ],
)
def test_states_that_ask_for_them_are_found(state: dict[str, Any], place: str) -> None:
    assert list(found(RULE, {"Machine": machine(Ask=state)})) == [
        f"NoRetiredService[Ask] Machine.Properties.DefinitionString.States.Ask.{place}"
    ]
