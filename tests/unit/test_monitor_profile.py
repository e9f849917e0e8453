"""Profiles: the numbers of numpy and pyarrow on the same rows, however the rows are split."""

from __future__ import annotations

import math
from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.monitor import MonitorError, Profile
from penstock.monitor.categories import MAX_CATEGORIES
from penstock.monitor.column import ColumnProfile

RANK_ERROR = 0.0014  # datasketches' normalized_rank_error of k 2048, 99 % of the time


def profile_of(**columns: pa.Array) -> Profile:
    return Profile.of([pa.record_batch(list(columns.values()), names=list(columns))])


def column_of(values: list[object] | pa.Array) -> ColumnProfile:
    return profile_of(x=pa.array(values)).columns["x"]


def test_the_numbers_are_those_of_numpy_and_pyarrow() -> None:
    generator = np.random.default_rng(3)
    numbers = generator.lognormal(3, 2, 50_000)
    gaps = generator.random(50_000) < 0.1
    table = pa.table({"x": pa.array(numbers, mask=gaps)})
    column = Profile.of(table.to_batches(max_chunksize=7_001)).columns["x"]
    kept = numbers[~gaps]
    assert column.present == pc.count(table["x"]).as_py() == len(kept)
    assert column.missing == table["x"].null_count == gaps.sum()
    assert column.moments.minimum == kept.min()
    assert column.moments.maximum == kept.max()
    assert column.moments.sum == pytest.approx(kept.sum(), rel=1e-9)
    assert column.moments.mean == pytest.approx(kept.mean(), rel=1e-9)
    assert column.moments.deviation == pytest.approx(kept.std(), rel=1e-9)


def test_the_quantiles_are_within_the_sketch_s_stated_error() -> None:
    numbers = np.random.default_rng(4).normal(size=200_000)
    column = column_of(pa.array(numbers))
    found = column.distribution.shares_up_to(np.quantile(numbers, np.linspace(0.01, 0.99, 99)))
    assert np.abs(found - np.linspace(0.01, 0.99, 99)).max() < 2 * RANK_ERROR
    assert column.distribution.count == 200_000


def test_the_spread_of_numbers_far_from_zero_survives() -> None:
    column = column_of(pa.array(1e9 + np.arange(10_000) % 3))
    assert column.moments.deviation == pytest.approx((np.arange(10_000) % 3).std(), rel=1e-9)


values = st.one_of(
    st.none(),
    st.integers(-1000, 1000).map(str),
    st.floats(-1e6, 1e6).map(repr),
    st.sampled_from(["red", "green", "", "12 Main Street"]),
)


@settings(deadline=None, max_examples=60)
@given(
    rows=st.lists(st.tuples(values, st.one_of(st.none(), st.floats(-1e9, 1e9))), min_size=1),
    data=st.data(),
)
def test_any_partitioning_gives_the_same_profile(
    rows: list[tuple[str | None, float | None]], data: st.DataObject
) -> None:
    def part(some: list[tuple[str | None, float | None]]) -> Profile:
        texts = pa.array([text for text, _ in some], pa.string())
        return profile_of(texts=texts, numbers=pa.array([n for _, n in some], pa.float64()))

    whole = part(rows)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(rows)), max_size=5)))
    merged = Profile()
    for start, end in zip([0, *cuts], [*cuts, len(rows)], strict=True):
        merged.merge(Profile.from_bytes(part(rows[start:end]).to_bytes()))
    assert merged.item_count == whole.item_count == len(rows)
    for name, expected in whole.columns.items():
        column = merged.columns[name]
        for count in ("present", "missing", "integral", "fractional", "text", "inferred_type"):
            assert getattr(column, count) == getattr(expected, count), count
        assert column.categories.counts == expected.categories.counts
        assert column.moments.count == expected.moments.count
        if expected.moments.count:
            assert column.moments.minimum == expected.moments.minimum
            assert column.moments.maximum == expected.moments.maximum
            scale = max(abs(expected.moments.minimum), abs(expected.moments.maximum))
            for figure in ("mean", "deviation"):
                found, wanted = getattr(column.moments, figure), getattr(expected.moments, figure)
                assert found == pytest.approx(wanted, rel=1e-9, abs=1e-9 * scale)
        assert column.distribution.count == expected.distribution.count
        np.testing.assert_array_equal(  # so few rows that no sketch drops one
            column.distribution.values, expected.distribution.values
        )


