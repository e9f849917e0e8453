"""A pipeline that trains a script on Trainium and answers on Inferentia2."""

from __future__ import annotations

from typing import Any

from pipelines.registry import load
from pipelines.spec import (
    Compilation,
    Field,
    Gate,
    Pipeline,
    Prepare,
    RecordSchema,
    ScriptTraining,
    Serving,
)

_TRAINING: dict[str, Any] = {
    "framework": "huggingface-pytorch",
    "source": "jobs/reviews",
    "script": "train.py",
    "trains_on": ("cpu", "gpu", "trainium"),
    "serves_on": ("cpu", "gpu", "inferentia"),
    "metrics": (
        {
            "name": "test:accuracy",
            "pattern": "test_accuracy=([0-9.]+)",
            "objective": "maximize",
            "from_answers": {"answer_field": "predicted_label", "formula": "accuracy"},
        },
    ),
    "request_types": ("application/json", "application/jsonlines"),
    "response_types": ("application/json",),
    "hyperparameters": {"epochs": 1},
    "instance_type": "ml.trn1.2xlarge",
    "input_mode": "File",
    "content_type": "application/x-recordio-protobuf",
    "model": {"parameters": 67_000_000, "dtype": "bfloat16", "layers": 6, "hidden_size": 768},
}


def described(**changes: Any) -> dict[str, Any]:
    """What the pipeline is made of; `serves_on` is the training's."""
    training = {**_TRAINING, "serves_on": changes.pop("serves_on", _TRAINING["serves_on"])}
    return {
        "name": "digits",  # the stage's name, which the tests' helpers know
        "description": "Reviews, compiled for Inferentia2",
        "sample": load()["digits"].sample,
        "record_schema": RecordSchema(
            id_field="id",
            label_field="label",
            text_field="text",
            record_kb=16,
            fields=(
                Field(name="id", type="string"),
                Field(name="text", type="string"),
                Field(name="label", type="integer", minimum=0, maximum=1),
            ),
        ),
        "prepare": Prepare(script="jobs/prepare_text.py"),
        "training": ScriptTraining.model_validate(training),
        "compilation": Compilation(),
        "gate": Gate(metric="test:accuracy", at_least=0.6, beats_serving=True),
        "serving": Serving(instance_type="ml.inf2.xlarge"),
        **changes,
    }


COMPILED_REVIEWS = Pipeline.model_validate(described())
