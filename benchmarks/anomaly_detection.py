"""How well the anomaly pipeline's alerts find what people labelled: the forest, a rolling z-score.

On the Numenta Anomaly Benchmark. Settings are chosen on the 17 series of realAWSCloudwatch and
then applied, unchanged, to nyc_taxi. One forest for all series of a set learns from the first
60 % of each series' time, prepared as jobs/prepare_series.py does it; it scores every point behind
that whose window is complete. The z-score judges the same part. A point scoring above the threshold
is an alert, so a window is hit by one alert, and every alert outside of windows is a false one.
The forest is tried with both kinds of rows that the job can make of a window.

Settings are chosen, for each, by one rule: the most windows hit with at most 10 false alerts per
thousand points; of equal ones, and if no setting is so quiet, the fewest false alerts. That is with
the same part of the data that the figures on realAWSCloudwatch are of, which flatters both there;
nyc_taxi is what they promise.

    python -m benchmarks.anomaly_detection [--data FOLDER]

Without --data the benchmark's files are taken from the cache or downloaded; if they cannot be had,
nothing is measured. About two minutes; prints a JSON object for each setting that was tried, and
one for each choice.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.alerts import Tally, Watched, best, tally, window_numbers
from benchmarks.comparison import say
from benchmarks.random_cut_forest import fit
from benchmarks.rolling import rolling_z_scores
from penstock.datasets import DatasetError, download, read_series
from penstock.series import (
    Points,
    Prepared,
    Row,
    complete_windows,
    distinct,
    prepare,
    training_end,
)
from pipelines.spec import Field, RecordSchema

CHOSEN_ON, APPLIED_TO = "realAWSCloudwatch", "realKnownCause"
TRAIN_PERCENT = 60
MOST_FALSE = 10.0
WINDOW_POINTS: Mapping[Row, Sequence[int]] = {
    "points": (1, 2, 4, 8, 12, 24),
    "deviation": (12, 24, 36, 48, 72, 96, 144),
}
FORESTS = ((50, 256), (100, 256), (50, 1024))  # trees, samples per tree
THRESHOLDS = (None, 1.5, 2.0, 2.5, 3.0, 4.0)  # None: mean + 3 sd of training scores
DEVIATIONS = 3
ROLLING = (12, 24, 48, 96, 144, 288, 576, 1152, 2016)
Z = (2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0, 10.0)
SCHEMA = RecordSchema(
    series_field="series",
    time_field="timestamp",
    label_field="label",
    record_kb=1,
    fields=(
        Field(name="series", type="string"),
        Field(name="timestamp", type="timestamp"),
        Field(name="value", type="number"),
        Field(name="label", type="integer", minimum=0, maximum=1, optional=True),
    ),
)


@dataclass(frozen=True)
class Tried:
    """One setting of a detector, and what came of it on a set."""

    detector: str
    settings: Mapping[str, Any]
    threshold: float
    tally: Tally

    def print(self, what: str, on: str) -> None:
        """One line of JSON on standard output."""
        document = {
            "name": f"anomaly-detection-{what}",
            "on": on,
            "detector": self.detector,
            "settings": dict(self.settings),
            "threshold": round(self.threshold, 3),
            **self.tally.document(),
        }
        sys.stdout.write(json.dumps(document) + "\n")
        sys.stdout.flush()


def main(arguments: list[str]) -> None:
    """Print each detector's grid, and its choice on both sets."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, help="a folder with NAB's data/ and labels/")
    data = parser.parse_args(arguments).data
    try:
        folder = (data or download("nab")) / "data"
        chosen_on, applied_to = points_of(folder / CHOSEN_ON), points_of(folder / APPLIED_TO)
    except DatasetError as error:
        if data:
            raise SystemExit(str(error)) from error
        say(f"anomaly_detection: not measured, {error}")
        return
    detectors: tuple[Callable[..., Iterator[Tried]], ...] = (
        *(partial(forests, row) for row in WINDOW_POINTS),
        rolling,
    )
    for detector in detectors:
        tried = []
        for one in detector(chosen_on):
            one.print("tried", CHOSEN_ON)
            tried.append(one)
        chosen = tried[best([one.tally for one in tried], MOST_FALSE)]
        chosen.print("chosen", CHOSEN_ON)
        (applied,) = (one for one in detector(applied_to, chosen.settings))
        applied.print("applied", ", ".join(applied_to))


