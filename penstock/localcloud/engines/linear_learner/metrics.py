"""linear-learner's quality metrics, gathered batch by batch in bounded memory.

Names: SageMaker developer guide, linear-learner-tuning.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from penstock.localcloud.engines.linear_learner.hyperparameters import Hyperparameters
from penstock.localcloud.engines.linear_learner.model import LinearModel


class Metrics:
    """Sums over the rows of one channel; `results` turns them into the published metrics."""

    def __init__(self, hyperparameters: Hyperparameters) -> None:
        self._hyperparameters = hyperparameters
        classes = max(hyperparameters.classes, 1)
        self._top_k = min(hyperparameters.whole("accuracy_top_k"), classes)
        self._f_beta = hyperparameters.number("f_beta", 1.0)
        self.rows = 0
        self._loss = 0.0
        self._absolute = 0.0
        self._top = 0
        self._hits = np.zeros(classes)
        self._predicted = np.zeros(classes)
        self._actual = np.zeros(classes)

    def add(self, model: LinearModel, rows: NDArray[Any], labels: NDArray[Any]) -> None:
        """Score `rows` (n, features) against `labels` (n,)."""
        self.rows += len(rows)
        if model.predictor_type == "regressor":
            error = model.scores(rows)[:, 0] - labels
            self._loss += float((error**2).sum())
            self._absolute += float(np.abs(error).sum())
            return
        scores = model.scores(rows)
        if scores.shape[1] == 1:
            scores = np.hstack([1.0 - scores, scores])
        truth = labels.astype(np.int64)
        of_truth = scores[np.arange(len(truth)), truth]
        self._loss += float(-np.log(np.maximum(of_truth, 1e-15)).sum())
        best = scores.argmax(axis=1)
        classes = len(self._hits)
        self._hits += np.bincount(truth[best == truth], minlength=classes)
        self._predicted += np.bincount(best, minlength=classes)
        self._actual += np.bincount(truth, minlength=classes)
        self._top += int(((scores > of_truth[:, None]).sum(axis=1) < self._top_k).sum())

    @property
    def loss(self) -> float:
        """The mean objective loss per row."""
        return self._loss / self.rows

    def results(self) -> dict[str, float]:
        """The metrics of the predictor type, objective_loss first."""
        results = {"objective_loss": self.loss}
        kind = self._hyperparameters.predictor_type
        if kind == "regressor":
            results["mse"] = self.loss
            results["rmse"] = float(np.sqrt(self.loss))
            results["absolute_loss"] = self._absolute / self.rows
            return results
        precision = _ratio(self._hits, self._predicted)
        recall = _ratio(self._hits, self._actual)
        weight = self._f_beta**2
        f_beta = _ratio((1 + weight) * precision * recall, weight * precision + recall)
        accuracy = float(self._hits.sum()) / self.rows
        if kind == "binary_classifier":
            results["binary_classification_accuracy"] = accuracy
            results["precision"] = float(precision[1])
            results["recall"] = float(recall[1])
            results["binary_f_beta"] = float(f_beta[1])
            return results
        results["multiclass_accuracy"] = accuracy
        results["multiclass_top_k_accuracy"] = self._top / self.rows
        results["macro_precision"] = float(precision.mean())
        results["macro_recall"] = float(recall.mean())
        results["macro_f_beta"] = float(f_beta.mean())
        return results


def _ratio(above: NDArray[np.float64], below: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
    return result
