"""Cut files hold the same bytes, and put together again they are the file."""

from __future__ import annotations

import io
import itertools
import struct
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.recordio import count_records, write_csr, write_dense
from penstock.recordio.files import FilesError, Format, Reading, Writing, convert, merge, split
from penstock.recordio.files import outputs as outputs_module
from penstock.recordio.files.walk import chunks, record_ends
from penstock.recordio.frame import MAGIC, FrameReader, frame

SPLIT_RECORD = bytes.fromhex("0a23d7ce04000020616263640a23d7ce0300006065666700")  # dmlc's, cflag


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory() as made:
        yield Path(made)


NUMBERS = count()
PAYLOADS = st.lists(
    st.one_of(
        st.binary(max_size=40).map(frame),
        st.just(SPLIT_RECORD),
        st.integers(1, 30).map(lambda size: frame(bytes(13)) * size),  # alike
    ),
    min_size=1,
    max_size=20,
)
CUTS = st.one_of(
    st.fixed_dictionaries({"shard_bytes": st.integers(1, 300)}),
    st.fixed_dictionaries({"records": st.integers(1, 50)}),
    st.fixed_dictionaries({"parts": st.integers(1, 9)}),
)


@settings(max_examples=150, deadline=None)
@given(frames=PAYLOADS, cut=CUTS)
def test_parts_are_the_file(frames: list[bytes], cut: dict[str, int], folder: Path) -> None:
    data = b"".join(frames)
    number = next(NUMBERS)
    (whole := folder / f"{number}.rec").write_bytes(data)
    account = split(str(whole), str(folder / str(number)), **cut)
    parts = sorted((folder / str(number)).iterdir())
    assert account.files == [(str(part), part.stat().st_size) for part in parts]
    assert account.rows == count_records(data)
    assert b"".join(part.read_bytes() for part in parts) == data
    counts = [count_records(part.read_bytes()) for part in parts]
    assert 0 not in counts
    if "records" in cut:
        assert counts[:-1] == [cut["records"]] * (len(parts) - 1)
    if "shard_bytes" in cut:
        sizes = [part.stat().st_size for part in parts]
        assert all(
            n == 1 or size <= cut["shard_bytes"] for n, size in zip(counts, sizes, strict=True)
        )
        first = [record_ends(memoryview(part.read_bytes()))[0] for part in parts]
        pairs = zip(sizes, first[1:], strict=False)
        assert all(size + after > cut["shard_bytes"] for size, after in pairs)  # full
    if "parts" in cut:
        assert len(parts) <= cut["parts"]
        assert bool(account.notes) == (len(parts) < cut["parts"])
    merge([str(part) for part in parts], str(back := folder / f"{number}.back"))
    assert back.read_bytes() == data


