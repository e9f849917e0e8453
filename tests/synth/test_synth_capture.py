"""Digits with data capture: the endpoint's configuration, the model's role, the lake's tidying."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from pipelines.spec import Capture
from tests.synth.conftest import Synthesized, synthesized, watched_by
from tests.synth.reading import as_list, text


@pytest.fixture(scope="module")
def capturing(context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    pipeline = watched_by(None, None, Capture(percentage=40))
    return synthesized(context, tmp_path_factory.mktemp("capturing"), pipeline)


def test_the_configuration_captures_below_capture_with_the_pipelines_key(
    capturing: Synthesized,
) -> None:
    config = capturing.only("SageMaker::EndpointConfig")
    capture = config["DataCaptureConfig"]
    bucket, path = text(capture["DestinationS3Uri"]).removeprefix("s3://").split("/")
    assert "digits-dev-lake:ExportsOutputRefLake" in bucket
    assert path == "capture"
    assert capture["KmsKeyId"] == config["KmsKeyId"]
    assert {
        key: capture[key] for key in capture if key not in ("DestinationS3Uri", "KmsKeyId")
    } == {
        "EnableCapture": True,
        "InitialSamplingPercentage": 40,
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {
            "CsvContentTypes": ["text/csv"],
            "JsonContentTypes": ["application/json"],
        },
    }


def test_the_models_role_may_put_captures_with_the_key_and_no_more(
    plain: Synthesized, capturing: Synthesized
) -> None:
    def rights(stage: Synthesized) -> set[tuple[str, str]]:
        return {
            (action, text(resource))
            for statement in stage.statements("ModelRole")
            for action in as_list(statement["Action"])
            for resource in as_list(statement["Resource"])
        }

    before, after = rights(plain), rights(capturing)
    assert before < after
    more = dict(after - before)
    assert set(more) == {"s3:PutObject", "kms:GenerateDataKey"}
    assert more["s3:PutObject"].startswith("<digits-dev-lake:ExportsOutputFnGetAttLake")
    assert more["s3:PutObject"].endswith(">/capture/*")
    assert "digits-dev-foundation:ExportsOutputFnGetAttKey" in more["kms:GenerateDataKey"]
    assert len(after - before) == 2


def test_nothing_else_is_another(plain: Synthesized, capturing: Synthesized) -> None:
    def rest(stage: Synthesized) -> dict[str, Any]:
        templates = copy.deepcopy(stage.templates)
        templates["lake"]["Outputs"].pop("CapturePrefix", None)
        for template in templates.values():
            for name, resource in template["Resources"].items():
                if resource["Type"] == "AWS::SageMaker::EndpointConfig":
                    resource["Properties"].pop("DataCaptureConfig", None)
                if name.startswith("ModelRole"):
                    resource["Properties"].pop("Policies")
                if name.startswith("Lake") and resource["Type"] == "AWS::S3::Bucket":
                    rules = resource["Properties"]["LifecycleConfiguration"]["Rules"]
                    rules[:] = [rule for rule in rules if rule.get("Prefix") != "capture/"]
        return templates

    assert rest(capturing) == rest(plain)


def test_captures_are_kept_for_a_month_and_the_lake_says_where(capturing: Synthesized) -> None:
    rules = capturing.named("S3::Bucket", "Lake")["LifecycleConfiguration"]["Rules"]
    (rule,) = (rule for rule in rules if rule.get("Prefix") == "capture/")
    assert (rule["ExpirationInDays"], rule["Status"]) == (30, "Enabled")
    assert capturing.outputs("lake")["CapturePrefix"] == "capture/"
    assert "MonitorPrefix" not in capturing.outputs("lake")


def test_without_capture_nothing_is_captured(plain: Synthesized) -> None:
    assert "DataCaptureConfig" not in plain.only("SageMaker::EndpointConfig")
    assert "capture/" not in json.dumps(plain.templates)


@pytest.mark.parametrize(
    ("capture", "modes", "header"),
    [
        (
            Capture(percentage=1, modes=("Output",), csv_content_types=()),
            ["Output"],
            {"JsonContentTypes": ["application/json"]},
        ),
        (
            Capture(percentage=1, modes=("Input",), csv_content_types=(), json_content_types=()),
            ["Input"],
            None,
        ),
    ],
)
def test_modes_and_content_types_are_the_descriptions(
    context: dict[str, Any], tmp_path: Any, capture: Capture, modes: list[str], header: Any
) -> None:
    pipeline = watched_by(None, None, capture)
    found = synthesized(context, tmp_path, pipeline).only("SageMaker::EndpointConfig")
    config = found["DataCaptureConfig"]
    assert [option["CaptureMode"] for option in config["CaptureOptions"]] == modes
    assert config.get("CaptureContentTypeHeader") == header
