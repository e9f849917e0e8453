"""Key and buckets that are there already are used, and none of their kind is made."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.synth.conftest import Synthesized

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
BUCKETS = {
    "lake": "company-lake",
    "artifacts": "company-models",
    "access_logs": "company-access-logs",
}


@pytest.fixture(scope="module")
def build(context: dict[str, Any], synthesize: Any) -> Callable[..., Synthesized]:
    """Digits in dev with something that is there already."""

    def built(**given: Any) -> Synthesized:
        environments = {"dev": {**context["environments"]["dev"], **given}}
        synthesized: Synthesized = synthesize(environments=environments)
        return synthesized

    return built


@pytest.fixture(scope="module")
def keyed(build: Callable[..., Synthesized]) -> Synthesized:
    return build(key_arn=KEY)


@pytest.fixture(scope="module")
def stored(build: Callable[..., Synthesized]) -> Synthesized:
    return build(buckets={"digits": BUCKETS})


def resources(synthesized: Synthesized) -> str:
    return json.dumps([template["Resources"] for template in synthesized.templates.values()])


def test_a_given_key_is_the_only_one(keyed: Synthesized) -> None:
    assert not keyed.resources("KMS::Key")
    assert "GetAttKey" not in json.dumps(keyed.templates)


def test_a_given_key_encrypts_all_that_the_own_one_does(
    keyed: Synthesized, dev: Synthesized
) -> None:
    """Wherever the own key's ARN was, the given one is."""
    (own,) = dev.resources("KMS::Key", "foundation")
    by_reference = json.dumps({"Fn::GetAtt": [own, "Arn"]})
    by_export = f'"Fn::ImportValue": "digits-dev-foundation:ExportsOutputFnGetAtt{own}Arn'
    everywhere = resources(dev).count(by_reference) + resources(dev).count(by_export)
    # text of a state machine holds it once for each state that names a key
    assert resources(keyed).count(KEY) == everywhere > 30


def test_given_buckets_are_the_only_ones(stored: Synthesized) -> None:
    assert not stored.resources("S3::Bucket")
    assert not stored.resources("S3::BucketPolicy")
    assert stored.outputs("lake")["LakeBucketName"] == "company-lake"
    assert stored.outputs("training")["ArtifactsBucketName"] == "company-models"


def test_given_buckets_hold_what_the_own_ones_would(stored: Synthesized) -> None:
    train = stored.machine("Training")["States"]["Train"]["Parameters"]
    assert train["OutputDataConfig"]["S3OutputPath"] == "s3://company-models/models/"
    delivery = stored.only("KinesisFirehose::DeliveryStream")["ExtendedS3DestinationConfiguration"]
    assert "company-lake" in json.dumps(delivery["BucketARN"])
    config = stored.only("SageMaker::EndpointConfig")["DataCaptureConfig"]
    assert config["DestinationS3Uri"] == "s3://company-lake/capture"


def test_roles_reach_given_buckets_below_the_same_prefixes_only(stored: Synthesized) -> None:
    written = [
        json.dumps(resource)
        for statement in stored.statements("TrainingRole")
        if "s3:PutObject" in statement["Action"]
        for resource in [statement["Resource"]]
    ]
    assert len(written) == 1
    assert "company-models/models/*" in written[0]


def test_an_own_bucket_logs_to_a_given_one(build: Callable[..., Synthesized]) -> None:
    logged = build(buckets={"digits": {"access_logs": "company-access-logs"}})
    assert len(logged.resources("S3::Bucket")) == 2
    for bucket in logged.resources("S3::Bucket").values():
        logging = bucket["Properties"]["LoggingConfiguration"]
        assert logging["DestinationBucketName"] == "company-access-logs"


def test_buckets_of_another_pipeline_change_nothing(
    build: Callable[..., Synthesized], dev: Synthesized
) -> None:
    other = build(buckets={"anomaly": BUCKETS})
    assert other.templates == dev.templates


def test_own_rules_and_nag_have_nothing_to_say(keyed: Synthesized, stored: Synthesized) -> None:
    for synthesized in (keyed, stored):
        report = json.loads(Path(synthesized.out, "validation-report.json").read_text())
        assert all(not plugin["violations"] for plugin in report["pluginReports"])
