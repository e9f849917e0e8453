"""Key, buckets and network that are there already are used, and none of their kind is made."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from penstock.rules.inside_vpc import RULE
from penstock.rules.templates import Templates
from pipelines.registry import load
from pipelines.spec import Capture, Monitor, Retrain, Scoring
from tests.synth.conftest import Synthesized, synthesized, watched_by
from tests.synth.reading import as_list, text
from tests.synth.series import METERS

KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
BUCKETS = {
    "lake": "company-lake",
    "artifacts": "company-models",
    "access_logs": "company-access-logs",
}

NETWORK = {
    "vpc_id": "vpc-0123456789abcdef0",
    "subnets": {
        "subnet-0123456789abcdef0": "us-east-1a",
        "subnet-0123456789abcdef1": "us-east-1b",
    },
    "security_group_ids": ["sg-0123456789abcdef0"],
}
VPC_CONFIG = {
    "Subnets": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
    "SecurityGroupIds": ["sg-0123456789abcdef0"],
}


@pytest.fixture(scope="module")
def build(context: dict[str, Any], synthesize: Any) -> Callable[..., Synthesized]:
    """Digits in dev with something that is there already."""

    def built(**given: Any) -> Synthesized:
        environments = {"dev": {**context["environments"]["dev"], **given}}
        stage: Synthesized = synthesize(environments=environments)
        return stage

    return built


@pytest.fixture(scope="module")
def keyed(build: Callable[..., Synthesized]) -> Synthesized:
    return build(key_arn=KEY)


@pytest.fixture(scope="module")
def stored(build: Callable[..., Synthesized]) -> Synthesized:
    return build(buckets={"digits": BUCKETS})


def resources(stage: Synthesized) -> str:
    return json.dumps([template["Resources"] for template in stage.templates.values()])


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
    build: Callable[..., Synthesized], dev: Synthesized, monkeypatch: pytest.MonkeyPatch
) -> None:
    digits = load()["digits"]
    known = {"digits": digits, "other": digits.model_copy(update={"name": "other"})}
    monkeypatch.setattr("app.load", lambda accelerator=None: known)
    other = build(buckets={"other": BUCKETS})
    assert other.templates == dev.templates


def test_own_rules_and_nag_have_nothing_to_say(keyed: Synthesized, stored: Synthesized) -> None:
    for stage in (keyed, stored):
        report = json.loads(Path(stage.out, "validation-report.json").read_text())
        assert all(not plugin["violations"] for plugin in report["pluginReports"])


def placed_functions(stage: Synthesized) -> list[Any]:
    functions = stage.resources("Lambda::Function").values()
    return [function["Properties"].get("VpcConfig") for function in functions]


@pytest.fixture(scope="module")
def placed(context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """A stream that is scored and watched has every kind of function and job."""
    environments = {"dev": {**context["environments"]["dev"], "network": NETWORK}}
    watched = {
        "scoring": Scoring(),
        "serving": METERS.serving.model_copy(update={"capture": Capture(percentage=100)}),
        "monitor": Monitor(),
        "retrain": Retrain(),
    }
    return synthesized(
        {**context, "environments": environments},
        tmp_path_factory.mktemp("placed"),
        METERS.model_copy(update=watched),
    )


def test_jobs_and_models_are_in_the_given_network(placed: Synthesized) -> None:
    states = placed.machine("Training")["States"]
    assert states["Train"]["Parameters"]["VpcConfig"] == VPC_CONFIG
    assert states["CreateNewModel"]["Parameters"]["VpcConfig"] == VPC_CONFIG
    assert placed.only("SageMaker::Model")["VpcConfig"] == VPC_CONFIG


def test_the_served_model_that_is_compared_is_in_it_too(
    build: Callable[..., Synthesized],
) -> None:
    states = build(network=NETWORK).machine("Training")["States"]
    assert states["CreateServedModel"]["Parameters"]["VpcConfig"] == VPC_CONFIG


def test_every_function_is_in_it(placed: Synthesized) -> None:
    assert placed_functions(placed) == [
        {"SubnetIds": VPC_CONFIG["Subnets"], "SecurityGroupIds": VPC_CONFIG["SecurityGroupIds"]}
    ] * len(placed.resources("Lambda::Function"))
    assert len(placed_functions(placed)) == 4


def test_each_glue_job_has_a_connection_in_the_first_subnet(placed: Synthesized) -> None:
    connections = placed.resources("Glue::Connection")
    jobs = placed.resources("Glue::Job").values()
    named = [job["Properties"]["Connections"]["Connections"] for job in jobs]
    assert sorted(name["Ref"] for (name,) in named) == sorted(connections)
    assert len(connections) == 2
    for connection in connections.values():
        given = connection["Properties"]["ConnectionInput"]
        assert given["ConnectionType"] == "NETWORK"
        assert given["PhysicalConnectionRequirements"] == {
            "AvailabilityZone": "us-east-1a",
            "SubnetId": "subnet-0123456789abcdef0",
            "SecurityGroupIdList": ["sg-0123456789abcdef0"],
        }


@pytest.mark.parametrize(
    "role",
    [
        "TrainingRole",
        "ModelRole",
        "TrainingFiguresScoringRole",
        "TransformRole",
        "ScoreRole",
        "PrepareRole",
        "MonitorRole",
    ],
)
def test_roles_make_interfaces_in_the_given_subnets_only(placed: Synthesized, role: str) -> None:
    (making,) = (
        statement
        for statement in placed.statements(role)
        if "ec2:CreateNetworkInterface" in as_list(statement["Action"])
    )
    assert {text(one).partition(":ec2:")[2] for one in as_list(making["Resource"])} == {
        "us-east-1:<AWS::AccountId>:network-interface/*",
        "us-east-1:*:subnet/subnet-0123456789abcdef0",
        "us-east-1:*:subnet/subnet-0123456789abcdef1",
        "us-east-1:*:security-group/sg-0123456789abcdef0",
    }


def test_a_job_hands_over_interfaces_of_the_given_vpc_only(placed: Synthesized) -> None:
    (handing,) = (
        statement
        for statement in placed.statements("TrainingRole")
        if statement["Action"] == "ec2:CreateNetworkInterfacePermission"
    )
    assert text(handing["Condition"]["ArnLike"]["ec2:Vpc"]).endswith(
        ":ec2:us-east-1:*:vpc/vpc-0123456789abcdef0"
    )


def test_lambda_may_use_interfaces_but_a_functions_own_code_may_not(placed: Synthesized) -> None:
    actions = set()
    for statement in placed.statements("TransformRole"):
        found = [one for one in as_list(statement["Action"]) if one.startswith("ec2:")]
        actions |= set(found)
        if found:
            assert statement["Condition"] == {"Null": {"lambda:SourceFunctionArn": "true"}}
    assert actions == {
        "ec2:AssignPrivateIpAddresses",
        "ec2:CreateNetworkInterface",
        "ec2:DeleteNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:UnassignPrivateIpAddresses",
    }


def test_only_the_endpoints_model_looks_at_the_networks_own_endpoints(placed: Synthesized) -> None:
    def looks(role: str) -> bool:
        actions = [one for found in placed.statements(role) for one in as_list(found["Action"])]
        return "ec2:DescribeVpcEndpoints" in actions

    assert looks("ModelRole")
    assert not looks("TrainingRole")


def test_model_monitor_is_in_it_too(context: dict[str, Any], tmp_path: Path) -> None:
    pipeline = watched_by(Monitor(engine="model-monitor"), None, Capture(percentage=100))
    environments = {"dev": {**context["environments"]["dev"], "network": NETWORK}}
    managed = synthesized({**context, "environments": environments}, tmp_path, pipeline)
    definition = managed.only("SageMaker::DataQualityJobDefinition")
    assert definition["NetworkConfig"]["VpcConfig"] == VPC_CONFIG


def test_own_rules_and_nag_have_nothing_to_say_of_a_network(placed: Synthesized) -> None:
    report = json.loads(Path(placed.out, "validation-report.json").read_text())
    assert all(not plugin["violations"] for plugin in report["pluginReports"])


def test_a_job_left_outside_would_end_synth(placed: Synthesized) -> None:
    """What holds all of it together is the rule: one thing taken out is found."""
    templates = copy.deepcopy(placed.templates)
    (model,) = placed.resources("SageMaker::Model")
    del templates["serving"]["Resources"][model]["Properties"]["VpcConfig"]
    bodies = {Path(layer): template for layer, template in templates.items()}
    assert [breach.resource.logical_id for breach in RULE.check(Templates(bodies))] == [model]


def test_data_can_be_removed_in_a_network(synthesize: Any, context: dict[str, Any]) -> None:
    """The function that CDK brings along for it stays outside, with a reason."""
    environments = {"dev": {**context["environments"]["dev"], "network": NETWORK}}
    emptied: Synthesized = synthesize(environments=environments, allow_data_removal="true")
    assert None in placed_functions(emptied)
