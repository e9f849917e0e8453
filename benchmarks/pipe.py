"""Pipe mode: a training channel's FIFO fed from S3, against reading the same objects alone."""

from __future__ import annotations

import itertools
import os
import subprocess
import time

from benchmarks.cloud import BenchCloud, bench_cloud
from benchmarks.comparison import compare
from penstock.localcloud.workers.s3 import S3Address
from penstock.localcloud.workers.training.channels import ChannelObjects
from penstock.localcloud.workers.training.job import ChannelReport
from penstock.localcloud.workers.training.pipe import CHUNK_BYTES, PipeFeeder

BUCKET = "channel"
OBJECTS = 8
OBJECT_BYTES = 16 << 20
RUNS = 9


def main() -> None:
    """Print the comparison pipe."""
    with bench_cloud() as cloud:
        s3 = cloud.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        objects = tuple(S3Address(BUCKET, f"train/part-{n:05d}.rec") for n in range(OBJECTS))
        for address in objects:
            s3.put_object(Bucket=BUCKET, Key=address.key, Body=os.urandom(OBJECT_BYTES))
        numbers = itertools.count()

        channel = ChannelObjects(
            name="train",
            input_mode="Pipe",
            content_type="application/x-recordio-protobuf",
            distribution="FullyReplicated",
            record_wrapper="None",
            compression="None",
            shuffle_seed=None,
            prefix=S3Address(BUCKET, "train/"),
            objects=objects,
        )

        def get() -> float:
            started = time.perf_counter()
            total = 0
            for address in objects:
                body = s3.get_object(Bucket=BUCKET, Key=address.key)["Body"]
                while chunk := body.read(CHUNK_BYTES):
                    total += len(chunk)
            _check(total)
            return time.perf_counter() - started

        compare(
            "pipe",
            what="one epoch through a channel's FIFO, from S3 to a reading process",
            baseline="get_object of the same objects in the same chunks, read and dropped",
            subject=lambda: _feed(cloud, channel, next(numbers)),
            against=get,
            runs=RUNS,
            details={
                "bytes": OBJECTS * OBJECT_BYTES,
                "objects": OBJECTS,
                "chunk_bytes": CHUNK_BYTES,
                "s3": "moto over loopback HTTP, in the process that feeds",
            },
        ).print()


def _feed(cloud: BenchCloud, channel: ChannelObjects, number: int) -> float:
    """Seconds from the feeder's start to the reader's end of file."""
    report = ChannelReport("algo-1", channel.name, channel.input_mode, channel.content_type)
    directory = cloud.context.workdir / f"channel-{number}"
    feeder = PipeFeeder(channel, cloud.client("s3"), directory, report)
    with subprocess.Popen(
        ["cat", str(directory / f"{channel.name}_0")], stdout=subprocess.DEVNULL
    ) as reader:
        started = time.perf_counter()
        feeder.start()
        code = reader.wait()
        taken = time.perf_counter() - started
    feeder.stop()
    if code or feeder.error:
        raise RuntimeError(f"the reader ended with {code}; {feeder.error}")
    _check(report.bytes)
    return taken


def _check(total: int) -> None:
    if total != OBJECTS * OBJECT_BYTES:
        raise RuntimeError(f"{total} bytes came instead of {OBJECTS * OBJECT_BYTES}")


if __name__ == "__main__":
    main()
