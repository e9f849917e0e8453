"""The learning itself: scikit-learn's stochastic multilayer perceptron without any hidden layer.

Without hidden layers MLPClassifier is a softmax (or, with two classes, logistic) model and
MLPRegressor a linear one; both train in true minibatches with SGD or Adam.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neural_network import MLPClassifier, MLPRegressor

from penstock.localcloud.engines.linear_learner.hyperparameters import Hyperparameters
from penstock.localcloud.engines.linear_learner.model import LinearModel
from penstock.localcloud.engines.linear_learner.scaler import Scaler

# what `auto` means here; what it means in linear-learner is not published
AUTO_LEARNING_RATE = {"adam": 0.01, "sgd": 0.05}
AUTO_MOMENTUM = 0.9
AUTO_BETA_1, AUTO_BETA_2 = 0.9, 0.999
SEED = 0
# what scikit-learn's optimizers remember of the gradients, of weights and biases each
_MOMENTS = {"adam": ("ms", "vs"), "sgd": ("velocities",)}


class Learner:
    """A linear model that learns from scaled minibatches.

    `wd` is the factor of the weights in their own gradient, as weight decay is usually meant;
    `l1` shrinks every weight by learning rate x l1 after each minibatch and stops it at zero.
    """

    def __init__(self, hyperparameters: Hyperparameters) -> None:
        self._kind = hyperparameters.predictor_type
        self._batch = hyperparameters.whole("mini_batch_size")
        self._l1 = hyperparameters.number("l1", 0.0)
        self._bias = hyperparameters.flag("use_bias")
        self._classes = np.arange(hyperparameters.classes)
        self._weight_of_positive = 1.0
        if self._kind == "binary_classifier" and not isinstance(
            hyperparameters.values["positive_example_weight_mult"], str
        ):
            self._weight_of_positive = hyperparameters.number("positive_example_weight_mult", 1.0)
        self.solver = "sgd" if hyperparameters.text("optimizer") == "sgd" else "adam"
        self._rate = hyperparameters.number("learning_rate", AUTO_LEARNING_RATE[self.solver])
        settings: dict[str, Any] = {
            "hidden_layer_sizes": (),
            "solver": self.solver,
            "learning_rate_init": self._rate,
            # scikit-learn divides alpha by the batch's rows
            "alpha": hyperparameters.number("wd", 0.0) * self._batch,
            "momentum": hyperparameters.number("momentum", AUTO_MOMENTUM),
            "nesterovs_momentum": False,
            "beta_1": min(hyperparameters.number("beta_1", AUTO_BETA_1), 1 - 1e-12),
            "beta_2": min(hyperparameters.number("beta_2", AUTO_BETA_2), 1 - 1e-12),
            "random_state": SEED,
        }
        self._settings = settings
        make = MLPRegressor if self._kind == "regressor" else MLPClassifier
        self._model = make(**settings)

    def learn(self, rows: NDArray[np.float32], targets: NDArray[Any]) -> None:
        """One pass over scaled `rows` (n, features), in minibatches of mini_batch_size."""
        # minibatches that need a step of ours in between are handed over one by one
        step = self._batch if self._l1 or not self._bias else len(rows)
        for start in range(0, len(rows), step):
            part, truth = rows[start : start + step], targets[start : start + step]
            self._model.set_params(batch_size=min(self._batch, len(part)))
            if self._kind == "regressor":
                self._model.partial_fit(part, truth)
            else:
                weights = None
                if self._weight_of_positive != 1.0:
                    weights = np.where(truth == 1, self._weight_of_positive, 1.0)
                self._model.partial_fit(
                    part, truth.astype(np.int64), sample_weight=weights, classes=self._classes
                )
            self._project()

    def model(self, scaler: Scaler) -> LinearModel:
        """What has been learnt so far, for rows as they come."""
        weights, bias = scaler.unscale(
            self._model.coefs_[0].astype(np.float64), self._model.intercepts_[0].astype(np.float64)
        )
        return LinearModel(self._kind, weights, bias)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All that the next minibatch depends on; there must have been one."""
        optimizer = self._model._optimizer
        kept = {
            name: array
            for kind in _MOMENTS[self.solver]
            for name, array in zip(
                (f"{kind}_weights", f"{kind}_bias"), getattr(optimizer, kind), strict=True
            )
        }
        return {
            "weights": self._model.coefs_[0],
            "bias": self._model.intercepts_[0],
            "steps": np.array(getattr(optimizer, "t", 0)),
            **kept,
        }

    def resume(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Go on where another learner of the same settings was when it gave `arrays`."""
        # scikit-learn makes its state at the first minibatch: an empty one, then overwritten
        features = arrays["weights"].shape[0]
        self.learn(np.zeros((1, features), np.float32), np.zeros(1))
        self._model.coefs_[0][:] = arrays["weights"]
        self._model.intercepts_[0][:] = arrays["bias"]
        optimizer = self._model._optimizer
        for kind in _MOMENTS[self.solver]:
            setattr(optimizer, kind, [arrays[f"{kind}_weights"], arrays[f"{kind}_bias"]])
        if hasattr(optimizer, "t"):
            optimizer.t = int(arrays["steps"])

    def _project(self) -> None:
        if not self._bias:
            self._model.intercepts_[0][:] = 0.0
        if self._l1:
            weights = self._model.coefs_[0]
            np.copyto(
                weights, np.sign(weights) * np.maximum(np.abs(weights) - self._rate * self._l1, 0.0)
            )
