"""The monitor's documents: Model Monitor's published forms, written and read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from penstock.monitor import Baseline, Metric, MonitorError, Profile, check, put_metrics
from penstock.monitor.constraints import Constraints, MonitoringConfig
from penstock.monitor.distances import Distance


def some_data(rows: int = 5000) -> Profile:
    generator = np.random.default_rng(1)
    batch = pa.record_batch(
        {
            "size": pa.array(generator.gamma(3, size=rows)),
            "count": pa.array(generator.integers(-5, 9, rows)),
            "colour": pa.array(generator.choice(["red", "green"], rows)),
            "nothing": pa.nulls(rows),
        }
    )
    return Profile.of([batch])


def features(document: Any) -> dict[str, Any]:
    return {feature["name"]: feature for feature in document["features"]}


def test_statistics_have_the_published_form() -> None:
    document = json.loads(Baseline.of(some_data()).files()["statistics.json"])
    assert document["version"] == 0
    assert document["dataset"] == {"item_count": 5000}
    found = features(document)
    assert {name: f["inferred_type"] for name, f in found.items()} == {
        "size": "Fractional",
        "count": "Integral",
        "colour": "String",
        "nothing": "Unknown",
    }
    numbers = found["size"]["numerical_statistics"]
    assert numbers["common"] == {"num_present": 5000, "num_missing": 0}
    assert set(numbers) == {"common", "mean", "sum", "std_dev", "min", "max", "distribution"}
    sketch = numbers["distribution"]["kll"]["sketch"]
    assert sketch["parameters"] == {"c": 0.64, "k": 2048.0}
    assert sum(2**level * len(held) for level, held in enumerate(sketch["data"])) == 5000
    texts = found["colour"]["string_statistics"]
    assert texts["distinct_count"] == 2
    buckets = texts["distribution"]["categorical"]["buckets"]
    assert sum(bucket["count"] for bucket in buckets) == 5000
    assert found["nothing"]["string_statistics"]["common"]["num_missing"] == 5000


def test_ten_buckets_of_equal_width_hold_what_numpy_counts() -> None:
    rows = np.random.default_rng(2).integers(0, 17, 1500)  # exact: fewer rows than the sketch keeps
    profile = Profile.of([pa.record_batch({"x": pa.array(rows)})])
    feature = features(Baseline.of(profile).statistics)["x"]
    buckets = feature["numerical_statistics"]["distribution"]["kll"]["buckets"]
    counts, edges = np.histogram(rows, bins=10)
    assert [bucket["count"] for bucket in buckets] == counts.tolist()
    assert [bucket["lower_bound"] for bucket in buckets] == pytest.approx(edges[:-1])
    assert [bucket["upper_bound"] for bucket in buckets] == pytest.approx(edges[1:])


def test_constraints_suggest_what_the_data_keeps() -> None:
    document = json.loads(Baseline.of(some_data()).files()["constraints.json"])
    found = features(document)
    assert found["size"]["num_constraints"] == {"is_non_negative": True}
    assert found["count"]["num_constraints"] == {"is_non_negative": False}
    assert found["colour"]["string_constraints"] == {"domains": ["green", "red"]}
    assert (found["size"]["completeness"], found["nothing"]["completeness"]) == (1, 0)
    assert document["monitoring_config"]["distribution_constraints"] == {
        "perform_comparison": "Enabled",
        "comparison_threshold": 0.1,
        "comparison_method": "Robust",
        "categorical_comparison_threshold": 0.1,
        "categorical_drift_method": "LInfinity",
    }


def test_names_of_things_get_no_domain() -> None:
    ids = pa.array([f"id{n}" for n in range(90)])
    document = Baseline.of(Profile.of([pa.record_batch({"id": ids})])).constraints
    assert "string_constraints" not in features(document)["id"]


def test_huge_numbers_still_make_valid_json() -> None:
    column = pa.array([1.7e308, -1.7e308, 1.7e308, 1.7e308])
    profile = Profile.of([pa.record_batch({"x": column})])
    baseline = Baseline.of(profile)
    numbers = features(json.loads(baseline.files()["statistics.json"]))["x"]["numerical_statistics"]
    assert numbers["max"] == 1.7e308
    assert {"std_dev", "sum", "mean"}.isdisjoint(numbers)
    assert json.loads(check(profile, baseline).files()["run.json"])["distances"] == {"x": 0}


@pytest.mark.parametrize(
    ("threshold", "match"), [(0.1, 0.9), (0.0, 1.0), (0.5, 0.5), (1.0, 1.0), (0.95, 0.95)]
)
def test_both_meanings_of_the_type_threshold_are_read(threshold: float, match: float) -> None:
    config = MonitoringConfig.read({"datatype_check_threshold": threshold})
    assert config.type_match == pytest.approx(match)


@pytest.mark.parametrize("text", ["Robust", "robust", "linf_robust"])
def test_both_spellings_of_the_distance_are_read(text: str) -> None:
    assert Distance.read(text) is Distance.ROBUST


@pytest.mark.parametrize("key", ["monitoringConfigOverrides", "monitoring_config_overrides"])
def test_a_feature_s_overrides_win(key: str) -> None:
    document = {
        "features": [
            {
                "name": "x",
                "inferred_type": "Fractional",
                key: {"distribution_constraints": {"comparison_threshold": 0.4}},
            },
            {"name": "y", "inferred_type": "Fractional"},
        ],
        "monitoring_config": {
            "distribution_constraints": {
                "comparison_threshold": 0.2,
                "comparison_method": "Simple",
            }
        },
    }
    x, y = Constraints.read(document).features
    assert (x.config.threshold, x.config.distance) == (0.4, Distance.SIMPLE)
    assert (y.config.threshold, y.config.categorical_threshold) == (0.2, 0.2)


@pytest.mark.parametrize(
    ("config", "line"),
    [
        ({"evaluate_constraints": "yes"}, "use Enabled or Disabled"),
        ({"datatype_check_threshold": 3}, "use a number from 0 to 1"),
        ({"distribution_constraints": {"comparison_method": "KS"}}, "use Robust or Simple"),
        ({"distribution_constraints": {"categorical_drift_method": "ChiSquared"}}, "LInfinity"),
    ],
)
def test_unknown_settings_are_refused(config: dict[str, Any], line: str) -> None:
    with pytest.raises(MonitorError, match=line):
        Constraints.read({"features": [], "monitoring_config": config})


@pytest.mark.parametrize("file", ["statistics", "constraints"])
def test_documents_of_another_form_are_refused(file: str) -> None:
    baseline = Baseline.of(some_data())
    broken = {"statistics": baseline.statistics, "constraints": baseline.constraints}
    broken[file] = {"features": [{"title": "x"}]}
    with pytest.raises(MonitorError, match=f"{file}.json is not in the published form"):
        check(some_data(), Baseline(**broken))


def test_a_baseline_of_nothing_is_refused() -> None:
    with pytest.raises(MonitorError, match="holds no row"):
        Baseline.of(Profile())


class Recorder:
    """A CloudWatch client that remembers."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def put_metric_data(self, **call: Any) -> None:
        self.calls.append(call)


