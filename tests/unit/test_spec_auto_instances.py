"""'auto' for an instance: chosen when the description is built, with the reason kept."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from penstock.advisor import Advice
from pipelines.registry import load
from pipelines.spec import Pipeline, Serving, Training, refusal_lines

CAPTURED: dict[str, Any] = {"instance_type": "auto", "capture": {"percentage": 100}}
LEARNER: dict[str, Any] = {
    "algorithm": "linear-learner",
    "hyperparameters": {"predictor_type": "regressor"},
    "instance_type": "auto",
    "input_mode": "Pipe",
    "content_type": "application/x-recordio-protobuf",
}
NOTHING = Advice(candidates=(), misfits=(), closest=(), notes=(), unconfirmed=())


def digits(**changes: Any) -> Pipeline:
    described = load()["digits"]
    fields = {name: getattr(described, name) for name in Pipeline.model_fields}
    return Pipeline.model_validate({**fields, **changes})


def test_training_gets_a_machine_and_the_reason() -> None:
    training = Training.model_validate(LEARNER)
    assert training.instance_type == "ml.m5.large"
    assert training.instance_advice is not None
    assert training.instance_advice.reason.startswith("ml.m5.large was chosen: of the ")
    assert "not SageMaker's" in " ".join(training.instance_advice.lines())
    assert training.model_dump()["instance_type"] == "ml.m5.large"


def test_a_machine_that_is_named_has_no_advice() -> None:
    training = Training.model_validate({**LEARNER, "instance_type": "ml.m5.large"})
    assert training.instance_advice is None
    assert load()["digits"].serving.instance_advice is None


def test_a_machine_has_room_for_the_volume_that_is_asked_for() -> None:
    large = Training.model_validate({**LEARNER, "volume_gb": 16000})
    assert large.instance_advice is not None
    for candidate in large.instance_advice.candidates:
        machine = candidate.instance
        assert machine.takes_volume_size or (machine.nvme_gb or 0) >= 16000


def test_a_machine_whose_volume_is_to_have_a_key_takes_one() -> None:
    training = Training.model_validate({**LEARNER, "needs_volume_key": True})
    assert training.instance_advice is not None
    for candidate in training.instance_advice.candidates:
        assert candidate.instance.takes_volume_key


def test_no_machine_takes_a_key_is_a_refusal_that_says_so() -> None:
    images: dict[str, Any] = {
        **LEARNER,
        "algorithm": "image-classification",
        "hyperparameters": {"num_classes": 2, "num_training_samples": 9},
        "content_type": "application/x-recordio",
        "channels": ("train", "validation"),
        "needs_volume_key": True,
    }
    with pytest.raises(ValidationError) as refused:
        Training.model_validate(images)
    (line,) = refusal_lines(refused.value)
    assert "its storage is local NVMe, which takes no key" in line


def test_an_endpoint_whose_volume_is_to_have_a_key_takes_one() -> None:
    pipeline = digits(serving={**CAPTURED, "needs_volume_key": True})
    assert pipeline.serving.instance_advice is not None
    for candidate in pipeline.serving.instance_advice.candidates:
        assert candidate.instance.takes_volume_key


def test_serving_gets_its_machine_from_the_pipeline() -> None:
    serving = Serving.model_validate({**CAPTURED, "instance_count": 2})
    pipeline = digits(serving=serving)
    assert pipeline.serving.instance_type == "ml.m5.large"
    assert pipeline.serving.instance_count == 2
    assert pipeline.serving.instance_advice is not None
    assert serving.instance_type == "auto"  # what was given may be in another pipeline, too
    assert serving.instance_advice is None


def test_a_served_model_that_is_to_be_beaten_gets_a_machine_that_transforms() -> None:
    pipeline = digits(serving=CAPTURED)
    assert pipeline.gate.beats_serving
    advice = pipeline.serving.instance_advice
    assert advice is not None
    assert all(candidate.instance.transform for candidate in advice.candidates)
    unbeaten = pipeline.gate.model_copy(update={"beats_serving": False})
    free = digits(serving=CAPTURED, gate=unbeaten).serving.instance_advice
    assert free is not None
    assert len(free.candidates) > len(advice.candidates)


def test_nothing_fits_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("training_job", "serving"):
        monkeypatch.setattr(f"pipelines.spec.{module}.choose", lambda need: NOTHING)
    with pytest.raises(ValidationError) as refused:
        Training.model_validate(LEARNER)
    assert refusal_lines(refused.value) == [
        "Training: 'auto': instance_type: No instance type fits (penstock.advisor); "
        "name a type, or ask for less"
    ]
    with pytest.raises(ValidationError) as refused:
        digits(serving=CAPTURED)
    assert "serving.instance_type: No instance type fits" in refusal_lines(refused.value)[0]


def test_what_else_is_wrong_is_told_as_ever() -> None:
    with pytest.raises(ValidationError) as refused:
        Training.model_validate({**LEARNER, "algorithm": "svm"})
    (line,) = refusal_lines(refused.value)
    assert "'svm'" in line
