"""The served model's figures: each series' grid, how it is normalised, what scores were like.

Parameter Store says which model package is served, the package which run it is of, and the
object `<prefix><run>/settings.json` in the artifacts bucket holds the figures of that run:

    {"window_points": 8, "row": "points", "score_mean": 0.9, "score_sd": 0.1,
     "series": {"<name>": {"grid_seconds": 300, "mean": 40.1, "sd": 2.5}}}

A series that did not vary has sd 1 there. In the training data the points of one place of the grid
are averaged; here the first of them is scored at once, and the last of them stays in the window.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from points import slot_of

NO_MODEL = "none"
SECONDS = 15  # how long an answer of Parameter Store is believed, which bounds the calls
DEVIATIONS = 3
QUIET = 0.2  # the job's: what a flat stretch is measured by


@dataclass(frozen=True)
class Model:
    """One model package and what its points are scored by."""

    package: str
    window_points: int
    row_holds: str
    threshold: float
    series: dict[str, dict[str, float]]

    def is_same_place(self, series: str, one: str, other: str) -> bool:
        """Whether two times are in the same place of the series' grid; never without a grid."""
        figures = self.series.get(series)
        if figures is None:
            return False
        return slot_of(one, figures["grid_seconds"]) == slot_of(other, figures["grid_seconds"])

    def row(self, series: str, window: tuple[tuple[str, float], ...]) -> list[float] | str:
        """The row of a window, or why it has no score.

        As in the training data the points are consecutive places of the series' grid, they are
        normalised, and the row is what the job made of a window.
        """
        figures = self.series.get(series)
        if figures is None:
            return "unknown_series"
        if len(window) < self.window_points:
            return "window_not_full"
        slots = [slot_of(at, figures["grid_seconds"]) for at, _ in window]
        if slots != list(range(slots[0], slots[0] + len(slots))):
            return "gap"
        mean, sd = figures["mean"], figures["sd"]
        values = [(value - mean) / sd for _, value in window]
        return [deviation(values)] if self.row_holds == "deviation" else values


def deviation(values: list[float]) -> float:
    """How far the last value lies from the mean of the others, in their standard deviation."""
    before = values[:-1]
    mean = math.fsum(before) / len(before)
    variance = math.fsum((value - mean) ** 2 for value in before) / len(before)
    return (values[-1] - mean) / max(math.sqrt(variance), QUIET)


class ServedModel:
    """Which model is served now, asked anew every few seconds; no model is asked for each time."""

    def __init__(
        self,
        clients: Any,
        *,
        parameter: str,
        bucket: str,
        prefix: str,
        window_points: int,
        alert_at: float | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ssm, self._sagemaker, self._s3 = clients.ssm, clients.sagemaker, clients.s3
        self._parameter = parameter
        self._bucket = bucket
        self._prefix = prefix
        self._window_points = window_points
        self._alert_at = alert_at
        self._clock = clock
        self._model: Model | None = None
        self._asked_at = 0.0

    def now(self) -> Model | str:
        """The model, or why nothing can be scored by one."""
        if self._model is not None and self._clock() - self._asked_at < SECONDS:
            return self._model
        package = self._ssm.get_parameter(Name=self._parameter)["Parameter"]["Value"]
        if package == NO_MODEL:
            self._model = None
            return "no_model"
        if self._model is None or self._model.package != package:
            found = self._read(package)
            if isinstance(found, str):
                self._model = None
                return found
            self._model = found
        self._asked_at = self._clock()
        return self._model

    def _read(self, package: str) -> Model | str:
        described = self._sagemaker.describe_model_package(ModelPackageName=package)
        run = described.get("CustomerMetadataProperties", {}).get("run")
        try:
            key = f"{self._prefix}{run}/settings.json"
            body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchKey":
                raise
            return "model_without_figures"  # it was trained before points were scored
        figures = json.loads(body)
        if figures["window_points"] != self._window_points:
            return "model_of_other_windows"
        threshold = self._alert_at
        if threshold is None:
            threshold = figures["score_mean"] + DEVIATIONS * figures["score_sd"]
        return Model(
            package=package,
            window_points=figures["window_points"],
            row_holds=figures["row"],
            threshold=threshold,
            series=figures["series"],
        )
