"""A channel's FIFOs: whole and in order for a slow reader, the next epoch there before the end."""

from __future__ import annotations

import io
import os
import random
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from penstock.localcloud.workers.s3 import S3Address
from penstock.localcloud.workers.training.channels import ChannelObjects
from penstock.localcloud.workers.training.job import ChannelReport
from penstock.localcloud.workers.training.pipe import PIPE_BYTES, PipeFeeder
from penstock.recordio.frame import FrameReader

MORE_THAN_A_PIPE = random.Random(7).randbytes(2 * PIPE_BYTES + 12_345)


class S3:
    """Objects in memory."""

    def __init__(self, **objects: bytes) -> None:
        self.objects = objects

    def get_object(self, *, Key: str, **_options: Any) -> dict[str, Any]:
        return {"Body": io.BytesIO(self.objects[Key])}

    def head_object(self, *, Key: str, **_options: Any) -> dict[str, Any]:
        return {"ContentLength": len(self.objects[Key])}


class BreaksOff(io.BytesIO):
    """A body whose connection breaks after the first bytes."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise OSError("connection reset")
        return super().read(4)


@contextmanager
def feeding(
    folder: Path, s3: Any, *names: str, wrapper: str = "None", shuffle_seed: int | None = None
) -> Iterator[tuple[PipeFeeder, ChannelReport]]:
    """A feeder at work on the objects of these names."""
    channel = ChannelObjects(
        name="train",
        input_mode="Pipe",
        content_type="",
        distribution="FullyReplicated",
        record_wrapper=wrapper,
        compression="None",
        shuffle_seed=shuffle_seed,
        prefix=S3Address("b", ""),
        objects=tuple(S3Address("b", name) for name in names),
    )
    report = ChannelReport("algo-1", "train", "Pipe", "")
    feeder = PipeFeeder(channel, s3, folder, report)
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


def test_a_slow_reader_of_odd_portions_gets_every_byte(tmp_path: Path) -> None:
    with feeding(tmp_path, S3(a=MORE_THAN_A_PIPE, b=b"end"), "a", "b") as (_, report):
        got = []
        with (tmp_path / "train_0").open("rb", buffering=0) as fifo:
            time.sleep(0.05)  # the pipe is full now
            while part := fifo.read(99_991):
                got.append(part)
                time.sleep(0.005)  # there is never room for all that waits to be written
        assert b"".join(got) == MORE_THAN_A_PIPE + b"end"
    assert report.bytes == len(MORE_THAN_A_PIPE) + 3


def test_every_epoch_holds_everything_however_the_one_before_was_read(tmp_path: Path) -> None:
    with feeding(tmp_path, S3(a=MORE_THAN_A_PIPE), "a") as (_, report):
        with (tmp_path / "train_0").open("rb") as fifo:
            assert fifo.read(10) == MORE_THAN_A_PIPE[:10]
        assert epoch(tmp_path, 1) == epoch(tmp_path, 2) == MORE_THAN_A_PIPE
    assert report.epochs == 3


def test_the_next_epochs_fifo_is_there_when_a_reader_sees_the_end(tmp_path: Path) -> None:
    with feeding(tmp_path, S3(a=b"x"), "a"):
        for number in range(200):
            with (tmp_path / f"train_{number}").open("rb") as fifo:
                assert fifo.read() == b"x"
            assert stat.S_ISFIFO((tmp_path / f"train_{number + 1}").stat().st_mode)


def test_an_order_is_new_in_every_epoch_and_the_same_in_every_job(tmp_path: Path) -> None:
    names = "abcdefgh"
    objects = S3(**{name: name.encode() for name in names})
    orders = []
    for job in ("first", "second"):
        folder = tmp_path / job
        with feeding(folder, objects, *names, shuffle_seed=3):
            orders.append([epoch(folder, number) for number in range(4)])
    assert orders[0] == orders[1]
    assert len(set(orders[0])) > 1
    assert {bytes(sorted(order)) for order in orders[0]} == {names.encode()}


def test_an_object_is_wrapped_as_one_record(tmp_path: Path) -> None:
    with feeding(tmp_path, S3(a=b"12345", b=b""), "a", "b", wrapper="RecordIO"):
        frames = list(FrameReader(io.BytesIO(epoch(tmp_path, 0))))
    assert [frame.payload for frame in frames] == [b"12345", b""]


def test_data_that_break_off_are_an_error_and_not_an_end(tmp_path: Path) -> None:
    class Broken(S3):
        def get_object(self, **_options: Any) -> dict[str, Any]:
            return {"Body": BreaksOff(b"12345678")}

    with feeding(tmp_path, Broken(), "a") as (feeder, _):
        assert epoch(tmp_path, 0) == b"1234"
        feeder.stop()
        assert "channel train: connection reset" in feeder.error


def test_stopping_waits_for_no_reader(tmp_path: Path) -> None:
    with feeding(tmp_path, S3(a=MORE_THAN_A_PIPE), "a") as (feeder, _):
        reader = os.open(tmp_path / "train_0", os.O_RDONLY)
        stopper = threading.Thread(target=feeder.stop)
        stopper.start()
        stopper.join(timeout=10)
        assert not stopper.is_alive()
        os.close(reader)
