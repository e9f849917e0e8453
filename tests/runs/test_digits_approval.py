"""Outside dev a person approves; a better model replaces the first, an equal one is kept out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from penstock.cli.data import records_to_send
from penstock.cli.synth import synthesize
from penstock.localcloud.cloud import ANY_ACCOUNT, LocalCloud
from penstock.scenario.aws import Aws, Stage, StepFailedError
from penstock.scenario.progress import Step, Timeline
from penstock.scenario.run import Scenario
from penstock.scenario.rows import held_out_rows
from penstock.scenario.serving import ask, wait_until_served
from penstock.scenario.training import TrainingFailedError, TrainingRun
from pipelines import digits
from tests.callers import DEPLOYER, Callers
from tests.runs.conftest import project

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("digits-approval")]


# What each role must have done by itself, by the beginning of its logical id (a name holds no more
# than 25 characters of it): were one of these calls made in somebody else's name, it would be
# missing here.
OWN_CALLS = {
    "DeliveryRole": {
        "kinesis GetRecords",
        "kinesis GetShardIterator",
        "kinesis ListShards",
        "lambda POST invocations",
        "glue GetTable",
        "s3 PUT records/",
        "s3 PUT errors/",
    },
    "TransformRole": {"logs PutLogEvents"},
    "PrepareRole": {
        "s3 GET object",  # its script and our codec
        "s3 GET records/",
        "s3 PUT prepared/",
        "logs PutLogEvents",
    },
    "TrainingRole": {"s3 GET prepared/", "s3 PUT models/", "logs PutLogEvents"},
    "TrainingComparisonScoring": {
        "s3 GET models/",
        "s3 GET prepared/",
        "s3 PUT prepared/",
        "logs PutLogEvents",
    },
    "TrainingComparisonCompare": {"s3 GET prepared/", "logs PutLogEvents"},
    "ModelRole": {"s3 GET models/", "logs PutLogEvents"},
    "TrainingWorkflowRole": {
        "glue StartJobRun",
        "glue GetJobRun",
        "sagemaker CreateTrainingJob",
        "sagemaker DescribeTrainingJob",
        "sagemaker CreateModelPackage",
        "ssm GetParameter",
        "sagemaker CreateModel",
        "sagemaker CreateTransformJob",
        "sagemaker DescribeTransformJob",
        "lambda POST invocations",
        "sagemaker DeleteModel",
    },
    "DeploymentRuleRole": {"states StartExecution"},
    "DeploymentWorkflowRole": {
        "ssm PutParameter",
        "cloudformation SetStackPolicy",
        "cloudformation UpdateStack",
        "cloudformation DescribeStacks",
    },
    "ServingUpdateRole": {
        "ssm GetParameters",
        "sagemaker CreateModel",
        "sagemaker CreateEndpointConfig",
        "sagemaker CreateEndpoint",
        "sagemaker UpdateEndpoint",
        "sagemaker DescribeEndpoint",
        "sagemaker DeleteModel",
        "sagemaker DeleteEndpointConfig",
    },
}
# The scenario and the deployment, which have the deployer's key, do some of that as well: the
# deployment reads back what it has made.
ALSO_THE_DEPLOYERS = {
    "cloudformation DescribeStacks",
    "cloudformation UpdateStack",
    "glue GetTable",
    "s3 GET errors/",
    "s3 GET object",
    "s3 GET prepared/",
    "s3 GET records/",
    "sagemaker DescribeEndpoint",
    "sagemaker DescribeTrainingJob",
    "ssm GetParameter",
    "ssm PutParameter",
    "states StartExecution",
}


class Nobody:
    """Watches nothing."""

    def changed(self, step: Step) -> None:
        """No news is shown."""


class Prod:
    """digits-prod, deployed in a local cloud, with everything that the tests ask of it."""

    def __init__(self, cloud: LocalCloud, assembly: Path, callers: Callers) -> None:
        self.cloud = cloud
        self.assembly = assembly
        self.callers = callers
        self.aws = Aws(cloud.context.clients.deployer, poll_seconds=0.1, patience_seconds=120)
        self.stage = Stage.read(self.aws, pipeline="digits", environment="prod")
        self.sagemaker = self.aws.client("sagemaker")
        self.runs: list[TrainingRun] = []
        self.unique: list[int] = []

    def train_on(self, records: list[bytes]) -> TrainingRun:
        scenario = Scenario(self.aws, self.stage, Timeline(Nobody()))
        scenario.ingest(records)
        run = scenario.train()
        self.runs.append(run)
        self.unique.append(scenario.findings["records"]["unique"])
        return run

    def train_again(self) -> TrainingRun:
        """On what is in the lake already."""
        return Scenario(self.aws, self.stage, Timeline(Nobody())).train()

    def packages(self) -> list[str]:
        listed = self.sagemaker.list_model_packages(ModelPackageGroupName="digits-prod")
        return [package["ModelPackageArn"] for package in listed["ModelPackageSummaryList"]]

    def models(self) -> set[str]:
        return {model["ModelName"] for model in self.sagemaker.list_models()["Models"]}

    def approve(self, run: TrainingRun) -> None:
        self.sagemaker.update_model_package(
            ModelPackageArn=run.model_package_arn, ModelApprovalStatus="Approved"
        )
        assert run.model_package_arn is not None
        wait_until_served(self.aws, self.stage, run.model_package_arn)

    def accuracy(self, run: TrainingRun) -> float:
        rows = held_out_rows(self.aws, run.summary["prepared_uri"])
        return ask(self.aws, self.stage, rows, batch="test").accuracy

    def endpoint(self) -> dict[str, Any]:
        endpoint: dict[str, Any] = self.sagemaker.describe_endpoint(EndpointName="digits-prod")
        del endpoint["ResponseMetadata"]
        return endpoint

    def served_package(self) -> str:
        config = self.sagemaker.describe_endpoint_config(
            EndpointConfigName=self.endpoint()["EndpointConfigName"]
        )
        model = self.sagemaker.describe_model(
            ModelName=config["ProductionVariants"][0]["ModelName"]
        )
        return str(model["PrimaryContainer"]["ModelPackageName"])


@pytest.fixture(scope="module")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prod]:
    folder = project(tmp_path_factory.mktemp("project"))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        synthesize(out=folder / "cdk.out", pipeline="digits", environment="prod", validate=False)
    callers = Callers(ANY_ACCOUNT)
    with (
        pytest.MonkeyPatch.context() as patch,
        LocalCloud.for_assembly(folder / "cdk.out", workdir=folder / "cloud") as cloud,
    ):
        callers.watch(patch)
        cloud.deploy(folder / "cdk.out")
        yield Prod(cloud, folder / "cdk.out", callers)


def test_a_model_waits_for_approval_and_is_not_served(prod: Prod) -> None:
    sending = records_to_send(digits.PIPELINE, data=None, count=700, broken_count=7).records
    run = prod.train_on(sending)
    package = prod.sagemaker.describe_model_package(ModelPackageName=run.model_package_arn)
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    assert prod.sagemaker.list_endpoints()["Endpoints"] == []
    assert run.model_package_arn is not None
    with pytest.raises(StepFailedError, match="update-model-package"):
        wait_until_served(prod.aws, prod.stage, run.model_package_arn)


def test_the_plain_cli_call_brings_it_behind_the_endpoint(prod: Prod) -> None:
    run = prod.runs[0]
    prod.approve(run)
    assert prod.served_package() == run.model_package_arn
    assert prod.accuracy(run) > 0.85


def test_a_second_training_on_newer_data_replaces_the_model(prod: Prod) -> None:
    first_endpoint = prod.endpoint()
    newer = records_to_send(digits.PIPELINE, data=None, count=None, broken_count=0).records[700:]
    run = prod.train_on(newer)
    assert prod.unique == [700, 1797]  # what came before and what is new
    assert prod.runs[0].output["serving_metric_value"] is None
    assert run.output["registered"] is True
    # by the answers of the model that is served to the rows that the new one was tested on
    assert 0.5 < run.output["serving_metric_value"] < run.output["metric_value"]
    assert prod.served_package() == prod.runs[0].model_package_arn
    prod.approve(run)
    assert prod.served_package() == run.model_package_arn
    second_endpoint = prod.endpoint()
    assert second_endpoint["EndpointArn"] == first_endpoint["EndpointArn"]
    assert second_endpoint["CreationTime"] == first_endpoint["CreationTime"]
    assert second_endpoint["EndpointConfigName"] != first_endpoint["EndpointConfigName"]
    assert prod.accuracy(run) >= 0.93


def test_a_model_that_is_no_better_is_kept_out_and_the_endpoint_stays_as_it_is(prod: Prod) -> None:
    """Trained on the same records the same way, it answers the same test rows as well."""
    before, packages, models = prod.endpoint(), prod.packages(), prod.models()
    run = prod.train_again()
    assert run.output["registered"] is False
    assert run.model_package_arn is None
    assert run.output["metric_value"] == prod.runs[1].output["metric_value"]
    assert run.output["serving_metric_value"] == pytest.approx(run.output["metric_value"])
    assert run.output["run"] in run.output["prepared_uri"]
    assert prod.packages() == packages
    assert prod.endpoint() == before
    assert prod.models() == models  # the one that was scored is gone


def test_a_served_model_that_cannot_be_scored_is_not_taken_for_a_worse_one(prod: Prod) -> None:
    packages, models = prod.packages(), prod.models()
    uri = prod.runs[1].output["artifact_uri"]
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    s3 = prod.aws.client("s3")
    marker = s3.delete_object(Bucket=bucket, Key=key)["VersionId"]
    try:
        with pytest.raises(TrainingFailedError, match="ServedModelNotScored: ClientError"):
            prod.train_again()
    finally:
        s3.delete_object(Bucket=bucket, Key=key, VersionId=marker)
    assert prod.packages() == packages
    assert prod.models() == models


def test_a_redeploy_of_all_stacks_leaves_the_endpoint_as_it_is(prod: Prod) -> None:
    before, package = prod.endpoint(), prod.served_package()
    prod.cloud.deploy(prod.assembly)
    assert prod.endpoint() == before
    assert prod.served_package() == package
    assert prod.accuracy(prod.runs[1]) >= 0.93


def test_everything_that_happened_was_done_by_the_role_of_its_own_resource(prod: Prod) -> None:
    calls = prod.callers.by_role()
    missing = {}
    for start, own in OWN_CALLS.items():
        made: set[str] = set()
        made.update(*(found for role, found in calls.items() if f"-{start}" in role))
        missing[start] = own - made
    assert not any(missing.values()), missing
    everything = set().union(*OWN_CALLS.values())
    assert everything & calls[DEPLOYER] <= ALSO_THE_DEPLOYERS


def test_an_endpoint_that_is_not_there_is_the_apis_own_error(prod: Prod) -> None:
    runtime = prod.aws.client("sagemaker-runtime")
    with pytest.raises(runtime.exceptions.ClientError, match="not found") as refused:
        runtime.invoke_endpoint(EndpointName="digits-dev", ContentType="text/csv", Body=b"1")
    assert refused.value.response["Error"]["Code"] == "ValidationError"
