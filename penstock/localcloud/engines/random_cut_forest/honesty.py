"""What this engine does otherwise than randomcutforest, one line each, for log and ledger."""

from __future__ import annotations

from penstock.localcloud.engines.random_cut_forest.hyperparameters import Hyperparameters

SCORES = (
    "scores (rcf3's: inverse depth, scaled by the tree's size; the same scale as the published "
    "one, about 1 for usual rows, but not the same numbers)"
)
THRESHOLD = (
    "test metrics (a row counts as anomalous above mean + 3 standard deviations of the test "
    "channel's own scores; which scores and which deviation the service takes is unconfirmed)"
)


def not_honoured(hyperparameters: Hyperparameters, *, rows: int, tested: bool) -> list[str]:
    """Differences that hold for this job; `rows` are those of the sample."""
    lines = [SCORES]
    if tested:
        lines.append(THRESHOLD)
    if rows < hyperparameters.sample:
        lines.append(
            f"num_trees={hyperparameters.trees} x num_samples_per_tree="
            f"{hyperparameters.samples_per_tree} are more than the {rows} rows of the train "
            "channel: trees draw their rows from all of them and share some (what the service "
            "does then is unconfirmed)"
        )
    return lines
