"""Handwritten digits: 1,797 real 8x8 images, a multiclass linear-learner behind an endpoint."""

from __future__ import annotations

from pipelines import spec


def sample() -> spec.Sample:
    """The images that ship inside scikit-learn, one record each."""
    from sklearn.datasets import load_digits

    images = load_digits()
    source = "scikit-learn's load_digits: UCI optical recognition of handwritten digits"
    return spec.Sample(
        source,
        (
            {"id": f"digit-{n:04d}", "pixels": pixels.astype(int).tolist(), "label": int(label)}
            for n, (pixels, label) in enumerate(zip(images.data, images.target, strict=True))
        ),
    )


PIPELINE = spec.Pipeline(
    name="digits",
    description="Handwritten digits, 8x8 pixels, classified by the first-party linear-learner",
    sample=sample,
    record_schema=spec.RecordSchema(
        id_field="id",
        label_field="label",
        record_kb=8,
        fields=(
            spec.Field(name="id", type="string"),
            spec.Field(name="pixels", type="number", length=64, minimum=0, maximum=16),
            spec.Field(name="label", type="integer", minimum=0, maximum=9),
        ),
    ),
    stream=spec.Stream(shards=1),
    delivery=spec.Delivery(buffer_mb=64, buffer_seconds=60),
    prepare=spec.Prepare(script="jobs/prepare_records.py", workers=2, timeout_minutes=30),
    training=spec.Training(
        algorithm="linear-learner",
        hyperparameters={
            "predictor_type": "multiclass_classifier",
            "num_classes": 10,
            "feature_dim": 64,
            "epochs": 15,
            "mini_batch_size": 32,
        },
        instance_type="ml.m5.large",
        input_mode="Pipe",
        content_type="application/x-recordio-protobuf",
    ),
    gate=spec.Gate(metric="test:multiclass_accuracy", at_least=0.90),
    serving=spec.Serving(instance_type="ml.m5.large", capture=spec.Capture(percentage=100)),
    monitor=spec.Monitor(),
    retrain=spec.Retrain(),
)