def test_metrics_have_the_published_names() -> None:
    outcome = check(some_data(), Baseline.of(some_data()))
    found = {metric.name: metric for metric in outcome.metrics}
    assert set(found) == {
        *(f"feature_data_{name}" for name in ("size", "count")),
        *(f"feature_non_null_{name}" for name in ("size", "count", "colour", "nothing")),
        *(f"feature_baseline_drift_{name}" for name in ("size", "count", "colour")),
    }
    assert found["feature_non_null_nothing"].value == 0
    assert found["feature_data_size"].statistics is not None
    assert found["feature_data_size"].statistics["SampleCount"] == 5000


def test_metrics_go_to_cloudwatch_a_thousand_at_a_time() -> None:
    client, now = Recorder(), datetime(2026, 1, 1, tzinfo=UTC)
    metrics = [Metric(f"feature_non_null_{n}", float(n)) for n in range(1001)]
    put_metrics(client, metrics, endpoint="digits-dev", schedule="hourly", timestamp=now)
    assert [len(call["MetricData"]) for call in client.calls] == [1000, 1]
    assert client.calls[0]["Namespace"] == "aws/sagemaker/Endpoints/data-metrics"
    assert client.calls[1]["MetricData"] == [
        {
            "MetricName": "feature_non_null_1000",
            "Dimensions": [
                {"Name": "Endpoint", "Value": "digits-dev"},
                {"Name": "MonitoringSchedule", "Value": "hourly"},
            ],
            "Timestamp": now,
            "Unit": "None",
            "Value": 1000.0,
        }
    ]
