"""What goes in comes out, in the promised order, once: channels against a plain model of them."""

from __future__ import annotations

import gzip
import json
import random
import struct
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from penstock.localcloud.workers.training.channels import channels_of
from penstock.localcloud.workers.training.pipe import ahead, ranges
from penstock.localcloud.workers.training.pipe.chunk import in_memory
from penstock.localcloud.workers.training.pipe.content import content
from tests.memory_s3 import MemoryS3

RANGE = 64
SIZES = st.sampled_from([0, 1, 3, 4, RANGE - 1, RANGE, RANGE + 1, 2 * RANGE, 7 * RANGE + 5, 2_000])
TEXTS = st.sampled_from(["", "1", "text", "ä b"])
VALUES = st.one_of(TEXTS, st.integers(), st.lists(st.integers(), max_size=3), st.none())


@dataclass(frozen=True)
class Case:
    """A channel's request and the objects in S3; `units` is what is shared and shuffled."""

    kind: str
    contents: dict[str, bytes]
    units: list[Any]
    hosts: int
    is_sharded: bool
    seed: int | None
    is_wrapped: bool
    is_zipped: bool


@st.composite
def cases(draw: st.DrawFn) -> Case:
    kind = draw(st.sampled_from(["S3Prefix", "ManifestFile", "AugmentedManifestFile"]))
    sizes = draw(st.lists(SIZES, min_size=1, max_size=9))
    contents = {
        f"data/{'deep/' * (number % 2)}{number}": random.Random(number).randbytes(size)
        for number, size in enumerate(sizes)
    }
    keys = sorted(contents)
    units: list[Any] = keys
    if kind == "ManifestFile":
        units = draw(st.lists(st.sampled_from(keys), min_size=1, max_size=12))
    if kind == "AugmentedManifestFile":
        line = st.fixed_dictionaries({"text": VALUES, "image-ref": st.sampled_from(keys)})
        units = draw(st.lists(line, max_size=8))
    return Case(
        kind,
        contents,
        units,
        draw(st.integers(1, 3)),
        draw(st.booleans()),
        draw(st.none() | st.integers(0, 3)),
        draw(st.booleans()),
        draw(st.booleans()),
    )


def stored(case: Case) -> MemoryS3:
    """The case's objects in S3, in the form in which the channel finds them."""
    zipped = {
        key: gzip.compress(data[: len(data) // 2]) + gzip.compress(data[len(data) // 2 :])
        for key, data in case.contents.items()
    }
    s3 = MemoryS3(zipped if case.is_zipped else case.contents)
    if case.kind == "ManifestFile":
        names = [key.removeprefix("data/") for key in case.units]
        s3.objects["manifest"] = json.dumps([{"prefix": "s3://b/data/"}, *names]).encode()
    if case.kind == "AugmentedManifestFile":
        lines = [
            json.dumps({**line, "image-ref": f"s3://b/{line['image-ref']}", "unused": 1})
            for line in case.units
        ]
        s3.objects["manifest"] = "\n".join(lines).encode()
    return s3


def request(case: Case) -> dict[str, Any]:
    source = {
        "S3DataType": case.kind,
        "S3Uri": "s3://b/data/" if case.kind == "S3Prefix" else "s3://b/manifest",
        "S3DataDistributionType": "ShardedByS3Key" if case.is_sharded else "FullyReplicated",
    }
    if case.kind == "AugmentedManifestFile":
        source["AttributeNames"] = ["image-ref", "text"]
    channel = {
        "ChannelName": "train",
        "InputMode": "Pipe",
        "DataSource": {"S3DataSource": source},
        "RecordWrapperType": "RecordIO" if case.is_wrapped else "None",
        "CompressionType": "Gzip" if case.is_zipped else "None",
    }
    if case.seed is not None:
        channel["ShuffleConfig"] = {"Seed": case.seed}
    return {"RoleArn": "arn:role", "InputDataConfig": [channel]}


def model(case: Case, host: int, epoch: int) -> bytes:
    """All that the host's program is to read in this epoch."""
    order = list(case.units)
    if case.seed is not None:
        random.Random(f"{case.seed}/{epoch}").shuffle(order)
    if case.is_sharded:
        order = [unit for place, unit in enumerate(order) if place % case.hosts == host]
    parts = []
    for unit in order:
        if isinstance(unit, str):
            parts.append(case.contents[unit])
            continue
        text = unit["text"]
        text = text if isinstance(text, str) else json.dumps(text).replace(" ", "")
        parts += [case.contents[unit["image-ref"]], text.encode()]
    if case.is_wrapped:
        parts = [
            struct.pack("<II", 0xCED7230A, len(part)) + part + bytes(-len(part) % 4)
            for part in parts
        ]
    return b"".join(parts)


@pytest.fixture(autouse=True)
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (ranges, ahead):
        monkeypatch.setattr(module, "RANGE_BYTES", RANGE)
    monkeypatch.setattr(ranges, "CHUNK_BYTES", 40)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(case=cases())
def test_every_host_gets_what_the_model_says_in_every_epoch(case: Case) -> None:
    s3 = stored(case)
    for host in range(case.hosts):
        (channel,) = channels_of(request(case), s3, region="us-east-1", host=host, hosts=case.hosts)
        for epoch in range(2):
            with tempfile.TemporaryDirectory() as folder:
                chunks = content(channel, epoch, s3, threading.Event(), Path(folder))
                assert b"".join(in_memory(chunks)) == model(case, host, epoch)


@settings(deadline=None)
@given(
    count=st.integers(1, 30), hosts=st.integers(1, 4), seed=st.integers(), epoch=st.integers(0, 9)
)
def test_hosts_share_every_object_once_however_they_are_shuffled(
    count: int, hosts: int, seed: int, epoch: int
) -> None:
    s3 = MemoryS3({f"data/{number:02d}": b"" for number in range(count)})
    case = Case("S3Prefix", {}, [], hosts, True, seed, False, False)
    shared = [
        address.key
        for host in range(hosts)
        for channel in channels_of(request(case), s3, region="r", host=host, hosts=hosts)
        for address in channel.epoch(epoch)
    ]
    assert sorted(shared) == sorted(s3.objects)


def test_a_host_may_get_others_objects_in_the_next_epoch() -> None:
    s3 = MemoryS3({f"data/{number:02d}": b"" for number in range(20)})
    case = Case("S3Prefix", {}, [], 2, True, 1, False, False)
    (channel,) = channels_of(request(case), s3, region="r", host=0, hosts=2)
    assert {a.key for a in channel.epoch(0)} != {a.key for a in channel.epoch(1)}
