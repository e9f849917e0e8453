"""randomcutforest's hyperparameters: strings in, checked values out, or one line that says why not.

Names, ranges and defaults are the catalog's (SageMaker developer guide, rcf_hyperparameters).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from penstock.catalog.algorithms import algorithm
from penstock.localcloud.engines.container.errors import CustomerError
from penstock.localcloud.engines.container.hyperparameters import given_by_user
from penstock.localcloud.engines.random_cut_forest import NAME

SOURCE = "SageMaker developer guide, rcf_hyperparameters"
# the SDK sends it with this value, always (sagemaker 2.257.7, amazon/randomcutforest.py)
_SENT_BY_THE_SDK = {"mini_batch_size": "1000"}


@dataclass(frozen=True)
class Hyperparameters:
    """A checked set; what is not given has the algorithm's default."""

    features: int
    trees: int
    samples_per_tree: int
    eval_metrics: frozenset[str]
    given: Mapping[str, str] = field(default_factory=dict)

    @property
    def sample(self) -> int:
        """How many rows of the train channel the whole forest is made of, at most."""
        return self.trees * self.samples_per_tree


def parse(raw: Mapping[str, str]) -> Hyperparameters:
    """Check the strings of hyperparameters.json; raises CustomerError at the first bad one."""
    facts = algorithm(NAME).hyperparameters
    known = (*facts, *_SENT_BY_THE_SDK)
    given = given_by_user(raw, known, algorithm=NAME, source=SOURCE)
    for name, value in _SENT_BY_THE_SDK.items():
        if given.pop(name, value) != value:
            raise CustomerError(
                f"hyperparameter {name}: {raw[name]!r} is not allowed; {NAME} has a fixed one, "
                f"{value} (SageMaker SDK, RandomCutForest)"
            )
    values: dict[str, str] = {}
    for name, rule in facts.items():
        if name not in given and rule.default is None:
            raise CustomerError(f"hyperparameter {name}: required; use {rule.rule} ({SOURCE})")
        values[name] = given.get(name, rule.default or "")
        if not rule.accepts(values[name]):
            raise CustomerError(
                f"hyperparameter {name}: {values[name]!r} is not allowed; use {rule.rule} "
                f"({SOURCE})"
            )
    return Hyperparameters(
        features=int(values["feature_dim"]),
        trees=int(values["num_trees"]),
        samples_per_tree=int(values["num_samples_per_tree"]),
        eval_metrics=frozenset(json.loads(values["eval_metrics"])),
        given=given,
    )
