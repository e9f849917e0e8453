"""Model Monitor in place of our own check: definition, schedule, their role; no sixth stack."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from app import build_app
from penstock.catalog import images, instances
from pipelines.registry import load
from pipelines.spec import Capture, Monitor, Pipeline
from tests.synth.conftest import Synthesized, with_closed_services
from tests.synth.reading import as_list, text


def watched(monitor: Monitor, capture: Capture | None = None) -> Pipeline:
    digits = load()["digits"]
    serving = digits.serving.model_copy(update={"capture": capture or Capture(percentage=100)})
    return digits.model_copy(update={"serving": serving, "monitor": monitor, "retrain": None})


def synthesized(context: dict[str, Any], out: Path, pipeline: Pipeline) -> Synthesized:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.load", lambda accelerator: {"digits": pipeline})
        given = {**with_closed_services(context), "pipeline": "digits"}
        build_app(given, out=out, validate=False).synth()
    return Synthesized(out=out, stage="digits-dev")


@pytest.fixture(scope="module")
def managed(context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """Synth has the findings of cdk-nag too: one that nobody acknowledged would end it."""
    pipeline = watched(Monitor(engine="model-monitor", every_hours=6, timeout_minutes=45))
    return synthesized(context, tmp_path_factory.mktemp("managed"), pipeline)


@pytest.fixture(scope="module")
def ours(context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    return synthesized(context, tmp_path_factory.mktemp("ours"), watched(Monitor()))


def test_definition_and_schedule_are_there_with_the_endpoint_and_gone_before_it(
    managed: Synthesized,
) -> None:
    (definition_id,) = managed.resources("SageMaker::DataQualityJobDefinition", "serving")
    (endpoint_id,) = managed.resources("SageMaker::Endpoint", "serving")
    (definition,) = managed.resources("SageMaker::DataQualityJobDefinition").values()
    (schedule,) = managed.resources("SageMaker::MonitoringSchedule", "serving").values()
    assert definition["Condition"] == schedule["Condition"] == "HasModel"
    assert definition["DependsOn"] == [endpoint_id]
    assert set(schedule["DependsOn"]) == {definition_id, endpoint_id}


def test_the_schedule_names_the_definition_and_its_hours(managed: Synthesized) -> None:
    schedule = managed.only("SageMaker::MonitoringSchedule")
    definition = managed.only("SageMaker::DataQualityJobDefinition")
    assert schedule["MonitoringScheduleName"] == "digits-dev-monitor"
    assert schedule["MonitoringScheduleConfig"] == {
        "MonitoringJobDefinitionName": definition["JobDefinitionName"],
        "MonitoringType": "DataQuality",
        "ScheduleConfig": {"ScheduleExpression": "cron(0 0/6 ? * * *)"},
    }


def test_the_definition_reads_captures_and_baseline_and_writes_reports(
    managed: Synthesized,
) -> None:
    definition = managed.only("SageMaker::DataQualityJobDefinition")
    assert definition["DataQualityJobInput"]["EndpointInput"]["EndpointName"] == "digits-dev"
    baseline = definition["DataQualityBaselineConfig"]
    for part, name in {
        "ConstraintsResource": "constraints.json",
        "StatisticsResource": "statistics.json",
    }.items():
        uri = text(baseline[part]["S3Uri"])
        assert uri.startswith("s3://<digits-dev-lake:ExportsOutputRefLake")
        assert uri.endswith(f">/monitor/baseline/current/{name}")
    (output,) = definition["DataQualityJobOutputConfig"]["MonitoringOutputs"]
    assert text(output["S3Output"]["S3Uri"]).endswith(">/monitor/reports")
    assert definition["StoppingCondition"] == {"MaxRuntimeInSeconds": 2700}


def test_the_baseline_is_made_where_the_definition_looks_for_it(managed: Synthesized) -> None:
    arguments = managed.machine("Deployment")["States"]["MakeBaseline"]["Parameters"]["Arguments"]
    assert text(arguments["--baseline_uri"]).endswith(">/monitor/baseline/current/")


def test_nothing_is_left_unencrypted_or_open_to_the_network(managed: Synthesized) -> None:
    definition = managed.only("SageMaker::DataQualityJobDefinition")
    assert definition["NetworkConfig"] == {
        "EnableInterContainerTrafficEncryption": True,
        "EnableNetworkIsolation": True,
    }
    cluster = definition["JobResources"]["ClusterConfig"]
    assert instances.instance_type(cluster["InstanceType"]).processing
    for key in (
        cluster["VolumeKmsKeyId"],
        definition["DataQualityJobOutputConfig"]["KmsKeyId"],
    ):
        assert text(key).startswith("<digits-dev-foundation:ExportsOutputFnGetAttKey")


def test_the_analyzers_account_is_looked_up_by_region(managed: Synthesized) -> None:
    definition = managed.only("SageMaker::DataQualityJobDefinition")
    image = definition["DataQualityAppSpecification"]["ImageUri"]
    assert re.fullmatch(
        r"<account of the region>\.dkr\.ecr\.us-east-1\.<AWS::URLSuffix>/"
        "sagemaker-model-monitor-analyzer",
        text(image),
    )
    facts = images.image("model-monitor")
    for layer in ("serving", "training"):
        mappings = managed.templates[layer]["Mappings"]
        (mapping,) = (m for name, m in mappings.items() if name.startswith(("Monitor", "Managed")))
        assert mapping == {r: {"account": a} for r, a in facts.accounts.items()}, layer
    assert mapping["us-east-1"] == {"account": "156813124566"}
    assert mapping["eu-west-1"] == {"account": "468650794304"}
    assert "ap-south-2" not in mapping


def test_the_role_reads_captures_and_baseline_and_writes_reports_only(
    managed: Synthesized,
) -> None:
    rights: dict[str, set[str]] = {}
    for statement in managed.statements("ManagedMonitorRole"):
        for resource in map(text, as_list(statement["Resource"])):
            short = re.sub(r"<digits-dev-(\w+):ExportsOutput\w+>", r"<\1>", resource)
            rights.setdefault(short, set()).update(as_list(statement["Action"]))
    assert rights.pop("*") == {"cloudwatch:PutMetricData", "ecr:GetAuthorizationToken"}
    assert rights == {
        "<lake>": {"s3:ListBucket"},
        "<lake>/capture/digits-dev/*": {"s3:GetObject"},
        "<lake>/monitor/baseline/current/*": {"s3:GetObject"},
        "<lake>/monitor/reports/*": {"s3:AbortMultipartUpload", "s3:PutObject"},
        "<foundation>": {
            "kms:CreateGrant",
            "kms:Decrypt",
            "kms:DescribeKey",
            "kms:Encrypt",
            "kms:GenerateDataKey",
        },
        "arn:<AWS::Partition>:sagemaker:us-east-1:<AWS::AccountId>:endpoint/digits-dev": {
            "sagemaker:DescribeEndpoint"
        },
        "arn:<AWS::Partition>:ecr:us-east-1:<account of the region>:repository/"
        "sagemaker-model-monitor-analyzer": {
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:GetDownloadUrlForLayer",
        },
        "arn:<AWS::Partition>:logs:us-east-1:<AWS::AccountId>:log-group:"
        "/aws/sagemaker/ProcessingJobs:*": {
            "logs:CreateLogGroup",
            "logs:CreateLogStream",
            "logs:DescribeLogStreams",
            "logs:PutLogEvents",
        },
    }
    trust = managed.named("IAM::Role", "ManagedMonitorRole")["AssumeRolePolicyDocument"]
    assert [s["Principal"] for s in trust["Statement"]] == [{"Service": "sagemaker.amazonaws.com"}]


def test_who_deploys_a_model_may_make_change_and_remove_both(
    ours: Synthesized, managed: Synthesized
) -> None:
    def rights(stage: Synthesized) -> set[tuple[str, str]]:
        return {
            (action, text(resource).split(":")[-1])
            for statement in stage.statements("ServingUpdateRole")
            for action in as_list(statement["Action"])
            for resource in as_list(statement["Resource"])
        }

    definition = "data-quality-job-definition/digits-dev-monitor-*"
    schedule = "monitoring-schedule/digits-dev-monitor"
    assert rights(ours) < rights(managed)
    more = {(a, r) for a, r in rights(managed) - rights(ours) if a != "iam:PassRole"}
    tags = {"sagemaker:AddTags", "sagemaker:DeleteTags", "sagemaker:ListTags"}
    assert {a.removesuffix("DataQualityJobDefinition") for a, r in more if r == definition} == {
        "sagemaker:Create",
        "sagemaker:Delete",
        "sagemaker:Describe",
        *tags,
    }
    assert {a.removesuffix("MonitoringSchedule") for a, r in more if r == schedule} == {
        "sagemaker:Create",
        "sagemaker:Delete",
        "sagemaker:Describe",
        "sagemaker:Update",
        *tags,
    }
    assert {r for _, r in more} == {definition, schedule}
    name = managed.only("SageMaker::DataQualityJobDefinition")["JobDefinitionName"]
    assert re.fullmatch("digits-dev-monitor-[0-9a-f]{10}", name)


def test_no_check_and_no_alarm_of_our_own(ours: Synthesized, managed: Synthesized) -> None:
    assert "monitoring" in ours.templates
    assert not ours.resources("SageMaker::MonitoringSchedule")
    assert "monitoring" not in managed.templates
    assert not managed.resources("CloudWatch::Alarm", "monitoring")
    assert not managed.resources("Scheduler::Schedule")


@pytest.mark.parametrize(
    ("hours", "expression"),
    [(1, "cron(0 * ? * * *)"), (12, "cron(0 0/12 ? * * *)"), (24, "cron(0 0 ? * * *)")],
)
def test_hours_are_written_in_the_grammar_of_model_monitor(hours: int, expression: str) -> None:
    from stacks.managed_monitor import schedule_expression

    assert schedule_expression(hours) == expression


def test_only_what_the_definition_says_changes_its_name(
    context: dict[str, Any], managed: Synthesized, tmp_path: Path
) -> None:
    """Another name is another definition; the same name with other properties would be refused."""

    def name(label: str, monitor: Monitor, capture: Capture | None = None) -> str:
        out = tmp_path / label
        found = synthesized(context, out, watched(monitor, capture))
        return str(found.only("SageMaker::DataQualityJobDefinition")["JobDefinitionName"])

    as_before = managed.only("SageMaker::DataQualityJobDefinition")["JobDefinitionName"]
    other_hours = Monitor(engine="model-monitor", every_hours=1, timeout_minutes=45)
    assert name("capture", other_hours, Capture(percentage=7)) == as_before
    assert name("timeout", Monitor(engine="model-monitor", timeout_minutes=44)) != as_before


def test_digits_itself_has_none_of_it(dev: Synthesized) -> None:
    assert "model-monitor" not in json.dumps(dev.templates)
    assert not dev.resources("SageMaker::DataQualityJobDefinition")
