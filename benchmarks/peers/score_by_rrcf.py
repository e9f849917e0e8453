"""rrcf: a forest of a sample, and scores of new points, as its documentation shows both.

    python score_by_rrcf.py FOLDER TREES SAMPLES_PER_TREE

FOLDER has train.npy and points.npy, (n, features) each. Runs in rrcf's own environment; prints
points, the seconds of their scoring, those of the fit, peak MB and the version as JSON.
"""

import json
import resource
import sys
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import rrcf  # type: ignore[import-not-found]

if __name__ == "__main__":
    folder, trees, samples = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    # float32 rounds a cut onto the largest value, and one side of it stays empty
    train, points = (np.load(folder / f"{name}.npy").astype(float) for name in ("train", "points"))
    generator = np.random.default_rng(0)
    started = time.perf_counter()
    forest = []
    for _ in range(trees):
        rows = generator.choice(len(train), samples, replace=False)
        forest.append(rrcf.RCTree(train[rows], index_labels=range(samples)))
    fitted = time.perf_counter()
    scores = np.zeros(len(points))
    for number, point in enumerate(points):
        for tree in forest:
            tree.insert_point(point, index="new")
            scores[number] += tree.codisp("new")
            tree.forget_point("new")
    taken = time.perf_counter() - fitted
    if not scores.all():
        raise RuntimeError("a point has no score")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    found = {"rows": len(points), "seconds": taken, "fit_seconds": round(fitted - started, 3)}
    sys.stdout.write(
        json.dumps({**found, "peak_mb": round(peak), "version": version("rrcf")}) + "\n"
    )
