"""Training jobs: real programs fed from S3 through FIFOs, and every way in which they end."""

from __future__ import annotations

import gzip
import io
import json
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from botocore.exceptions import ClientError

from penstock.localcloud.engines import registry
from penstock.localcloud.engines.engine import Engine, MetricDefinition
from tests.offline.sagemaker_lab import DIGITS, IMAGE, RECORDIO, SageMakerLab, channel, encode
from tests.processes import processes_below

KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"
pytestmark = pytest.mark.offline


@pytest.fixture
def lab(bare_cloud: Any) -> Iterator[SageMakerLab]:
    laboratory = SageMakerLab(bare_cloud)
    yield laboratory
    laboratory.close()


def metrics(job: dict[str, Any]) -> dict[str, float]:
    return {found["MetricName"]: found["Value"] for found in job["FinalMetricDataList"]}


def test_pipe_mode_trains_digits_from_shards_and_leaves_a_model(lab: SageMakerLab) -> None:
    lab.put_digits(shards=3)
    request = lab.request("digits-pipe")
    lab.api.create_training_job(**request)
    born = lab.api.describe_training_job(TrainingJobName="digits-pipe")
    assert born["TrainingJobStatus"] == "InProgress"

    job = lab.ended("digits-pipe")

    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Completed", job
    assert metrics(job)["test:multiclass_accuracy"] >= 0.93
    assert metrics(job)["validation:multiclass_accuracy"] >= 0.93
    steps = [step["Status"] for step in job["SecondaryStatusTransitions"]]
    assert steps == ["Starting", "Training", "Uploading", "Completed"]
    assert job["TrainingEndTime"] >= job["TrainingStartTime"]
    assert job["BillableTimeInSeconds"] >= 1
    assert job["ModelArtifacts"]["S3ModelArtifacts"] == (
        "s3://lab/models/digits-pipe/output/model.tar.gz"
    )
    archive = lab.s3.get_object(Bucket="lab", Key="models/digits-pipe/output/model.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(archive["Body"].read())) as tar:
        assert tar.getnames() == ["model_algo-1"]
    lines = lab.log_lines("digits-pipe")
    assert any("#quality_metric: host=algo-1, epoch=0, validation" in line for line in lines)
    assert any(line.startswith("not honoured here: num_models=auto") for line in lines)
    assert any(line.startswith("channel train: 1257 records, ") for line in lines)


def test_the_account_of_a_job_has_records_and_bytes_and_what_is_not_honoured(
    lab: SageMakerLab,
) -> None:
    lab.put_digits()
    hyperparameters = {**DIGITS, "epochs": "2", "optimizer": "rmsprop"}
    job = lab.run(lab.request("account", HyperParameters=hyperparameters))

    assert job["TrainingJobStatus"] == "Completed"
    report = lab.training.reports["account"]
    fed = {entry.channel: entry for entry in report.channels}
    assert fed["train"].records == 1257
    stored = lab.s3.list_objects_v2(Bucket="lab", Prefix="data/train/")["Contents"]
    assert fed["train"].bytes == sum(item["Size"] for item in stored)
    assert fed["train"].epochs == 2
    assert fed["test"].epochs == 1
    assert "optimizer=rmsprop (adam is used)" in report.not_honoured
    entry = next(
        e for e in lab.cloud.context.ledger.entries() if e.type == "SageMaker training image"
    )
    assert entry.resource.startswith(IMAGE)
    assert "scikit-learn" in entry.by
    assert any("optimizer=rmsprop" in note for note in entry.notes)


def test_file_mode_takes_csv_and_a_single_channel_may_differ(lab: SageMakerLab) -> None:
    lab.put_digits(form="text/csv")
    file_channels = [
        channel(name, ContentType="text/csv", InputMode=mode)
        for name, mode in (("train", "File"), ("validation", "Pipe"), ("test", "File"))
    ]
    job = lab.run(lab.request("digits-csv", InputDataConfig=file_channels))

    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert metrics(job)["test:multiclass_accuracy"] >= 0.93
    assert "Downloading" in [step["Status"] for step in job["SecondaryStatusTransitions"]]
    modes = {
        entry.channel: entry.input_mode for entry in lab.training.reports["digits-csv"].channels
    }
    assert modes == {"train": "File", "validation": "Pipe", "test": "File"}


def test_pipe_mode_unzips_gzip_channels(lab: SageMakerLab) -> None:
    rows = np.random.default_rng(0).normal(size=(300, 3))
    labels = rows @ [1.0, -2.0, 0.5] + 4.0
    body = gzip.compress(encode(rows, labels, "text/csv"))
    lab.s3.put_object(Bucket="lab", Key="data/train/a.csv.gz", Body=body)
    zipped = channel("train", ContentType="text/csv", CompressionType="Gzip")
    hyperparameters = {"predictor_type": "regressor", "epochs": "30", "mini_batch_size": "20"}
    job = lab.run(lab.request("zipped", InputDataConfig=[zipped], HyperParameters=hyperparameters))
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert lab.training.reports["zipped"].channels[0].records == 300


def test_a_bad_hyperparameter_fails_the_job_with_the_reason(lab: SageMakerLab) -> None:
    lab.put_digits(shards=1)
    job = lab.run(lab.request("bad", HyperParameters={**DIGITS, "mini_batch_siz": "32"}))

    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: hyperparameter mini_batch_siz: ")
    assert "did you mean mini_batch_size?" in job["FailureReason"]
    assert job["FailureReason"].endswith("exit code: 1")
    assert "Contents" not in lab.s3.list_objects_v2(Bucket="lab", Prefix="models/")
    event = lab.cloud.context.events.events[-1]
    assert event["detail_type"] == "SageMaker Training Job State Change"
    assert event["detail"]["TrainingJobStatus"] == "Failed"


def test_feature_dim_must_be_what_the_records_have(lab: SageMakerLab) -> None:
    lab.put_digits(shards=1)
    job = lab.run(lab.request("narrow", HyperParameters={**DIGITS, "feature_dim": "63"}))
    assert job["TrainingJobStatus"] == "Failed"
    assert "records have 64 features, expected 63" in job["FailureReason"]


def test_a_channel_without_objects_is_refused_at_once(lab: SageMakerLab) -> None:
    lab.put_digits(shards=1)
    request = lab.request("empty", InputDataConfig=[channel("train", "s3://lab/nothing/")])
    with pytest.raises(ClientError) as caught:
        lab.api.create_training_job(**request)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert 'No S3 objects found under S3 URL "s3://lab/nothing/"' in str(caught.value)
    with pytest.raises(ClientError, match="Could not find training job"):
        lab.api.describe_training_job(TrainingJobName="empty")


def by_manifest() -> dict[str, Any]:
    """Channel train, its objects listed in s3://lab/manifest.json."""
    found = channel("train", "s3://lab/manifest.json")
    found["DataSource"]["S3DataSource"]["S3DataType"] = "ManifestFile"
    return found


@pytest.mark.parametrize("listed", [["part-00000"], ["part-00000", "part-00002"]])
def test_a_manifest_names_the_objects(lab: SageMakerLab, listed: list[str]) -> None:
    lab.put_digits(shards=3)
    document = json.dumps([{"prefix": "s3://lab/data/train/"}, *listed])
    lab.s3.put_object(Bucket="lab", Key="manifest.json", Body=document)
    job = lab.run(
        lab.request(
            "listed",
            InputDataConfig=[by_manifest()],
            HyperParameters={**DIGITS, "epochs": "1"},
        )
    )
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert lab.training.reports["listed"].channels[0].records == 419 * len(listed)


def test_data_that_cannot_be_read_to_its_end_fails_the_job(lab: SageMakerLab) -> None:
    lab.put_digits(shards=3)
    document = json.dumps([{"prefix": "s3://lab/data/train/"}, "part-00000", "missing"])
    lab.s3.put_object(Bucket="lab", Key="manifest.json", Body=document)
    job = lab.run(lab.request("half", InputDataConfig=[by_manifest()]))
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: Data download failed: channel train: ")
    assert "NoSuchKey" in job["FailureReason"]


def test_an_unknown_image_fails_the_job_by_name(lab: SageMakerLab) -> None:
    lab.put_digits(shards=1)
    image = "111122223333.dkr.ecr.us-east-1.amazonaws.com/team/forest:2"
    algorithm = {"TrainingImage": image, "TrainingInputMode": "Pipe"}
    job = lab.run(lab.request("unknown", AlgorithmSpecification=algorithm))
    assert job["TrainingJobStatus"] == "Failed"
    assert image in job["FailureReason"]
    assert "linear-learner" in job["FailureReason"]


def test_a_job_name_is_used_once(lab: SageMakerLab) -> None:
    lab.put_digits(shards=1)
    request = lab.request("twice", HyperParameters={**DIGITS, "epochs": "1"})
    lab.run(request)
    with pytest.raises(ClientError) as caught:
        lab.api.create_training_job(**request)
    assert caught.value.response["Error"]["Code"] == "ResourceInUse"


def test_max_runtime_stops_the_job(lab: SageMakerLab) -> None:
    lab.put_digits(shards=1)
    endless = {**DIGITS, "epochs": "100000", "early_stopping_patience": "100000"}
    request = lab.request(
        "endless", HyperParameters=endless, StoppingCondition={"MaxRuntimeInSeconds": 4}
    )
    begun = time.monotonic()
    job = lab.run(request)
    assert (job["TrainingJobStatus"], job["SecondaryStatus"]) == ("Stopped", "MaxRuntimeExceeded")
    assert time.monotonic() - begun < 20


def test_stop_training_job_ends_the_program(lab: SageMakerLab) -> None:
    lab.put_digits(shards=1)
    endless = {**DIGITS, "epochs": "100000", "early_stopping_patience": "100000"}
    lab.api.create_training_job(**lab.request("stopped", HyperParameters=endless))
    lab.api.stop_training_job(TrainingJobName="stopped")
    assert (
        lab.api.describe_training_job(TrainingJobName="stopped")["TrainingJobStatus"] == "Stopping"
    )
    job = lab.ended("stopped")
    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Stopped"
    assert not [t for t in threading.enumerate() if t.name.startswith("pipe-")]


def test_instances_get_shards_and_log_streams_of_their_own(lab: SageMakerLab) -> None:
    lab.put_digits(shards=4)
    sharded = channel("train")
    sharded["DataSource"]["S3DataSource"]["S3DataDistributionType"] = "ShardedByS3Key"
    request = lab.request(
        "two",
        InputDataConfig=[sharded],
        ResourceConfig={"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 5},
        HyperParameters={**DIGITS, "epochs": "2"},
    )
    job = lab.run(request)

    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    records = {e.host: e.records for e in lab.training.reports["two"].channels}
    assert set(records) == {"algo-1", "algo-2"}
    assert sum(count or 0 for count in records.values()) == 1257
    assert all(300 < (count or 0) < 900 for count in records.values())
    assert any("instance count 2" in line for line in lab.log_lines("two", "algo-1"))
    assert lab.log_lines("two", "algo-2")


PROBE = """
import json, os, pathlib, sys, time
root = pathlib.Path(os.environ["OPT_ML"])
found = {p.name: json.loads(p.read_text()) for p in (root / "input/config").iterdir()}
print("CONFIG " + json.dumps(found))
print("ENVIRONMENT " + json.dumps(sorted(k for k in os.environ)))
print("JOB " + os.environ["TRAINING_JOB_NAME"] + " " + os.environ.get("MOOD", ""))
for epoch in range(3):
    path = root / f"input/data/train_{epoch}"
    while not path.exists():
        time.sleep(0.005)
    with path.open("rb") as fifo:
        print("EPOCH", epoch, len(fifo.read(10) if epoch == 0 else fifo.read()))
print("loss=0.5"); print("loss=0.25")
(root / "model/weights.txt").write_text("w")
(root / "output/data/extra.txt").write_text("e")
if os.environ.get("MOOD") == "bad":
    (root / "output/failure").write_text("x" * 2000)
    sys.exit(3)
"""


@pytest.fixture
def probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A second image whose program shows what the platform gives it."""
    script = tmp_path / "probe.py"
    script.write_text(PROBE)

    class Probe(Engine):
        def command(self, verb: str) -> list[str]:
            return [sys.executable, str(script), verb]

    engine = Probe("probe", "probe", "probe", "a test", (MetricDefinition("loss", r"^loss=(\S+)"),))
    engines = (*registry.ENGINES, engine)
    monkeypatch.setattr(registry.find_engine, "__defaults__", (engines,))
    return "111122223333.dkr.ecr.us-east-1.amazonaws.com/probe:1"


def test_the_container_sees_the_published_contract(lab: SageMakerLab, probe: str) -> None:
    lab.s3.put_object(Bucket="lab", Key="data/train/a", Body=b"a" * 700_000)
    lab.s3.put_object(Bucket="lab", Key="data/train/b", Body=b"b" * 5)
    train = channel("train")
    del train["ContentType"]
    request = lab.request(
        "probe",
        AlgorithmSpecification={
            "TrainingImage": probe,
            "TrainingInputMode": "Pipe",
            "MetricDefinitions": [{"Name": "own", "Regex": r"EPOCH 2 (\d+)"}],
        },
        InputDataConfig=[train],
        OutputDataConfig={"S3OutputPath": "s3://lab/models/", "KmsKeyId": KEY},
        Environment={"MOOD": "good"},
    )
    job = lab.run(request)

    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    lines = lab.log_lines("probe")
    config = json.loads(next(x for x in lines if x.startswith("CONFIG "))[7:])
    assert config["hyperparameters.json"] == DIGITS
    assert config["inputdataconfig.json"] == {
        "train": {
            "TrainingInputMode": "Pipe",
            "S3DistributionType": "FullyReplicated",
            "RecordWrapperType": "None",
        }
    }
    assert config["resourceconfig.json"]["current_host"] == "algo-1"
    assert config["resourceconfig.json"]["hosts"] == ["algo-1"]
    environment = json.loads(next(x for x in lines if x.startswith("ENVIRONMENT "))[12:])
    assert "TRAINING_JOB_ARN" in environment
    assert not [k for k in environment if "SECRET" in k or "ENDPOINT_URL" in k]
    assert "JOB probe good" in lines
    # the first reader closed early, the later ones read to the end
    assert [x for x in lines if x.startswith("EPOCH")] == [
        "EPOCH 0 10",
        "EPOCH 1 700005",
        "EPOCH 2 700005",
    ]
    assert metrics(job) == {"loss": 0.25, "own": 700005.0}
    keys = {x["Key"] for x in lab.s3.list_objects_v2(Bucket="lab", Prefix="models/")["Contents"]}
    assert keys == {"models/probe/output/model.tar.gz", "models/probe/output/output.tar.gz"}
    for key in keys:
        assert lab.s3.head_object(Bucket="lab", Key=key)["SSEKMSKeyId"] == KEY


def test_without_isolation_the_container_has_its_roles_credentials(
    lab: SageMakerLab, probe: str
) -> None:
    lab.s3.put_object(Bucket="lab", Key="data/train/a", Body=b"abc")
    job = lab.run(
        lab.request(
            "open",
            "train",
            AlgorithmSpecification={"TrainingImage": probe, "TrainingInputMode": "Pipe"},
            Environment={"MOOD": "bad"},
            EnableNetworkIsolation=False,
        )
    )
    assert any("AWS_SECRET_ACCESS_KEY" in line for line in lab.log_lines("open"))
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("AlgorithmError: xxxx")
    assert len(job["FailureReason"]) <= 1024


def test_the_trainer_stays_small_when_the_channel_is_large(lab: SageMakerLab) -> None:
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, 20_000)
    shard = encode(generator.normal(size=(20_000, 200)) + labels[:, None], labels, RECORDIO)
    for number in range(16):
        lab.s3.put_object(Bucket="lab", Key=f"data/train/{number:02d}", Body=shard)
    fed_megabytes = 16 * len(shard) / 1e6
    hyperparameters = {
        "predictor_type": "binary_classifier",
        "epochs": "1",
        "num_point_for_scaler": "2000",
    }
    lab.api.create_training_job(**lab.request("large", "train", HyperParameters=hyperparameters))
    peak = 0.0
    while lab.api.describe_training_job(TrainingJobName="large")["TrainingJobStatus"] == (
        "InProgress"
    ):
        peak = max(peak, largest_trainer_megabytes(lab.cloud.context.workdir))
        time.sleep(0.1)

    job = lab.ended("large")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert lab.training.reports["large"].channels[0].records == 320_000
    assert fed_megabytes > 250
    # the program itself, with scikit-learn loaded, has about 150 MB
    assert 50 < peak < 250


def largest_trainer_megabytes(workdir: Path) -> float:
    """The peak resident size of the trainer below `workdir`, 0 when there is none."""
    for process in processes_below(workdir):
        with suppress(OSError):
            for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) / 1000
    return 0.0
