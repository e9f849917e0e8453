"""What a description may ask for beyond digits: each choice is in the template, and its rights."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.registry import load
from pipelines.spec import Canary, Pipeline, Serverless, Serving, Spot, Training, Variant
from stacks.names import CHECKPOINTS_PREFIX
from tests.synth.conftest import Synthesized, synthesized
from tests.synth.reading import as_list, text


def digits_with(*, training: dict[str, Any], serving: dict[str, Any]) -> Pipeline:
    """Digits with other choices, validated as a pipeline of its own."""
    digits = load()["digits"]
    changes = {
        "training": Training(**{**dict(digits.training), **training}),
        "serving": Serving(**{**dict(digits.serving), **serving}),
        "monitor": None,
        "retrain": None,
    }
    return Pipeline(**{**dict(digits), **changes})


@pytest.fixture(scope="module")
def spot(context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """Trained on spare machines."""
    pipeline = digits_with(
        training={"spot": Spot(max_wait_minutes=180, checkpoints=True)}, serving={"capture": None}
    )
    return synthesized(context, tmp_path_factory.mktemp("spot"), pipeline)


@pytest.fixture(scope="module")
def canary(context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """Trained on machines that stay warm, served by a canary first."""
    pipeline = digits_with(
        training={"keep_alive_seconds": 1800},
        serving={
            "instance_count": 4,
            "volume_gb": 50,
            "others": (
                Variant(name="larger", instance_type="ml.c5.xlarge", instance_count=2, weight=0.5),
            ),
            "capture": None,
            "canary": Canary(percentage=25, bake_minutes=10, rollback_at_errors=3),
        },
    )
    return synthesized(context, tmp_path_factory.mktemp("canary"), pipeline)


@pytest.fixture(scope="module")
def serverless(context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """Served without instances."""
    pipeline = digits_with(
        training={},
        serving={"capture": None, "serverless": Serverless(memory_mb=2048, max_concurrency=5)},
    )
    return synthesized(context, tmp_path_factory.mktemp("serverless"), pipeline)


def rights(built: Synthesized, role: str) -> set[tuple[str, str]]:
    """Actions and resources of a role, with the conditions on them."""
    return {
        (action, f"{text(resource)} {statement.get('Condition', '')}".strip())
        for statement in built.statements(role)
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }


def test_a_spot_job_says_how_long_it_waits_and_where_it_goes_on(spot: Synthesized) -> None:
    job = spot.machine("Training")["States"]["Train"]["Parameters"]
    assert job["EnableManagedSpotTraining"] is True
    assert job["StoppingCondition"] == {
        "MaxRuntimeInSeconds": 60 * 60,
        "MaxWaitTimeInSeconds": 180 * 60,
    }
    address = job["CheckpointConfig"]["S3Uri.$"]
    assert f"/{CHECKPOINTS_PREFIX}{{}}/', States.Hash($$.Execution.Id, 'MD5')" in address


def test_the_machine_waits_as_long_as_the_spot_job(dev: Synthesized, spot: Synthesized) -> None:
    waits = [built.machine("Training")["TimeoutSeconds"] for built in (dev, spot)]
    assert waits[1] - waits[0] == (180 - 60) * 60


def test_the_training_role_reaches_its_checkpoints_and_no_more(
    dev: Synthesized, spot: Synthesized
) -> None:
    more = rights(spot, "TrainingRole") - rights(dev, "TrainingRole")
    assert {action for action, _ in more} == {
        "s3:AbortMultipartUpload",
        "s3:DeleteObject",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
    }
    assert all("Artifacts" in resource for _, resource in more)
    for action, resource in more:
        assert CHECKPOINTS_PREFIX in resource, action


def test_checkpoints_are_not_kept_for_ever(dev: Synthesized, spot: Synthesized) -> None:
    def expiring(built: Synthesized) -> list[tuple[str, int]]:
        bucket = built.named("S3::Bucket", "Artifacts", "training")
        return [
            (rule["Prefix"], rule["ExpirationInDays"])
            for rule in bucket["LifecycleConfiguration"]["Rules"]
            if "Prefix" in rule
        ]

    assert expiring(dev) == []
    assert expiring(spot) == [(CHECKPOINTS_PREFIX, 7)]


def test_machines_stay_warm_as_long_as_they_are_asked_to(
    dev: Synthesized, canary: Synthesized
) -> None:
    def resources(built: Synthesized) -> dict[str, Any]:
        job = built.machine("Training")["States"]["Train"]["Parameters"]
        return dict(job["ResourceConfig"])

    assert resources(canary)["KeepAlivePeriodInSeconds"] == 1800
    assert "KeepAlivePeriodInSeconds" not in resources(dev)


def test_a_new_model_is_looked_at_before_and_after_it_has_all_traffic(canary: Synthesized) -> None:
    (alarm_id,) = canary.resources("CloudWatch::Alarm", "serving")
    endpoint = canary.only("SageMaker::Endpoint")
    assert endpoint["DeploymentConfig"] == {
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": {"Ref": alarm_id}}]},
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {
                "Type": "CANARY",
                "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 25},
                "WaitIntervalInSeconds": 600,
            },
            "TerminationWaitInSeconds": 600,
            "MaximumExecutionTimeoutInSeconds": 4800,
        },
    }


def test_the_rollback_alarm_counts_the_endpoints_own_errors(canary: Synthesized) -> None:
    (resource,) = canary.resources("CloudWatch::Alarm", "serving").values()
    alarm = resource["Properties"]
    variants = canary.only("SageMaker::EndpointConfig")["ProductionVariants"]
    assert "Condition" not in resource, "the endpoint's condition must not hold for its alarm"
    *errors, total = sorted(alarm["Metrics"], key=lambda metric: "Expression" in metric)
    assert total["Expression"] == "FILL(v0, 0) + FILL(v1, 0)"
    endpoint = canary.only("SageMaker::Endpoint")["EndpointName"]
    watched = []
    for stat in (metric["MetricStat"] for metric in errors):
        assert (stat["Period"], stat["Stat"]) == (60, "Sum")
        assert stat["Metric"]["Namespace"] == "AWS/SageMaker"
        assert stat["Metric"]["MetricName"] == "Invocation5XXErrors"
        found = {entry["Name"]: entry["Value"] for entry in stat["Metric"]["Dimensions"]}
        assert found["EndpointName"] == endpoint
        watched.append(found["VariantName"])
    assert watched == [variant["VariantName"] for variant in variants]
    assert alarm["Threshold"] == 3
    assert alarm["TreatMissingData"] == "notBreaching"
    assert "Alerts" in text(alarm["AlarmActions"][0])


@pytest.mark.parametrize("role", ["ModelRole", "ServingUpdateRole"])
def test_both_roles_of_a_deployment_may_look_at_that_alarm_alone(
    dev: Synthesized, canary: Synthesized, role: str
) -> None:
    ((action, resource),) = {
        right for right in rights(canary, role) - rights(dev, role) if "cloudwatch" in right[0]
    }
    assert action == "cloudwatch:DescribeAlarms"
    name = canary.only("CloudWatch::Alarm", "serving")["AlarmName"]
    assert resource.endswith(f":alarm:{name}")


def test_the_machine_waits_while_a_new_model_is_looked_at(
    plain: Synthesized, canary: Synthesized
) -> None:
    waits = [built.machine("Deployment")["TimeoutSeconds"] for built in (plain, canary)]
    assert waits[1] - waits[0] == 2 * 10 * 60


def test_each_variant_has_its_machines_and_its_share(canary: Synthesized) -> None:
    first, other = canary.only("SageMaker::EndpointConfig")["ProductionVariants"]
    assert first["ModelName"] == other["ModelName"]
    assert [
        (v["VariantName"], v["InstanceType"], v["InitialInstanceCount"], v["InitialVariantWeight"])
        for v in (first, other)
    ] == [("main", "ml.m5.large", 4, 1), ("larger", "ml.c5.xlarge", 2, 0.5)]
    package = canary.machine("Training")["States"]["Register"]["Parameters"]
    assert package["InferenceSpecification"]["SupportedRealtimeInferenceInstanceTypes"] == [
        "ml.m5.large",
        "ml.c5.xlarge",
    ]


def test_an_endpoints_volume_has_the_size_that_is_asked_for(
    dev: Synthesized, canary: Synthesized
) -> None:
    def variant(built: Synthesized) -> dict[str, Any]:
        return dict(built.only("SageMaker::EndpointConfig")["ProductionVariants"][0])

    assert variant(canary)["VolumeSizeInGB"] == 50
    assert "VolumeSizeInGB" not in variant(dev)


def test_a_serverless_variant_has_no_instances_and_no_volume(serverless: Synthesized) -> None:
    config = serverless.only("SageMaker::EndpointConfig")
    (variant,) = config["ProductionVariants"]
    assert variant["ServerlessConfig"] == {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
    assert not {"InstanceType", "InitialInstanceCount", "VolumeSizeInGB"} & set(variant)
    assert "KmsKeyId" not in config
    assert "DeploymentConfig" not in serverless.only("SageMaker::Endpoint")


def test_only_a_serverless_container_is_not_isolated(
    dev: Synthesized, serverless: Synthesized
) -> None:
    assert serverless.only("SageMaker::Model")["EnableNetworkIsolation"] is False
    assert dev.only("SageMaker::Model")["EnableNetworkIsolation"] is True
    states = serverless.machine("Training")["States"]
    (transform,) = [state for state in states.values() if "createTransformJob" in str(state)]
    assert transform["Parameters"]["TransformResources"]["InstanceType"] == "ml.m5.large"


@pytest.fixture(scope="module")
def budgeted(context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """In an environment with a budget."""
    settings = context["environments"]["dev"]
    budget = {"monthly_usd": 200, "alert_at_percent": [50, 100]}
    given = {**context, "environments": {"dev": {**settings, "budget": budget}}}
    return synthesized(given, tmp_path_factory.mktemp("budgeted"), load()["digits"])


def test_a_budget_tells_the_alerts_topic_at_each_share(
    dev: Synthesized, budgeted: Synthesized
) -> None:
    assert not dev.resources("Budgets::Budget")
    budget = budgeted.only("Budgets::Budget", "foundation")
    assert budget["Budget"] == {
        "BudgetType": "COST",
        "TimeUnit": "MONTHLY",
        "BudgetLimit": {"Amount": 200, "Unit": "USD"},
        "CostFilters": {"TagKeyValue": ["user:stage$digits-dev"]},
    }
    (topic,) = budgeted.resources("SNS::Topic", "foundation")
    told = budget["NotificationsWithSubscribers"]
    assert [one["Notification"]["Threshold"] for one in told] == [50, 100]
    for one in told:
        assert one["Subscribers"] == [{"SubscriptionType": "SNS", "Address": {"Ref": topic}}]


def test_only_a_budget_lets_budgets_publish_and_use_the_key(
    dev: Synthesized, budgeted: Synthesized
) -> None:
    def actions(built: Synthesized) -> list[Any]:
        policies = (
            built.only("SNS::TopicPolicy", "foundation")["PolicyDocument"],
            built.only("KMS::Key", "foundation")["KeyPolicy"],
        )
        return [
            (statement["Action"], statement["Condition"])
            for policy in policies
            for statement in policy["Statement"]
            if statement["Principal"] == {"Service": "budgets.amazonaws.com"}
        ]

    here = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    publish, use_key = actions(budgeted)
    arn = publish[1]["ArnLike"].pop("aws:SourceArn")
    assert text(arn) == "arn:<AWS::Partition>:budgets::<AWS::AccountId>:*"
    assert [publish, use_key] == [
        ("sns:Publish", {**here, "ArnLike": {}}),
        (["kms:Decrypt", "kms:GenerateDataKey*"], here),
    ]
    assert actions(dev) == []


def test_what_the_budget_counts_bears_its_tag(dev: Synthesized, budgeted: Synthesized) -> None:
    def tags(properties: dict[str, Any]) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in properties["Tags"]}

    job = budgeted.machine("Training")["States"]["Train"]["Parameters"]
    for kind in ("Kinesis::Stream", "SageMaker::Endpoint", "SageMaker::EndpointConfig"):
        assert tags(budgeted.only(kind))["stage"] == "digits-dev"
        assert "stage" not in tags(dev.only(kind))
    assert tags(job)["stage"] == "digits-dev"
