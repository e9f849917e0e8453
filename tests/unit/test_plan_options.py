"""Spare machines, warm pools, further variants and serverless endpoints, as a plan has them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from penstock.cli.plan_instances import choices
from penstock.cli.plan_table import cost_lines
from penstock.planner.cost import Cost
from penstock.planner.prices import Prices
from penstock.planner.quantities import quantities
from penstock.planner.quotas import needs
from pipelines.spec import Pipeline, Serverless, Spot, Variant
from tests.unit.planned import DIGITS, PRICES, plan_of
from tests.unit.test_plan_account import Clients, check, need


@pytest.fixture
def clients() -> Iterator[Clients]:
    made = Clients()
    yield made
    made.done()


def trained(**changes: object) -> Pipeline:
    return DIGITS.model_copy(update={"training": DIGITS.training.model_copy(update=changes)})


def served(**changes: object) -> Pipeline:
    return DIGITS.model_copy(update={"serving": DIGITS.serving.model_copy(update=changes)})


ON_SPOT = trained(spot=Spot(max_wait_minutes=60, checkpoints=False))
KEPT = trained(keep_alive_seconds=1800)
SERVERLESS = served(serverless=Serverless(memory_mb=2048, max_concurrency=5))
TWO_VARIANTS = served(
    others=(
        Variant(name="larger", instance_type="ml.c5.xlarge", instance_count=2),
        Variant(name="alike", instance_type="ml.m5.large"),
    )
)


def test_spare_machines_have_a_quota_of_their_own() -> None:
    names = {one.name: one.needed for one in needs(plan_of(ON_SPOT), "dev")}
    assert names["ml.m5.large for spot training job usage"] == 1
    assert "ml.m5.large for training job usage" not in names


def test_a_warm_pool_needs_its_quota_beside_that_of_the_job_and_is_paid_for() -> None:
    found = {one.key: one for one in needs(plan_of(KEPT), "dev")}
    assert found["sagemaker.training"].needed == 1
    pool = found["sagemaker.warm_pool"]
    assert pool.name == "ml.m5.large for training warm pool usage"
    assert (pool.needed, pool.default) == (1, 0)
    hours = {one.name: one.amount for one in quantities(plan_of(KEPT))}
    trainings = 730 / 24 / 7
    assert hours["training.warm_pool_hours"] == pytest.approx(trainings / 2)
    assert "training.warm_pool_hours" not in {one.name for one in quantities(plan_of())}


@pytest.mark.parametrize(("pipeline", "used"), [(ON_SPOT, 3), (DIGITS, 4)])
def test_jobs_on_spare_machines_use_the_quota_of_those(
    clients: Clients, pipeline: Pipeline, used: int
) -> None:
    key = "sagemaker.training" if pipeline.training.spot is None else "sagemaker.spot_training"
    wanted = need(key, moment="run", pipeline=pipeline)
    clients.quotas("sagemaker", {wanted.name: 5.0})
    date = "2026-11-22T00:00:00Z"
    summary = {"TrainingJobArn": "arn:aws:x", "CreationTime": date, "TrainingJobStatus": "x"}
    clients.answer(
        "sagemaker",
        "list_training_jobs",
        {"TrainingJobSummaries": [{**summary, "TrainingJobName": name} for name in ("a", "b")]},
        StatusEquals="InProgress",
    )
    for name, is_spot, count in (("a", True, 3), ("b", False, 4)):
        clients.answer(
            "sagemaker",
            "describe_training_job",
            {
                "TrainingJobName": name,
                "TrainingJobArn": "arn:aws:x",
                "ModelArtifacts": {"S3ModelArtifacts": "s3://x"},
                "TrainingJobStatus": "InProgress",
                "SecondaryStatus": "Training",
                "AlgorithmSpecification": {"TrainingInputMode": "File"},
                "StoppingCondition": {},
                "CreationTime": date,
                "EnableManagedSpotTraining": is_spot,
                "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": count},
            },
            TrainingJobName=name,
        )
    assert check(clients, wanted).used == used


def test_variants_of_one_type_are_counted_together() -> None:
    found = {(one.name, one.moment): one.needed for one in needs(plan_of(TWO_VARIANTS), "dev")}
    assert found["ml.m5.large for endpoint usage", "deploy"] == 2
    assert found["ml.m5.large for endpoint usage", "update"] == 4
    assert found["ml.c5.xlarge for endpoint usage", "deploy"] == 2
    hours = {one.name: one.amount for one in quantities(plan_of(TWO_VARIANTS))}
    assert hours["endpoint.instance_hours"] == 730
    assert hours["endpoint.larger.instance_hours"] == 1460
    without = Cost.of(quantities(plan_of(TWO_VARIANTS)), Prices.model_validate(PRICES))
    assert "2,920 instance-hours a month without one request: an unknown" in cost_lines(without)[0]


def test_a_serverless_endpoint_has_no_instances_and_costs_nothing_idle() -> None:
    plan = plan_of(SERVERLESS)
    assert "sagemaker.endpoint" not in {one.key for one in needs(plan, "dev")}
    assert "endpoint.instance_hours" not in {one.name for one in quantities(plan)}
    assert plan.endpoint_instances == 0
    said = cost_lines(Cost.of(quantities(plan), None))[0]
    assert said == "the endpoint is serverless: without requests it is not billed"
    (unknown,) = (one for one in quantities(plan) if one.name == "endpoint.gb_seconds")
    assert unknown.amount is None


def test_the_type_of_a_serverless_pipeline_is_said_to_be_that_of_batch_transforms() -> None:
    _, serving = choices(SERVERLESS, region="us-east-1", families=None)
    assert serving.comparison == (
        "The endpoint is serverless: ml.m5.large is for batch transforms alone. "
        "ml.m5.large is given, and it is the first choice."
    )


@pytest.mark.parametrize(("latency_ms", "says"), [(50.0, "5 is enough"), (60.0, "is too little")])
def test_a_serverless_endpoint_is_planned_by_what_it_answers_at_once(
    latency_ms: float, says: str
) -> None:
    plan = plan_of(SERVERLESS, requests_per_second=100.0, latency_ms=latency_ms)
    (figure,) = plan.endpoint_figures
    assert figure.value == pytest.approx(latency_ms / 10)
    assert says in figure.because
    (answers,) = (one for one in quantities(plan) if one.name == "endpoint.gb_seconds")
    assert answers.amount == pytest.approx(100 * 730 * 3600 * latency_ms / 1000 * 2)
