"""Quotas: what is needed, and an account beside it, on answers of the API's own shapes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from penstock.planner.account import Account, Finding
from penstock.planner.quotas import QuotaNeed, needs
from pipelines.digits import PIPELINE as DIGITS
from pipelines.spec import Monitor
from tests.unit.planned import SCORED, plan_of


class Clients:
    """Stubbed clients, one of each service."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._clients: dict[str, Any] = {}
        self._stubs: dict[str, Stubber] = {}

    def __call__(self, service: str) -> Any:
        if service not in self._clients:
            client = boto3.client(
                service, region_name="us-east-1", aws_access_key_id="t", aws_secret_access_key="t"
            )
            self._clients[service] = client
            self._stubs[service] = self._stack.enter_context(Stubber(client))
        return self._clients[service]

    def answer(self, service: str, operation: str, answer: dict[str, Any], **asked: Any) -> None:
        self(service)
        self._stubs[service].add_response(operation, answer, asked or None)

    def refuse(self, service: str, operation: str) -> None:
        self(service)
        self._stubs[service].add_client_error(operation, "AccessDeniedException", "not yours")

    def quotas(self, service: str, values: dict[str, float]) -> None:
        listed = [{"QuotaName": name, "Value": value} for name, value in values.items()]
        self.answer(
            "service-quotas",
            "list_aws_default_service_quotas",
            {"Quotas": [{"QuotaName": name, "Value": 0.0} for name in values]},
            ServiceCode=service,
        )
        self.answer(
            "service-quotas", "list_service_quotas", {"Quotas": listed}, ServiceCode=service
        )

    def done(self) -> None:
        for stub in self._stubs.values():
            stub.assert_no_pending_responses()
        self._stack.close()


@pytest.fixture
def clients() -> Iterator[Clients]:
    made = Clients()
    yield made
    made.done()


def need(key: str, *, moment: str = "deploy", pipeline: Any = DIGITS, **known: Any) -> QuotaNeed:
    found = [
        one
        for one in needs(plan_of(pipeline, **known), "dev")
        if (one.key, one.moment) == (key, moment)
    ]
    (only,) = found
    return only


def check(clients: Clients, wanted: QuotaNeed) -> Finding:
    (found,) = Account(clients, own_endpoint="digits-dev").check([wanted])
    return found


def test_needs_have_the_names_that_service_quotas_has() -> None:
    names = {one.name: one.needed for one in needs(plan_of(rate=20_000, kb=2), "dev")}
    assert names["Shards per Region"] == 40
    assert names["ml.m5.large for training job usage"] == 1
    assert names["ml.m5.large for transform job usage"] == 1
    assert names["ml.m5.large for endpoint usage"] == 2  # the last: an update has both fleets
    assert names["Concurrent executions"] == 200
    assert "Table-level write throughput limit" not in names


def test_a_scored_stream_and_a_managed_monitor_need_more() -> None:
    scored = {one.key: one.needed for one in needs(plan_of(SCORED), "dev")}
    assert scored["firehose.streams"] == 2
    assert scored["kinesis.on_demand_streams"] == 1
    assert scored["dynamodb.table_writes"] == 2000
    assert scored["sagemaker.transform"] == 1
    managed = DIGITS.model_copy(update={"monitor": Monitor(engine="model-monitor")})
    assert need("sagemaker.processing", moment="run", pipeline=managed).name == (
        "ml.m5.xlarge for processing job usage"
    )


def test_shards_are_compared_with_what_is_open(clients: Clients) -> None:
    limits = {
        "ShardLimit": 100,
        "OpenShardCount": 61,
        "OnDemandStreamCount": 0,
        "OnDemandStreamCountLimit": 50,
    }
    clients.answer("kinesis", "describe_limits", limits)
    found = check(clients, need("kinesis.shards", rate=20_000, kb=2))
    assert (found.value, found.used, found.verdict) == (100, 61, "too little")
    assert "a deploy of digits-dev-ingestion with so many would fail" in found.in_words()


def test_a_quota_that_is_just_enough_is_enough(clients: Clients) -> None:
    limits = {
        "ShardLimit": 101,
        "OpenShardCount": 61,
        "OnDemandStreamCount": 0,
        "OnDemandStreamCountLimit": 50,
    }
    clients.answer("kinesis", "describe_limits", limits)
    assert check(clients, need("kinesis.shards", rate=20_000, kb=2)).verdict == "enough"


def endpoints(clients: Clients) -> None:
    """Two endpoints: the pipeline's own, and another with three ml.m5.large of five machines."""
    listed = [
        {
            "EndpointName": name,
            "EndpointArn": f"arn:aws:sagemaker:us-east-1:123456789012:endpoint/{name}",
            "CreationTime": "2026-11-22T00:00:00Z",
            "LastModifiedTime": "2026-11-22T00:00:00Z",
            "EndpointStatus": "InService",
        }
        for name in ("digits-dev", "other")
    ]
    clients.answer("sagemaker", "list_endpoints", {"Endpoints": listed})
    clients.answer(
        "sagemaker",
        "describe_endpoint",
        {
            **listed[1],
            "EndpointConfigName": "config",
            "ProductionVariants": [
                {"VariantName": "a", "CurrentInstanceCount": 1, "DesiredInstanceCount": 3},
                {"VariantName": "b", "CurrentInstanceCount": 2, "DesiredInstanceCount": 2},
                {"VariantName": "serverless"},
            ],
        },
        EndpointName="other",
    )
    clients.answer(
        "sagemaker",
        "describe_endpoint_config",
        {
            "EndpointConfigName": "config",
            "EndpointConfigArn": "arn:aws:sagemaker:us-east-1:123456789012:endpoint-config/config",
            "CreationTime": "2026-11-22T00:00:00Z",
            "ProductionVariants": [
                {"VariantName": "a", "InstanceType": "ml.m5.large"},
                {"VariantName": "b", "InstanceType": "ml.c5.xlarge"},
                {"VariantName": "serverless"},
            ],
        },
        EndpointConfigName="config",
    )


