"""randomcutforest's hyperparameters: checked as documented, refused in one line."""

from __future__ import annotations

import pytest

from penstock.localcloud.engines.container.errors import CustomerError
from penstock.localcloud.engines.random_cut_forest.hyperparameters import parse


def test_what_is_not_given_has_the_documented_default() -> None:
    found = parse({"feature_dim": "3"})
    assert (found.features, found.trees, found.samples_per_tree) == (3, 100, 256)
    assert found.eval_metrics == {"accuracy", "precision_recall_fscore"}
    assert found.given == {"feature_dim": "3"}


def test_what_is_given_is_taken() -> None:
    found = parse(
        {
            "feature_dim": "48",
            "num_trees": "50",
            "num_samples_per_tree": "512",
            "eval_metrics": '["accuracy"]',
        }
    )
    assert (found.features, found.trees, found.samples_per_tree) == (48, 50, 512)
    assert found.sample == 25_600
    assert found.eval_metrics == {"accuracy"}


def test_what_the_sdk_and_the_platform_send_is_accepted() -> None:
    found = parse(
        {
            "feature_dim": "1",
            "mini_batch_size": "1000",
            "_tuning_objective_metric": "test:f1",
        }
    )
    assert found.given == {"feature_dim": "1"}


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ({}, "hyperparameter feature_dim: required; use an integer from 1 to 10,000"),
        ({"feature_dim": "0"}, "feature_dim: '0' is not allowed; use an integer from 1"),
        ({"feature_dim": "auto"}, "feature_dim: 'auto' is not allowed"),
        ({"feature_dim": "1", "num_trees": "49"}, "num_trees: '49' is not allowed"),
        ({"feature_dim": "1", "num_trees": "1001"}, "use an integer from 50 to 1,000"),
        ({"feature_dim": "1", "num_samples_per_tree": "2049"}, "from 1 to 2,048"),
        ({"feature_dim": "1", "eval_metrics": "f1"}, "a JSON list with accuracy or"),
        ({"feature_dim": "1", "num_tree": "50"}, "did you mean num_trees?"),
        ({"feature_dim": "1", "mini_batch_size": "10"}, "has a fixed one, 1000"),
    ],
)
def test_what_is_not_allowed_is_refused_in_one_line(raw: dict[str, str], words: str) -> None:
    with pytest.raises(CustomerError) as caught:
        parse(raw)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
