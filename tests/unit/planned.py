"""Pipelines to plan: digits, and one whose stream is scored; prices to plan with."""

from __future__ import annotations

from typing import Any

from penstock.planner.load import Load
from penstock.planner.plan import Plan
from pipelines.digits import PIPELINE as DIGITS
from pipelines.spec import (
    Field,
    Gate,
    Pipeline,
    Prepare,
    RecordSchema,
    Scoring,
    Serving,
    Stream,
    Training,
)

SCORED = Pipeline(
    name="meters",
    description="Values of meters over time, scored as they come",
    sample=DIGITS.sample,
    record_schema=RecordSchema(
        series_field="meter",
        time_field="at",
        record_kb=1,
        fields=(
            Field(name="meter", type="string"),
            Field(name="at", type="timestamp"),
            Field(name="flow", type="number"),
        ),
    ),
    stream=Stream(partition_key_field="meter"),
    prepare=Prepare(script="jobs/prepare_series.py", window_points=8),
    training=Training(
        algorithm="randomcutforest",
        hyperparameters={"feature_dim": 8},
        instance_type="ml.m5.large",
        input_mode="Pipe",
        content_type="application/x-recordio-protobuf",
        channels=("train", "test"),
    ),
    gate=Gate(metric="test:f1", at_least=0.1, beats_serving=False),
    serving=Serving(instance_type="ml.m5.large"),
    scoring=Scoring(batch_records=500, batch_window_seconds=5, parallelization=2),
)


PRICES: dict[str, Any] = {
    "format": "penstock-prices-1",
    "region": "us-east-1",
    "currency": "USD",
    "date": "2026-11-22",
    "source": "made up for a test",
    "prices": {
        "kinesis.shard_hours": 0.5,
        "kinesis.put_units": [{"above": 0, "price": 3}, {"above": 10, "price": 1}],
        "glue.dpu_hours": 2,
        "sagemaker.hosting.ml.m5.large": 0.1,
    },
}


def plan_of(
    pipeline: Pipeline = DIGITS,
    *,
    rate: float = 1000,
    kb: float = 1,
    consumers: int = 2,
    **known: object,
) -> Plan:
    return Plan(pipeline, Load(rate, kb, consumers), "us-east-1", **known)  # type: ignore[arg-type]
