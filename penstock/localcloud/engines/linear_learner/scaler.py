"""Normalisation of features and of a regressor's label, learnt from the first points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from penstock.localcloud.engines.linear_learner.hyperparameters import Hyperparameters


@dataclass(frozen=True)
class Scaler:
    """(x - shift) / scale per feature, and the same for the label.

    SageMaker developer guide, ll_hyperparameters and ll_how-it-works: the features are always
    scaled and, when dense, shifted; only a regressor's label is normalised. `auto` is true.
    """

    shift: NDArray[np.float64]
    scale: NDArray[np.float64]
    label_shift: float
    label_scale: float

    @classmethod
    def learn(
        cls, hyperparameters: Hyperparameters, rows: NDArray[Any], labels: NDArray[Any]
    ) -> Scaler:
        """From the first num_point_for_scaler points, `rows` (n, features), `labels` (n,)."""
        features = rows.shape[1]
        shift, scale = np.zeros(features), np.ones(features)
        label_shift, label_scale = 0.0, 1.0
        if hyperparameters.flag("normalize_data"):
            scale = _spread(rows)
            # without a bias a shift could not be undone
            if hyperparameters.flag("unbias_data") and hyperparameters.flag("use_bias"):
                shift = rows.mean(axis=0, dtype=np.float64)
        if hyperparameters.predictor_type == "regressor" and hyperparameters.flag(
            "normalize_label"
        ):
            label_scale = float(_spread(labels[:, None])[0])
            if hyperparameters.flag("unbias_label") and hyperparameters.flag("use_bias"):
                label_shift = float(labels.mean())
        return cls(shift, scale, label_shift, label_scale)

    def rows(self, rows: NDArray[Any]) -> NDArray[np.float32]:
        """Scaled features."""
        return ((rows - self.shift) / self.scale).astype(np.float32)

    def labels(self, labels: NDArray[Any]) -> NDArray[np.float64]:
        """Scaled label of a regressor; a class stays what it is (shift 0, scale 1)."""
        return (np.asarray(labels, dtype=np.float64) - self.label_shift) / self.label_scale

    def unscale(
        self, weights: NDArray[np.float64], bias: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Weights (features, outputs) and bias (outputs,) that do the same on raw rows."""
        raw = weights / self.scale[:, None]
        shifted = bias - self.shift @ raw
        return raw * self.label_scale, shifted * self.label_scale + self.label_shift


def _spread(rows: NDArray[Any]) -> NDArray[np.float64]:
    spread = rows.std(axis=0, dtype=np.float64)
    spread[spread == 0] = 1.0  # a constant stays as it is
    result: NDArray[np.float64] = spread
    return result
