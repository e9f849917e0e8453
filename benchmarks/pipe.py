"""Pipe mode: FIFOs against `cat`, and a training job's data in Pipe and FastFile against File mode.

.venv/bin/python -m benchmarks.pipe [--gb 1]

The source is an S3 server over loopback (range_server), the training script a process that reads
penstock.recordio.pipe's batches (pipe_trainer); between them is what the local cloud's training
worker does: the feeder of the FIFOs, the files that come when they are opened, or the download.
"""

from __future__ import annotations

import argparse
import io
import itertools
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.comparison import compare, say, seconds
from benchmarks.pipe_trainer import RAW_BYTES, Reading, Trainer
from benchmarks.range_server import serving
from penstock.localcloud.workers.s3 import S3Address
from penstock.localcloud.workers.training.channels import ChannelObjects
from penstock.localcloud.workers.training.fastfile import FastFiles
from penstock.localcloud.workers.training.files import download
from penstock.localcloud.workers.training.job import ChannelReport
from penstock.localcloud.workers.training.layout import HostLayout
from penstock.localcloud.workers.training.pipe import PipeFeeder
from penstock.recordio import write_dense

BUCKET = "channel"
OBJECTS = 8
FEATURES = 100
ROWS = 32_768  # of one piece, of which objects are made
MB_PER_SECOND = 500.0  # of a source or trainer that has a limit; less than either does without
RUNS_OF_FIFO, RUNS = 7, 3
Subject = Callable[[Any, float, str], Reading]


class Job:
    """Runs of a training job whose channel train holds all objects of the source."""

    def __init__(self, workdir: Path, gigabytes: float) -> None:
        self.workdir = workdir
        self.source = workdir / "source"
        self._numbers = itertools.count()
        file = io.BytesIO()
        rows = np.random.default_rng(7).random((ROWS, FEATURES), dtype=np.float32)
        write_dense(file, rows, np.arange(ROWS) % 10)
        piece = file.getvalue()
        pieces = max(1, round(gigabytes * 1e9 / OBJECTS / len(piece)))
        self.bytes = OBJECTS * pieces * len(piece)
        addresses = []
        for number in range(OBJECTS):
            address = S3Address(BUCKET, f"train/part-{number:05d}.rec", pieces * len(piece))
            path = self.path(address)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as target:
                for _ in range(pieces):
                    target.write(piece)
                target.flush()
                os.fsync(target.fileno())
            addresses.append(address)
        self.objects = tuple(addresses)
        say(f"pipe: {OBJECTS} objects, {self.bytes} bytes")

    def path(self, address: S3Address) -> Path:
        """Where an object lies."""
        return self.source / address.bucket / address.key

    def run(self, mode: str, s3: Any, mb_per_second: float, how: str) -> Reading:
        """One epoch, or its first batch; times count from when the channel begins to be fed."""
        with self._host(mode) as (layout, channel):
            report = ChannelReport("algo-1", "train", mode, "")
            trainer = Trainer(layout.root, how, mb_per_second)
            started = time.monotonic()
            if mode == "File":
                download(channel, s3, layout.data)
                trainer.begin()
                return self._since(started, trainer.end(), how)
            feeder = (PipeFeeder if mode == "Pipe" else FastFiles)(channel, s3, layout.data, report)
            feeder.start()
            trainer.begin()
            found = trainer.end()
            feeder.stop()
            if feeder.error:
                raise RuntimeError(feeder.error)
            return self._since(started, found, how)

    def trainer_alone(self, mb_per_second: float) -> float:
        """Seconds of a trainer whose files are there already."""
        with self._host("File") as (layout, _):
            (layout.data / "train").symlink_to(self.source / BUCKET / "train")
            trainer = Trainer(layout.root, "batches", mb_per_second)
            started = time.monotonic()
            trainer.begin()
            return self._since(started, trainer.end(), "batches").end

    def source_alone(self, s3: Any) -> float:
        """Seconds to get the objects one after the other and drop them."""

        def get() -> None:
            total = 0
            for address in self.objects:
                body = s3.get_object(Bucket=address.bucket, Key=address.key)["Body"]
                while chunk := body.read(1 << 20):
                    total += len(chunk)
            self._check(total)

        return seconds(get)

    def read(self) -> float:
        """Seconds to read the files themselves: what no FIFO between can be faster than."""
        room = bytearray(RAW_BYTES)

        def work() -> None:
            total = 0
            for address in self.objects:
                with self.path(address).open("rb", buffering=0) as file:
                    while count := file.readinto(room):
                        total += count
            self._check(total)

        return seconds(work)

    def cat(self) -> float:
        """Seconds of `cat FILES > FIFO` beside `cat FIFO`, through a pipe of the default size."""
        fifo = self.workdir / "cat"
        os.mkfifo(fifo)
        files = [self.path(address) for address in self.objects]

        def work() -> None:
            with (
                subprocess.Popen(["cat", fifo], stdout=subprocess.DEVNULL) as reader,
                fifo.open("wb") as target,
            ):
                subprocess.run(["cat", *files], stdout=target, check=True)
                target.close()
                if reader.wait():
                    raise RuntimeError("cat of the FIFO failed")

        taken = seconds(work)
        fifo.unlink()
        return taken

    @contextmanager
    def _host(self, mode: str) -> Iterator[tuple[HostLayout, ChannelObjects]]:
        channel = ChannelObjects(
            name="train",
            input_mode=mode,
            content_type="application/x-recordio-protobuf",
            distribution="FullyReplicated",
            record_wrapper="None",
            compression="None",
            shuffle_seed=None,
            prefix=S3Address(BUCKET, "train/"),
            objects=self.objects,
        )
        layout = HostLayout(self.workdir / f"host-{next(self._numbers)}")
        layout.create(hyperparameters={}, channels=[channel], host="algo-1", hosts=["algo-1"])
        try:
            yield layout, channel
        finally:
            shutil.rmtree(layout.root)

    def _since(self, started: float, found: Reading, how: str) -> Reading:
        if how != "first":
            self._check(found.bytes)
        return Reading(found.first - started, found.end - started, found.bytes)

    def _check(self, total: int) -> None:
        if total != self.bytes:
            raise RuntimeError(f"{total} bytes came instead of {self.bytes}")


