"""Figures of a new model's training scores: all count, and they lie where they are looked for."""

from __future__ import annotations

import importlib.util
import io
import json
import statistics
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from botocore.response import StreamingBody

SOURCE = Path(__file__).parents[2] / "lambda" / "score_figures" / "handler.py"
EVENT = {
    "scores_uri": "s3://lake/prepared/1/train-scores/",
    "series_uri": "s3://lake/prepared/1/series.json",
    "settings_uri": "s3://artifacts/scoring/1/settings.json",
}
SERIES = {
    "window_points": 8,
    "row": "points",
    "train_percent": 70,
    "too_short": ["disk"],
    "series": {"cpu": {"grid_seconds": 300, "mean": 40.1, "sd": 2.5, "points": 100, "gaps": 1}},
}


@pytest.fixture(scope="module")
def figures() -> ModuleType:
    spec = importlib.util.spec_from_file_location("score_figures", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Buckets:
    """S3; a listing has one object a page."""

    def __init__(self, *answers: str) -> None:
        self.objects = {("lake", "prepared/1/series.json"): json.dumps(SERIES).encode()}
        for number, answer in enumerate(answers):
            key = f"prepared/1/train-scores/part-{number:05d}.rec.out"
            self.objects["lake", key] = answer.encode()

    def get_paginator(self, operation: str) -> Buckets:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> Any:
        yield {}
        for bucket, key in sorted(self.objects):
            if bucket == Bucket and key.startswith(Prefix):
                yield {"Contents": [{"Key": key}]}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:
        body = self.objects[Bucket, Key]
        return {"Body": StreamingBody(io.BytesIO(body), len(body))}

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str) -> None:
        self.objects[Bucket, Key] = Body


def lines(*scores: float) -> str:
    return "".join(json.dumps({"score": score}) + "\n" for score in scores)


def ask(
    figures: ModuleType, monkeypatch: pytest.MonkeyPatch, buckets: Buckets
) -> tuple[dict[str, Any], Any]:
    monkeypatch.setattr(figures.boto3, "client", lambda service: {"s3": buckets}[service])
    answer: dict[str, Any] = figures.handler(EVENT, None)
    return answer, json.loads(buckets.objects["artifacts", "scoring/1/settings.json"])


def test_all_scores_count_and_the_series_figures_go_along(
    figures: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = [0.5, 0.7, 1.9, 0.6]
    answer, settings = ask(figures, monkeypatch, Buckets(lines(*scores[:3]), lines(scores[3])))
    assert answer["rows"] == 4
    assert answer["score_mean"] == pytest.approx(statistics.fmean(scores))
    assert answer["score_sd"] == pytest.approx(statistics.pstdev(scores))
    assert settings == {
        **answer,
        "window_points": 8,
        "row": "points",
        "series": {"cpu": {"grid_seconds": 300, "mean": 40.1, "sd": 2.5}},
    }


def test_large_scores_that_differ_little_keep_their_deviation(figures: ModuleType) -> None:
    found = figures.figures_of([1e9 + n for n in (4, 7, 13, 16)])
    assert found["score_sd"] == pytest.approx(statistics.pstdev([4, 7, 13, 16]))


@pytest.mark.parametrize("line", ["{}", "oops", '{"score": null}', '{"score": NaN}', "[1]"])
def test_a_line_without_a_score_is_named_and_nothing_is_written(
    figures: ModuleType, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    buckets = Buckets(f"{lines(1.0)}{line}\n")
    with pytest.raises(figures.ScoresMissingError, match=r"part-00000\.rec\.out, line 2"):
        ask(figures, monkeypatch, buckets)
    assert ("artifacts", "scoring/1/settings.json") not in buckets.objects


def test_lines_as_the_developer_guide_shows_them_and_empty_ones_are_read(
    figures: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = Buckets('{"score": 0.5},\n{"score": 1.5}\n\n', '{"score": 1.0}\r\n')
    answer, _ = ask(figures, monkeypatch, answers)
    assert (answer["rows"], answer["score_mean"]) == (3, 1.0)


def test_no_scores_at_all_are_an_error(
    figures: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(figures.ScoresMissingError, match="no scores"):
        ask(figures, monkeypatch, Buckets())
