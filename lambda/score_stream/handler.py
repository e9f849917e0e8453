"""Scores the points of a stream as they come; standard library and boto3 only.

Invoked by an event source mapping of a Kinesis stream with ReportBatchItemFailures: the answer
names the first record that is not finished, and Lambda sends from there on again. What is
guaranteed is in scorer.py. Settings come from the environment; RECORD_SCHEMA is the transform's.

What is printed goes to the function's log group, one JSON object per line: "scored" with the
counts of a piece of the batch, "failed" with the reason, "out_of_time".
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from endpoint import ATTEMPTS, Breaker, Endpoint
from model import ServedModel
from outlets import Outlets
from points import Fields
from scorer import Scorer
from series import SeriesTable
from transform import Schema

# three requests and what lies around them must fit into the function's time
REQUESTS_PER_TIMEOUT = 5


@dataclass(frozen=True)
class Clients:
    """The services that are called."""

    ssm: Any
    sagemaker: Any
    s3: Any
    dynamodb: Any
    firehose: Any
    sns: Any
    sqs: Any
    runtime: Any


def request_seconds(environment: Mapping[str, str]) -> int:
    """How long one request to the endpoint may take."""
    return int(environment["TIMEOUT_SECONDS"]) // REQUESTS_PER_TIMEOUT


@cache
def clients() -> Clients:
    """One client of each service per execution environment."""
    seconds = request_seconds(os.environ)
    # the endpoint's attempts are the breaker's business
    alone = Config(connect_timeout=seconds, read_timeout=seconds, retries={"total_max_attempts": 1})
    return Clients(
        ssm=boto3.client("ssm"),
        sagemaker=boto3.client("sagemaker"),
        s3=boto3.client("s3"),
        dynamodb=boto3.client("dynamodb"),
        firehose=boto3.client("firehose"),
        sns=boto3.client("sns"),
        sqs=boto3.client("sqs"),
        runtime=boto3.client("sagemaker-runtime", config=alone),
    )


def build(environment: Mapping[str, str], services: Clients, breaker: Breaker) -> Scorer:
    """The scorer of these settings.

    Raises:
        KeyError, ValueError: a setting is missing, or is not what it must be.
    """
    window_points = int(environment["WINDOW_POINTS"])
    alert_at = environment["ALERT_AT"]
    return Scorer(
        schema=Schema(environment["RECORD_SCHEMA"]),
        fields=Fields(
            series=environment["SERIES_FIELD"],
            time=environment["TIME_FIELD"],
            value=environment["VALUE_FIELD"],
        ),
        window_points=window_points,
        table=SeriesTable(
            services.dynamodb, environment["TABLE_NAME"], int(environment["KEEP_SECONDS"])
        ),
        model=ServedModel(
            services,
            parameter=environment["MODEL_PARAMETER"],
            bucket=environment["ARTIFACTS_BUCKET"],
            prefix=environment["SETTINGS_PREFIX"],
            window_points=window_points,
            alert_at=float(alert_at) if alert_at else None,
        ),
        endpoint=Endpoint(services.runtime, environment["ENDPOINT_NAME"], breaker),
        outlets=Outlets(
            services,
            delivery_stream=environment["DELIVERY_STREAM_NAME"],
            topic_arn=environment["ALERTS_TOPIC_ARN"],
            queue_url=environment["DEAD_LETTER_QUEUE_URL"],
            subject=f"{environment['ENDPOINT_NAME']}: a score above the threshold",
        ),
    )


@cache
def scorer() -> Scorer:
    """Made once per execution environment, with its breaker."""
    return build(os.environ, clients(), Breaker())


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Lambda's entry point: a Kinesis event to the first record that must come again."""
    least_ms = (ATTEMPTS + 1) * request_seconds(os.environ) * 1000
    failed_at = scorer().process(
        event["Records"], lambda: context.get_remaining_time_in_millis() > least_ms
    )
    return {"batchItemFailures": [{"itemIdentifier": failed_at}] if failed_at else []}
