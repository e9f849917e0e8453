"""linear-learner's model: scores, the file, learning with each setting, and the metrics."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from penstock.localcloud.engines.linear_learner.hyperparameters import parse
from penstock.localcloud.engines.linear_learner.learner import Learner
from penstock.localcloud.engines.linear_learner.metrics import Metrics
from penstock.localcloud.engines.linear_learner.model import LinearModel
from penstock.localcloud.engines.linear_learner.scaler import Scaler


def test_multiclass_scores_are_the_softmax() -> None:
    model = LinearModel("multiclass_classifier", np.array([[0.0, 1.0, 2.0]]), np.zeros(3))
    [answer] = model.predictions(np.array([[1.0]]))
    weights = np.exp([0.0, 1.0, 2.0])
    assert answer["score"] == pytest.approx((weights / weights.sum()).tolist())
    assert answer["predicted_label"] == 2
    # large values neither overflow nor warn
    assert model.scores(np.array([[1e4]]))[0].tolist() == [0.0, 0.0, 1.0]


def test_binary_scores_are_logistic_and_cut_at_a_half() -> None:
    model = LinearModel("binary_classifier", np.array([[1.0]]), np.array([-1.0]))
    answers = model.predictions(np.array([[1.0], [0.9], [1e6], [-1e6]]))
    assert [answer["predicted_label"] for answer in answers] == [1, 0, 1, 0]
    assert answers[0]["score"] == pytest.approx(0.5)
    assert answers[1]["score"] == pytest.approx(1 / (1 + np.exp(0.1)))


def test_a_saved_model_is_read_back_and_other_files_are_not(tmp_path: Path) -> None:
    model = LinearModel("regressor", np.array([[2.0], [3.0]]), np.array([1.0]))
    assert model.save(tmp_path).name == "model_algo-1"
    read = LinearModel.load(tmp_path)
    assert read.predictor_type == "regressor"
    assert read.predictions(np.array([[1.0, 1.0]])) == [{"score": 6.0}]
    for content in (b"", b"anything", b"\x80\x04N."):
        (tmp_path / "model_algo-1").write_bytes(content)
        with pytest.raises(ValueError, match="not a model that this engine wrote"):
            LinearModel.load(tmp_path)


def trained(changes: dict[str, str], rows: np.ndarray, labels: np.ndarray) -> LinearModel:
    """A model after 60 passes."""
    hyperparameters = parse({"mini_batch_size": "16", **changes})
    scaler = Scaler.learn(hyperparameters, rows, labels)
    learner = Learner(hyperparameters)
    for _ in range(60):
        learner.learn(scaler.rows(rows), scaler.labels(labels))
    return learner.model(scaler)


@pytest.fixture(scope="module")
def line() -> tuple[np.ndarray, np.ndarray]:
    rows = np.random.default_rng(0).normal([5.0, -100.0, 0.0], [1.0, 20.0, 1.0], size=(400, 3))
    return rows.astype(np.float32), rows @ [3.0, -0.5, 0.0] + 7.0


def test_a_regressor_finds_the_line_through_scaled_features_and_label(
    line: tuple[np.ndarray, np.ndarray],
) -> None:
    model = trained({"predictor_type": "regressor"}, *line)
    assert model.weights[:, 0] == pytest.approx([3.0, -0.5, 0.0], abs=0.1)
    assert np.abs(model.scores(line[0])[:, 0] - line[1]).mean() < 0.5


def test_l1_drops_what_does_not_matter_and_wd_shrinks(
    line: tuple[np.ndarray, np.ndarray],
) -> None:
    plain = trained({"predictor_type": "regressor"}, *line)
    sparse = trained({"predictor_type": "regressor", "l1": "0.05"}, *line)
    small = trained({"predictor_type": "regressor", "wd": "1.0"}, *line)
    assert plain.weights[2, 0] != 0.0
    assert sparse.weights[2, 0] == 0.0
    assert abs(small.weights[0, 0]) < 0.8 * abs(plain.weights[0, 0])


def test_without_a_bias_the_origin_scores_zero(line: tuple[np.ndarray, np.ndarray]) -> None:
    model = trained({"predictor_type": "regressor", "use_bias": "false"}, *line)
    assert model.scores(np.zeros((1, 3)))[0, 0] == 0.0


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_binary_classifier_separates(optimizer: str) -> None:
    generator = np.random.default_rng(1)
    labels = generator.integers(0, 2, 300).astype(float)
    rows = (generator.normal(size=(300, 2)) + 6 * labels[:, None]).astype(np.float32)
    model = trained({"predictor_type": "binary_classifier", "optimizer": optimizer}, rows, labels)
    found = [answer["predicted_label"] for answer in model.predictions(rows)]
    assert np.mean(np.array(found) == labels) > 0.98


def test_a_weight_for_positives_raises_their_recall() -> None:
    generator = np.random.default_rng(2)
    labels = (generator.random(1000) < 0.2).astype(float)
    rows = (generator.normal(size=(1000, 1)) + labels[:, None]).astype(np.float32)
    positives = rows[labels == 1]
    found = [
        np.mean(
            trained(
                {"predictor_type": "binary_classifier", "positive_example_weight_mult": weight},
                rows,
                labels,
            ).scores(positives)
            >= 0.5
        )
        for weight in ("1.0", "10.0")
    ]
    assert found[1] > found[0] + 0.3


def test_metrics_are_the_published_ones_whatever_the_batches() -> None:
    hyperparameters = parse({"predictor_type": "multiclass_classifier", "num_classes": "3"})
    model = LinearModel("multiclass_classifier", np.eye(3) * 50, np.zeros(3))
    rows = np.eye(3)[[0, 0, 1, 2, 2, 2]]
    labels = np.array([0, 1, 1, 2, 2, 0])
    whole, parts = Metrics(hyperparameters), Metrics(hyperparameters)
    whole.add(model, rows, labels)
    for part in (slice(0, 1), slice(1, 4), slice(4, 6)):
        parts.add(model, rows[part], labels[part])
    assert whole.results() == pytest.approx(parts.results())
    results = whole.results()
    assert results["multiclass_accuracy"] == pytest.approx(4 / 6)
    assert results["macro_precision"] == pytest.approx((1 / 2 + 1 + 2 / 3) / 3)
    assert results["macro_recall"] == pytest.approx((1 / 2 + 1 / 2 + 1) / 3)
    assert results["multiclass_top_k_accuracy"] == 1.0


def test_a_regressors_metrics() -> None:
    model = LinearModel("regressor", np.ones((1, 1)), np.zeros(1))
    metrics = Metrics(parse({"predictor_type": "regressor"}))
    metrics.add(model, np.array([[1.0], [2.0]]), np.array([0.0, 5.0]))
    assert metrics.results() == pytest.approx(
        {"objective_loss": 5.0, "mse": 5.0, "rmse": 5.0**0.5, "absolute_loss": 2.0}
    )