def points_of(folder: Path) -> dict[str, Points]:
    """Each series' points, labelled."""
    series = defaultdict(list)
    for record in read_series(folder, SCHEMA, tell=say):
        series[record["series"]].append(record)
    return {
        name: distinct(
            # a time with its zone, which numpy does not read: they are all in UTC
            np.array(
                [record["timestamp"].rstrip("Z") for record in records], "datetime64[us]"
            ).astype(np.int64),
            np.array([[record["value"]] for record in records], float),
            np.array([record["label"] for record in records], float),
        )
        for name, records in series.items()
    }


def forests(
    row: Row, series: Mapping[str, Points], only: Mapping[str, Any] | None = None
) -> Iterator[Tried]:
    """All settings of the forest of such rows, or only these."""
    for window_points in WINDOW_POINTS[row]:
        for trees, samples in FORESTS:
            settings = {
                "row": row,
                "window_points": window_points,
                "num_trees": trees,
                "num_samples_per_tree": samples,
            }
            if only is not None and any(only[name] != value for name, value in settings.items()):
                continue
            training, watched = scored(series, row, window_points, trees, samples)
            for given in THRESHOLDS:
                if only is not None and only["alert_at"] != given:
                    continue
                threshold = given
                if threshold is None:
                    threshold = float(training.mean() + DEVIATIONS * training.std())
                found = tally(watched, threshold)
                yield Tried("forest", {**settings, "alert_at": given}, threshold, found)


def scored(
    series: Mapping[str, Points], row: Row, window_points: int, trees: int, samples: int
) -> tuple[NDArray[np.float64], list[Watched]]:
    """The training scores that mean and sd are of, and the scored points behind the training."""
    prepared = [_prepared(points, window_points) for points in series.values()]
    train = np.concatenate([one.rows(one.train, row) for one in prepared])
    forest = fit(train, trees, samples)
    watched = []
    for one in prepared:
        ends = complete_windows(one.grid.slots, window_points)
        live = ends[one.grid.slots[ends] >= training_end(one.grid.slots, TRAIN_PERCENT)]
        numbers = window_numbers(one.grid.labels)[live]
        watched.append(Watched(numbers, forest.scores(one.rows(live, row))))
    # the stack scores the rows of one of the train channel's two parts, which are random halves
    half = np.random.default_rng(7).random(len(train)) < 0.5
    return forest.scores(train[half]), watched


def rolling(series: Mapping[str, Points], only: Mapping[str, Any] | None = None) -> Iterator[Tried]:
    """All settings of the rolling z-score, or only these."""
    grids = [_prepared(points, 1).grid for points in series.values()]
    for before in ROLLING:
        watched = []
        for grid in grids:
            live = np.flatnonzero(grid.slots >= training_end(grid.slots, TRAIN_PERCENT))
            scores = rolling_z_scores(grid.values[:, 0], live, before)
            watched.append(Watched(window_numbers(grid.labels)[live], scores))
        for z in Z:
            settings = {"points_before": before, "z": z}
            if only is None or only == settings:
                yield Tried("rolling z-score", settings, z, tally(watched, z))


def _prepared(points: Points, window_points: int) -> Prepared:
    found = prepare(points, window_points=window_points, train_percent=TRAIN_PERCENT)
    if found is None:
        raise RuntimeError(f"a series has no {window_points} consecutive points to train on")
    return found


if __name__ == "__main__":
    main(sys.argv[1:])