def test_other_endpoints_are_in_use_and_an_update_needs_both_fleets(clients: Clients) -> None:
    clients.quotas("sagemaker", {"ml.m5.large for endpoint usage": 4.0})
    endpoints(clients)
    both = [need("sagemaker.endpoint"), need("sagemaker.endpoint", moment="update")]
    first, update = Account(clients, own_endpoint="digits-dev").check(both)
    assert (first.used, first.verdict) == (3, "enough")
    assert update.verdict == "too little"
    assert "an update of digits-dev-serving with so many would fail" in update.in_words()


def test_a_quota_of_0_lets_the_training_fail_and_not_the_deploy(clients: Clients) -> None:
    clients.quotas("sagemaker", {"ml.m5.large for training job usage": 0.0})
    clients.answer(
        "sagemaker", "list_training_jobs", {"TrainingJobSummaries": []}, StatusEquals="InProgress"
    )
    found = check(clients, need("sagemaker.training", moment="run"))
    assert (found.value, found.used, found.verdict) == (0, 0, "too little")
    assert "a run of what digits-dev-training has made" in found.in_words()


def test_machines_of_running_jobs_are_counted_by_type(clients: Clients) -> None:
    clients.quotas("sagemaker", {"ml.m5.large for transform job usage": 5.0})
    job = {
        "TransformJobName": "judging",
        "TransformJobArn": "arn:aws:sagemaker:us-east-1:123456789012:transform-job/judging",
        "CreationTime": "2026-11-22T00:00:00Z",
        "TransformJobStatus": "InProgress",
    }
    clients.answer(
        "sagemaker",
        "list_transform_jobs",
        {"TransformJobSummaries": [job]},
        StatusEquals="InProgress",
    )
    clients.answer(
        "sagemaker",
        "describe_transform_job",
        {
            **job,
            "ModelName": "model",
            "TransformInput": {
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://b/p"}}
            },
            "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 2},
        },
        TransformJobName="judging",
    )
    assert check(clients, need("sagemaker.transform", moment="run")).used == 2


def test_the_default_stands_where_an_account_has_no_value_of_its_own(clients: Clients) -> None:
    clients.answer(
        "service-quotas",
        "list_aws_default_service_quotas",
        {"Quotas": [{"QuotaName": "Max task DPUs per account", "Value": 1000.0}]},
        ServiceCode="glue",
    )
    clients.answer("service-quotas", "list_service_quotas", {"Quotas": []}, ServiceCode="glue")
    found = check(clients, need("glue.task_dpus", moment="run"))
    assert (found.value, found.used, found.verdict) == (1000, None, "enough")


def test_a_tables_quota_is_the_one_of_service_quotas(clients: Clients) -> None:
    clients.quotas("dynamodb", {"Table-level write throughput limit": 1999.0})
    found = check(clients, need("dynamodb.table_writes", moment="run", pipeline=SCORED))
    assert (found.need.needed, found.value, found.verdict) == (2000, 1999, "too little")


def test_executions_that_nobody_has_reserved_are_what_there_is(clients: Clients) -> None:
    clients.answer(
        "lambda",
        "get_account_settings",
        {"AccountLimit": {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 9}},
    )
    found = check(clients, need("lambda.concurrency", moment="run", rate=2000))
    assert (found.value, found.verdict) == (9, "too little")


def test_all_delivery_streams_are_counted_page_by_page(clients: Clients) -> None:
    clients.quotas("firehose", {"Delivery streams": 4.0})
    clients.answer(
        "firehose",
        "list_delivery_streams",
        {"DeliveryStreamNames": ["a", "b"], "HasMoreDeliveryStreams": True},
    )
    clients.answer(
        "firehose",
        "list_delivery_streams",
        {"DeliveryStreamNames": ["c"], "HasMoreDeliveryStreams": False},
        ExclusiveStartDeliveryStreamName="b",
    )
    assert check(clients, need("firehose.streams")).used == 3


def test_what_may_not_be_read_is_unknown_and_says_why(clients: Clients) -> None:
    clients.refuse("kinesis", "describe_limits")
    found = check(clients, need("kinesis.shards"))
    assert found.verdict == "unknown"
    assert "not yours" in found.in_words()


def test_a_name_that_service_quotas_does_not_have_is_unknown(clients: Clients) -> None:
    clients.quotas("glue", {"Max jobs per account": 1000.0})
    found = check(clients, need("glue.task_dpus", moment="run"))
    assert found.verdict == "unknown"
    assert "none of this name" in found.in_words()
