"""What AWS would refuse is refused when the description is built, in one clear line each."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from penstock.advisor import Hosting
from penstock.catalog import algorithms, retired
from pipelines.registry import load
from pipelines.spec import (
    Budget,
    Canary,
    Delivery,
    Deployment,
    Environment,
    Field,
    Gate,
    Monitor,
    Network,
    Pipeline,
    Prepare,
    RecordSchema,
    Retrain,
    Sample,
    Scoring,
    Serverless,
    Serving,
    ServingHours,
    Stream,
    Training,
    Variant,
    refusal_lines,
)


def no_records() -> Sample:
    return Sample("nowhere", ())


RECORD: dict[str, Any] = {
    "id_field": "id",
    "label_field": "kind",
    "record_kb": 4,
    "fields": (
        {"name": "id", "type": "string"},
        {"name": "size", "type": "number"},
        {"name": "kind", "type": "integer", "minimum": 0, "maximum": 2},
    ),
}
FOREST: dict[str, Any] = {  # an algorithm that writes no checkpoints
    "algorithm": "randomcutforest",
    "hyperparameters": {"feature_dim": 2},
    "channels": ("train",),
}
SERVING: dict[str, Any] = {"instance_type": "ml.m5.large"}
SERVERLESS: dict[str, Any] = {"memory_mb": 2048, "max_concurrency": 5}
ARM = "ml.m6g.large"
OTHER: dict[str, Any] = {"name": "larger", "instance_type": "ml.m5.xlarge"}
CANARY: dict[str, Any] = {"percentage": 10, "bake_minutes": 5}
TRAINING: dict[str, Any] = {
    "algorithm": "linear-learner",
    "hyperparameters": {"predictor_type": "multiclass_classifier", "num_classes": 3},
    "instance_type": "ml.m5.large",
    "input_mode": "Pipe",
    "content_type": "application/x-recordio-protobuf",
}
PREPARE: dict[str, Any] = {"script": "jobs/prepare_records.py"}
PIPELINE: dict[str, Any] = {
    "name": "kinds",
    "description": "d",
    "sample": no_records,
    "record_schema": RECORD,
    "prepare": PREPARE,
    "training": TRAINING,
    "gate": {"metric": "test:multiclass_accuracy", "at_least": 0.5},
    "serving": {"instance_type": "ml.m5.large"},
}
SCORED: dict[str, Any] = {
    **PIPELINE,
    "record_schema": {
        "series_field": "series",
        "time_field": "at",
        "record_kb": 1,
        "fields": (
            {"name": "series", "type": "string"},
            {"name": "at", "type": "timestamp"},
            {"name": "value", "type": "number"},
        ),
    },
    "stream": {"partition_key_field": "series"},
    "prepare": {**PREPARE, "window_points": 8},
    "scoring": {},
}
UNJUDGED: dict[str, Any] = {
    **PIPELINE["gate"],
    "beats_serving": False,
    "unlabelled": "register",
}
SOMETIMES: dict[str, Any] = {  # records that may lack their label
    **RECORD,
    "fields": (*RECORD["fields"][:-1], {**RECORD["fields"][-1], "optional": True}),
}
ANSWERS: dict[str, Any] = {"of": "answers", "columns": {"predicted_label": "category"}}
ENVIRONMENT: dict[str, Any] = {"name": "dev", "region": "eu-west-1"}
NETWORK: dict[str, Any] = {
    "vpc_id": "vpc-01234567",
    "subnets": {"subnet-01234567": "eu-west-1a", "subnet-89abcdef": "eu-west-1b"},
    "security_group_ids": ["sg-01234567"],
}


def hyperparameters(**changes: Any) -> dict[str, Any]:
    return {**TRAINING, "hyperparameters": {**TRAINING["hyperparameters"], **changes}}


def spot(max_wait_minutes: int, *, checkpoints: bool, **training: Any) -> dict[str, Any]:
    given = {"max_wait_minutes": max_wait_minutes, "checkpoints": checkpoints}
    return {**TRAINING, **training, "spot": given}


def fields(*more: dict[str, Any]) -> dict[str, Any]:
    return {**RECORD, "fields": (*RECORD["fields"], *more)}


_STATUS = {"closed": "closed to new customers", "ended": "ended"}
REFUSED: list[tuple[str, type[BaseModel], dict[str, Any], list[str]]] = [
    ("too small a buffer for Parquet", Delivery, {"buffer_mb": 5}, ["buffer_mb", "5", "64 to 128"]),
    ("too large a buffer", Delivery, {"buffer_mb": 129}, ["buffer_mb", "129", "64 to 128 MB"]),
    ("too long an interval", Delivery, {"buffer_seconds": 901}, ["buffer_seconds", "901", "900 s"]),
    ("transform batch", Delivery, {"transform_buffer_mb": 4}, ["transform_buffer_mb", "0.2 to 3"]),
    (
        "transform timeout",
        Delivery,
        {"transform_timeout_seconds": 301},
        ["transform_timeout_seconds", "301", "5 minutes"],
    ),
    ("compression", Delivery, {"compression": "ZSTD"}, ["compression", "ZSTD", "SNAPPY"]),
    ("misspelt field", Delivery, {"bufer_mb": 64}, ["bufer_mb", "did you mean buffer_mb?"]),
    ("not a number", Delivery, {"buffer_mb": "much"}, ["buffer_mb", "much", "integer"]),
    ("no shard", Stream, {"shards": 0}, ["shards", "0", "1 or more"]),
    ("short retention", Stream, {"retention_hours": 23}, ["retention_hours", "23", "24 to 8,760"]),
    ("no such script", Prepare, {"script": "jobs/none.py"}, ["script", "jobs/none.py", "existing"]),
    ("script outside", Prepare, {"script": "../x.py"}, ["script", "../x.py", "repository's root"]),
    ("old Glue", Prepare, {**PREPARE, "glue_version": "4.0"}, ["glue_version", "4.0", "use 5.1"]),
    ("worker", Prepare, {**PREPARE, "worker_type": "Z.2X"}, ["worker_type", "Z.2X", "G.1X"]),
    ("one worker", Prepare, {**PREPARE, "workers": 1}, ["workers", "1", "2 to 299"]),
    ("long job", Prepare, {**PREPARE, "timeout_minutes": 10081}, ["timeout_minutes", "7 days"]),
    (
        "algorithm",
        Training,
        {**TRAINING, "algorithm": "svm"},
        ["svm", "linear-learner"],
    ),
    (
        "hyperparameter name",
        Training,
        hyperparameters(epoch=3),
        ["'epoch'", "use one of"],
    ),
    ("hyperparameter range", Training, hyperparameters(epochs=0), ["'0'", "epochs", "1 or more"]),
    (
        "hyperparameter type",
        Training,
        hyperparameters(epochs="few"),
        ["'few'", "integer"],
    ),
    ("hyperparameter word", Training, hyperparameters(loss="log"), ["'log'", "loss", "hinge_loss"]),
    (
        "hyperparameter missing",
        Training,
        {**TRAINING, "hyperparameters": {"num_classes": 3}},
        ["needs predictor_type", "multiclass_classifier"],
    ),
    (
        "hyperparameter missing for the predictor",
        Training,
        {**TRAINING, "hyperparameters": {"predictor_type": "multiclass_classifier"}},
        ["needs num_classes", "3 to 1,000,000"],
    ),
    (
        "hyperparameter neither text nor number",
        Training,
        hyperparameters(epochs=[15]),
        ["hyperparameters.epochs", "[15]", "string"],
    ),
    (
        "training machine that does not exist",
        Training,
        {**TRAINING, "instance_type": "ml.m5.huge"},
        ["instance_type", "ml.m5.huge", "ml.m5.large"],
    ),
    (
        "Graviton for training",
        Training,
        {**TRAINING, "instance_type": "ml.c7g.large"},
        ["instance_type", "'ml.c7g.large'", "Graviton is for hosting only", "botocore", "'auto'"],
    ),
    (
        "Inferentia for training",
        Training,
        {**TRAINING, "instance_type": "ml.inf2.xlarge"},
        ["instance_type", "'ml.inf2.xlarge'", "Inferentia is for answers only", "'auto'"],
    ),
    (
        "P2",
        Training,
        {**TRAINING, "instance_type": "ml.p2.xlarge"},
        ["instance_type", "'ml.p2.xlarge'", "ml.p2 instances: ended", "use ml.g4dn, ml.g5"],
    ),
    (
        "Elastic Inference",
        Serving,
        {"instance_type": "ml.eia2.medium"},
        ["instance_type", "'ml.eia2.medium'", "ended as of 2023-04-15", "use an Inferentia or"],
    ),
    (
        "a volume where the storage is local",
        Training,
        {**TRAINING, "instance_type": "ml.g5.xlarge", "volume_gb": 30},
        ["volume_gb", "30", "ml.g5.xlarge has local NVMe storage of 250 GB", "leave it out"],
    ),
    (
        "accelerator",
        Training,
        {**TRAINING, "instance_type": "ml.trn1.2xlarge"},
        ["ml.trn1.2xlarge", "accelerator", "g5"],
    ),
    (
        "content type",
        Training,
        {**TRAINING, "content_type": "application/x-parquet"},
        ["content_type", "application/x-parquet", "application/x-recordio-protobuf"],
    ),
    ("mode", Training, {**TRAINING, "input_mode": "FastFile"}, ["input_mode", "FastFile", "Pipe"]),
    ("channel", Training, {**TRAINING, "channels": ("train", "eval")}, ["'eval'", "validation"]),
    (
        "no train channel",
        Training,
        {**TRAINING, "channels": ("test",)},
        ["needs the channel"],
    ),
    ("no volume", Training, {**TRAINING, "volume_gb": 0}, ["volume_gb", "0", "1 to 16,384 GB"]),
    (
        "long training",
        Training,
        {**TRAINING, "max_runtime_minutes": 40321},
        ["max_runtime_minutes", "40321", "28 days"],
    ),
    (
        "key for a volume that is NVMe",
        Training,
        {**TRAINING, "instance_type": "ml.g5.xlarge", "needs_volume_key": True},
        ["instance_type", "ml.g5.xlarge", "VolumeKmsKeyId", "needs_volume_key=False"],
    ),
    (
        "warm pool",
        Training,
        {**TRAINING, "keep_alive_seconds": 21_601},
        ["keep_alive_seconds", "21601", "at most 21,600 s", "KeepAlivePeriodInSeconds", "0 to"],
    ),
    (
        "warm pool of spare machines",
        Training,
        spot(120, checkpoints=True, keep_alive_seconds=600),
        ["keep_alive_seconds", "600", "warm pool", "train-warm-pools.md", "use 0"],
    ),
    (
        "spot without a longest wait",
        Training,
        {**TRAINING, "spot": {"checkpoints": True}},
        ["Training.spot: {", "max_wait_minutes is missing", "MaxWaitTimeInSeconds", "give the min"],
    ),
    (
        "spot without a word on checkpoints",
        Training,
        {**TRAINING, "spot": {"max_wait_minutes": 90}},
        ["Training.spot: {", "checkpoints is missing", "begins anew", "CheckpointConfig", "False"],
    ),
    (
        "spot that waits shorter than it trains",
        Training,
        spot(59, checkpoints=True),
        ["spot.max_wait_minutes", "59", "may take 60 minutes", "MaxWaitTime", "use 60 or more"],
    ),
    (
        "spot without the checkpoints that there are",
        Training,
        spot(60, checkpoints=False),
        ["spot.checkpoints", "False", "linear-learner writes checkpoints", "use True"],
    ),
    (
        "checkpoints of an algorithm that writes none",
        Training,
        spot(60, checkpoints=True, **FOREST),
        ["spot.checkpoints", "True", "randomcutforest writes none", "model-checkpoints.md"],
    ),
    (
        "long spot without checkpoints",
        Training,
        spot(61, checkpoints=False, **FOREST),
        ["spot.max_wait_minutes", "61", "at most 3,600 s", "model-checkpoints.md", "60 or less"],
    ),
    ("no machine", Training, {**TRAINING, "instance_count": 0}, ["instance_count", "1 or more"]),
    ("gate", Gate, {"metric": "m", "at_least": float("nan")}, ["at_least", "nan", "finite"]),
    ("gate", Gate, {"metric": "m", "at_most": float("inf")}, ["at_most", "inf", "finite"]),
    ("no threshold", Gate, {"metric": "m"}, ["at_least, at_most", "one threshold"]),
    (
        "two thresholds",
        Gate,
        {"metric": "m", "at_least": 0, "at_most": 1},
        ["at_least, at_most", "one threshold"],
    ),
    ("hosting machine", Serving, {"instance_type": "ml.c6g.big"}, ["instance_type", "ml.c6g.big"]),
    ("training only", Serving, {"instance_type": "ml.p3dn.24xlarge"}, ["p3dn", "hosting"]),
    ("no instance", Serving, {"instance_type": "ml.m5.large", "instance_count": 0}, ["1 or more"]),
    (
        "volume of an endpoint",
        Serving,
        {**SERVING, "volume_gb": 513},
        ["volume_gb", "513", "1 to 512 GB", "VolumeSizeInGB"],
    ),
    (
        "volume of an endpoint with NVMe",
        Serving,
        {"instance_type": "ml.g5.xlarge", "volume_gb": 50},
        ["volume_gb", "50", "ml.g5.xlarge has local NVMe", "VolumeSizeInGB", "leave it out"],
    ),
    (
        "key for an endpoint's volume that is NVMe",
        Serving,
        {"instance_type": "ml.g5.xlarge", "needs_volume_key": True},
        ["instance_type", "ml.g5.xlarge", "VolumeKmsKeyId", "needs_volume_key=False"],
    ),
    (
        "serverless with too much memory",
        Serverless,
        {**SERVERLESS, "memory_mb": 7168},
        ["memory_mb", "7168", "1,024 to 6,144 MB", "ProductionVariantServerlessConfig"],
    ),
    (
        "serverless with memory between two steps",
        Serverless,
        {**SERVERLESS, "memory_mb": 2500},
        ["memory_mb", "2500", "steps of 1024 MB", "botocore", "use 2048 or 3072"],
    ),
    (
        "serverless for too many requests",
        Serverless,
        {**SERVERLESS, "max_concurrency": 201},
        ["max_concurrency", "201", "1 to 200 requests", "botocore"],
    ),
    (
        "serverless on a GPU",
        Serving,
        {"instance_type": "ml.g5.xlarge", "serverless": SERVERLESS},
        ["instance_type", "ml.g5.xlarge", "no accelerator", "serverless-endpoints.md", "CPU type"],
    ),
    (
        "serverless with several instances",
        Serving,
        {**SERVING, "instance_count": 2, "serverless": SERVERLESS},
        ["instance_count", "2", "has no instances", "serverless-endpoints.md", "leave it out"],
    ),
    (
        "serverless with a volume",
        Serving,
        {**SERVING, "volume_gb": 10, "serverless": SERVERLESS},
        ["volume_gb", "10", "has no volume", "leave serverless out"],
    ),
    (
        "serverless with a key for its volume",
        Serving,
        {**SERVING, "needs_volume_key": True, "serverless": SERVERLESS},
        ["needs_volume_key", "True", "no volume that takes a key", "leave serverless out"],
    ),
    (
        "serverless with data capture",
        Serving,
        {**SERVING, "capture": {"percentage": 5}, "serverless": SERVERLESS},
        ["'capture'", "no data capture", "serverless-endpoints.md", "leave serverless out"],
    ),
    (
        "serverless with a canary",
        Serving,
        {**SERVING, "canary": CANARY, "serverless": SERVERLESS},
        ["'canary'", "no instances to begin with", "leave serverless out"],
    ),
    (
        "serverless with several variants",
        Serving,
        {**SERVING, "others": (OTHER,), "serverless": SERVERLESS},
        ["others", "1", "no other variants", "serverless-endpoints.md", "leave serverless out"],
    ),
    (
        "eleven variants",
        Serving,
        {**SERVING, "others": tuple({**OTHER, "name": f"v{n}"} for n in range(10))},
        ["others", "11", "1 to 10 production variants", "ProductionVariantList", "leave some out"],
    ),
    (
        "two variants of one name",
        Serving,
        {**SERVING, "others": (OTHER, OTHER)},
        ["others", "'larger'", "two variants", "VariantName", "rename one"],
    ),
    ("the first variant's name", Variant, {**OTHER, "name": "main"}, ["name", "'main'", "not 'm"]),
    ("a variant of a model on any type", Variant, {**OTHER, "instance_type": "auto"}, ["name a"]),
    ("no share", Variant, {**OTHER, "weight": 0}, ["weight", "0", "InitialVariantWeight", "0.1"]),
    (
        "a variant on a machine of another architecture",
        Pipeline,
        {**PIPELINE, "serving": {**SERVING, "others": ({**OTHER, "instance_type": ARM},)}},
        ["serving.others.0.instance_type", ARM, "built for amd64", "such as ml.m5.large"],
    ),
    (
        "a variant whose storage takes no key",
        Serving,
        {
            **SERVING,
            "needs_volume_key": True,
            "others": ({**OTHER, "instance_type": "ml.c5d.xlarge"},),
        },
        ["instance_type", "ml.c5d.xlarge", "VolumeKmsKeyId"],
    ),
    (
        "canary of two instances and of one",
        Serving,
        {**SERVING, "instance_count": 2, "others": (OTHER,), "canary": CANARY},
        ["instance_count", "1", "at most half of a variant's", "use 2 or more"],
    ),
    (
        "canary of one instance",
        Serving,
        {**SERVING, "canary": CANARY},
        ["instance_count", "1", "at most half", "CanarySize", "use 2 or more"],
    ),
    ("large canary", Canary, {**CANARY, "percentage": 51}, ["percentage", "51", "1 to 50 %"]),
    ("no time to bake", Canary, {**CANARY, "bake_minutes": 0}, ["bake_minutes", "0", "1 to 60"]),
    (
        "long time to bake",
        Canary,
        {**CANARY, "bake_minutes": 61},
        ["bake_minutes", "61", "at most 3,600 s", "BlueGreenUpdatePolicy", "use 1 to 60"],
    ),
    (
        "rollback for nothing",
        Canary,
        {**CANARY, "rollback_at_errors": 0},
        ["rollback_at_errors", "0", "use 1 or more"],
    ),
    ("name of a field", Field, {"name": "Size", "type": "number"}, ["name", "Size", "lower-case"]),
    (
        "bounds of a string",
        Field,
        {"name": "s", "type": "string", "minimum": 0},
        ["'s'", "no minimum"],
    ),
    (
        "bounds the wrong way round",
        Field,
        {"name": "n", "type": "number", "minimum": 2, "maximum": 1},
        ["minimum of n", "above its maximum 1"],
    ),
    ("large records", RecordSchema, {**RECORD, "record_kb": 1001}, ["record_kb", "1001", "1,000"]),
    ("no such label", RecordSchema, {**RECORD, "label_field": "l"}, ["'l'", "label_field", "kind"]),
    (
        "id that is a number",
        RecordSchema,
        {**RECORD, "id_field": "size"},
        ["single string"],
    ),
    (
        "label that is text",
        RecordSchema,
        {**fields({"name": "t", "type": "string"}), "label_field": "t"},
        ["'t'", "single integer or number"],
    ),
    (
        "feature that is text",
        RecordSchema,
        fields({"name": "t", "type": "string"}),
        ["float32"],
    ),
    (
        "argument that every job is told",
        Prepare,
        {**PREPARE, "arguments": {"output_uri": "s3://elsewhere/"}},
        ["'output_uri'", "none that every job is told"],
    ),
    (
        "argument with dashes",
        Prepare,
        {**PREPARE, "arguments": {"--shingle_size": "8"}},
        ["'--shingle_size'", "without dashes"],
    ),
    (
        "windows without series",
        Pipeline,
        {**PIPELINE, "prepare": {**PREPARE, "window_points": 8}},
        ["prepare.window_points", "8", "series_field"],
    ),
    (
        "deviation from one point",
        Prepare,
        {**PREPARE, "window_points": 2, "row": "deviation"},
        ["2: window_points", "use 3 or more"],
    ),
    (
        "GPU for an algorithm that has no use for it",
        Training,
        {
            "algorithm": "randomcutforest",
            "hyperparameters": {"feature_dim": 8},
            "instance_type": "ml.g5.xlarge",
            "input_mode": "File",
            "content_type": "text/csv",
            "channels": ("train",),
        },
        ["ml.g5.xlarge", "randomcutforest", "; use a CPU type"],
    ),
    (
        "partition key that is a number",
        Pipeline,
        {**PIPELINE, "stream": {"partition_key_field": "size"}},
        ["'size'", "stream.partition_key_field", "use one of id"],
    ),
    (
        "neither id nor series",
        RecordSchema,
        {**RECORD, "id_field": None},
        ["id_field", "series_field and time_field"],
    ),
    (
        "id and series",
        RecordSchema,
        {
            **fields({"name": "s", "type": "string"}, {"name": "at", "type": "timestamp"}),
            "series_field": "s",
            "time_field": "at",
        },
        ["'id'", "give id_field alone"],
    ),
    (
        "series without time",
        RecordSchema,
        {**RECORD, "id_field": None, "series_field": "id"},
        ["series_field and time_field"],
    ),
    (
        "time that is text",
        RecordSchema,
        {
            **fields({"name": "at", "type": "string"}),
            "id_field": None,
            "series_field": "id",
            "time_field": "at",
        },
        ["'at'", "time_field must be a single timestamp"],
    ),
    (
        "optional feature",
        RecordSchema,
        fields({"name": "extra", "type": "number", "optional": True}),
        ["'extra'", "only the label may be missing"],
    ),
    (
        "columns twice",
        RecordSchema,
        fields({"name": "a", "type": "number", "length": 2}, {"name": "a_1", "type": "number"}),
        ["'a_1'", "same column"],
    ),
    (
        "no feature",
        RecordSchema,
        {**RECORD, "fields": (RECORD["fields"][0], RECORD["fields"][2])},
        ["no feature"],
    ),
    ("long name", Pipeline, {**PIPELINE, "name": "a" * 19}, ["name", "1 to 18", "63 characters"]),
    (
        "name with capitals",
        Pipeline,
        {**PIPELINE, "name": "Kinds"},
        ["Kinds", "lower-case"],
    ),
    (
        "unknown metric",
        Pipeline,
        {**PIPELINE, "gate": {"metric": "test:accuracy", "at_least": 0.5}},
        ["gate.metric", "test:accuracy", "test:multiclass_accuracy"],
    ),
    (
        "a metric to be minimized",
        Pipeline,
        {**PIPELINE, "gate": {"metric": "test:mse", "at_least": 0.5}},
        ["gate.at_most", "at least 0.5", "test:mse", "smaller value is better", "at_most=0.5"],
    ),
    (
        "a metric to be maximized",
        Pipeline,
        {**PIPELINE, "gate": {"metric": "test:multiclass_accuracy", "at_most": 0.5}},
        ["gate.at_least", "at most 0.5", "larger value is better", "at_least=0.5"],
    ),
    (
        "a form of the data that no job writes",
        Pipeline,
        {**PIPELINE, "training": {**TRAINING, "content_type": "text/csv"}},
        [
            "training.content_type",
            "'text/csv'",
            "jobs/prepare_records.py writes",
            "application/x-recordio-protobuf",
        ],
    ),
    (
        "a metric of a channel that is not there",
        Pipeline,
        {**PIPELINE, "training": {**TRAINING, "channels": ("train",)}},
        ["gate.metric", "channel test", "training.channels"],
    ),
    (
        "gate on a metric that answers do not tell",
        Pipeline,
        {**PIPELINE, "gate": {"metric": "test:roc_auc_score", "at_least": 0.5}},
        ["test:roc_auc_score", "answers", "test:recall", "gate.beats_serving=False"],
    ),
    (
        "hosting where no batch transform runs",
        Pipeline,
        {**PIPELINE, "serving": {"instance_type": "ml.c5d.xlarge"}},
        ["serving.instance_type", "ml.c5d.xlarge", "batch transform", "gate.beats_serving=False"],
    ),
    (
        "another number of features",
        Pipeline,
        {**PIPELINE, "training": hyperparameters(feature_dim=7)},
        ["feature_dim", "'7'", "record schema says 1"],
    ),
    (
        "another number of classes",
        Pipeline,
        {**PIPELINE, "training": hyperparameters(num_classes=10)},
        ["num_classes", "'10'", "record schema says 3"],
    ),
    (
        "hosting on arm64",
        Pipeline,
        {**PIPELINE, "serving": {"instance_type": "ml.c7g.large"}},
        ["serving.instance_type", "ml.c7g.large", "amd64"],
    ),
    (
        "a managed check that is longer than its pause",
        Monitor,
        {"engine": "model-monitor", "every_hours": 2, "timeout_minutes": 121},
        ["timeout_minutes", "121", "after 120 minutes"],
    ),
    (
        "an alarm on what Model Monitor does not count",
        Monitor,
        {"engine": "model-monitor", "alarm_at_violations": 5},
        ["alarm_at_violations", "5", "no count of violations"],
    ),
    (
        "monitor without captured requests",
        Pipeline,
        {**PIPELINE, "monitor": {}},
        ["'monitor'", "none are kept", "serving.capture"],
    ),
    (
        "monitor of answers alone",
        Pipeline,
        {
            **PIPELINE,
            "monitor": {},
            "serving": {**PIPELINE["serving"], "capture": {"percentage": 5, "modes": ["Output"]}},
        },
        ["'monitor'", "'Input' among its modes"],
    ),
    (
        "monitor of answers that nobody keeps",
        Pipeline,
        {
            **PIPELINE,
            "monitor": ANSWERS,
            "serving": {**PIPELINE["serving"], "capture": {"percentage": 5, "modes": ["Input"]}},
        },
        ["'monitor'", "the answers that", "'Output' among its modes"],
    ),
    (
        "answers without columns",
        Monitor,
        {"of": "answers"},
        ["columns", "read of each answer", '{"predicted_label": "category"}'],
    ),
    ("columns of requests", Monitor, {"columns": {"tokens": "number"}}, ["columns", "or neither"]),
    (
        "a column of no kind",
        Monitor,
        {"of": "answers", "columns": {"tokens": "text"}},
        ["columns.tokens", "text", "'number' or 'category'"],
    ),
    (
        "a column that ends the argument",
        Monitor,
        {"of": "answers", "columns": {"a:b,c": "number"}},
        ["columns", "a:b,c", "letters, digits and _"],
    ),
    (
        "answers for Model Monitor",
        Monitor,
        {**ANSWERS, "engine": "model-monitor"},
        ["answers", "each prediction", "nowhere documented", "use engine='penstock'"],
    ),
    (
        "a closed service as a monitor",
        Monitor,
        {"engine": "Clarify"},
        ["Monitor.engine: 'Clarify'", "closed to new customers as of 2026-07-30", "the SHAP"],
    ),
    (
        "a closed service as an algorithm",
        Training,
        {**TRAINING, "algorithm": "forecast"},
        ["Training.algorithm: 'forecast'", "Amazon Forecast: closed to new", "use SageMaker Can"],
    ),
    (
        "a closed service that no account has any more",
        Environment,
        {**ENVIRONMENT, "closed_services": ("kinesis-analytics-sql",)},
        ["closed_services", "'kinesis-analytics-sql'", "ended as of 2026-01-27", "Apache Flink"],
    ),
    (
        "a service that never closed",
        Environment,
        {**ENVIRONMENT, "closed_services": ("kinesis",)},
        ["closed_services", "'kinesis'", "retired.json", "use of model-monitor, clarify"],
    ),
    ("engine", Monitor, {"engine": "deequ"}, ["engine", "deequ", "model-monitor"]),
    ("hours of a check", Monitor, {"every_hours": 5}, ["every_hours", "5", "1, 2, 3, 4, 6, 8"]),
    ("distance", Monitor, {"distance": "linf"}, ["distance", "linf", "Robust"]),
    ("threshold", Monitor, {"drift_threshold": 1.5}, ["drift_threshold", "1.5", "0 to 1"]),
    ("no threshold", Monitor, {"drift_threshold": float("nan")}, ["drift_threshold", "nan"]),
    ("alarm at none", Monitor, {"alarm_at_violations": 0}, ["alarm_at_violations", "1 or more"]),
    ("one monitor worker", Monitor, {"workers": 1}, ["workers", "1", "2 to 299"]),
    ("long check", Monitor, {"timeout_minutes": 10081}, ["timeout_minutes", "7 days"]),
    ("training every day and more", Retrain, {"every_days": 0}, ["every_days", "0", "1 to 365"]),
    ("training every two years", Retrain, {"every_days": 730}, ["every_days", "730", "None"]),
    (
        "no training a day",
        Retrain,
        {"at_most_per_day": 0},
        ["at_most_per_day", "leave retrain out"],
    ),
    ("many trainings a day", Retrain, {"at_most_per_day": 25}, ["at_most_per_day", "25", "24"]),
    ("pause", Retrain, {"pause_minutes": 1441}, ["pause_minutes", "1441", "0 to 1440"]),
    (
        "retrain without any cause",
        Pipeline,
        {**PIPELINE, "retrain": {"every_days": None}},
        ["retrain.every_days", "None", "nothing would ever ask"],
    ),
    (
        "scoring of what has no order",
        Pipeline,
        {**PIPELINE, "scoring": {}},
        ["scoring", "one value per point", "series_field"],
    ),
    (
        "scoring of two values at once",
        Pipeline,
        {
            **SCORED,
            "record_schema": {
                **SCORED["record_schema"],
                "fields": (
                    *SCORED["record_schema"]["fields"],
                    {"name": "load", "type": "number"},
                ),
            },
        },
        ["scoring", "'value', 'load'", "one value per point"],
    ),
    (
        "points that are not kept in order",
        Pipeline,
        {**SCORED, "stream": {}},
        ["stream.partition_key_field", "None", 'use "series"'],
    ),
    (
        "records older than the stream keeps them",
        Pipeline,
        {**SCORED, "scoring": {"max_record_age_seconds": 90_000}},
        ["scoring.max_record_age_seconds", "90000", "86400 or less"],
    ),
    (
        "training scores where no batch transform runs",
        Pipeline,
        {
            **SCORED,
            "serving": {"instance_type": "ml.c5d.xlarge"},
            "gate": {**PIPELINE["gate"], "beats_serving": False},
        },
        ["serving.instance_type", "ml.c5d.xlarge", "batch transform", "leave scoring out"],
    ),
    (
        "models unjudged though every record has a label",
        Pipeline,
        {**PIPELINE, "gate": UNJUDGED},
        ["gate.unlabelled", "'register'", "without kind", "make the field kind optional"],
    ),
    (
        "models that nothing could judge",
        Pipeline,
        {**SCORED, "gate": UNJUDGED},
        ["gate.unlabelled", "'register'", "no model is ever judged", "give a label_field"],
    ),
    (
        "comparison on rows that are not there",
        Pipeline,
        {**PIPELINE, "record_schema": SOMETIMES, "gate": {**UNJUDGED, "beats_serving": True}},
        ["gate.unlabelled", "'register'", "cannot be compared", "gate.beats_serving=False"],
    ),
    ("another fate", Gate, {**UNJUDGED, "unlabelled": "pass"}, ["unlabelled", "'pass'", "'fail'"]),
    ("batch of a stream", Scoring, {"batch_records": 10_001}, ["batch_records", "1 to 10,000"]),
    ("window of a batch", Scoring, {"batch_window_seconds": 301}, ["batch_window", "0 to 300 s"]),
    ("eleven lanes", Scoring, {"parallelization": 11}, ["parallelization", "11", "1 to 10"]),
    ("no number of attempts", Scoring, {"retry_attempts": -1}, ["retry_attempts", "0 to 10,000"]),
    ("no age", Scoring, {"max_record_age_seconds": 59}, ["max_record_age_seconds", "60"]),
    ("no threshold", Scoring, {"alert_at": float("inf")}, ["alert_at", "inf", "mean + 3 sd"]),
    ("no time to ask", Scoring, {"timeout_seconds": 14}, ["timeout_seconds", "14", "15 or more"]),
    ("an hour for a batch", Scoring, {"timeout_seconds": 3600}, ["timeout_seconds", "900 s"]),
    ("delivery of scores", Scoring, {"buffer_mb": 129}, ["buffer_mb", "129", "1 to 128 MB"]),
    (
        "given up before a second attempt",
        Scoring,
        {"timeout_seconds": 300, "batch_window_seconds": 100, "max_record_age_seconds": 600},
        ["max_record_age_seconds", "600", "second attempt", "700 or more"],
    ),
    ("account", Environment, {**ENVIRONMENT, "account": "123"}, ["account", "'123'", "12 digits"]),
    (
        "region",
        Environment,
        {**ENVIRONMENT, "region": "Ireland"},
        ["Ireland", "eu-west-1"],
    ),
    ("environment name", Environment, {**ENVIRONMENT, "name": "production"}, ["name", "1 to 8"]),
    (
        "approval",
        Environment,
        {**ENVIRONMENT, "approval": "maybe"},
        ["maybe", "manual"],
    ),
    ("no money", Budget, {"monthly_usd": 0}, ["monthly_usd", "0", "above 0", "such as 200"]),
    (
        "many alerts",
        Budget,
        {"monthly_usd": 9, "alert_at_percent": (10, 20, 30, 40, 50, 60)},
        ["alert_at_percent", "60", "at most five", "NotificationsWithSubscribers", "(80, 100)"],
    ),
    (
        "the same alert twice",
        Budget,
        {"monthly_usd": 9, "alert_at_percent": (80, 80)},
        ["alert_at_percent", "(80, 80)", "another share"],
    ),
    ("retention", Environment, {**ENVIRONMENT, "log_retention_days": 31}, ["31", "one of 1, 3"]),
    (
        "time of day",
        ServingHours,
        {"start": "8:00", "end": "18:00"},
        ["start", "'8:00'", "such as 08:00"],
    ),
    (
        "hours over midnight",
        ServingHours,
        {"start": "22:00", "end": "06:00"},
        ["22:00 to 06:00", "not after the start"],
    ),
    (
        "time zone",
        ServingHours,
        {"start": "08:00", "end": "18:00", "timezone": "Mars/Olympus"},
        ["timezone", "Mars/Olympus", "Europe/Berlin"],
    ),
    (
        "expiry with fractions of a second",
        Environment,
        {**ENVIRONMENT, "expires": "2027-01-01T00:00:00.5Z"},
        ["expires", "whole seconds"],
    ),
    ("tag", Environment, {**ENVIRONMENT, "tags": {"aws:x": "1"}}, ["tags", "aws:x=1", "aws:"]),
    (
        "an alias",
        Environment,
        {**ENVIRONMENT, "key_arn": "arn:aws:kms:eu-west-1:111122223333:alias/data"},
        ["key_arn", "alias/data", "eu-west-1"],
    ),
    (
        "a key of another region",
        Environment,
        {**ENVIRONMENT, "key_arn": "arn:aws:kms:us-east-1:111122223333:key/1234"},
        ["key_arn", "us-east-1", "eu-west-1"],
    ),
    (
        "no bucket's name",
        Environment,
        {**ENVIRONMENT, "buckets": {"digits": {"lake": "s3://Lake"}}},
        ["buckets.digits.lake", "s3://Lake", "3 to 63"],
    ),
    (
        "a lake for two",
        Environment,
        {**ENVIRONMENT, "buckets": {"digits": {"lake": "data"}, "other": {"lake": "data"}}},
        ["buckets.other", "'data'", "of its own"],
    ),
    (
        "a bucket for lake and artifacts",
        Environment,
        {**ENVIRONMENT, "buckets": {"digits": {"lake": "data", "artifacts": "data"}}},
        ["buckets.digits", "'data'", "of its own"],
    ),
    (
        "a lake that takes its own access logs",
        Environment,
        {**ENVIRONMENT, "buckets": {"digits": {"lake": "data", "access_logs": "data"}}},
        ["buckets.digits", "'data'", "of its own"],
    ),
    ("no vpc", Network, {**NETWORK, "vpc_id": "main"}, ["vpc_id", "'main'", "vpc-01"]),
    ("no subnets", Network, {**NETWORK, "subnets": {}}, ["subnets", "0", "2 to 16"]),
    (
        "no subnet",
        Network,
        {**NETWORK, "subnets": {"a": "eu-west-1a", "subnet-01234567": "eu-west-1b"}},
        ["'a'", "subnet-01"],
    ),
    (
        "one subnet",
        Network,
        {**NETWORK, "subnets": {"subnet-01234567": "eu-west-1a"}},
        ["subnets", "1", "2 to 16", "host-vpc"],
    ),
    (
        "one zone",
        Network,
        {
            **NETWORK,
            "subnets": {"subnet-01234567": "eu-west-1a", "subnet-89abcdef": "eu-west-1a"},
        },
        ["subnets", "eu-west-1a", "two availability zones", "even for one instance", "host-vpc"],
    ),
    (
        "six groups",
        Network,
        {**NETWORK, "security_group_ids": [f"sg-0123456{n}" for n in range(6)]},
        ["security_group_ids", "6", "1 to 5"],
    ),
    ("no group", Network, {**NETWORK, "security_group_ids": ["default"]}, ["'default'", "sg-01"]),
    (
        "a zone of another region",
        Environment,
        {
            **ENVIRONMENT,
            "network": {
                **NETWORK,
                "subnets": {"subnet-01234567": "us-east-1a", "subnet-89abcdef": "eu-west-1b"},
            },
        },
        ["network.subnets.subnet-01234567", "us-east-1a", "eu-west-1a"],
    ),
    (
        "many tags",
        Environment,
        {**ENVIRONMENT, "tags": {f"t{n}": "" for n in range(51)}},
        ["tags", "51", "50 tags"],
    ),
]


@pytest.mark.parametrize(
    ("model", "data", "parts"),
    [pytest.param(*case[1:], id=case[0]) for case in REFUSED],
)
def test_it_is_refused_in_one_line_that_teaches(
    model: type[BaseModel], data: dict[str, Any], parts: list[str]
) -> None:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(data)
    (line,) = refusal_lines(refused.value)
    assert line.startswith(model.__name__)
    for part in parts:
        assert part in line, line
    assert "(" in line, "the source is missing"
    assert ";" in line, "the remedy is missing"


def test_the_same_descriptions_without_the_fault_are_accepted() -> None:
    assert Pipeline.model_validate(PIPELINE).name == "kinds"
    assert Pipeline.model_validate(SCORED).scoring == Scoring()
    assert Environment.model_validate(ENVIRONMENT).approval == "manual"


def test_spot_with_what_it_needs_is_accepted() -> None:
    assert Training.model_validate(spot(120, checkpoints=True)).longest_minutes == 120
    assert Training.model_validate(spot(60, checkpoints=False, **FOREST)).longest_minutes == 60
    assert Training.model_validate({**TRAINING, "keep_alive_seconds": 21_600}).spot is None


def test_serverless_and_a_canary_with_what_they_need_are_accepted() -> None:
    assert Serving.model_validate({**SERVING, "serverless": SERVERLESS}).serverless is not None
    assert Serving.model_validate({**SERVING, "instance_count": 2, "canary": CANARY}).canary
    assert Serving.model_validate({**SERVING, "volume_gb": 50, "needs_volume_key": True}).volume_gb


def test_a_type_that_is_chosen_is_checked_like_one_that_is_given() -> None:
    need = Hosting(algorithm="linear-learner", transform=True, families=("g5",))
    serving = Serving.model_validate({"instance_type": "auto", "volume_gb": 50})
    with pytest.raises(ValueError, match="local NVMe"):
        serving.with_instance_for(need)


WATCHED_SERVING = {**PIPELINE["serving"], "capture": {"percentage": 5, "modes": ["Input"]}}


@pytest.mark.parametrize(
    "watching",
    [
        {"monitor": {}, "serving": WATCHED_SERVING},
        {
            "monitor": ANSWERS,
            "serving": {**PIPELINE["serving"], "capture": {"percentage": 5, "modes": ["Output"]}},
        },
        {"monitor": {"engine": "model-monitor"}, "retrain": {}, "serving": WATCHED_SERVING},
        {"monitor": {}, "retrain": {"every_days": None}, "serving": WATCHED_SERVING},
        {"retrain": {"every_days": 365, "at_most_per_day": 24, "pause_minutes": 0}},
    ],
)
def test_what_watches_and_acts_can_be_chosen_alone_or_together(watching: dict[str, Any]) -> None:
    pipeline = Pipeline.model_validate({**PIPELINE, **watching})
    assert (pipeline.monitor is None) == ("monitor" not in watching)
    assert (pipeline.retrain is None) == ("retrain" not in watching)


def test_a_region_without_the_algorithms_image_is_refused() -> None:
    environment = Environment(name="dev", region="mx-central-1")
    with pytest.raises(ValidationError) as refused:
        Deployment(pipeline=Pipeline.model_validate(PIPELINE), environment=environment)
    (line,) = refusal_lines(refused.value)
    assert "mx-central-1" in line
    assert "linear-learner" in line
    assert "us-east-1" in line


def test_a_region_without_model_monitors_image_is_refused_only_to_who_wants_it() -> None:
    environment = Environment(name="dev", region="ap-south-2", closed_services=("model-monitor",))

    def deployed(engine: str) -> Deployment:
        pipeline = {
            **PIPELINE,
            "serving": {**PIPELINE["serving"], "capture": {"percentage": 100}},
            "monitor": {"engine": engine},
        }
        return Deployment(pipeline=Pipeline.model_validate(pipeline), environment=environment)

    assert deployed("penstock").environment.region == "ap-south-2"
    with pytest.raises(ValidationError) as refused:
        deployed("model-monitor")
    (line,) = refusal_lines(refused.value)
    assert "no registry of sagemaker-model-monitor-analyzer" in line
    assert "us-east-1" in line


def test_a_serverless_endpoint_is_refused_where_everything_is_in_a_vpc() -> None:
    network = Network(
        vpc_id="vpc-12345678",
        subnets={"subnet-12345678": "eu-west-1a", "subnet-9abcdef0": "eu-west-1b"},
        security_group_ids=("sg-12345678",),
    )

    def deployed(**serving: Any) -> Deployment:
        pipeline = Pipeline.model_validate({**PIPELINE, "serving": {**SERVING, **serving}})
        environment = Environment(name="dev", region="eu-west-1", network=network)
        return Deployment(pipeline=pipeline, environment=environment)

    assert deployed().environment.network == network
    with pytest.raises(ValidationError) as refused:
        deployed(serverless=SERVERLESS)
    (line,) = refusal_lines(refused.value)
    for part in ("'vpc-12345678'", "environment.network", "serverless-endpoints.md", "; leave it"):
        assert part in line, line


def test_model_monitor_is_refused_to_an_account_that_does_not_say_that_it_has_it() -> None:
    pipeline = {**PIPELINE, "monitor": {"engine": "model-monitor"}, "serving": WATCHED_SERVING}

    def deployed(*closed_services: str) -> Deployment:
        environment = Environment(name="dev", region="eu-west-1", closed_services=closed_services)
        return Deployment(pipeline=Pipeline.model_validate(pipeline), environment=environment)

    assert deployed("model-monitor").pipeline.monitor is not None
    with pytest.raises(ValidationError) as refused:
        deployed("clarify")
    (line,) = refusal_lines(refused.value)
    for part in (
        "Deployment: 'model-monitor': pipeline.monitor.engine",
        "SageMaker Model Monitor: closed to new customers as of 2026-07-30 (",
        "; use 'penstock', or name it in environment.closed_services",
    ):
        assert part in line, line


@pytest.mark.parametrize(
    ("value", "status"),
    [
        (name, _STATUS[found.status])
        for name in retired.names()
        if (found := retired.retired(name)).status in _STATUS and name != "model-monitor"
    ],
)
def test_every_closed_service_is_refused_by_name_with_its_successor(
    value: str, status: str
) -> None:
    found = retired.retired(value)
    for model, data in ((Monitor, {"engine": value}), (Training, {**TRAINING, "algorithm": value})):
        with pytest.raises(ValidationError) as refused:
            model.model_validate(data)
        (line,) = refusal_lines(refused.value)
        assert f": {value!r}: {found.name}: {status}" in line, line
        assert line.endswith(f" ({found.citation}); {found.remedy}"), line


@pytest.mark.parametrize(
    ("cheap", "value"),
    [
        ({"serving_switch": {}}, "'at_first': 'on'"),
        ({"serving_switch": {"hours": {"start": "08:00", "end": "18:00"}}}, "'08:00'"),
        ({"expires": "2027-01-01T01:00:00+01:00"}, "'2027-01-01T00:00:00Z'"),
    ],
)
def test_what_scores_its_stream_cannot_be_switched_off(cheap: dict[str, Any], value: str) -> None:
    environment = Environment.model_validate({**ENVIRONMENT, **cheap})
    assert Deployment(pipeline=Pipeline.model_validate(PIPELINE), environment=environment)
    with pytest.raises(ValidationError) as refused:
        Deployment(pipeline=Pipeline.model_validate(SCORED), environment=environment)
    (line,) = refusal_lines(refused.value)
    (field,) = cheap
    assert f"environment.{field}: " in line
    assert value in line
    assert "dead-letter queue" in line
    assert f"leave {field} out, or deploy" in line
    assert "without it" in line


def test_every_refused_field_has_a_line_of_its_own() -> None:
    with pytest.raises(ValidationError) as refused:
        Stream(shards=0, retention_hours=1)
    assert [line.split(":")[0] for line in refusal_lines(refused.value)] == [
        "Stream.shards",
        "Stream.retention_hours",
    ]


def test_a_missing_part_is_named_with_its_place() -> None:
    with pytest.raises(ValidationError) as refused:
        Pipeline.model_validate({key: PIPELINE[key] for key in PIPELINE if key != "gate"})
    assert refusal_lines(refused.value) == [
        "Pipeline.gate: missing: Pipeline cannot be built without it; add it"
    ]


def test_a_model_is_not_left_unjudged_where_the_algorithm_needs_the_channel(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    facts = algorithms.algorithm("linear-learner")
    channels = algorithms.Channels(required=("train", "test"), optional=("validation",))
    changed = facts.model_copy(update={"channels": channels})
    given = {**PIPELINE, "record_schema": SOMETIMES, "gate": UNJUDGED}
    assert Pipeline.model_validate(given).gate.channel == "test"
    monkeypatch.setattr(algorithms, "algorithm", lambda name: changed)
    with pytest.raises(ValidationError) as refused:
        Pipeline.model_validate(given)
    (line,) = refusal_lines(refused.value)
    for word in ("gate.unlabelled", "channel test", "does not train without it", "validation"):
        assert word in line


def test_numbers_and_booleans_become_the_strings_that_are_sent() -> None:
    training = Training.model_validate(hyperparameters(learning_rate=0.25, use_bias=True))
    assert training.hyperparameters["learning_rate"] == "0.25"
    assert training.hyperparameters["use_bias"] == "true"
    assert training.hyperparameters["num_classes"] == "3"


def test_a_description_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        load()["digits"].name = "other"  # type: ignore[misc]


def test_the_longest_names_fit_a_training_job() -> None:
    pipeline = Pipeline.model_validate({**PIPELINE, "name": "p" * 18})
    deployment = Deployment(
        pipeline=pipeline, environment=Environment(name="e" * 8, region="eu-west-1")
    )
    assert len(f"{deployment.prefix}-{'0' * 32}-9") <= 63
