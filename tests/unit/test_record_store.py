"""Records of shards, kept in a fixed amount of memory and read like a list."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from penstock.localcloud.record_store.segment import Columns
from penstock.localcloud.record_store.shard_log import ShardLog, StoredRecord
from penstock.localcloud.record_store.store import RecordStore

KB = 1000
ANY = 1_000_000


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read."""
    read, found = Columns.read, []

    def noted(path: Path) -> Columns:
        found.append(path)
        return read(path)

    monkeypatch.setattr(Columns, "read", noted)
    return found


@pytest.fixture
def store(tmp_path: Path) -> Iterator[RecordStore]:
    store = RecordStore(
        tmp_path / "store", segment_bytes=10 * KB, newest_bytes=50 * KB, read_bytes=20 * KB
    )
    yield store
    store.close()
    assert not (tmp_path / "store").exists()


def fill(log: ShardLog, count: int, *, start: float = 0) -> None:
    """A record a second, of some 300 bytes."""
    for second in range(count):
        log.append(f"key {second}", b"%200d" % second, start + second)


def numbers(log: ShardLog, after: int = 0, limit: int = ANY) -> list[int]:
    return [record.number for record in log.read(after, limit=limit, limit_bytes=ANY)]


def files(tmp_path: Path) -> int:
    return sum(path.is_file() for path in tmp_path.rglob("*"))


def test_a_record_comes_back_as_it_was(store: RecordStore) -> None:
    log = store.shard()
    data = bytes(range(256))
    assert log.append("ключ \ud800", data, 5.25) == 1
    fill(log, 1000, start=10)
    (record,) = log.read(0, limit=1, limit_bytes=ANY)
    assert record == StoredRecord(1, "ключ \ud800", data, 5.25)


def test_memory_stays_the_same_whatever_number_of_records_comes(
    store: RecordStore, tmp_path: Path
) -> None:
    logs = [store.shard() for _ in range(3)]
    for _ in range(10):
        for log in logs:
            fill(log, 100)
            assert numbers(log) == list(range(1, log.newest + 1))
            assert store.memory_bytes <= 70 * KB
    assert files(tmp_path) > 20


def test_few_records_need_no_file(store: RecordStore, tmp_path: Path) -> None:
    log = store.shard()
    fill(log, 100)
    assert numbers(log) == list(range(1, 101))
    assert files(tmp_path) == 0


def test_the_newest_records_are_read_without_the_disk(
    store: RecordStore, loads: list[Path]
) -> None:
    log = store.shard()
    fill(log, 1000)
    assert numbers(log, 900) == list(range(901, 1001))
    assert log.number_before(950.5) == 951
    assert loads == []


def test_who_has_read_all_of_an_idle_shard_asks_again_without_the_disk(
    store: RecordStore, loads: list[Path]
) -> None:
    idle, busy = store.shard(), store.shard()
    fill(idle, 10)
    fill(busy, 1000)  # pushes the other's records out
    assert numbers(idle, 10) == []
    assert loads == []
    assert numbers(idle, 9) == [10]
    assert len(loads) == 1


def test_a_reader_of_old_records_reads_each_file_once(
    store: RecordStore, loads: list[Path]
) -> None:
    log = store.shard()
    fill(log, 200)
    pages, after = 0, 0
    while page := numbers(log, after, limit=3):
        assert page == list(range(after + 1, after + len(page) + 1))
        after, pages = page[-1], pages + 1
    assert (after, pages) == (200, 67)
    assert len(loads) == len(set(loads)) > 1


def test_an_answer_has_an_end(store: RecordStore) -> None:
    log = store.shard()
    fill(log, 10)
    assert [r.number for r in log.read(2, limit=ANY, limit_bytes=600)] == [3, 4, 5]
    assert [r.number for r in log.read(2, limit=ANY, limit_bytes=1)] == [3]  # one at least


def test_files_go_when_their_records_are_too_old(store: RecordStore, tmp_path: Path) -> None:
    log = store.shard()
    fill(log, 1000)
    before = files(tmp_path)
    log.forget(500)
    assert files(tmp_path) < before
    assert numbers(log, limit=2) == [501, 502]
    log.forget(100)  # a longer retention brings nothing back
    assert numbers(log, limit=1) == [501]
    log.forget(2000)
    assert (files(tmp_path), store.memory_bytes, numbers(log)) == (0, 0, [])
    assert log.append("k", b"next", 2000) == 1001
    assert numbers(log) == [1001]


