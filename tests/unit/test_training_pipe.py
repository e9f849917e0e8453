"""A channel's FIFOs: whole and in order for a slow reader, the next epoch there before the end."""

from __future__ import annotations

import gzip
import io
import json
import os
import random
import signal
import stat
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from penstock.localcloud.workers.s3 import S3Address
from penstock.localcloud.workers.training.channels import ChannelObjects
from penstock.localcloud.workers.training.job import ChannelReport
from penstock.localcloud.workers.training.pipe import PIPE_BYTES, PipeFeeder, ahead, ranges
from penstock.recordio.frame import FrameReader
from tests.memory_s3 import MemoryS3

MORE_THAN_A_PIPE = random.Random(7).randbytes(2 * PIPE_BYTES + 12_345)


@pytest.fixture(autouse=True)
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """So small that small objects have many of them."""
    for module in (ranges, ahead):
        monkeypatch.setattr(module, "RANGE_BYTES", 300_000)


class BreaksOff(io.BytesIO):
    """A body whose connection breaks after the first bytes."""

    error: OSError

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise self.error
        return super().read(4)


def channel_of(*names: str, **changes: Any) -> ChannelObjects:
    settings: dict[str, Any] = {
        "name": "train",
        "input_mode": "Pipe",
        "content_type": "",
        "distribution": "FullyReplicated",
        "record_wrapper": "None",
        "compression": "None",
        "shuffle_seed": None,
        "prefix": S3Address("b", ""),
        "objects": tuple(S3Address("b", name) for name in names),
    }
    return ChannelObjects(**{**settings, **changes})


@contextmanager
def feeding(
    folder: Path, s3: Any, *names: str, **changes: Any
) -> Iterator[tuple[PipeFeeder, ChannelReport]]:
    """A feeder at work on the objects of these names."""
    report = ChannelReport("algo-1", "train", "Pipe", "")
    feeder = PipeFeeder(channel_of(*names, **changes), s3, folder, report)
    feeder.start()
    try:
        yield feeder, report
    finally:
        feeder.stop()


def epoch(folder: Path, number: int) -> bytes:
    path = folder / f"train_{number}"
    while not path.exists():
        time.sleep(0.002)
    return path.read_bytes()


def until_error(feeder: PipeFeeder) -> str:
    while not feeder.error:
        time.sleep(0.002)
    return feeder.error


def test_a_slow_reader_of_odd_portions_gets_every_byte(tmp_path: Path) -> None:
    s3 = MemoryS3({"a": MORE_THAN_A_PIPE, "b": b"end"})
    with feeding(tmp_path, s3, "a", "b") as (_, report):
        got = []
        with (tmp_path / "train_0").open("rb", buffering=0) as fifo:
            time.sleep(0.05)  # the pipe is full now
            while part := fifo.read(99_991):
                got.append(part)
                time.sleep(0.005)  # there is never room for all that waits to be written
        assert b"".join(got) == MORE_THAN_A_PIPE + b"end"
    assert report.bytes == len(MORE_THAN_A_PIPE) + 3


def test_nothing_is_read_before_a_reader_comes(tmp_path: Path) -> None:
    s3 = MemoryS3({"a": b"late"})
    with feeding(tmp_path, s3, "a"):
        time.sleep(0.05)
        assert s3.asked == []
        assert epoch(tmp_path, 0) == b"late"
        time.sleep(0.05)
        assert len(s3.asked) == 1  # nor is the next epoch


def test_every_epoch_holds_everything_however_the_one_before_was_read(tmp_path: Path) -> None:
    with feeding(tmp_path, MemoryS3({"a": MORE_THAN_A_PIPE}), "a") as (_, report):
        with (tmp_path / "train_0").open("rb") as fifo:
            assert fifo.read(10) == MORE_THAN_A_PIPE[:10]
        assert epoch(tmp_path, 1) == epoch(tmp_path, 2) == MORE_THAN_A_PIPE
    assert report.epochs == 3


def test_the_next_epochs_fifo_is_there_when_a_reader_sees_the_end(tmp_path: Path) -> None:
    with feeding(tmp_path, MemoryS3({"a": b"x"}), "a"):
        for number in range(200):
            with (tmp_path / f"train_{number}").open("rb") as fifo:
                assert fifo.read() == b"x"
                assert not (tmp_path / f"train_{number}").exists()
            assert stat.S_ISFIFO((tmp_path / f"train_{number + 1}").stat().st_mode)


