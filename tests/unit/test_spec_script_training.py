"""Training jobs of scripts: what the vocabulary says of them, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pipelines.registry import load
from pipelines.spec import (
    Field,
    Gate,
    LoggedMetric,
    Pipeline,
    RecordSchema,
    ScriptTraining,
    refusal_lines,
)

ACCURACY = {"name": "test:accuracy", "pattern": "test_accuracy=([0-9.]+)", "objective": "maximize"}
SCRIPT: dict[str, Any] = {
    "framework": "huggingface-pytorch",
    "source": "jobs/reviews",
    "script": "train.py",
    "trains_on": ("cpu", "gpu", "trainium"),
    "serves_on": ("cpu", "gpu", "inferentia"),
    "metrics": (ACCURACY,),
    "request_types": ("application/json",),
    "response_types": ("application/json",),
    "hyperparameters": {
        "epochs": 3,
        "learning_rate": 5e-5,
        "bf16": True,
        "model_name": "distilbert",
    },
    "instance_type": "ml.g5.xlarge",
    "input_mode": "File",
    "content_type": "application/x-recordio-protobuf",
}


def script(**changes: Any) -> ScriptTraining:
    return ScriptTraining.model_validate({**SCRIPT, **changes})


def refused(**changes: Any) -> str:
    with pytest.raises(ValidationError) as error:
        script(**changes)
    (line,) = refusal_lines(error.value)
    return line


def test_hyperparameters_are_words_of_a_command_line() -> None:
    assert script().hyperparameters == {
        "epochs": "3",
        "learning_rate": "5e-05",
        "bf16": "true",
        "model_name": "distilbert",
    }


@pytest.mark.parametrize(
    ("instance_type", "repository"),
    [
        ("ml.g5.xlarge", "huggingface-pytorch-training"),
        ("ml.trn1.2xlarge", "huggingface-pytorch-training-neuronx"),
        ("ml.m5.xlarge", "huggingface-pytorch-training"),
    ],
)
def test_the_training_image_is_that_of_the_machines_device(
    instance_type: str, repository: str
) -> None:
    assert script(instance_type=instance_type).image.repository == repository


def test_the_image_that_answers_is_that_of_the_serving_machine() -> None:
    training = script()
    assert "-cpu-" in training.hosting_image("ml.m5.xlarge").path
    assert "-gpu-" in training.hosting_image("ml.g5.xlarge").path
    assert "-neuronx-" in training.hosting_image("ml.inf2.xlarge").path


def test_its_metrics_are_what_a_gate_may_ask_for() -> None:
    facts = script().facts
    assert facts.final_metrics == {"test:accuracy": "maximize"}
    assert facts.metric_patterns == {"test:accuracy": "test_accuracy=([0-9.]+)"}


def test_it_may_answer_on_other_accelerators_than_it_trains_on() -> None:
    facts = script().facts
    assert "trn1" in facts.accelerated_families
    assert "trn1" not in facts.hosting_families
    assert "inf2" in facts.hosting_families
    assert "inf2" not in facts.accelerated_families


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"trains_on": ("gpu",), "instance_type": "ml.m5.xlarge"}, ["GPU", "jobs/reviews/train"]),
        ({"trains_on": ("cpu",)}, ["instance_type", "jobs/reviews/train.py", "a CPU type"]),
        ({"instance_count": 2}, ["trains on one machine"]),
        ({"script": "other.py"}, ["jobs/reviews/other.py", "a Python file in a folder"]),
        ({"source": "../jobs"}, ["below the repository's root"]),
        (
            {"hyperparameters": {"sagemaker_program": "x"}},
            ["sagemaker_program", "keeps for itself"],
        ),
        ({"hyperparameters": {"learning-rate": 1}}, ["learning-rate", "lower case with _"]),
        ({"instance_type": "auto"}, ["'auto'", "give model, its size"]),
        ({"framework": "mxnet"}, ["framework", "huggingface-pytorch"]),
        ({"files": ("code",)}, ["code", "train, validation, test, code, pretrained are others"]),
        ({"files": ("tokenizer", "tokenizer")}, ["files", "one of a name"]),
        ({"files": ("Tokens",)}, ["Tokens", "lower case with _"]),
        (
            {"spot": {"max_wait_minutes": 90, "checkpoints": True}},
            ["spot.checkpoints", "writes none"],
        ),
    ],
)
def test_a_refusal_names_the_field_and_what_to_use(
    changes: dict[str, Any], parts: list[str]
) -> None:
    line = refused(**changes)
    for part in parts:
        assert part in line


def test_a_metric_of_answers_is_what_models_are_compared_by() -> None:
    how = {"answer_field": "predicted_label", "formula": "accuracy"}
    facts = script(metrics=({**ACCURACY, "from_answers": how},)).facts
    assert facts.from_answers["test:accuracy"].model_dump() == how
    assert script().facts.from_answers == {}


@pytest.mark.parametrize(
    ("taken", "request_type", "rows_type"),
    [
        (("application/json",), "application/json", None),
        (
            ("application/json", "application/jsonlines"),
            "application/json",
            "application/jsonlines",
        ),
        (("application/jsonlines", "text/csv"), "text/csv", "text/csv"),
    ],
)
def test_requests_and_test_rows_are_in_a_form_that_the_program_takes(
    taken: tuple[str, ...], request_type: str, rows_type: str | None
) -> None:
    training = script(request_types=taken)
    assert (training.request_type, training.rows_type) == (request_type, rows_type)


def test_on_a_cpu_type_it_is_said_that_there_is_no_image_for_it() -> None:
    assert script().warnings == ()
    (line,) = script(instance_type="ml.m5.xlarge").warnings
    assert "no training image for a CPU alone" in line
    assert "unconfirmed" in line


def in_reviews(**changes: Any) -> str:
    """What is refused of reviews with these changes."""
    with pytest.raises(ValidationError) as error:
        Pipeline(**{**dict(load()["reviews"]), **changes})
    (line,) = refusal_lines(error.value)
    return line


def test_models_are_compared_only_by_what_a_program_takes_a_file_of() -> None:
    taken = {"request_types": ("application/json",)}
    line = in_reviews(training=load()["reviews"].training.model_copy(update=taken))
    assert "takes no file with a row a line" in line
    assert "application/jsonlines, or use gate.beats_serving=False" in line


def test_a_gate_without_labels_and_weights_that_may_be_missing_are_refused_together() -> None:
    label = Field(name="label", type="integer", minimum=0, maximum=1, optional=True)
    reviews = load()["reviews"]
    fields = (*reviews.record_schema.fields[:-1], label)
    schema = RecordSchema(**{**dict(reviews.record_schema), "fields": fields})
    gate = Gate(metric="test:accuracy", at_least=0.5, beats_serving=False, unlabelled="register")
    line = in_reviews(record_schema=schema, gate=gate)
    assert "two channels may be missing" in line


def test_machines_are_chosen_by_the_models_size() -> None:
    size = {"parameters": 67_000_000, "dtype": "bfloat16", "layers": 6, "hidden_size": 768}
    training = script(instance_type="auto", model=size, trains_on=("gpu",))
    assert training.instance_type.startswith("ml.g")
    assert training.instance_advice is not None


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"pattern": "test_accuracy=[0-9.]+"}, ["first group"]),
        ({"pattern": "test_accuracy=([0-9.]+"}, ["not a regular expression"]),
        ({"name": "accuracy"}, ["a channel, a colon and a word"]),
    ],
)
def test_a_metric_that_could_not_be_read_is_refused(
    changes: dict[str, str], parts: list[str]
) -> None:
    with pytest.raises(ValidationError) as error:
        LoggedMetric.model_validate({**ACCURACY, **changes})
    (line,) = refusal_lines(error.value)
    for part in parts:
        assert part in line
