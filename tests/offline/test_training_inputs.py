"""Input modes and sources of training jobs, as real programs see them on every host."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from penstock.localcloud.engines import registry
from penstock.localcloud.engines.engine import Engine
from penstock.localcloud.workers.training.machines import Machines
from tests.offline.sagemaker_lab import DIGITS, SageMakerLab, channel

pytestmark = pytest.mark.offline

PROGRAM = """
import hashlib, json, os, pathlib, sys, time
from penstock.recordio.frame import FrameReader
root = pathlib.Path(os.environ["OPT_ML"])
data = root / "input/data"
config = json.loads((root / "input/config/inputdataconfig.json").read_text())["train"]
print("MODE", config["TrainingInputMode"], flush=True)
if config["TrainingInputMode"] == "Pipe":
    for epoch in range(2):
        path = data / f"train_{epoch}"
        while not path.exists():
            time.sleep(0.005)
        with path.open("rb") as fifo:
            payloads = [frame.payload.decode() for frame in FrameReader(fifo)]
        print("EPOCH " + json.dumps(payloads), flush=True)
else:
    files = sorted(p for p in (data / "train").rglob("*") if p.is_file())
    print("SIZES " + json.dumps([p.stat().st_size for p in files]), flush=True)
    for path in files[:int(os.environ.get("READ", "1000"))]:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        print("FILE", path.relative_to(data / "train"), digest, flush=True)
(root / "model/done").write_text("done")
"""


@pytest.fixture
def lab(bare_cloud: Any) -> Iterator[SageMakerLab]:
    laboratory = SageMakerLab(bare_cloud)
    yield laboratory
    laboratory.close()


@pytest.fixture
def image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An image whose program tells what it reads."""
    script = tmp_path / "reads.py"
    script.write_text(PROGRAM)

    class Reads(Engine):
        def command(self, verb: str) -> list[str]:
            return [sys.executable, str(script), verb]

    engines = (*registry.ENGINES, Reads("reads", "reads", "reads", "a test", ()))
    monkeypatch.setattr(registry.find_engine, "__defaults__", (engines,))
    return "111122223333.dkr.ecr.us-east-1.amazonaws.com/reads:1"


def run(lab: SageMakerLab, image: str, name: str, train: dict[str, Any], **changes: Any) -> Any:
    settings = {
        "AlgorithmSpecification": {"TrainingImage": image, "TrainingInputMode": "Pipe"},
        "InputDataConfig": [train],
        "HyperParameters": {},
        **changes,
    }
    return lab.run(lab.request(name, **settings))


def notes(lab: SageMakerLab) -> list[str]:
    entries = lab.cloud.context.ledger.entries()
    return [
        note
        for entry in entries
        if entry.type == "SageMaker training image"
        for note in entry.notes
    ]


def test_the_three_input_modes_bring_the_same_records(lab: SageMakerLab) -> None:
    lab.put_digits(shards=3)
    changes = {"HyperParameters": {**DIGITS, "epochs": "2"}}
    for mode in ("Pipe", "File", "FastFile"):
        channels = [channel(name, InputMode=mode) for name in ("train", "test")]
        job = lab.run(lab.request(f"digits-{mode}", InputDataConfig=channels, **changes))
        assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
        steps = [step["Status"] for step in job["SecondaryStatusTransitions"]]
        assert ("Downloading" in steps) == (mode == "File")
    fed = [
        {
            (entry.channel, entry.records, entry.bytes)
            for entry in lab.training.reports[name].channels
        }
        for name in ("digits-Pipe", "digits-File", "digits-FastFile")
    ]
    assert fed[0] == fed[1] == fed[2]