@pytest.mark.parametrize("parts", [2, 7, 40])
def test_sketches_of_many_parts_stay_within_their_error(parts: int) -> None:
    numbers = np.random.default_rng(parts).gamma(2, size=120_000)
    merged = Profile()
    for some in np.array_split(numbers, parts):
        merged.merge(profile_of(x=pa.array(some)))
    points = np.quantile(numbers, np.linspace(0.01, 0.99, 99))
    found = merged.columns["x"].distribution.shares_up_to(points)
    assert np.abs(found - np.linspace(0.01, 0.99, 99)).max() < 2 * RANK_ERROR


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1", "-2", "+3", " 4 ", None], "Integral"),
        (["1", "2.5", ".5", "5.", "1e-05", "-1.5E3"], "Fractional"),
        (["1", "2", "three"], "String"),
        (["true", "false"], "String"),
        (["1-2", "1.2.3", "e5", "."], "String"),
        ([None, None], "Unknown"),
    ],
)
def test_texts_have_the_type_that_all_of_them_can_be(
    texts: list[str | None], expected: str
) -> None:
    assert column_of(pa.array(texts, pa.string())).inferred_type == expected


def test_the_number_in_a_text_is_what_python_reads() -> None:
    texts = ["1", "-2.25", "+3", " 4 ", "1e-05", "5.", ".5"]
    column = column_of(texts)
    assert column.distribution.values.tolist() == sorted(float(text) for text in texts)
    assert (column.integral, column.fractional) == (3, 4)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([1, 2], pa.int8()), "Integral"),
        (pa.array([1, 2**63], pa.uint64()), "Integral"),
        (pa.array([1.0, 2.0], pa.float32()), "Fractional"),
        (pa.array([Decimal("1.25")]), "Fractional"),
        (pa.array([True, False]), "String"),
        (pa.array([date(2026, 1, 1)]), "String"),
        (pa.array(["a", "b"]).dictionary_encode(), "String"),
        (pa.array(["1", "2"]).dictionary_encode(), "Integral"),
        (pa.array([1.5, 2.5]).dictionary_encode(), "Fractional"),
        (pa.array(["a"], pa.large_string()), "String"),
        (pa.nulls(2), "Unknown"),
    ],
)
def test_typed_columns_keep_their_type(values: pa.Array, expected: str) -> None:
    assert column_of(values).inferred_type == expected


def test_numbers_that_are_none_are_missing() -> None:
    column = column_of(pa.array([1.0, math.nan, math.inf, -math.inf, None, 3.0]))
    assert (column.present, column.missing) == (2, 4)
    assert (column.moments.mean, column.moments.minimum, column.moments.maximum) == (2, 1, 3)
    written = column_of(["1e999", "7"])
    assert (written.integral, written.fractional, written.missing) == (1, 0, 1)


def test_a_column_that_a_part_lacks_is_missing_there() -> None:
    profile = profile_of(a=pa.array([1, 2]))
    profile.merge(profile_of(b=pa.array([3.0])))
    assert profile.item_count == 3
    assert (profile.columns["a"].present, profile.columns["a"].missing) == (2, 1)
    assert (profile.columns["b"].present, profile.columns["b"].missing) == (1, 2)


def test_many_different_texts_are_estimated_and_few_are_counted() -> None:
    few = column_of(["a", "b", "a", None]).categories
    assert (few.counts, few.distinct) == ({"a": 2, "b": 1}, 2)
    at_most = column_of([f"t{n}" for n in range(MAX_CATEGORIES)]).categories
    assert at_most.counts is not None
    texts = [f"id-{n}" for n in range(30_000)]
    whole = column_of(texts).categories
    assert whole.counts is None
    assert whole.distinct == pytest.approx(30_000, rel=0.05)
    merged = Profile()
    for start in range(0, 30_000, 100):  # each part alone has few enough to count
        merged.merge(profile_of(x=pa.array(texts[start : start + 100])))
    merged = Profile.from_bytes(merged.to_bytes())
    assert merged.columns["x"].categories.distinct == whole.distinct


def test_columns_that_are_not_flat_are_refused_by_name() -> None:
    with pytest.raises(MonitorError, match="column x is of type list"):
        column_of([[1, 2]])
    with pytest.raises(MonitorError, match="column x is of type duration"):
        column_of(pa.array([1], pa.duration("s")))


def test_two_columns_of_one_name_are_refused() -> None:
    batch = pa.record_batch([pa.array([1]), pa.array([2])], names=["x", "x"])
    with pytest.raises(MonitorError, match="more than one column is named 'x'"):
        Profile().update(batch)


def test_numbers_of_a_category_are_names_and_one_and_the_same_is_one() -> None:
    profile = Profile(["class"])
    texts = pa.array(["0", "1", "1.0", " 1", "no", None])
    profile.update(pa.record_batch([texts, texts], names=["class", "size"]))
    profile.update(pa.record_batch([pa.array([1, 0]), pa.array([1, 0])], names=["class", "size"]))
    column = Profile.from_bytes(profile.to_bytes()).columns["class"]
    assert column.inferred_type == "String"
    assert column.categories.counts == {"0": 2, "1": 4, "no": 1}
    assert (column.present, column.missing, column.moments.count) == (7, 1, 0)
    assert profile.columns["size"].moments.count == 6
