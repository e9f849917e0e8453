"""The description of the engine that stands in for the linear-learner image."""

from __future__ import annotations

from penstock.localcloud.engines.engine import Engine, MetricDefinition

# the published names (SageMaker developer guide, linear-learner-tuning), and their log lines here
_TEST = (
    "objective_loss",
    "multiclass_accuracy",
    "multiclass_top_k_accuracy",
    "macro_precision",
    "macro_recall",
    "macro_f_beta",
    "binary_classification_accuracy",
    "precision",
    "recall",
    "binary_f_beta",
    "mse",
    "absolute_loss",
)
_NUMBER = r"([-+0-9.eEnaif]+)"


def _definitions() -> tuple[MetricDefinition, ...]:
    test = [
        MetricDefinition(f"test:{name}", rf"#test_score \(algo-1\) : \('{name}', {_NUMBER}\)")
        for name in _TEST
    ]
    validation = [
        MetricDefinition(
            f"validation:{name}", rf"#validation_score \(algo-1\) : \('{name}', {_NUMBER}\)"
        )
        for name in (*_TEST, "rmse")
    ]
    return (*test, *validation)


LINEAR_LEARNER = Engine(
    name="linear-learner",
    repository="linear-learner",
    module="penstock.localcloud.engines.linear_learner",
    by="scikit-learn (MLPClassifier/MLPRegressor without hidden layer: a softmax, logistic or "
    "linear model under minibatch Adam or SGD) behind linear-learner's contract",
    metric_definitions=_definitions(),
)