def test_an_order_is_new_in_every_epoch_and_the_same_in_every_job(tmp_path: Path) -> None:
    names = "abcdefgh"
    objects = MemoryS3({name: name.encode() for name in names})
    orders = []
    for job in ("first", "second"):
        folder = tmp_path / job
        with feeding(folder, objects, *names, shuffle_seed=3):
            orders.append([epoch(folder, number) for number in range(4)])
    assert orders[0] == orders[1]
    assert len(set(orders[0])) > 1
    assert {bytes(sorted(order)) for order in orders[0]} == {names.encode()}


def test_an_object_is_wrapped_as_one_record(tmp_path: Path) -> None:
    s3 = MemoryS3({"a": b"12345", "b": b""})
    with feeding(tmp_path, s3, "a", "b", record_wrapper="RecordIO"):
        frames = list(FrameReader(io.BytesIO(epoch(tmp_path, 0))))
    assert [frame.payload for frame in frames] == [b"12345", b""]


def test_a_zipped_object_is_wrapped_as_what_it_unzips_to(tmp_path: Path) -> None:
    s3 = MemoryS3({"a": gzip.compress(b"123") + gzip.compress(b"45"), "b": gzip.compress(b"")})
    with feeding(tmp_path, s3, "a", "b", record_wrapper="RecordIO", compression="Gzip"):
        frames = list(FrameReader(io.BytesIO(epoch(tmp_path, 0))))
    assert [frame.payload for frame in frames] == [b"12345", b""]
    assert [key for key, _ in s3.asked] == ["a", "b"]


def test_attributes_of_each_line_come_in_the_order_asked_for(tmp_path: Path) -> None:
    lines = [
        {"label": 1, "image-ref": "s3://b/one", "unused": "?"},
        {"image-ref": "s3://b/two", "label": {"boxes": [1, 2.5]}, "label-ref": "unused"},
        {"image-ref": "s3://b/one", "label": "text"},
    ]
    manifest = "\n\n".join(json.dumps(line) for line in lines)
    s3 = MemoryS3({"m": manifest.encode(), "one": b"first image", "two": b"second"})
    names = ("image-ref", "label")
    with feeding(tmp_path, s3, "m", attributes=names):
        assert epoch(tmp_path, 0) == b'first image1second{"boxes":[1,2.5]}first imagetext'
    folder = tmp_path / "wrapped"
    with feeding(folder, s3, "m", attributes=names, record_wrapper="RecordIO"):
        frames = list(FrameReader(io.BytesIO(epoch(folder, 0))))
    assert [frame.payload for frame in frames] == [
        *(b"first image", b"1", b"second", b'{"boxes":[1,2.5]}', b"first image", b"text")
    ]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "at byte 13: not JSON"),
        ("[1]", "at byte 13: not a JSON object"),
        ('{"b": 1}', "at byte 13: it has no attribute 'a-ref' of AttributeNames, only b"),
        ('{"a-ref": 7}', "at byte 13: the value of 'a-ref' must be an S3 URI, it is 7"),
    ],
)
def test_a_line_that_is_not_as_it_should_be_is_named(tmp_path: Path, line: str, why: str) -> None:
    s3 = MemoryS3({"m": b"\n" * 13 + line.encode()})
    with feeding(tmp_path, s3, "m", attributes=("a-ref",)) as (feeder, _):
        reader = os.open(tmp_path / "train_0", os.O_RDONLY)
        error = until_error(feeder)
        os.close(reader)
    assert error.startswith(f"channel train: s3://b/m, the line {why}")


@pytest.mark.parametrize("kind", [OSError, BrokenPipeError])
def test_data_that_break_off_are_an_error_and_not_an_end(
    tmp_path: Path, kind: type[OSError]
) -> None:
    class Broken(MemoryS3):
        def body(self, key: str, data: bytes) -> Any:
            body = BreaksOff(data)
            body.error = kind("connection reset")
            return body

    ends = []
    with feeding(tmp_path, Broken({"a": b"12345678"}), "a") as (feeder, _):
        reader = os.open(tmp_path / "train_0", os.O_RDONLY)
        assert os.read(reader, 100) == b"1234"
        assert until_error(feeder) == "channel train: connection reset"
        os.set_blocking(reader, False)
        with pytest.raises(BlockingIOError):  # the reader would wait for more
            ends.append(os.read(reader, 100))
        os.close(reader)
    assert not ends
    assert not (tmp_path / "train_1").exists()


def test_an_object_that_comes_short_is_an_error(tmp_path: Path) -> None:
    class Short(MemoryS3):
        def body(self, key: str, data: bytes) -> Any:
            return io.BytesIO(data[:-1])

    with feeding(tmp_path, Short({"a": b"12345678"}), "a") as (feeder, _):
        reader = os.open(tmp_path / "train_0", os.O_RDONLY)
        assert until_error(feeder) == "channel train: s3://b/a: 7 of 8 bytes came, then no more"
        os.close(reader)


