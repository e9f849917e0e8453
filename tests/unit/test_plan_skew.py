"""Skew: hash ranges as Kinesis has them, what a hot shard refuses, and the cure that is one."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.planner.keys import Keys
from penstock.planner.load import Load
from penstock.planner.shards import ShardPlan
from penstock.planner.skew import Skew, borne_share, cure, figures, shard_of

KEYS = st.dictionaries(
    st.text(min_size=1, max_size=12), st.floats(min_value=0.01, max_value=100), min_size=1
).map(lambda given: Keys({key: n / sum(given.values()) for key, n in given.items()}, "test"))


@given(st.text(min_size=1, max_size=256), st.integers(min_value=1, max_value=20_000))
def test_a_key_lies_in_the_range_of_its_shard(key: str, shards: int) -> None:
    number = int(hashlib.md5(key.encode(), usedforsecurity=False).hexdigest(), 16)
    width = 2**128 // shards
    shard = shard_of(key, shards)
    assert width * shard <= number
    assert number < width * (shard + 1) or shard == shards - 1


def test_one_key_for_all_records_makes_one_shard_do_all_the_work() -> None:
    load = Load(3000, 1, 1)  # three shards' worth
    skew = Skew.of(Keys({"only": 1.0}, "test"), load, 3)
    assert skew.hottest == shard_of("only", 3)
    assert skew.hottest_share == 1
    assert skew.throttled_share == pytest.approx(2 / 3)
    assert skew.behind_share == 0


def test_what_is_taken_may_still_be_read_too_slowly() -> None:
    load = Load(1000, 1, 4)  # 1,000 KB/s come, 4,000 KB/s are read of one shard's 2,000
    skew = Skew.of(Keys({"only": 1.0}, "test"), load, 2)
    assert skew.throttled_share == pytest.approx(0)
    assert skew.behind_share == pytest.approx(0.5)


def test_a_key_that_is_too_much_for_any_shard_is_divided_until_it_is_not() -> None:
    load, keys = Load(10_000, 1, 1), Keys.read("hot:500:0.5")
    assert keys.shares[keys.heaviest] > borne_share(load)
    found = cure(keys, load, 10)
    assert found is not None
    assert found.split == 1
    assert found.shards < 20  # parts that are small enough spread well
    parts = found.applied(keys)
    assert len(parts.shares) == len(keys.shares) - 1 + found.parts
    assert Skew.of(parts, load, found.shards).throttled_share < 1e-9
    said = {figure.name: figure for figure in figures(keys, load, 10, partition_key_field="k")}
    assert f"as {found.parts} (KEY#0" in said["stream.shards_for_keys"].because


@settings(deadline=None, max_examples=40)
@given(KEYS, st.floats(min_value=1, max_value=10_000), st.integers(min_value=1, max_value=4))
def test_a_cure_is_enough_and_one_shard_less_is_not(
    keys: Keys, rate: float, consumers: int
) -> None:
    load = Load(rate, 1, consumers)
    planned, borne = ShardPlan.of(load).shards, borne_share(load)
    found = cure(keys, load, planned)
    if found is None:
        return
    keys = found.applied(keys)
    assert Skew.of(keys, load, found.shards).hottest_share <= borne * (1 + 1e-9)
    if found.shards > planned:
        assert Skew.of(keys, load, found.shards - 1).hottest_share > borne


@given(KEYS, st.integers(min_value=1, max_value=200))
def test_all_records_are_on_some_shard(keys: Keys, shards: int) -> None:
    skew = Skew.of(keys, Load(1000, 1, 1), shards)
    assert sum(skew.shares) == pytest.approx(1)
    assert 0 <= skew.throttled_share <= 1


def test_without_keys_a_keyed_stream_is_unknown_and_a_digest_is_even() -> None:
    load = Load(3000, 1, 1)
    (keyed,) = figures(None, load, 3, partition_key_field="meter")
    (digest,) = figures(None, load, 3, partition_key_field=None)
    assert keyed.value is None
    assert "--key-skew" in keyed.because
    assert digest.value == pytest.approx(1 / 3)
