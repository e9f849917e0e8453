"""linear-learner's hyperparameters: what is refused, in which words, and what is said to differ."""

from __future__ import annotations

import pytest

from penstock.localcloud.engines.container.errors import CustomerError
from penstock.localcloud.engines.linear_learner.honesty import not_honoured
from penstock.localcloud.engines.linear_learner.hyperparameters import parse

MULTICLASS = {"predictor_type": "multiclass_classifier", "num_classes": "10"}


def test_what_is_not_given_has_the_published_default() -> None:
    parsed = parse(MULTICLASS)
    assert parsed.classes == 10
    assert parsed.whole("epochs") == 15
    assert parsed.whole("mini_batch_size") == 1000
    assert parsed.is_auto("feature_dim")
    assert parsed.flag("normalize_data")
    assert parsed.number("learning_rate", auto=0.5) == 0.5


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mini_batch_siz": "32"}, "mini_batch_siz: linear-learner has no such hyperparameter"),
        ({"mini_batch_siz": "32"}, "did you mean mini_batch_size?"),
        ({"epochs": "0"}, "epochs: '0' is not allowed; use an integer of at least 1"),
        ({"epochs": "1.5"}, "epochs: '1.5' is not allowed"),
        ({"epochs": "auto"}, "epochs: 'auto' is not allowed"),
        ({"feature_dim": "none"}, "use auto or an integer of at least 1"),
        ({"learning_rate": "0"}, "learning_rate: '0' is not allowed; use auto or a number greater"),
        ({"learning_rate": "nan"}, "learning_rate: 'nan'"),
        ({"wd": "-0.1"}, "use auto or a number of at least 0"),
        ({"momentum": "1.5"}, "of at least 0 and at most 1"),
        ({"use_bias": "yes"}, "use_bias: 'yes' is not allowed; use true or false"),
        ({"optimizer": "lbfgs"}, "use auto, sgd, adam or rmsprop"),
        ({"num_classes": "2"}, "use an integer of at least 3"),
        ({"predictor_type": "clusterer"}, "predictor_type: 'clusterer'"),
        ({"loss": "squared_loss"}, "does not go with predictor_type multiclass_classifier"),
    ],
)
def test_a_wrong_value_is_refused_with_the_rule(changes: dict[str, str], words: str) -> None:
    with pytest.raises(CustomerError) as caught:
        parse({**MULTICLASS, **changes})
    message = str(caught.value)
    assert words in message
    assert "\n" not in message
    assert "ll_hyperparameters" in message


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"epochs": "3"}, "predictor_type: required"),
        ({"predictor_type": "multiclass_classifier"}, "num_classes: required"),
    ],
)
def test_required_ones_are_asked_for(given: dict[str, str], missing: str) -> None:
    with pytest.raises(CustomerError, match=missing):
        parse(given)


def test_the_platforms_own_entries_are_not_the_users() -> None:
    parsed = parse({**MULTICLASS, "_tuning_objective_metric": "validation:multiclass_accuracy"})
    assert parsed.given == {"predictor_type", "num_classes"}


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"optimizer": "rmsprop"}, "optimizer=rmsprop (adam is used)"),
        ({"optimizer": "adam", "momentum": "0.5"}, "momentum=0.5 (changes nothing)"),
        ({"num_models": "8"}, "num_models=8 (changes nothing)"),
        ({"balance_multiclass_weights": "true"}, "balance_multiclass_weights=True"),
        ({"predictor_type": "binary_classifier", "loss": "hinge_loss"}, "logistic is used"),
    ],
)
def test_what_changes_nothing_is_said(changes: dict[str, str], line: str) -> None:
    lines = not_honoured(parse({**MULTICLASS, **changes}), hosts=1)
    assert any(line in found for found in lines)


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": "sgd", "momentum": "0.5"},
        {"optimizer": "adam", "beta_1": "0.8"},
        {"l1": "0.1", "wd": "0.1", "learning_rate": "0.1", "normalize_data": "false"},
        {"predictor_type": "binary_classifier", "positive_example_weight_mult": "2.0"},
        {"num_calibration_samples": "auto"},
        {"use_lr_scheduler": "false"},
    ],
)
def test_what_is_honoured_is_not_listed(changes: dict[str, str]) -> None:
    lines = not_honoured(parse({**MULTICLASS, **changes}), hosts=1)
    assert not [line for line in lines if line.split("=")[0] in changes]


def test_several_hosts_are_said_to_differ() -> None:
    assert any("instance count 3" in line for line in not_honoured(parse(MULTICLASS), hosts=3))
