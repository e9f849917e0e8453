"""Temperatures of two cities with spikes put in: series that need no network.

The files are those of the package vega_datasets (MIT; its data is drawn from NOAA's, which is in
the public domain): the hours of 2010 in Seattle and San Francisco, in °F, 8,759 points each.
They go up and down by 3.5 °F an hour at most. Their local times are taken for UTC; the hour that
summer time leaves out on 14 March is a gap.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from penstock.datasets.errors import DatasetError
from penstock.datasets.order import side_by_side
from penstock.datasets.schema import SeriesSchema
from penstock.datasets.times import written

POINTS_BEFORE, POINTS_AFTER = 2, 8  # are labelled, too
STUCK_AT = 32.0


@dataclass(frozen=True)
class Spike:
    """From which point on (0 is the first), how many points, and by how many °F they are moved.

    `shift` None is a thermometer that got stuck: each point says 32 °F (0 °C).
    """

    place: int
    points: int
    shift: float | None


# Five in the first 60 % of each series (up to point 5,255), three behind them.
SPIKES = {
    "seattle": (
        Spike(700, 4, 25.0),
        Spike(1900, 3, -22.0),
        Spike(3100, 6, None),
        Spike(4000, 3, 24.0),
        Spike(4900, 4, -24.0),
        Spike(6000, 4, 25.0),
        Spike(7100, 6, None),
        Spike(8200, 3, -22.0),
    ),
    "sf": (
        Spike(500, 3, -20.0),
        Spike(1500, 4, 22.0),
        Spike(2600, 3, 20.0),
        Spike(3700, 6, None),
        Spike(4600, 4, -22.0),
        Spike(5700, 3, 20.0),
        Spike(6800, 4, -20.0),
        Spike(7900, 6, None),
    ),
}


def temperatures(schema: SeriesSchema) -> list[dict[str, Any]]:
    """The points of both series as records, side by side, in time order each.

    SPIKES says exactly where they are spoiled. There, 2 points before and 8 behind the label is
    1 (a window of 9 points holds something of the spike as long), everywhere else 0.

    Args:
        schema: of the records; with one value for each point.

    Raises:
        DatasetError: the package with the files is not installed.
    """
    return side_by_side(
        {
            city: [
                schema.record_from_row(
                    {
                        str(schema.series_field): city,
                        str(schema.time_field): time,
                        schema.feature_columns[0]: f"{value:.1f}",
                        str(schema.label_field): str(label),
                    }
                )
                for time, value, label in _spoiled(_measured(city), spikes)
            ]
            for city, spikes in SPIKES.items()
        }
    )


def _measured(city: str) -> list[tuple[str, float]]:
    """The package's columns have other orders in other files, its times may have seconds."""
    try:
        package = distribution("vega_datasets")  # not imported: that would import pandas
    except PackageNotFoundError:
        raise DatasetError(
            "the package vega_datasets, which has temperatures, is not installed; "
            "install requirements/sample-series.txt, or run `make setup`"
        ) from None
    path = Path(str(package.locate_file(f"vega_datasets/_data/{city}-temps.csv")))
    with path.open(encoding="utf-8", newline="") as file:
        return [
            (
                written(datetime.fromisoformat(row["date"].replace("/", "-") + "Z")),
                float(row["temp"]),
            )
            for row in csv.DictReader(file)
        ]


def _spoiled(
    measured: Sequence[tuple[str, float]], spikes: Sequence[Spike]
) -> Iterator[tuple[str, float, int]]:
    for place, (time, value) in enumerate(measured):
        label = 0
        for spike in spikes:
            end = spike.place + spike.points
            if spike.place <= place < end:
                value = STUCK_AT if spike.shift is None else value + spike.shift
            if spike.place - POINTS_BEFORE <= place < end + POINTS_AFTER:
                label = 1
        yield time, value, label
