"""randomcutforest's stand-in against scikit-learn's IsolationForest, at the same forest's size.

Fit: from the rows of the train channel in memory to a forest that can score. Scores: many rows at
once, as a batch transform sends them, and one row by one, as a function on a stream asks.

    python -m benchmarks.random_cut_forest
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import IsolationForest

from benchmarks.comparison import compare, seconds
from penstock.localcloud.engines.random_cut_forest.model import ForestModel
from penstock.localcloud.engines.random_cut_forest.reservoir import Reservoir

TRAIN_ROWS = 50_000
TREES = 100
SAMPLES_PER_TREE = 256
SHINGLES = (1, 48)
ROWS_AT_ONCE = 2000
ROWS_ONE_BY_ONE = 200
RUNS = 5


@dataclass(frozen=True)
class Work:
    """The same work for both; `rows` are what it is done with."""

    name: str
    what: str
    rows: int
    ours: Callable[[], object]
    theirs: Callable[[], object]

    def compare(self, shingle: int) -> None:
        """Measure and print it."""
        compare(
            f"forest-{self.name}-{shingle}",
            what=f"randomcutforest's stand-in: {self.what}",
            baseline="scikit-learn's IsolationForest, as many trees of as many samples",
            subject=lambda: seconds(self.ours),
            against=lambda: seconds(self.theirs),
            runs=RUNS,
            details={
                "trees": TREES,
                "samples_per_tree": SAMPLES_PER_TREE,
                "shingle": shingle,
                "rows": self.rows,
            },
        ).print()


def main() -> None:
    """Print fit, score and score one by one for points alone and for windows of 48."""
    for shingle in SHINGLES:
        rows = series(TRAIN_ROWS + ROWS_AT_ONCE, shingle)
        _compare(rows[:TRAIN_ROWS], rows[TRAIN_ROWS:], shingle)


def series(rows: int, shingle: int) -> NDArray[np.float32]:
    """(rows, shingle): windows of a daily wave with noise, measured every five minutes."""
    steps = np.arange(rows + shingle - 1)
    noise = np.random.default_rng(11).normal(0, 0.1, len(steps))
    values = (np.sin(steps / 288 * 2 * np.pi) + noise).astype(np.float32)
    return np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(values, shingle))


def fit(train: NDArray[np.float32], trees: int, samples_per_tree: int) -> ForestModel:
    """The forest that a job with this train channel makes, its trees grown."""
    reservoir = Reservoir(trees * samples_per_tree, train.shape[1], np.random.default_rng(5))
    reservoir.add(train)
    model = ForestModel.grow(reservoir.arrays()["rows"], trees, samples_per_tree)
    if len(model.trees) != trees:
        raise RuntimeError(f"{len(model.trees)} trees have grown")
    return model


def _compare(train: NDArray[np.float32], points: NDArray[np.float32], shingle: int) -> None:
    isolation = IsolationForest(n_estimators=TREES, max_samples=SAMPLES_PER_TREE, random_state=5)
    forest = fit(train, TREES, SAMPLES_PER_TREE)
    isolation.fit(train)
    few = points[:ROWS_ONE_BY_ONE].reshape(ROWS_ONE_BY_ONE, 1, shingle)
    works = (
        Work(
            "fit",
            "sample the rows and grow the trees",
            len(train),
            lambda: fit(train, TREES, SAMPLES_PER_TREE),
            lambda: isolation.fit(train),
        ),
        Work(
            "score",
            "score rows at once",
            len(points),
            lambda: forest.scores(points),
            lambda: isolation.score_samples(points),
        ),
        Work(
            "score-one-by-one",
            "score rows, each in a call of its own",
            len(few),
            lambda: [forest.scores(row) for row in few],
            lambda: [isolation.score_samples(row) for row in few],
        ),
    )
    for work in works:
        work.compare(shingle)


if __name__ == "__main__":
    main()
