"""What this engine does otherwise than linear-learner, one line each, for log and ledger."""

from __future__ import annotations

from penstock.localcloud.engines.linear_learner.hyperparameters import (
    AUTO,
    LOSSES,
    RULES,
    Hyperparameters,
)

# honoured in learner.py, scaler.py, metrics.py and train.py
_HONOURED = frozenset(
    {
        "predictor_type",
        "num_classes",
        "feature_dim",
        "epochs",
        "mini_batch_size",
        "learning_rate",
        "l1",
        "wd",
        "use_bias",
        "normalize_data",
        "normalize_label",
        "unbias_data",
        "unbias_label",
        "num_point_for_scaler",
        "early_stopping_patience",
        "early_stopping_tolerance",
        "accuracy_top_k",
        "f_beta",
    }
)


def not_honoured(hyperparameters: Hyperparameters, hosts: int) -> list[str]:
    """Hyperparameters that were given and change nothing here, and defaults that differ."""
    values = hyperparameters.values
    lines: list[str] = []
    for name in sorted(hyperparameters.given - _HONOURED):
        reason = _difference(hyperparameters, name)
        if reason:
            lines.append(f"{name}={values[name]} ({reason})")
    if "num_models" not in hyperparameters.given:
        lines.append("num_models=auto (one model is trained, not several in parallel)")
    if values["use_lr_scheduler"] is True:
        lines.append("use_lr_scheduler=true (the learning rate stays as it is)")
    if hyperparameters.predictor_type == "binary_classifier":
        lines.append("the threshold's calibration on the validation data (it is 0.5)")
    if hosts > 1:
        lines.append(
            f"instance count {hosts} (algo-1 trains alone, on what its own channels give it; "
            "the other hosts read theirs once)"
        )
    return lines


def _difference(hyperparameters: Hyperparameters, name: str) -> str:
    """Why the given value is not what is done here; empty when it is."""
    value = hyperparameters.values[name]
    if value in (RULES[name].default, AUTO):
        return ""
    if name == "use_lr_scheduler":
        return ""  # false is how it is here; true has a line of its own
    if name == "optimizer":
        return "adam is used" if value == "rmsprop" else ""
    if name == "loss":
        used = LOSSES[hyperparameters.predictor_type][0]
        return "" if value == used else f"{used} is used"
    sgd = hyperparameters.text("optimizer") == "sgd"
    honoured = {
        "momentum": sgd,
        "beta_1": not sgd,
        "beta_2": not sgd,
        "positive_example_weight_mult": hyperparameters.predictor_type == "binary_classifier"
        and not isinstance(value, str),
    }
    return "" if honoured.get(name, False) else "changes nothing"
