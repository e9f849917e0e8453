"""The trained model: the rows that each tree is made of; the trees grow again when it is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rcf3 import Forest

from penstock.localcloud.engines.container.model_file import load_model, save_model
from penstock.localcloud.engines.random_cut_forest import NAME

_TREE_SEED = 20_161  # of tree 0; the next tree has the next one


@dataclass(frozen=True)
class ForestModel:
    """`rows` (n, features) float32 and `members` (trees, samples), which row is in which tree.

    The same rows and members give the same trees and scores: all randomness has a fixed seed.
    """

    rows: NDArray[np.float32]
    members: NDArray[np.int64]

    @classmethod
    def grow(cls, sample: NDArray[np.float32], trees: int, samples_per_tree: int) -> ForestModel:
        """A forest of `sample`, whose rows are in random order.

        As published (SageMaker developer guide, rcf_how-it-works) the sample is cut into equal
        parts and each tree gets one. Where there are too few rows for that, each tree draws its own
        rows from all of them; what the service does then is unconfirmed.
        """
        if len(sample) >= trees * samples_per_tree:
            members = np.arange(trees * samples_per_tree).reshape(trees, samples_per_tree)
        else:
            generator = np.random.default_rng(_TREE_SEED)
            size = min(samples_per_tree, len(sample))
            members = np.array(
                [generator.permutation(len(sample))[:size] for _ in range(trees)], np.int64
            )
        return cls(sample, members)

    @property
    def features(self) -> int:
        """How many features a row has."""
        return int(self.rows.shape[1])

    @cached_property
    def trees(self) -> tuple[Forest, ...]:
        """One rcf3 forest for each tree, so that each holds its own rows and no others."""
        grown = []
        for number, members in enumerate(self.members):
            tree = Forest(
                self.features,
                num_trees=1,
                capacity=len(members),
                initial_accept_fraction=1.0,  # every row is taken, the sampling is done
                output_after=1,
                internal_shingling=False,
                seed=_TREE_SEED + number,
            )
            for row in self.rows[members].tolist():
                tree.update(row)
            grown.append(tree)
        return tuple(grown)

    def scores(self, rows: NDArray[Any]) -> NDArray[np.float64]:
        """(n,) anomaly scores of (n, features) rows: the mean of the trees' scores.

        A tree's score is rcf3's: the expectation of 1 / (depth + 1) where the row would be cut off,
        times log2 of the rows in the tree + 1. About 1 and less for usual rows, more for others.
        """
        trees = self.trees
        found = [sum(tree.score(row) for tree in trees) for row in as_lists(rows)]
        return np.array(found, dtype=np.float64) / len(trees)

    def predictions(self, rows: NDArray[Any]) -> list[dict[str, Any]]:
        """randomcutforest's answer per row (SageMaker developer guide, rcf-in-formats)."""
        return [{"score": score} for score in self.scores(rows).tolist()]

    def save(self, directory: Path) -> Path:
        """Write `model_algo-1` into `directory`."""
        return save_model(directory, NAME, {}, rows=self.rows, members=self.members)

    @classmethod
    def load(cls, directory: Path) -> ForestModel:
        """Read `model_algo-1`; OSError when it is missing, ValueError when it is no model."""
        _, (rows, members) = load_model(directory, NAME, "rows", "members")
        return cls(rows, members)


def as_lists(rows: NDArray[Any]) -> Sequence[Sequence[float]]:
    """Rows as rcf3 takes them: it holds float32, like the algorithm's records."""
    lists: Sequence[Sequence[float]] = rows.astype(np.float32).tolist()
    return lists
