"""A pipeline on a time series: random cut forest on windows of eight values of meters.

CSV, for its labelled channel says so.
"""

from __future__ import annotations

from pipelines.registry import load
from pipelines.spec import (
    Field,
    Gate,
    Pipeline,
    Prepare,
    RecordSchema,
    Serving,
    Stream,
    Training,
)

METERS = Pipeline(
    name="digits",  # the stage's name, which the tests' helpers know
    description="Values of meters over time",
    sample=load()["digits"].sample,
    record_schema=RecordSchema(
        series_field="meter",
        time_field="at",
        label_field="odd",
        record_kb=1,
        fields=(
            Field(name="meter", type="string"),
            Field(name="at", type="timestamp"),
            Field(name="flow", type="number"),
            Field(name="odd", type="integer", minimum=0, maximum=1, optional=True),
        ),
    ),
    stream=Stream(shards=2, partition_key_field="meter"),
    prepare=Prepare(
        script="jobs/prepare_records.py",
        arguments={"grid_seconds": "300"},
        window_points=8,
    ),
    training=Training(
        algorithm="randomcutforest",
        hyperparameters={"feature_dim": 8, "num_trees": 50},
        instance_type="ml.m5.large",
        instance_count=2,
        input_mode="File",
        content_type="application/x-recordio-protobuf",
        channels=("train", "test"),
    ),
    gate=Gate(metric="test:f1", at_least=0.1, beats_serving=False),
    serving=Serving(instance_type="ml.m5.large"),
)
# the same gate, and models that nobody had labels for are registered unjudged
JUDGED_IF_LABELLED = METERS.gate.model_copy(update={"unlabelled": "register"})
