"""Reviews of films: a transformer that tells good ones from bad, on GPUs, Trainium or CPUs."""

from __future__ import annotations

from penstock.advisor import Model
from penstock.datasets.reviews import records
from pipelines import spec

RECORD = spec.RecordSchema(
    id_field="id",
    label_field="label",
    text_field="text",
    record_kb=64,
    fields=(
        spec.Field(name="id", type="string"),
        spec.Field(name="text", type="string"),
        spec.Field(name="label", type="integer", minimum=0, maximum=1),
    ),
)

# the log has lines such as `epoch=3 validation_accuracy=0.812000`
METRICS = (
    spec.LoggedMetric(name="train:loss", pattern="train_loss=([0-9.]+)", objective="minimize"),
    spec.LoggedMetric(
        name="validation:accuracy", pattern="validation_accuracy=([0-9.]+)", objective="maximize"
    ),
    spec.LoggedMetric(
        name="test:accuracy",
        pattern="test_accuracy=([0-9.]+)",
        objective="maximize",
        from_answers=spec.FromAnswers(answer_field="predicted_label", formula="accuracy"),
    ),
    spec.LoggedMetric(name="test:loss", pattern="test_loss=([0-9.]+)", objective="minimize"),
)


def on(
    *, training: str, serving: str, compilation: spec.Compilation | None = None
) -> spec.Pipeline:
    """The pipeline on these instance types."""
    return spec.Pipeline(
        name="reviews",
        description="Reviews of films, told good from bad by a DistilBERT that is trained here",
        sample=lambda: spec.Sample(*records(None, RECORD)),
        record_schema=RECORD,
        stream=spec.Stream(shards=1),
        delivery=spec.Delivery(buffer_mb=64, buffer_seconds=60),
        prepare=spec.Prepare(
            script="jobs/prepare_text.py",
            arguments={"max_tokens": "256", "vocabulary_size": "8000"},
            timeout_minutes=30,
        ),
        training=spec.ScriptTraining(
            framework="huggingface-pytorch",
            source="jobs/reviews",
            script="train.py",
            trains_on=("cpu", "gpu", "trainium"),
            serves_on=("cpu", "gpu", "inferentia"),
            # DistilBERT's own size, by which machines are judged
            model=Model(parameters=66_955_010, dtype="float32", layers=6, hidden_size=768),
            # where nobody has put weights below pretrained/ of the artifacts' bucket, a small model
            # of these layers begins at random, with the first epochs and learning_rate
            hyperparameters={
                "epochs": 6,
                "batch_size": 32,
                "learning_rate": 0.001,
                "layers": 2,
                "heads": 2,
                "hidden_size": 64,
                "pretrained_epochs": 3,
                "pretrained_learning_rate": 0.00005,
            },
            metrics=METRICS,
            request_types=("application/json", "application/jsonlines", "text/plain"),
            response_types=("application/json", "application/jsonlines"),
            files=("tokenizer",),
            pretrained=True,
            checkpoints=True,
            multi_machine=True,
            instance_type=training,
            input_mode="File",
            content_type="application/x-recordio-protobuf",
            distribution={"train": "ShardedByS3Key"},
            spot=spec.Spot(max_wait_minutes=180, checkpoints=True),
        ),
        compilation=compilation,
        # answers that know nothing of the labels get there less than once in 1,000 times, the small
        # model measured 0.77 (docs/reviews.md, The gate)
        gate=spec.Gate(metric="test:accuracy", at_least=0.60),
        serving=spec.Serving(
            instance_type=serving,
            capture=spec.Capture(
                percentage=100,
                csv_content_types=(),
                json_content_types=("application/json", "application/jsonlines"),
            ),
        ),
        # why Robust and 0.1, the defaults: docs/monitor.md, "Answers instead of requests"
        monitor=spec.Monitor(
            of="answers", columns={"tokens": "number", "predicted_label": "category"}
        ),
        retrain=spec.Retrain(every_days=30),
    )


ACCELERATORS = {
    "gpu": on(training="ml.g6.xlarge", serving="ml.g6.xlarge"),
    "trainium": on(
        training="ml.trn1.2xlarge", serving="ml.inf2.xlarge", compilation=spec.Compilation()
    ),
    "cpu": on(training="ml.c6i.2xlarge", serving="ml.c6i.xlarge"),
}
PIPELINE = ACCELERATORS["gpu"]
