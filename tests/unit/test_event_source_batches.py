"""Batches of a stream: splits, retries, partial responses, ages, windows; no record is lost."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.localcloud.workers.event_sources.batches import Batch, judge, split_expired
from penstock.localcloud.workers.event_sources.lane import Batching, Lane
from penstock.localcloud.workers.event_sources.records import StreamRecord, lane_of
from penstock.localcloud.workers.event_sources.responses import failed_items

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def record(number: int, key: str = "k", data: bytes = b"x", age: int = 0) -> StreamRecord:
    return StreamRecord("shard", str(number), key, data, NOW - age * SECOND)


def batch(count: int, retries: int = 0) -> Batch[int]:
    return Batch(tuple(range(count)), retries, retries)


def test_a_success_is_done() -> None:
    verdict = judge(batch(3), None, bisect=True, maximum_retries=0)
    assert (verdict.done, verdict.again, verdict.discarded) == ((0, 1, 2), (), None)


def test_without_bisecting_a_batch_is_retried_whole_and_then_given_up() -> None:
    first = judge(batch(3), 0, bisect=False, maximum_retries=1)
    assert first.again == (Batch((0, 1, 2), retries=1, invocations=1),)
    second = judge(first.again[0], 0, bisect=False, maximum_retries=1)
    assert second.again == ()
    assert second.discarded == Batch((0, 1, 2), retries=1, invocations=2)


def test_splitting_does_not_consume_retries() -> None:
    verdict = judge(batch(5), 0, bisect=True, maximum_retries=0)
    assert verdict.again == (Batch((0, 1), 0, 1), Batch((2, 3, 4), 0, 1))
    alone = judge(Batch((7,), 0, 3), 0, bisect=True, maximum_retries=0)
    assert alone.discarded == Batch((7,), 0, 4)


@pytest.mark.parametrize(("bisect", "retries"), [(True, 0), (False, 1)])
def test_a_partial_failure_goes_on_from_there(bisect: bool, retries: int) -> None:
    verdict = judge(batch(5), 2, bisect=bisect, maximum_retries=3)
    assert verdict.done == (0, 1)
    assert verdict.again == (Batch((2, 3, 4), retries, 1),)


def test_no_limit_of_retries() -> None:
    verdict = judge(batch(1, retries=10_000), 0, bisect=False, maximum_retries=None)
    assert verdict.again[0].retries == 10_001


def test_expiry_takes_the_first_records() -> None:
    records = tuple(record(n, age=age) for n, age in enumerate((90, 61, 60, 5)))
    old, live = split_expired(Batch(records, 2, 3), NOW - 60 * SECOND, lambda r: r.arrival)
    assert old == Batch(records[:2], 2, 3)
    assert live == Batch(records[2:], 2, 3)
    assert split_expired(Batch(records), NOW, lambda r: r.arrival)[1] is None
    assert split_expired(Batch(records), NOW - 99 * SECOND, lambda r: r.arrival)[0] is None


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (None, set()),
        ({}, set()),
        ({"batchItemFailures": []}, set()),
        ({"batchItemFailures": None}, set()),
        ("done", set()),
        ({"batchItemFailures": [{"itemIdentifier": "2"}, {"itemIdentifier": "1"}]}, {"1", "2"}),
        ({"batchItemFailures": [{"itemIdentifier": ""}]}, None),
        ({"batchItemFailures": [{"itemIdentifier": None}]}, None),
        ({"batchItemFailures": [{"itemIdentifer": "1"}]}, None),
        ({"batchItemFailures": [{"itemIdentifier": "1"}, {"itemIdentifier": "9"}]}, None),
        ({"batchItemFailures": "1"}, None),
    ],
)
def test_what_a_response_says(answer: object, failed: set[str] | None) -> None:
    assert failed_items(json.dumps(answer).encode(), {"1", "2", "3"}) == failed


def test_a_lane_waits_for_its_window_or_a_full_batch() -> None:
    lane, batching = Lane(), Batching(size=3, window_seconds=60)
    assert lane.look(NOW, batching) is None
    lane.add([record(1)], NOW)
    lane.add([record(2)], NOW + 10 * SECOND)
    assert lane.look(NOW + 10 * SECOND, batching) == NOW + 60 * SECOND
    due = lane.look(NOW + 60 * SECOND, batching)
    assert isinstance(due, Batch)
    assert [r.sequence_number for r in due.records] == ["1", "2"]
    lane.settle(judge(due, None, bisect=False, maximum_retries=0), NOW)
    lane.add([record(n) for n in range(3, 7)], NOW)
    full = lane.look(NOW, batching)
    assert isinstance(full, Batch)
    assert len(full.records) == 3
    assert len(lane) == 4


def test_a_batch_is_at_most_six_megabytes() -> None:
    lane = Lane()
    lane.add([record(n, data=bytes(1024 * 1024)) for n in range(10)], NOW)
    found = lane.look(NOW, Batching(size=10, window_seconds=300))
    assert isinstance(found, Batch)
    assert len(found.records) == 4


def test_pauses_between_retries_double_up_to_a_minute() -> None:
    lane, now, pauses = Lane(), NOW, []
    lane.add([record(1)], now)
    for _ in range(9):
        found = lane.look(now, Batching(1, 0))
        assert isinstance(found, Batch)
        lane.settle(judge(found, 0, bisect=True, maximum_retries=None), now)
        resume = lane.look(now, Batching(1, 0))
        assert isinstance(resume, datetime)
        pauses.append((resume - now).total_seconds())
        now = resume
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


@given(st.text(min_size=1), st.integers(1, 10))
def test_a_key_has_one_lane(key: str, lanes: int) -> None:
    assert lane_of(key, lanes) == lane_of(key, lanes) in range(lanes)


@given(
    keys=st.lists(st.sampled_from("abcde"), max_size=40),
    poison=st.sets(st.integers(0, 39)),
    size=st.integers(1, 12),
    lanes=st.integers(1, 4),
    bisect=st.booleans(),
    partial=st.booleans(),
    maximum_retries=st.integers(0, 3),
    maximum_age=st.integers(5, 10_000),
    flaky=st.integers(0, 5),
)
def test_every_record_ends_exactly_once_and_keys_stay_in_order(
    keys: list[str],
    poison: set[int],
    size: int,
    lanes: int,
    bisect: bool,
    partial: bool,
    maximum_retries: int,
    maximum_age: int,
    flaky: int,
) -> None:
    """A function that fails altogether at first, then on poison, with and without reporting."""
    all_lanes = [Lane() for _ in range(lanes)]
    records = [record(number, key) for number, key in enumerate(keys)]
    for one in records:
        all_lanes[lane_of(one.partition_key, lanes)].add([one], NOW)
    ended: list[StreamRecord] = []
    given_up: set[str] = set()
    calls = 0
    for lane in all_lanes:
        now = NOW
        while (found := lane.look(now, Batching(size, 0))) is not None:
            if isinstance(found, datetime):
                now = found
                continue
            old, live = split_expired(found, now - maximum_age * SECOND, lambda r: r.arrival)
            if old is not None:
                ended += old.records
                given_up |= {r.sequence_number for r in old.records}
                lane.replace(live)
                continue
            calls += 1
            bad = [n for n, r in enumerate(found.records) if int(r.sequence_number) in poison]
            failed = 0 if calls <= flaky else (bad[0] if partial else 0) if bad else None
            verdict = judge(found, failed, bisect=bisect, maximum_retries=maximum_retries)
            ended += verdict.done
            if verdict.discarded is not None:
                ended += verdict.discarded.records
                given_up |= {r.sequence_number for r in verdict.discarded.records}
            lane.settle(verdict, now)
            assert calls < 10_000
            assert (lane.payload_bytes > 0) == (len(lane) > 0)
        assert lane.payload_bytes == 0
    assert sorted(int(r.sequence_number) for r in ended) == list(range(len(keys)))
    for key in set(keys):
        order = [int(r.sequence_number) for r in ended if r.partition_key == key]
        assert order == sorted(order)
    assert {str(n) for n in poison if n < len(keys)} <= given_up
    if bisect and not flaky and maximum_age == 10_000:
        assert given_up == {str(n) for n in poison if n < len(keys)}, "good records go on"
