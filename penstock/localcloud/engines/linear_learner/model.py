"""The trained model: weights and biases in the space of the raw features, numpy alone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from penstock.localcloud.engines.container.model_file import load_model, save_model

NAME = "linear-learner"


@dataclass(frozen=True)
class LinearModel:
    """`weights` (features, outputs) and `bias` (outputs,), both float64.

    Outputs are the classes of a multiclass_classifier and 1 for the other predictor types.
    Scaling of features and label is folded in, so rows are scored as they come.
    """

    predictor_type: str
    weights: NDArray[np.float64]
    bias: NDArray[np.float64]

    @property
    def features(self) -> int:
        """How many features a row has."""
        return int(self.weights.shape[0])

    def raw(self, rows: NDArray[Any]) -> NDArray[np.float64]:
        """The linear part, (rows, outputs)."""
        result: NDArray[np.float64] = np.asarray(rows, dtype=np.float64) @ self.weights + self.bias
        return result

    def scores(self, rows: NDArray[Any]) -> NDArray[np.float64]:
        """(rows, outputs): probabilities of a classifier, values of a regressor."""
        raw = self.raw(rows)
        if self.predictor_type == "multiclass_classifier":
            shifted = np.exp(raw - raw.max(axis=1, keepdims=True))
            probabilities: NDArray[np.float64] = shifted / shifted.sum(axis=1, keepdims=True)
            return probabilities
        if self.predictor_type == "binary_classifier":
            # the stable form of 1 / (1 + exp(-raw))
            logistic: NDArray[np.float64] = 0.5 * (1.0 + np.tanh(0.5 * raw))
            return logistic
        return raw

    def predictions(self, rows: NDArray[Any]) -> list[dict[str, Any]]:
        """linear-learner's answer per row (SageMaker developer guide, LL-in-formats)."""
        scores = self.scores(rows)
        if self.predictor_type == "multiclass_classifier":
            best = scores.argmax(axis=1)
            return [
                {"score": row.tolist(), "predicted_label": int(label)}
                for row, label in zip(scores, best, strict=True)
            ]
        if self.predictor_type == "binary_classifier":
            return [
                {"score": float(score), "predicted_label": int(score >= 0.5)}
                for score in scores[:, 0]
            ]
        return [{"score": float(score)} for score in scores[:, 0]]

    def save(self, directory: Path) -> Path:
        """Write `model_algo-1` into `directory`."""
        header = {"predictor_type": self.predictor_type}
        return save_model(directory, NAME, header, weights=self.weights, bias=self.bias)

    @classmethod
    def load(cls, directory: Path) -> LinearModel:
        """Read `model_algo-1`; OSError when it is missing, ValueError when it is no model."""
        header, (weights, bias) = load_model(directory, NAME, "weights", "bias")
        return cls(str(header["predictor_type"]), weights, bias)
