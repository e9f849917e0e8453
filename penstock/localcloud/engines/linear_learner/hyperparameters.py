"""linear-learner's hyperparameters: strings in, checked values out, or one line that says why not.

Names, ranges and defaults: SageMaker developer guide, ll_hyperparameters. The values of
`optimizer` and the losses per predictor type are not rendered in the source that was read;
they are from the SDK's LinearLearner documentation and unconfirmed against the service.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from penstock.localcloud.engines.container.errors import CustomerError
from penstock.localcloud.engines.container.hyperparameters import given_by_user

SOURCE = "SageMaker developer guide, ll_hyperparameters"
AUTO = "auto"
Value = str | int | float | bool


@dataclass(frozen=True)
class Rule:
    """What one hyperparameter may be. Bounds are inclusive unless `open_ends` is set."""

    kind: type
    default: Value
    auto: bool = False
    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    choices: tuple[str, ...] = ()

    def text(self) -> str:
        """The rule in words."""
        parts: list[str] = []
        if self.auto:
            parts.append("auto")
        if self.choices:
            parts.extend(self.choices)
        elif self.kind is bool:
            parts.extend(("true", "false"))
        else:
            noun = "an integer" if self.kind is int else "a number"
            limits = []
            if self.low > -math.inf:
                limits.append(f"{'greater than' if self.open_low else 'of at least'} {self.low:g}")
            if self.high < math.inf:
                limits.append(f"at most {self.high:g}")
            parts.append(f"{noun} {' and '.join(limits)}".strip())
        return ", ".join(parts[:-1]) + " or " + parts[-1] if len(parts) > 1 else parts[0]


def _whole(default: Value, *, auto: bool = False, low: int = 1, high: float = math.inf) -> Rule:
    return Rule(int, default, auto, low, high)


def _number(
    default: Value,
    *,
    auto: bool = False,
    low: float = -math.inf,
    high: float = math.inf,
    positive: bool = False,
) -> Rule:
    return Rule(float, default, auto, 0.0 if positive else low, high, open_low=positive)


def _flag(default: Value, *, auto: bool = False) -> Rule:
    return Rule(bool, default, auto)


def _choice(default: str, *choices: str) -> Rule:
    return Rule(str, default, choices=choices)


PREDICTOR_TYPES = ("binary_classifier", "multiclass_classifier", "regressor")
LOSSES = {
    "binary_classifier": ("logistic", "hinge_loss"),
    "multiclass_classifier": ("softmax_loss",),
    "regressor": (
        "squared_loss",
        "absolute_loss",
        "eps_insensitive_squared_loss",
        "eps_insensitive_absolute_loss",
        "quantile_loss",
        "huber_loss",
    ),
}
RULES: dict[str, Rule] = {
    "predictor_type": _choice("", *PREDICTOR_TYPES),
    "num_classes": _whole(0, low=3, high=1_000_000),
    "feature_dim": _whole(AUTO, auto=True),
    "epochs": _whole(15),
    "mini_batch_size": _whole(1000),
    "learning_rate": _number(AUTO, auto=True, positive=True),
    "optimizer": _choice(AUTO, AUTO, "sgd", "adam", "rmsprop"),
    "loss": _choice(AUTO, AUTO, *(loss for losses in LOSSES.values() for loss in losses)),
    "l1": _number(AUTO, auto=True, low=0),
    "wd": _number(AUTO, auto=True, low=0),
    "momentum": _number(AUTO, auto=True, low=0, high=1),
    "beta_1": _number(AUTO, auto=True, low=0, high=1),
    "beta_2": _number(AUTO, auto=True, low=0, high=1),
    "use_bias": _flag(True),
    "normalize_data": _flag(True, auto=True),
    "normalize_label": _flag(AUTO, auto=True),
    "unbias_data": _flag(AUTO, auto=True),
    "unbias_label": _flag(AUTO, auto=True),
    "num_point_for_scaler": _whole(10_000),
    "early_stopping_patience": _whole(3),
    "early_stopping_tolerance": _number(0.001, positive=True),
    "accuracy_top_k": _whole(3),
    "f_beta": _number(1.0, positive=True),
    "balance_multiclass_weights": _flag(False),
    "bias_lr_mult": _number(AUTO, auto=True, positive=True),
    "bias_wd_mult": _number(AUTO, auto=True, low=0),
    "binary_classifier_model_selection_criteria": _choice(
        "accuracy",
        "accuracy",
        "f_beta",
        "f1",
        "precision_at_target_recall",
        "recall_at_target_precision",
        "loss_function",
    ),
    "huber_delta": _number(1.0, positive=True),
    "init_bias": _number(0.0),
    "init_method": _choice("uniform", "uniform", "normal"),
    "init_scale": _number(0.07, positive=True),
    "init_sigma": _number(0.01, positive=True),
    "loss_insensitivity": _number(0.01, positive=True),
    "lr_scheduler_factor": _number(AUTO, auto=True, positive=True, high=1),
    "lr_scheduler_minimum_lr": _number(AUTO, auto=True, positive=True),
    "lr_scheduler_step": _whole(AUTO, auto=True),
    "margin": _number(1.0, positive=True),
    "num_calibration_samples": _whole(AUTO, auto=True),
    "num_models": _whole(AUTO, auto=True),
    "positive_example_weight_mult": Rule(float, 1.0, True, 0.0, open_low=True),
    "quantile": _number(0.5, low=0, high=1),
    "target_precision": _number(0.8, low=0, high=1),
    "target_recall": _number(0.8, low=0, high=1),
    "use_lr_scheduler": _flag(True),
}


@dataclass(frozen=True)
class Hyperparameters:
    """A checked set; what is not given has linear-learner's default."""

    values: Mapping[str, Value]
    given: frozenset[str]

    @property
    def predictor_type(self) -> str:
        """binary_classifier, multiclass_classifier or regressor."""
        return str(self.values["predictor_type"])

    @property
    def classes(self) -> int:
        """How many classes there are: num_classes, 2 for binary, 0 for a regressor."""
        if self.predictor_type == "multiclass_classifier":
            return self.whole("num_classes")
        return 2 if self.predictor_type == "binary_classifier" else 0

    def is_auto(self, name: str) -> bool:
        """Whether the algorithm may choose."""
        return self.values[name] == AUTO

    def whole(self, name: str) -> int:
        """An integer value."""
        return int(self.values[name])

    def number(self, name: str, auto: float) -> float:
        """A float value; `auto` is what this engine takes for auto."""
        return auto if self.is_auto(name) else float(self.values[name])

    def flag(self, name: str, *, auto: bool = True) -> bool:
        """A truth value; `auto` is what this engine takes for auto."""
        return auto if self.is_auto(name) else bool(self.values[name])

    def text(self, name: str) -> str:
        """The value as text."""
        return str(self.values[name])