def test_a_dropped_shard_leaves_nothing(store: RecordStore, tmp_path: Path) -> None:
    log, other = store.shard(), store.shard()
    fill(other, 3)
    fill(log, 1000)
    numbers(log, limit=1)  # some of it is in memory twice
    log.drop()
    assert numbers(log) == []
    assert numbers(other) == [1, 2, 3]
    other.drop()
    assert (files(tmp_path), store.memory_bytes) == (0, 0)


def test_a_record_may_be_larger_than_the_memory(store: RecordStore) -> None:
    log = store.shard()
    for letter in b"abc":
        log.append("k", bytes([letter]) * 60 * KB, 0)
    assert [record.data[:1] for record in log.read(0, limit=9, limit_bytes=ANY)] == [
        b"a",
        b"b",
        b"c",
    ]


def test_a_full_disk_takes_no_record_and_loses_none(
    store: RecordStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_columns: Columns, _path: Path) -> None:
        raise OSError(28, "No space left on device")

    log = store.shard()
    with monkeypatch.context() as patched:
        patched.setattr(Columns, "write", full)
        with pytest.raises(OSError, match="No space left"):
            fill(log, 1000)
        taken = log.newest
        assert numbers(log) == list(range(1, taken + 1))
    assert log.append("k", b"again", 0) == taken + 1
    assert numbers(log) == list(range(1, taken + 2))


class LikeLists(RuleBasedStateMachine):
    """Two shards in a store that holds next to nothing in memory, and a list for each."""

    shards = st.integers(0, 1)

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.store = RecordStore(
            Path(self.folder.name), segment_bytes=400, newest_bytes=900, read_bytes=500
        )
        self.logs = [self.store.shard() for _ in range(2)]
        self.lists: list[list[StoredRecord]] = [[], []]
        self.now = 0.0

    @rule(
        shard=shards,
        key=st.text(max_size=5),
        sizes=st.lists(st.integers(0, 500), max_size=8),
        seconds=st.integers(-2, 3),
    )
    def append(self, shard: int, key: str, sizes: list[int], seconds: int) -> None:
        log, model = self.logs[shard], self.lists[shard]
        for size in sizes:
            self.now += seconds
            number = log.newest + 1
            arrival = max(self.now, log.newest_arrival)
            assert log.append(key, b"x" * size, self.now) == number
            model.append(StoredRecord(number, key, b"x" * size, arrival))

    @rule(
        shard=shards,
        after=st.integers(0, 60),
        limit=st.integers(1, 20),
        limit_bytes=st.integers(0, 2000),
    )
    def read(self, shard: int, after: int, limit: int, limit_bytes: int) -> None:
        expected: list[StoredRecord] = []
        for record in self.lists[shard]:
            if record.number <= after:
                continue
            size = sum(len(other.data) for other in expected) + len(record.data)
            if len(expected) == limit or (expected and size > limit_bytes):
                break
            expected.append(record)
        assert self.logs[shard].read(after, limit=limit, limit_bytes=limit_bytes) == expected

    @rule(shard=shards, seconds_ago=st.integers(-2, 40))
    def read_from_a_moment(self, shard: int, seconds_ago: int) -> None:
        moment = self.now - seconds_ago
        after = self.logs[shard].number_before(moment)
        found = self.logs[shard].read(after, limit=ANY, limit_bytes=ANY)
        assert found == [record for record in self.lists[shard] if record.arrival >= moment]

    @rule(shard=shards, seconds_ago=st.integers(0, 40))
    def forget(self, shard: int, seconds_ago: int) -> None:
        before = self.now - seconds_ago
        self.logs[shard].forget(before)
        self.lists[shard] = [r for r in self.lists[shard] if r.arrival >= before]

    @rule(shard=shards)
    def drop(self, shard: int) -> None:
        self.logs[shard].drop()
        self.logs[shard], self.lists[shard] = self.store.shard(), []

    @invariant()
    def memory_is_bounded(self) -> None:
        assert self.store.memory_bytes <= 900 + 500 + 2 * 700  # and the largest record, twice

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            assert not Path(self.folder.name).exists()


def test_a_shard_reads_like_a_list() -> None:
    run_state_machine_as_test(
        LikeLists,
        settings=settings(
            max_examples=60,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
