"""What the monitor finds: each change is named, with its check, and nothing else is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from sklearn.datasets import load_digits

from penstock.monitor import Baseline, Distance, Outcome, Profile, check
from penstock.monitor.distances import categorical_distance, numeric_distance
from penstock.monitor.distribution import Distribution

Pixels = npt.NDArray[np.int64]


def profile_of(columns: Mapping[str, Any]) -> Profile:
    return Profile.of([pa.record_batch(dict(columns))])


def pixel_columns(rows: Pixels) -> dict[str, Any]:
    return {f"p{n}": pa.array(rows[:, n].copy()) for n in range(rows.shape[1])}


def named(outcome: Outcome) -> list[tuple[str, str]]:
    return [(v.feature_name, v.constraint_check_type) for v in outcome.findings.violations]


@pytest.fixture(scope="module", params=[0, 1, 2])
def digits(request: pytest.FixtureRequest) -> tuple[Baseline, Pixels]:
    pixels = load_digits().data.astype(np.int64)
    order = np.random.default_rng(request.param).permutation(len(pixels))
    training, test = pixels[order[:1437]], pixels[order[1437:]]
    return Baseline.of(profile_of(pixel_columns(training))), test


def test_held_out_digits_raise_nothing(digits: tuple[Baseline, Pixels]) -> None:
    baseline, test = digits
    outcome = check(profile_of(pixel_columns(test)), baseline)
    assert named(outcome) == []
    assert outcome.exit_status == "Completed"
    assert len(outcome.findings.distances) == 64


def test_inverted_digits_drift_in_most_pixels(digits: tuple[Baseline, Pixels]) -> None:
    baseline, test = digits
    outcome = check(profile_of(pixel_columns(16 - test)), baseline)
    assert {kind for _, kind in named(outcome)} == {"baseline_drift_check"}
    assert 46 <= len(named(outcome)) <= 49
    assert outcome.exit_status == "CompletedWithViolations"
    simple = check(profile_of(pixel_columns(16 - test)), baseline, distance=Distance.SIMPLE)
    assert len(named(simple)) > len(named(outcome))


def test_one_drifted_pixel_is_named_alone(digits: tuple[Baseline, Pixels]) -> None:
    baseline, test = digits
    columns = pixel_columns(test)
    columns["p21"] = pa.array(np.minimum(test[:, 21] + 6, 16))
    assert named(check(profile_of(columns), baseline)) == [("p21", "baseline_drift_check")]


def test_one_column_of_missing_values_is_named_alone(digits: tuple[Baseline, Pixels]) -> None:
    baseline, test = digits
    columns = pixel_columns(test)
    columns["p30"] = pa.nulls(len(test), pa.int64())
    assert named(check(profile_of(columns), baseline)) == [("p30", "completeness_check")]


def people(rows: int = 2000, seed: int = 0) -> dict[str, Any]:
    generator = np.random.default_rng(seed)
    return {
        "age": pa.array(generator.integers(18, 90, rows)),
        "income": pa.array(generator.lognormal(10, 1, rows)),
        "town": pa.array(generator.choice(["Oslo", "Rome", "Kyiv"], rows, p=[0.5, 0.3, 0.2])),
    }


def changed(**columns: Any) -> list[tuple[str, str]]:
    baseline = Baseline.of(profile_of(people()))
    return named(check(profile_of({**people(seed=1), **columns}), baseline))


def texts_for(column: Any, wrong: int) -> Any:
    texts = [str(value) for value in column.to_pylist()]
    return pa.array(["unknown"] * wrong + texts[wrong:])


def test_each_change_has_its_check() -> None:
    new = people(seed=1)
    assert changed() == []
    assert changed(extra=new["age"]) == [("extra", "extra_column_check")]
    assert changed(age=texts_for(new["age"], 300)) == [("age", "data_type_check")]
    assert changed(age=texts_for(new["age"], 100)) == []  # below the threshold of 0.1
    few = new["income"].to_pylist()
    assert changed(income=pa.array([-1.0, *few[1:]])) == [("income", "non_negative_check")]
    assert changed(income=pa.array([None, *few[1:]])) == [("income", "completeness_check")]
    towns = new["town"].to_pylist()
    assert changed(town=pa.array(["Lima"] * 250 + towns[250:])) == [
        ("town", "categorical_values_check")
    ]
    rome = ["Rome"] * 900 + towns[900:]
    assert changed(town=pa.array(rome)) == [("town", "baseline_drift_check")]
    many = pa.array([f"town {n}" for n in range(2000)])
    assert changed(town=many) == [("town", "categorical_values_check")]


def test_a_column_that_is_gone_is_missing() -> None:
    rest = people(seed=1)
    del rest["income"]
    outcome = check(profile_of(rest), Baseline.of(profile_of(people())))
    assert named(outcome) == [("income", "missing_column_check")]


def test_integers_are_fractions_but_not_the_other_way_round() -> None:
    whole = {"x": pa.array(range(100))}
    broken = {"x": pa.array([n + 0.5 for n in range(100)])}
    assert named(check(profile_of(whole), Baseline.of(profile_of(broken)))) == []
    assert named(check(profile_of(broken), Baseline.of(profile_of(whole)))) == [
        ("x", "data_type_check")
    ]


def test_nothing_in_the_window_is_completed_and_said() -> None:
    outcome = check(Profile(), Baseline.of(profile_of(people())))
    assert (outcome.exit_status, outcome.findings.violations) == ("Completed", ())
    assert outcome.messages == ("no data: not one row, nothing was compared",)


@pytest.mark.parametrize("switch", ["evaluate_constraints", "emit_metrics"])
def test_switches_of_the_constraints_are_kept(switch: str) -> None:
    baseline = Baseline.of(profile_of(people()))
    config = {**baseline.constraints["monitoring_config"], switch: "Disabled"}
    off = Baseline(baseline.statistics, {**baseline.constraints, "monitoring_config": config})
    outcome = check(profile_of({"age": pa.array([-1, 2])}), off)
    assert (not outcome.findings.violations) == (switch == "evaluate_constraints")
    assert (not outcome.metrics) == (switch == "emit_metrics")


def test_a_threshold_of_the_caller_replaces_the_constraints() -> None:
    baseline = Baseline.of(profile_of(people()))
    older = people(seed=1)
    older["age"] = pa.array([min(age + 15, 95) for age in older["age"].to_pylist()])
    assert named(check(profile_of(older), baseline)) == [("age", "baseline_drift_check")]
    assert named(check(profile_of(older), baseline, threshold=0.5)) == []


def test_the_distances_are_the_published_formulas() -> None:
    one = Distribution.of([(1.0, 1), (2.0, 1), (3.0, 2)])  # F: 1/4, 1/2, 1
    other = Distribution.of([(2.0, 2), (5.0, 6)])  # F: 0, 1/4, 1/4, 1
    assert numeric_distance(one, other, Distance.SIMPLE) == 0.75
    correction = 1.8 * math.sqrt((4 + 8) / (4 * 8))
    assert numeric_distance(one, other, Distance.ROBUST) == max(0, 0.75 - correction)
    large = Distribution.of([(1.0, 1 << 20)]), Distribution.of([(2.0, 1 << 18)])
    correction = 1.8 * math.sqrt((2**20 + 2**18) / 2**38)
    assert numeric_distance(*large, Distance.ROBUST) == pytest.approx(1 - correction)
    counts = {"a": 60, "b": 40}, {"a": 10, "c": 30}
    assert categorical_distance(*counts, Distance.SIMPLE) == 0.75
    correction = 1.8 * math.sqrt(140 / 4000)
    assert categorical_distance(*counts, Distance.ROBUST) == pytest.approx(0.75 - correction)


def test_a_baseline_s_sketch_survives_its_file() -> None:
    numbers = np.random.default_rng(6).normal(size=50_000)
    column = profile_of({"x": pa.array(numbers)}).columns["x"]
    again = Distribution.from_levels(column.distribution.levels())
    np.testing.assert_array_equal(again.values, column.distribution.values)
    assert numeric_distance(again, column.distribution, Distance.SIMPLE) == 0