def parse(raw: Mapping[str, str]) -> Hyperparameters:
    """Check the strings of hyperparameters.json; raises CustomerError at the first bad one."""
    given = given_by_user(raw, RULES, algorithm="linear-learner", source=SOURCE)
    if "predictor_type" not in given:
        raise CustomerError(
            "hyperparameter predictor_type: required; use binary_classifier, "
            f"multiclass_classifier or regressor ({SOURCE})"
        )
    values: dict[str, Value] = {name: rule.default for name, rule in RULES.items()}
    values.update({name: _convert(name, RULES[name], text) for name, text in given.items()})
    predictor = str(values["predictor_type"])
    if predictor == "multiclass_classifier" and "num_classes" not in given:
        raise CustomerError(
            "hyperparameter num_classes: required when predictor_type is multiclass_classifier; "
            f"use an integer from 3 to 1,000,000 ({SOURCE})"
        )
    if values["loss"] not in (AUTO, *LOSSES[predictor]):
        raise CustomerError(
            f"hyperparameter loss: {values['loss']!r} does not go with predictor_type {predictor}; "
            f"use auto or {', '.join(LOSSES[predictor])} ({SOURCE})"
        )
    return Hyperparameters(values, frozenset(given))


def _convert(name: str, rule: Rule, text: str) -> Value:
    refusal = CustomerError(
        f"hyperparameter {name}: {text!r} is not allowed; use {rule.text()} ({SOURCE})"
    )
    if rule.auto and text == AUTO:
        return AUTO
    if rule.choices:
        if text not in rule.choices:
            raise refusal
        return text
    if rule.kind is bool:
        if text.lower() not in ("true", "false"):
            raise refusal
        return text.lower() == "true"
    try:
        value: int | float = int(text) if rule.kind is int else float(text)
    except ValueError:
        if name == "positive_example_weight_mult" and text == "balanced":
            return text
        raise refusal from None
    below = value <= rule.low if rule.open_low else value < rule.low
    if below or value > rule.high or not math.isfinite(value):
        raise refusal
    return value
