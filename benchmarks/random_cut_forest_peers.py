"""randomcutforest's stand-in against rrcf: points scored by forests of the same size.

rrcf is a process of its own in its own environment; only its scoring counts, its fit is in the
details. `make bench-peers` installs it and runs this, about two minutes on two cores.

    python -m benchmarks.random_cut_forest_peers
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.comparison import compare, seconds
from benchmarks.monitor_peers import PROGRAMS, RUNTIMES, Side
from benchmarks.random_cut_forest import SAMPLES_PER_TREE, SHINGLES, fit, series

TRAIN_ROWS = 20_000
POINTS = 300
TREES = 50
RUNS = 3
PYTHON = RUNTIMES / "bench-rrcf" / "bin" / "python"


def main() -> None:
    """Print a comparison for points alone and one for windows of 48."""
    if not PYTHON.exists():
        raise SystemExit("not installed: rrcf; run `make bench-peers`")
    for shingle in SHINGLES:
        _compare(shingle)


def _compare(shingle: int) -> None:
    rows = series(TRAIN_ROWS + POINTS, shingle)
    train, points = rows[:TRAIN_ROWS], rows[TRAIN_ROWS:]
    model = fit(train, TREES, SAMPLES_PER_TREE)
    fit_seconds = seconds(lambda: fit(train, TREES, SAMPLES_PER_TREE))
    with tempfile.TemporaryDirectory(prefix="penstock-bench-") as name:
        folder = Path(name)
        np.save(folder / "train.npy", train)
        np.save(folder / "points.npy", points)
        program = PROGRAMS / "score_by_rrcf.py"
        against = Side([PYTHON, program, folder, str(TREES), str(SAMPLES_PER_TREE)])
        comparison = compare(
            f"forest-rrcf-{shingle}",
            what="randomcutforest's stand-in: score new points",
            baseline="rrcf: insert each point, take its codisp, forget it, in every tree",
            subject=lambda: seconds(lambda: model.scores(points)),
            against=against,
            runs=RUNS,
            details={},
        )
    ours = [pair[0] for pair in comparison.pairs]
    details = {
        "trees": TREES,
        "samples_per_tree": SAMPLES_PER_TREE,
        "shingle": shingle,
        "points": POINTS,
        "points_per_second": round(POINTS / float(np.median(ours))),
        "fit_seconds": round(fit_seconds, 3),
        "baseline": against.figures,
    }
    replace(comparison, details=details).print()


if __name__ == "__main__":
    main()