def test_equal_records_make_equal_parts(tmp_path: Path) -> None:
    with (tmp_path / "a.rec").open("wb") as file:
        write_dense(file, np.zeros((1000, 3), np.float32))
    account = split(str(tmp_path / "a.rec"), str(tmp_path / "parts"), parts=7)
    assert [size // 36 for _, size in account.files] == [143, 143, 143, 143, 143, 143, 142]


def test_a_file_of_many_chunks_keeps_its_bytes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    with (tmp_path / "a.rec").open("wb") as file:
        write_dense(file, rng.normal(size=(20_000, 50)).astype(np.float32))
        write_csr(file, scipy.sparse.random(9000, 300, 0.1, "csr", np.float32, rng))
        file.write(frame(bytes(5 << 20)))  # larger than a chunk
        write_dense(file, rng.normal(size=(9, 50)).astype(np.float32))
    account = split(str(tmp_path / "a.rec"), str(tmp_path / "parts"), shard_bytes=700_000)
    assert account.rows == 29_010
    assert len(account.files) > 8
    merge([name for name, _ in account.files], str(tmp_path / "b.rec"))
    assert (tmp_path / "b.rec").read_bytes() == (tmp_path / "a.rec").read_bytes()


@settings(max_examples=200, deadline=None)
@given(frames=PAYLOADS, place=st.integers(0), bit=st.integers(0, 7), cut=st.integers(0))
def test_the_walk_says_what_the_reader_says(
    frames: list[bytes], place: int, bit: int, cut: int
) -> None:
    data = bytearray(b"".join(frames))
    data[place % len(data)] ^= 1 << bit
    del data[len(data) - cut % len(data) :]
    assert outcome_of_walk(data) == outcome_of_reader(data)


@pytest.mark.parametrize("flags", list(itertools.product(range(8), repeat=3)))
def test_parts_of_records_in_any_order(flags: tuple[int, ...]) -> None:
    data = b"".join(struct.pack("<II4s", MAGIC, flag << 29 | 4, b"abcd") for flag in flags)
    assert outcome_of_walk(data) == outcome_of_reader(data)


def outcome_of_walk(data: bytes) -> tuple[int, str]:
    return outcome(len(ends) for _, ends in chunks(io.BytesIO(data)))


def outcome_of_reader(data: bytes) -> tuple[int, str]:
    return outcome(1 for _ in FrameReader(io.BytesIO(data)))


def outcome(counted: Iterable[int]) -> tuple[int, str]:
    found = 0
    try:
        for some in counted:
            found += some
    except ValueError as error:
        return found, str(error)
    return found, ""


def test_shards_of_a_conversion_are_the_file_cut(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("".join(f"{n % 3},{n},{n / 7}\n" for n in range(5000)))
    source = str(tmp_path / "a.csv")
    for sparse in (False, True):
        writing = {"sparse": sparse, "dtype": "float64"}
        whole = str(tmp_path / f"{sparse}.rec")
        convert(source, whole, Reading(Format.CSV), Writing(Format.RECORDIO, **writing))
        shards = str(tmp_path / f"shards{sparse}")
        sharded = Writing(Format.RECORDIO, shard_bytes=70_000, **writing)
        account = convert(source, shards, Reading(Format.CSV), sharded)
        cut = split(whole, str(tmp_path / f"cut{sparse}"), shard_bytes=70_000)
        assert [size for _, size in account.files] == [size for _, size in cut.files]
        assert (
            b"".join(Path(name).read_bytes() for name, _ in account.files)
            == Path(whole).read_bytes()
        )


def broken(tmp_path: Path) -> Path:
    data = bytearray(frame(b"abcd") * 900)
    data[12 * 700] ^= 1
    (path := tmp_path / "a.rec").write_bytes(data)
    return path


def test_nothing_is_left_of_what_is_broken(tmp_path: Path) -> None:
    path = broken(tmp_path)
    words = r"a\.rec: record 700 at byte 8400: expected the magic"
    with pytest.raises(FilesError, match=words):
        split(str(path), str(tmp_path / "parts"), records=100)
    with pytest.raises(FilesError, match=words):
        merge([str(path), str(path)], str(tmp_path / "b.rec"))
    assert list(tmp_path.iterdir()) == [path]


def test_what_was_there_before_stays_when_it_fails(tmp_path: Path) -> None:
    path = broken(tmp_path)
    (tmp_path / "b.rec").write_bytes(b"before")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "notes.txt").write_text("mine")
    with pytest.raises(FilesError):
        merge([str(path)], str(tmp_path / "b.rec"))
    with pytest.raises(FilesError):
        split(str(path), str(tmp_path / "parts"), records=100)
    assert (tmp_path / "b.rec").read_bytes() == b"before"
    assert [each.name for each in (tmp_path / "parts").iterdir()] == ["notes.txt"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_nothing_is_left_when_it_is_interrupted(
    error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (path := tmp_path / "a.rec").write_bytes(frame(b"abcd") * 900)
    real = outputs_module.write_all
    writes = count()

    def failing(file: Any, data: Any) -> int:
        if next(writes) == 4:
            raise error
        return real(file, data)

    monkeypatch.setattr(outputs_module, "write_all", failing)
    with pytest.raises((KeyboardInterrupt, FilesError)):
        split(str(path), str(tmp_path / "parts"), records=100)
    assert list(tmp_path.iterdir()) == [path]


def test_parts_of_two_runs_are_not_mixed(tmp_path: Path) -> None:
    (path := tmp_path / "a.rec").write_bytes(frame(b"abcd") * 9)
    split(str(path), str(tmp_path / "parts"), records=2)
    with pytest.raises(FilesError, match=r"part-00000\.rec is there already: name another folder"):
        split(str(path), str(tmp_path / "parts"), records=5)
    assert len(list((tmp_path / "parts").iterdir())) == 5


def test_files_without_records_are_refused(tmp_path: Path) -> None:
    (path := tmp_path / "a.rec").write_bytes(b"")
    with pytest.raises(FilesError, match="there are no records"):
        split(str(path), str(tmp_path / "parts"), parts=2)
    with pytest.raises(FilesError, match="there are no records"):
        merge([str(path)], str(tmp_path / "b.rec"))
    assert list(tmp_path.iterdir()) == [path]
