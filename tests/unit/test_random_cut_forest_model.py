"""The forest: fair samples, the published partition, scores that single out what is unusual."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from penstock.localcloud.engines.random_cut_forest import metrics
from penstock.localcloud.engines.random_cut_forest.model import ForestModel
from penstock.localcloud.engines.random_cut_forest.reservoir import Reservoir

SPIKES = [300, 301, 710, 1200]


def daily_series() -> np.ndarray:
    """(1440, 1): a wave with a little noise, and spikes at known places."""
    time = np.arange(1440)
    noise = np.random.default_rng(3).normal(0, 0.05, 1440)
    series = np.sin(time / 24 * 2 * np.pi) + noise
    series[SPIKES] += [5, 5, -4, 3]
    return series.reshape(-1, 1).astype(np.float32)


def shingled(series: np.ndarray, width: int) -> np.ndarray:
    return np.lib.stride_tricks.sliding_window_view(series[:, 0], width).copy()


def sample_of(rows: np.ndarray, size: int, seed: int, batch: int = 100) -> Reservoir:
    reservoir = Reservoir(size, rows.shape[1], np.random.default_rng(seed))
    for start in range(0, len(rows), batch):
        reservoir.add(rows[start : start + batch])
    return reservoir


def test_spikes_of_a_series_score_highest() -> None:
    series = daily_series()
    scores = ForestModel.grow(series, 100, 256).scores(series)
    assert set(np.argsort(scores)[-4:]) == set(SPIKES)
    assert 0.5 < np.median(scores) < 1.2
    assert scores[SPIKES].min() > 1.5 * np.median(scores)


def test_a_broken_rhythm_without_a_spike_scores_high_in_windows() -> None:
    series = daily_series()[720:1150]
    series[200:224] = series[200 - 12 : 224 - 12]  # half a day late
    windows = shingled(series, 24)
    scores = ForestModel.grow(windows[:150].astype(np.float32), 100, 64).scores(windows)
    assert 200 - 23 <= int(np.argmax(scores)) < 224


def test_the_same_sample_gives_the_same_scores_also_after_saving(tmp_path: Path) -> None:
    series = daily_series()
    model = ForestModel.grow(series, 50, 128)
    again = ForestModel.grow(series, 50, 128)
    model.save(tmp_path)
    loaded = ForestModel.load(tmp_path)
    expected = model.scores(series[:200])
    assert again.scores(series[:200]).tolist() == expected.tolist()
    assert loaded.scores(series[:200]).tolist() == expected.tolist()
    assert loaded.predictions(series[:1]) == [{"score": expected[0]}]


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ForestModel.load(tmp_path)
    (tmp_path / "model_algo-1").write_bytes(b"MXNet")
    with pytest.raises(ValueError, match="real randomcutforest image cannot be read"):
        ForestModel.load(tmp_path)


def test_a_large_sample_is_cut_into_equal_parts_and_a_small_one_is_drawn_from() -> None:
    rows = np.arange(600, dtype=np.float32).reshape(-1, 1)
    parts = ForestModel.grow(rows, 60, 10).members
    assert sorted(parts.ravel().tolist()) == list(range(600))
    drawn = ForestModel.grow(rows, 60, 256).members
    assert drawn.shape == (60, 256)
    assert all(len(set(tree)) == 256 for tree in drawn.tolist())
    assert ForestModel.grow(rows[:7], 60, 256).members.shape == (60, 7)


def test_one_row_and_constant_rows_make_a_forest_that_scores() -> None:
    one = ForestModel.grow(np.ones((1, 2), np.float32), 50, 256)
    assert np.isfinite(one.scores(np.array([[1.0, 1.0], [9.0, 9.0]]))).all()
    constant = ForestModel.grow(np.ones((500, 2), np.float32), 50, 256)
    usual, other = constant.scores(np.array([[1.0, 1.0], [1.0, 2.0]]))
    assert other > 3 * usual


def test_every_row_has_the_same_chance_to_be_in_the_sample() -> None:
    rows = np.arange(1000, dtype=np.float32).reshape(-1, 1)
    counts = np.zeros(1000)
    for seed in range(200):
        counts[sample_of(rows, 100, seed).arrays()["rows"][:, 0].astype(int)] += 1
    assert counts.sum() == 200 * 100
    quarters = counts.reshape(4, -1).sum(axis=1) / counts.sum()
    assert quarters == pytest.approx([0.25] * 4, abs=0.02)
    assert counts.max() < 45  # 20 expected, each with a deviation of 4.2


def test_a_sample_does_not_depend_on_the_batches() -> None:
    rows = np.arange(1000, dtype=np.float32).reshape(-1, 1)
    whole = sample_of(rows, 70, 1, batch=1000).arrays()
    parts = sample_of(rows, 70, 1, batch=13).arrays()
    assert whole["rows"].tolist() == parts["rows"].tolist()


def test_samples_of_shards_join_in_proportion_to_the_shards() -> None:
    small = np.zeros((1000, 1), np.float32)
    large = np.ones((9000, 1), np.float32)
    taken = []
    for seed in range(20):
        joined = sample_of(small, 100, seed)
        joined.merge(sample_of(large, 100, 1000 + seed).arrays())
        rows = joined.arrays()["rows"]
        assert len(rows) == 100
        taken.append(float(rows.mean()))
    assert np.mean(taken) == pytest.approx(0.9, abs=0.03)


def test_f1_calls_what_is_beyond_three_deviations_an_anomaly() -> None:
    scores = np.array([1.0] * 98 + [9.0, 8.0])
    labels = np.zeros(100)
    labels[[98, 0]] = 1  # one of two is found, and one call of two is right
    assert metrics.threshold(scores) == pytest.approx(scores.mean() + 3 * scores.std())
    both = frozenset({"accuracy", "precision_recall_fscore"})
    assert metrics.results(scores, labels, both) == {
        "accuracy": 0.98,
        "precision": 0.5,
        "recall": 0.5,
        "f1": 0.5,
    }
    assert metrics.results(scores, labels, frozenset({"accuracy"})) == {"accuracy": 0.98}


def test_metrics_without_an_anomaly_are_zero() -> None:
    found = metrics.results(np.ones(5), np.zeros(5), frozenset({"precision_recall_fscore"}))
    assert found == {"precision": 0.0, "recall": 0.0, "f1": 0.0}
