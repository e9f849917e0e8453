"""Metrics of many servers: a random cut forest scores each point while the stream flows."""

from __future__ import annotations

from penstock.datasets import series_or_temperatures
from pipelines import spec

RECORD = spec.RecordSchema(
    series_field="series",
    time_field="timestamp",
    label_field="label",
    record_kb=1,
    fields=(
        spec.Field(name="series", type="string"),
        spec.Field(name="timestamp", type="timestamp"),
        spec.Field(name="value", type="number"),
        spec.Field(name="label", type="integer", minimum=0, maximum=1, optional=True),
    ),
)

PIPELINE = spec.Pipeline(
    name="anomaly",
    description="Metrics of many servers, each point scored as it flows by a random cut forest",
    sample=lambda: spec.Sample(
        *series_or_temperatures("nab", "data/realAWSCloudwatch", RECORD),
    ),
    record_schema=RECORD,
    stream=spec.Stream(shards=2, partition_key_field="series"),
    delivery=spec.Delivery(buffer_mb=64, buffer_seconds=60),
    prepare=spec.Prepare(
        script="jobs/prepare_series.py",
        window_points=36,
        row="deviation",
        timeout_minutes=30,
    ),
    training=spec.Training(
        algorithm="randomcutforest",
        hyperparameters={"feature_dim": 1, "num_trees": 100, "num_samples_per_tree": 256},
        instance_type="ml.m5.large",
        instance_count=2,
        input_mode="Pipe",
        content_type="application/x-recordio-protobuf",
        channels=("train", "test"),
    ),
    # labels mark whole windows, so F1 is small: this says that scores are not constant or random
    gate=spec.Gate(metric="test:f1", at_least=0.01, beats_serving=False, unlabelled="register"),
    serving=spec.Serving(instance_type="ml.m5.large", capture=spec.Capture(percentage=100)),
    scoring=spec.Scoring(batch_records=200, alert_at=2.5),
    monitor=spec.Monitor(every_hours=24),
    retrain=spec.Retrain(),
)