def test_an_object_that_changes_between_its_ranges_is_an_error(tmp_path: Path) -> None:
    class Overwritten(MemoryS3):
        def body(self, key: str, data: bytes) -> Any:
            self.objects[key] = bytes(len(MORE_THAN_A_PIPE))
            return io.BytesIO(data)

    with feeding(tmp_path, Overwritten({"a": MORE_THAN_A_PIPE}), "a") as (feeder, _):
        reader = os.open(tmp_path / "train_0", os.O_RDONLY)
        assert "channel train: s3://b/a was changed while it was read: byte " in (
            until_error(feeder)
        )
        os.close(reader)


def test_small_objects_are_asked_for_side_by_side(tmp_path: Path) -> None:
    class Together(MemoryS3):
        """Answers only when so many ask at once; alone they would wait for ever."""

        together = threading.Barrier(ahead.THREADS, timeout=20)

        def body(self, key: str, data: bytes) -> Any:
            self.together.wait()
            return super().body(key, data)

    names = [f"{number:02d}" for number in range(3 * ahead.THREADS)]
    s3 = Together({name: name.encode() for name in names})
    with feeding(tmp_path, s3, *names):
        assert epoch(tmp_path, 0) == "".join(names).encode()


def test_what_is_read_ahead_has_a_bound(tmp_path: Path) -> None:
    s3 = MemoryS3({"a": bytes(300_000 * 60)})
    with feeding(tmp_path, s3, "a"), (tmp_path / "train_0").open("rb", buffering=0) as fifo:
        assert fifo.read(1) == b"\0"
        in_pipe = PIPE_BYTES // 300_000
        while len(s3.asked) < ahead.WINDOW + in_pipe:
            time.sleep(0.002)
        time.sleep(0.1)  # nobody reads: a window and a pipe are full now
        assert len(s3.asked) <= ahead.WINDOW + in_pipe + 2


def test_a_local_file_is_sent_as_it_is(tmp_path: Path) -> None:
    class Files(MemoryS3):
        def body(self, key: str, data: bytes) -> Any:
            file = tempfile.TemporaryFile()  # noqa: SIM115
            file.write(b"before" + data)
            file.seek(6)
            return file

    with feeding(tmp_path, Files({"a": MORE_THAN_A_PIPE, "b": b"end"}), "a", "b"):
        assert epoch(tmp_path, 0) == MORE_THAN_A_PIPE + b"end"


def test_a_source_without_ranges_is_read_in_one_go(tmp_path: Path) -> None:
    class Whole(MemoryS3):
        def get_object(self, *, Range: str = "", **options: Any) -> dict[str, Any]:
            return super().get_object(**options)

    s3 = Whole({"a": MORE_THAN_A_PIPE, "b": b"end"})
    with feeding(tmp_path, s3, "a", "b"):
        assert epoch(tmp_path, 0) == MORE_THAN_A_PIPE + b"end"
    assert len(s3.asked) == 2


def test_a_reader_that_is_killed_gets_an_epoch_when_it_comes_back(tmp_path: Path) -> None:
    with feeding(tmp_path, MemoryS3({"a": MORE_THAN_A_PIPE}), "a") as (feeder, _):
        with subprocess.Popen(
            ["tail", "-c", "+1", str(tmp_path / "train_0")], stdout=subprocess.PIPE
        ) as reader:
            assert reader.stdout is not None
            assert reader.stdout.read(4) == MORE_THAN_A_PIPE[:4]
            reader.send_signal(signal.SIGKILL)
        assert epoch(tmp_path, 1) == MORE_THAN_A_PIPE
        assert not feeder.error


@pytest.mark.parametrize("names", [(), ("empty",)])
def test_a_host_without_data_sees_an_end_in_every_epoch(tmp_path: Path, names: Any) -> None:
    with feeding(tmp_path, MemoryS3({"empty": b""}), *names):
        assert [epoch(tmp_path, number) for number in range(3)] == [b""] * 3


def test_stopping_waits_for_no_reader(tmp_path: Path) -> None:
    with feeding(tmp_path, MemoryS3({"a": MORE_THAN_A_PIPE}), "a") as (feeder, _):
        reader = os.open(tmp_path / "train_0", os.O_RDONLY)
        stopper = threading.Thread(target=feeder.stop)
        stopper.start()
        stopper.join(timeout=10)
        assert not stopper.is_alive()
        os.close(reader)


def test_stopping_waits_for_no_first_reader(tmp_path: Path) -> None:
    with feeding(tmp_path, MemoryS3({"a": b"x"}), "a") as (feeder, _):
        feeder.stop()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("pipe-")]
