"""FastFile channels: files of the right size at once, their bytes when somebody opens them."""

from __future__ import annotations

import fcntl
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from penstock.localcloud.workers.s3 import S3Address
from penstock.localcloud.workers.training.channels import ChannelObjects
from penstock.localcloud.workers.training.fastfile import FastFiles, LeasesError, files, lease
from penstock.localcloud.workers.training.job import ChannelReport
from tests.memory_s3 import MemoryS3

OBJECTS = {
    f"data/{name}": random.Random(name).randbytes(size)
    for name, size in (("a", 100), ("b", 7_000), ("deep/c", 0), ("deep/d", 400_000), ("e", 10))
}


def channel_of(s3: MemoryS3) -> ChannelObjects:
    prefix = S3Address("b", "data/")
    return ChannelObjects(
        name="train",
        input_mode="FastFile",
        content_type="",
        distribution="FullyReplicated",
        record_wrapper="None",
        compression="None",
        shuffle_seed=None,
        prefix=prefix,
        objects=tuple(prefix.objects(s3)),
    )


@pytest.fixture
def leases(tmp_path: Path) -> None:
    """Some file systems have none: a job's files are downloaded before its start there."""
    try:
        lease.LeasedFile(tmp_path / "probe", 1).give_free()
    except LeasesError as error:
        pytest.skip(str(error))


@contextmanager
def fast_files(folder: Path, s3: MemoryS3) -> Iterator[FastFiles]:
    fed = FastFiles(channel_of(s3), s3, folder, ChannelReport("algo-1", "train", "FastFile", ""))
    fed.start()
    try:
        yield fed
    finally:
        fed.stop()


def read_elsewhere(path: Path) -> bytes:
    """In a process of its own, as a program does."""
    command = [
        sys.executable,
        "-c",
        "import sys; sys.stdout.buffer.write(open(sys.argv[1], 'rb').read())",
    ]
    return subprocess.run([*command, str(path)], stdout=subprocess.PIPE, check=True).stdout


def until(is_so: Callable[[], Any]) -> None:
    while not is_so():
        time.sleep(0.002)


@pytest.mark.usefixtures("leases")
def test_files_are_there_at_once_and_nothing_is_fetched(tmp_path: Path) -> None:
    s3 = MemoryS3(OBJECTS)
    with fast_files(tmp_path, s3):
        sizes = {
            f"data/{p.relative_to(tmp_path / 'train')}": p.stat().st_size
            for p in (tmp_path / "train").rglob("*")
            if p.is_file()
        }
        assert sizes == {key: len(data) for key, data in OBJECTS.items()}
        time.sleep(0.05)
        assert s3.asked == []


@pytest.mark.usefixtures("leases")
def test_every_file_holds_its_object_in_whatever_order_they_are_opened(tmp_path: Path) -> None:
    s3 = MemoryS3(OBJECTS)
    names = list(OBJECTS)
    random.Random(3).shuffle(names)
    with fast_files(tmp_path, s3) as fed:
        for key in names * 2:
            path = tmp_path / "train" / key.removeprefix("data/")
            assert read_elsewhere(path) == OBJECTS[key]
        assert not fed.error
    assert sorted(key for key, _ in s3.asked) == sorted(OBJECTS)


@pytest.mark.usefixtures("leases")
def test_what_follows_is_fetched_before_it_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "GROUP_BYTES", 100)
    s3 = MemoryS3({f"data/{number}": bytes(50) for number in range(8)})
    with fast_files(tmp_path, s3):
        assert read_elsewhere(tmp_path / "train" / "0") == bytes(50)
        until(lambda: len(s3.asked) >= 4)
        time.sleep(0.05)
        assert sorted(key for key, _ in s3.asked) == [f"data/{number}" for number in range(4)]
        assert read_elsewhere(tmp_path / "train" / "2") == bytes(50)
        until(lambda: len(s3.asked) >= 6)


@pytest.mark.usefixtures("leases")
def test_a_file_that_is_waited_for_goes_before_what_is_read_ahead(tmp_path: Path) -> None:
    class Slow(MemoryS3):
        """Only what is released is answered."""

        released = threading.Event()

        def body(self, key: str, data: bytes) -> Any:
            if key not in ("data/0", "data/9"):
                self.released.wait(20)
            return super().body(key, data)

    s3 = Slow({f"data/{number}": b"data" for number in range(10)})
    with fast_files(tmp_path, s3):
        assert read_elsewhere(tmp_path / "train" / "0") == b"data"
        assert read_elsewhere(tmp_path / "train" / "9") == b"data"
        s3.released.set()


@pytest.mark.usefixtures("leases")
def test_a_file_that_does_not_come_in_time_is_an_error(tmp_path: Path) -> None:
    class Hangs(MemoryS3):
        released = threading.Event()

        def body(self, key: str, data: bytes) -> Any:
            self.released.wait(20)
            return super().body(key, data)

    s3 = Hangs({"data/a": b"data"})
    with fast_files(tmp_path, s3) as fed:
        fed.seconds_to_open = 1.2
        with subprocess.Popen(
            ["cat", str(tmp_path / "train" / "a")], stdout=subprocess.PIPE
        ) as cat:
            until(lambda: fed.error)
            cat.kill()
        s3.released.set()
    assert "channel train: s3://b/data/a (4 bytes) was not there" in fed.error
    assert "lease-break-time" in fed.error


@pytest.mark.usefixtures("leases")
@pytest.mark.parametrize(
    ("change", "why"),
    [
        (b"longer", "s3://b/data/a was changed since the job began: it has 6 bytes, the program"),
        (None, "NoSuchKey"),
    ],
)
def test_who_opens_what_cannot_be_fetched_never_sees_zeros(
    tmp_path: Path, change: bytes | None, why: str
) -> None:
    s3 = MemoryS3({"data/a": b"data"})
    with fast_files(tmp_path, s3) as fed:
        if change is None:
            del s3.objects["data/a"]
        else:
            s3.objects["data/a"] = change
        with subprocess.Popen(
            ["cat", str(tmp_path / "train" / "a")], stdout=subprocess.PIPE
        ) as cat:
            until(lambda: fed.error)
            assert cat.poll() is None  # it waits still
            cat.kill()
    assert why in fed.error


def test_too_many_files_are_told_of_and_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease.resource, "getrlimit", lambda _which: (40, 40))
    s3 = MemoryS3({f"data/{number:03d}": b"x" for number in range(100)})
    with pytest.raises(LeasesError, match=r"100 files need to be open at a time, -?[0-9]+ may be"):
        FastFiles(channel_of(s3), s3, tmp_path, ChannelReport("algo-1", "train", "FastFile", ""))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_file_system_without_leases_is_told_of_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = fcntl.fcntl
    asked = []

    def without_leases(file: int, command: int, value: int = 0) -> int:
        if command == fcntl.F_SETLEASE and value == fcntl.F_WRLCK:
            asked.append(file)
            if len(asked) == 3:
                raise OSError(22, "Invalid argument")
        return real(file, command, value)

    monkeypatch.setattr(lease.fcntl, "fcntl", without_leases)
    s3 = MemoryS3(OBJECTS)
    with pytest.raises(LeasesError, match="no lease on c: Invalid argument"):
        FastFiles(channel_of(s3), s3, tmp_path, ChannelReport("algo-1", "train", "FastFile", ""))
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
