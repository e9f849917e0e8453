"""The metrics of the labelled test channel.

SageMaker developer guide, random-cut-forest-tuning: a row is called anomalous if its score is
beyond three standard deviations from the mean score. Taken to be those of the test channel's own
scores (population deviation), and above the mean alone; both are unconfirmed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

DEVIATIONS = 3.0


def threshold(scores: NDArray[np.float64]) -> float:
    """The score above which a row is an anomaly."""
    return float(scores.mean() + DEVIATIONS * scores.std())


def results(
    scores: NDArray[np.float64], labels: NDArray[np.float64], metrics: frozenset[str]
) -> dict[str, float]:
    """The asked metrics of (n,) scores against (n,) labels, 1 for an anomaly and 0 for none.

    `metrics` are eval_metrics' values. A ratio without a denominator is 0.
    """
    called, anomalous = scores > threshold(scores), labels == 1
    found: dict[str, float] = {}
    if "accuracy" in metrics:
        found["accuracy"] = float((called == anomalous).mean())
    if "precision_recall_fscore" in metrics:
        hits = int((called & anomalous).sum())
        found["precision"] = _ratio(hits, int(called.sum()))
        found["recall"] = _ratio(hits, int(anomalous.sum()))
        found["f1"] = _ratio(2 * hits, int(called.sum()) + int(anomalous.sum()))
    return found


def _ratio(above: int, below: int) -> float:
    return above / below if below else 0.0
