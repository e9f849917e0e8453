"""Compilation: who needs it, who has no use for it, and what it runs on."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from pipelines.registry import load
from pipelines.spec import Compilation, Pipeline, refusal_lines
from tests.compiled_reviews import COMPILED_REVIEWS, described


def refused(**changes: Any) -> str:
    with pytest.raises(ValidationError) as error:
        Pipeline.model_validate(described(**changes))
    (line,) = refusal_lines(error.value)
    return line


def test_what_answers_on_inferentia2_is_compiled_on_trn1() -> None:
    compilation = COMPILED_REVIEWS.compilation
    assert compilation is not None
    assert compilation.instance_type == "ml.trn1.2xlarge"
    assert compilation.script == "compile.py"


def test_models_are_compared_where_plain_weights_answer() -> None:
    assert COMPILED_REVIEWS.comparison_instance_type == "ml.m5.xlarge"
    digits = load()["digits"]
    assert digits.comparison_instance_type == digits.serving.instance_type


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        (
            {"compilation": None},
            ["compilation is missing", "ml.inf2.xlarge", "compilation=spec.Compilation()"],
        ),
        (
            {"serving": {"instance_type": "ml.m5.xlarge"}},
            ["ml.m5.xlarge", "nothing answers on Inferentia2", "leave it out"],
        ),
        (
            {"serving": {"instance_type": "ml.inf1.xlarge"}},
            ["ml.inf1.xlarge", "for Inferentia2", "ml.inf2.xlarge"],
        ),
        (
            {
                "serving": {
                    "instance_type": "ml.inf2.xlarge",
                    "others": [{"name": "cpu", "instance_type": "ml.m5.xlarge"}],
                }
            },
            ["serving.others.0.instance_type", "all variants have one model"],
        ),
        (
            {"compilation": {"script": "missing.py"}},
            ["compilation.script", "missing.py", "jobs/reviews"],
        ),
        ({"serves_on": ("inferentia",)}, ["training.serves_on", "'cpu'", "beats_serving=False"]),
    ],
)
def test_a_pipeline_that_does_not_fit_is_refused(changes: dict[str, Any], parts: list[str]) -> None:
    line = refused(**changes)
    for part in parts:
        assert part in line


def test_what_is_no_script_is_not_compiled() -> None:
    digits = load()["digits"]
    with pytest.raises(ValidationError) as error:
        Pipeline.model_validate({**dict(digits), "compilation": Compilation()})
    (line,) = refusal_lines(error.value)
    assert "linear-learner is no script" in line


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"instance_type": "ml.inf2.xlarge"}, ["instance_type", "Inferentia is for answers only"]),
        ({"instance_type": "ml.m5.large"}, ["ml.m5.large", "ml.trn1.2xlarge"]),
        ({"instance_type": "ml.trn2.48xlarge"}, ["cores of the same kind", "ml.trn1.2xlarge"]),
        ({"instance_type": "auto"}, ["auto", "ml.trn1.2xlarge"]),
        ({"batch_sizes": (16, 1)}, ["batch_sizes", "the smallest first"]),
        ({"batch_sizes": (0, 1)}, ["batch_sizes", "1 or more"]),
        ({"comparison_instance_type": "ml.inf2.xlarge"}, ["no CPU type", "ml.m5.xlarge"]),
        ({"volume_gb": 100}, ["volume_gb", "no such field"]),
    ],
)
def test_a_refusal_names_the_field_and_what_to_use(
    changes: dict[str, Any], parts: list[str]
) -> None:
    with pytest.raises(ValidationError) as error:
        Compilation.model_validate(changes)
    (line,) = refusal_lines(error.value)
    for part in parts:
        assert part in line
