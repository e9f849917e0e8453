"""Which engine stands in for which image."""

from __future__ import annotations

import pytest

from penstock.localcloud.engines.registry import UnknownImageError, find_engine, repository_of


@pytest.mark.parametrize(
    "image",
    [
        "382416733822.dkr.ecr.us-east-1.amazonaws.com/linear-learner:1",
        "438346466558.dkr.ecr.eu-west-1.amazonaws.com/linear-learner:latest",
        "390948362332.dkr.ecr.cn-north-1.amazonaws.com.cn/linear-learner@sha256:00ff",
    ],
)
def test_linear_learner_is_found_in_every_region(image: str) -> None:
    assert find_engine(image).name == "linear-learner"


@pytest.mark.parametrize("repository", ["my-linear-learner", "team/linear-learner", "xgboost"])
def test_other_repositories_are_unknown_by_name(repository: str) -> None:
    image = f"111122223333.dkr.ecr.us-east-1.amazonaws.com/{repository}:1"
    assert repository_of(image) == repository
    with pytest.raises(UnknownImageError) as caught:
        find_engine(image)
    assert image in str(caught.value)
    assert "linear-learner" in str(caught.value).split("exist for:")[1]