class PageCache:
    """GetObject that hands over the local file itself: a source that costs nothing."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def get_object(self, **asked: str) -> dict[str, Any]:
        """The object, or a range of it."""
        file = self._job.path(S3Address(asked["Bucket"], asked["Key"])).open("rb", buffering=0)
        size = os.fstat(file.fileno()).st_size
        answer: dict[str, Any] = {"Body": file, "ContentLength": size, "ETag": asked["Key"]}
        if "Range" in asked:
            first, last = map(int, asked["Range"].removeprefix("bytes=").split("-"))
            end = min(last + 1, size)
            file.seek(first)
            answer["ContentLength"] = end - first
            answer["ContentRange"] = f"bytes {first}-{end - 1}/{size}"
        return answer


def fifo(job: Job, name: str, how: str, what: str) -> None:
    """Print one of pipe_fifo and pipe_fifo_raw: at least 7 times `cat`."""
    compare(
        name,
        what=f"files from page cache through a channel's FIFO, {what}",
        baseline="cat of the same files through a FIFO of the default 64 KiB",
        subject=lambda: job.run("Pipe", PageCache(job), 0, how).end,
        against=job.cat,
        runs=RUNS_OF_FIFO,
        details={"bytes": job.bytes, "at_least": 7},
    ).print()


def no_fifo(job: Job) -> None:
    """Print pipe_no_fifo: the most that a FIFO could reach."""
    compare(
        "pipe_no_fifo",
        what="the files read by the reader itself, without a FIFO",
        baseline="cat of the same files through a FIFO of the default 64 KiB",
        subject=job.read,
        against=job.cat,
        runs=RUNS_OF_FIFO,
        details={"bytes": job.bytes},
    ).print()


def first_batch(job: Job, name: str, mode: str) -> None:
    """Print pipe_first_batch: at least 20 times sooner; or the same of FastFile, without a goal."""
    goal = {"at_least": 20} if mode == "Pipe" else {}
    with serving(job.source, 0) as s3:
        compare(
            name,
            what=f"from the start to the first batch in {mode} mode, from S3 over loopback",
            baseline="the same in File mode",
            subject=lambda: job.run(mode, s3, 0, "first").first,
            against=lambda: job.run("File", s3, 0, "first").first,
            runs=RUNS,
            details={"bytes": job.bytes, **goal},
        ).print()


def total(job: Job, name: str, source: float, trainer: float) -> None:
    """Print one of pipe_total_*: at most 1.15 times the slower of source and trainer alone."""
    with serving(job.source, source) as s3:
        compare(
            name,
            what="an epoch in Pipe mode, from S3 over loopback to the last batch",
            baseline="the longer of the source's time and the trainer's, each alone",
            subject=lambda: job.run("Pipe", s3, trainer, "batches").end,
            against=lambda: max(job.source_alone(s3), job.trainer_alone(trainer)),
            runs=RUNS,
            details={
                "bytes": job.bytes,
                "source_mb_per_second": source,
                "trainer_mb_per_second": trainer,
                "at_least": round(1 / 1.15, 3),
            },
        ).print()


def against_file(job: Job, name: str, mode: str) -> None:
    """Print pipe_against_file: 35 % less time, 1 / 0.65 times as fast; or FastFile's, no goal."""
    goal = {"at_least": round(1 / 0.65, 3)} if mode == "Pipe" else {}
    with serving(job.source, MB_PER_SECOND) as s3:
        compare(
            name,
            what=f"a job of one epoch in {mode} mode, the trainer as fast as the source",
            baseline="the same in File mode",
            subject=lambda: job.run(mode, s3, MB_PER_SECOND, "batches").end,
            against=lambda: job.run("File", s3, MB_PER_SECOND, "batches").end,
            runs=RUNS,
            details={
                "bytes": job.bytes,
                "source_mb_per_second": MB_PER_SECOND,
                "trainer_mb_per_second": MB_PER_SECOND,
                **goal,
            },
        ).print()


def main() -> None:
    """Print all comparisons."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gb", type=float, default=1.0, help="how much the channel holds")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pipe-") as workdir:
        job = Job(Path(workdir), arguments.gb)
        fifo(job, "pipe_fifo", "batches", "read as penstock.recordio.pipe's batches")
        fifo(job, "pipe_fifo_raw", "raw", "read as bytes that nobody looks at")
        no_fifo(job)
        first_batch(job, "pipe_first_batch", "Pipe")
        first_batch(job, "fastfile_first_batch", "FastFile")
        total(job, "pipe_total_source_slower", MB_PER_SECOND / 2, MB_PER_SECOND)
        total(job, "pipe_total_alike", MB_PER_SECOND, MB_PER_SECOND)
        total(job, "pipe_total_trainer_slower", MB_PER_SECOND, MB_PER_SECOND / 2)
        against_file(job, "pipe_against_file", "Pipe")
        against_file(job, "fastfile_against_file", "FastFile")


if __name__ == "__main__":
    main()
