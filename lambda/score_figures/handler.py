"""What a new model's scores of its training rows are like; standard library and boto3 only.

Given {"scores_uri", "series_uri", "settings_uri"}, it takes the mean and the standard deviation (of
the population) of all scores below the first, JSON lines as a batch transform writes them, adds
each series' grid and how the job normalised it (series.json) and writes both where the stream's
scorer looks for them. It answers {"rows", "score_mean", "score_sd"}. Scores are read as a stream,
so memory does not grow with them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from typing import Any

import boto3


class ScoresMissingError(Exception):
    """There are no scores, or something else in their place."""


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The figures, once they are written."""
    s3 = boto3.client("s3")
    found = figures_of(scores_below(s3, event["scores_uri"]))
    bucket, key = place(event["series_uri"])
    prepared = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    settings = {
        "window_points": prepared["window_points"],
        "row": prepared["row"],
        **found,
        "series": {
            name: {figure: series[figure] for figure in ("grid_seconds", "mean", "sd")}
            for name, series in prepared["series"].items()
        },
    }
    bucket, key = place(event["settings_uri"])
    s3.put_object(
        Bucket=bucket, Key=key, Body=json.dumps(settings).encode(), ContentType="application/json"
    )
    return found


def place(uri: str) -> tuple[str, str]:
    """Bucket and key of an s3:// address."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def scores_below(s3: Any, uri: str) -> Iterator[float]:
    """The scores in all objects below an address. ScoresMissingError for a line without one."""
    bucket, prefix = place(uri)
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for listed in page.get("Contents", ()):
            key = listed["Key"]
            body = s3.get_object(Bucket=bucket, Key=key)["Body"]
            for number, line in enumerate(body.iter_lines(chunk_size=1 << 20), start=1):
                # the developer guide shows lines of randomcutforest with a comma at their end
                # (rcf-in-formats), and AssembleWith adds a newline to what may end with one
                line = line.strip().removesuffix(b",")
                if not line:
                    continue
                try:
                    score = float(json.loads(line)["score"])
                except (ValueError, KeyError, TypeError):
                    score = math.nan
                if not math.isfinite(score):
                    raise ScoresMissingError(f"{key}, line {number}: no score: {line[:200]!r}")
                yield score


def figures_of(scores: Iterable[float]) -> dict[str, Any]:
    """Rows, mean and deviation, in one pass (Welford). ScoresMissingError if there are none."""
    rows, mean, squares = 0, 0.0, 0.0
    for score in scores:
        rows += 1
        off = score - mean
        mean += off / rows
        squares += off * (score - mean)
    if not rows:
        raise ScoresMissingError("the transform wrote no scores")
    return {"rows": rows, "score_mean": mean, "score_sd": math.sqrt(squares / rows)}
