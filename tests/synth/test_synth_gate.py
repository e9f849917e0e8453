"""A gate on a metric of which a smaller value is better: it asks for at most, and so compares."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.registry import load
from pipelines.spec import Gate, Pipeline, Training
from tests.synth.conftest import Synthesized, synthesized


@pytest.fixture(scope="module")
def guessed(context: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """Digits as a regression, judged by its error."""
    digits = load()["digits"]
    changes = {
        "training": Training(
            **{**dict(digits.training), "hyperparameters": {"predictor_type": "regressor"}}
        ),
        "gate": Gate(metric="test:mse", at_most=2.5),
    }
    pipeline = Pipeline(**{**dict(digits), **changes})
    return synthesized(context, tmp_path_factory.mktemp("guessed"), pipeline)


def test_the_gate_lets_a_small_error_pass(guessed: Synthesized) -> None:
    states = guessed.machine("Training")["States"]
    passed = states["Gate"]["Choices"][1]
    assert (passed["NumericLessThanEquals"], passed["Next"]) == (2.5, "ReadServedModel")
    assert "NumericGreaterThanEquals" not in passed
    assert states["Gate"]["Default"] == "GateMissed"
    assert "asks for at most 2.5'" in states["GateMissed"]["CausePath"]


def test_a_model_beats_the_served_one_by_a_smaller_error(
    dev: Synthesized, guessed: Synthesized
) -> None:
    def how(built: Synthesized) -> tuple[str, ...]:
        payload = built.machine("Training")["States"]["CompareModels"]["Parameters"]["Payload"]
        return tuple(payload[name] for name in ("answer_field", "formula", "objective"))

    assert how(guessed) == ("score", "mean_squared_error", "minimize")
    assert how(dev) == ("predicted_label", "accuracy", "maximize")


def test_the_demand_is_told_to_who_runs_it(guessed: Synthesized) -> None:
    assert guessed.outputs("training")["GateDemand"] == "at most 2.5"