def test_fast_file_shows_all_files_and_fetches_what_is_opened(
    lab: SageMakerLab, image: str
) -> None:
    for number in range(6):
        lab.s3.put_object(Bucket="lab", Key=f"data/train/{number}", Body=bytes(20 << 20))
    job = run(lab, image, "fast", channel("train", InputMode="FastFile"), Environment={"READ": "1"})
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    lines = lab.log_lines("fast")
    assert "MODE File" in lines
    assert f"SIZES {json.dumps([20 << 20] * 6)}" in lines
    assert len([line for line in lines if line.startswith("FILE 0 ")]) == 1
    # what it opened and what is read ahead, but never all
    assert lab.training.reports["fast"].channels[0].bytes < 6 * (20 << 20)
    assert any(note.startswith("FastFile: a file's bytes come when") for note in notes(lab))


def test_an_object_that_goes_before_it_is_opened_fails_the_job(
    lab: SageMakerLab, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab.s3.put_object(Bucket="lab", Key="data/train/a", Body=b"data")
    request = lab.request(
        "gone",
        AlgorithmSpecification={"TrainingImage": image, "TrainingInputMode": "FastFile"},
        InputDataConfig=[channel("train")],
        HyperParameters={},
    )
    start = Machines.start

    def start_late(machines: Machines, *given: Any) -> None:
        lab.s3.delete_object(Bucket="lab", Key="data/train/a")
        start(machines, *given)

    monkeypatch.setattr(Machines, "start", start_late)
    job = lab.run(request)
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: Data download failed: channel train: ")
    assert "NoSuchKey" in job["FailureReason"]
    assert not any(line.startswith("FILE a") for line in lab.log_lines("gone"))


def test_a_program_never_takes_a_part_for_the_whole(lab: SageMakerLab, image: str) -> None:
    lab.s3.put_object(Bucket="lab", Key="data/train/a", Body=b"data")
    document = json.dumps([{"prefix": "s3://lab/data/train/"}, "a", "missing"])
    lab.s3.put_object(Bucket="lab", Key="manifest", Body=document.encode())
    train = channel("train", "s3://lab/manifest", RecordWrapperType="RecordIO")
    train["DataSource"]["S3DataSource"]["S3DataType"] = "ManifestFile"
    job = run(lab, image, "part", train)
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: Data download failed: channel train: ")
    lines = lab.log_lines("part")
    assert "MODE Pipe" in lines
    assert not any(line.startswith("EPOCH") for line in lines)


def test_hosts_share_an_augmented_manifests_lines_anew_in_every_epoch(
    lab: SageMakerLab, image: str
) -> None:
    pictures = [f"picture {number}" for number in range(12)]
    lines = []
    for number, picture in enumerate(pictures):
        lab.s3.put_object(Bucket="lab", Key=f"pictures/{number}", Body=picture.encode())
        lines.append({"label": number, "image-ref": f"s3://lab/pictures/{number}"})
    document = "".join(json.dumps(line) + "\n" for line in lines)
    lab.s3.put_object(Bucket="lab", Key="manifest", Body=document.encode())
    train = channel("train", "s3://lab/manifest", RecordWrapperType="RecordIO")
    train["ShuffleConfig"] = {"Seed": 4}
    train["DataSource"]["S3DataSource"].update(
        S3DataType="AugmentedManifestFile",
        AttributeNames=["image-ref", "label"],
        S3DataDistributionType="ShardedByS3Key",
    )
    machines = {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 5}
    job = run(lab, image, "augmented", train, ResourceConfig=machines)

    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    epochs = [
        [json.loads(line[6:]) for line in lab.log_lines("augmented", host) if line[:6] == "EPOCH "]
        for host in ("algo-1", "algo-2")
    ]
    for epoch in range(2):
        pairs = Counter[tuple[str, str]]()
        for host in (0, 1):
            payloads = epochs[host][epoch]
            pairs.update(zip(payloads[::2], payloads[1::2], strict=True))
        assert pairs == Counter((f"picture {n}", str(n)) for n in range(12))
    assert set(epochs[0][0]) != set(epochs[0][1])  # the next epoch brought other lines
