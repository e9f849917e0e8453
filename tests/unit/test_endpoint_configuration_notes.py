"""What a configuration asks of a variant and nobody carries out here is said, not dropped."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber

from penstock.localcloud.cloudformation.resource import ResourceContext
from penstock.localcloud.cloudformation.types.sagemaker import EndpointConfig


def notes_on(variant: dict[str, Any]) -> list[str]:
    client = boto3.client(
        "sagemaker",
        region_name="us-east-1",
        aws_access_key_id="none",
        aws_secret_access_key="none",
    )
    notes: list[str] = []
    arn = "arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/one"
    with Stubber(client) as stub:
        stub.add_response(
            "create_endpoint_config",
            {"EndpointConfigArn": arn},
            {"EndpointConfigName": "one", "ProductionVariants": [variant], "Tags": ANY},
        )
        EndpointConfig().create(
            ResourceContext(
                client=lambda _: client,
                account_id="123456789012",
                region="us-east-1",
                stack_name="serving",
                stack_id="arn",
                logical_id="Config",
                generation=0,
                note=notes.append,
                made=lambda _: None,
            ),
            {"EndpointConfigName": "one", "ProductionVariants": [variant]},
        )
    return notes


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ({"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}, "always runs"),
        ({"VolumeSizeInGB": 50}, "this machine's disk"),
    ],
)
def test_a_setting_that_is_only_kept_has_a_note(setting: dict[str, Any], said: str) -> None:
    (note,) = notes_on({"VariantName": "main", "ModelName": "m", **setting})
    assert note.startswith(next(iter(setting)))
    assert said in note


def test_an_ordinary_variant_has_none() -> None:
    assert notes_on({"VariantName": "main", "ModelName": "m", "InitialInstanceCount": 2}) == []
