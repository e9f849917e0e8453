"""randomcutforest as SageMaker runs it: jobs in both modes, several instances, an endpoint."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from penstock.localcloud.engines.random_cut_forest.model import ForestModel
from penstock.recordio import Reader, Tensor, write_dense
from tests.offline.sagemaker_lab import RECORDIO, SageMakerLab, channel
from tests.waiting import eventually

pytestmark = pytest.mark.offline
FOREST = "382416733822.dkr.ecr.us-east-1.amazonaws.com/randomcutforest:1"
TRAIN_CSV, TEST_CSV = "text/csv;label_size=0", "text/csv;label_size=1"
ANOMALIES = [7, 60, 61, 200]


@pytest.fixture
def lab(bare_cloud: Any) -> Iterator[SageMakerLab]:
    laboratory = SageMakerLab(bare_cloud)
    yield laboratory
    laboratory.close()


def rows_of(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, 3)).astype(np.float32)


def put(lab: SageMakerLab, *, csv: bool, shards: int = 2) -> None:
    """4,000 unlabelled rows in channel train, 300 labelled ones in channel test."""

    def body(rows: np.ndarray, labels: np.ndarray | None) -> bytes:
        file = io.BytesIO()
        if not csv:
            write_dense(file, rows, labels)
        else:
            table = rows if labels is None else np.column_stack([labels, rows])
            np.savetxt(file, table, "%.9g", ",")
        return file.getvalue()

    for number, part in enumerate(np.array_split(rows_of(4000, 1), shards)):
        key = f"data/train/part-{number:05d}"
        lab.s3.put_object(Bucket="lab", Key=key, Body=body(part, None))
    lab.s3.put_object(Bucket="lab", Key="data/test/part", Body=body(*labelled()))


def labelled() -> tuple[np.ndarray, np.ndarray]:
    rows, labels = rows_of(300, 2), np.zeros(300, np.float32)
    rows[ANOMALIES] += 10
    labels[ANOMALIES] = 1
    return rows, labels


def request(
    lab: SageMakerLab, name: str, *, csv: bool, mode: str, **changes: Any
) -> dict[str, Any]:
    train = channel("train", ContentType=TRAIN_CSV if csv else RECORDIO)
    train["DataSource"]["S3DataSource"]["S3DataDistributionType"] = "ShardedByS3Key"
    test = channel("test", ContentType=TEST_CSV if csv else RECORDIO)
    settings = {"feature_dim": "3", "num_trees": "50", "num_samples_per_tree": "64"}
    return lab.request(
        name,
        **{
            "HyperParameters": settings,
            "AlgorithmSpecification": {"TrainingImage": FOREST, "TrainingInputMode": mode},
            "InputDataConfig": [train, test],
            **changes,
        },
    )


def model_of(lab: SageMakerLab, job: dict[str, Any], folder: Any) -> ForestModel:
    key = job["ModelArtifacts"]["S3ModelArtifacts"].removeprefix("s3://lab/")
    archive = lab.s3.get_object(Bucket="lab", Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        assert tar.getnames() == ["model_algo-1"]
        tar.extractall(folder, filter="data")
    return ForestModel.load(folder)


@pytest.mark.parametrize(("mode", "csv"), [("Pipe", False), ("File", True)])
def test_a_job_trains_tests_and_leaves_a_model(
    lab: SageMakerLab, tmp_path: Any, mode: str, csv: bool
) -> None:
    put(lab, csv=csv)
    job = lab.run(request(lab, "forest", csv=csv, mode=mode))
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    (metric,) = job["FinalMetricDataList"]
    assert (metric["MetricName"], metric["Value"]) == ("test:f1", 1.0)
    fed = {entry.channel: entry.records for entry in lab.training.reports["forest"].channels}
    assert fed == {"train": 4000, "test": 300}
    scores = model_of(lab, job, tmp_path).scores(labelled()[0])
    assert set(np.argsort(scores)[-4:]) == set(ANOMALIES)
    entry = next(
        e for e in lab.cloud.context.ledger.entries() if e.type == "SageMaker training image"
    )
    assert entry.resource.startswith(FOREST)
    assert "rcf3" in entry.by
    assert any("scores (rcf3's" in note for note in entry.notes)


def test_instances_with_sharded_input_train_one_forest(lab: SageMakerLab, tmp_path: Any) -> None:
    put(lab, csv=False, shards=4)
    resources = {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 5}
    job = lab.run(request(lab, "two", csv=False, mode="Pipe", ResourceConfig=resources))
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    records = {(e.host, e.channel): e.records for e in lab.training.reports["two"].channels}
    assert records == {
        ("algo-1", "train"): 2000,
        ("algo-2", "train"): 2000,
        ("algo-1", "test"): 300,
        ("algo-2", "test"): 300,
    }
    kept = {row.tobytes() for row in model_of(lab, job, tmp_path).rows}
    of_shard = [len(kept & {row.tobytes() for row in part}) for part in shards_of_hosts()]
    assert sum(of_shard) == len(kept) == 50 * 64
    assert min(of_shard) > 1500
    assert not (lab.cloud.context.workdir / "training/two/between-hosts").exists()


def shards_of_hosts() -> list[np.ndarray]:
    """What algo-1 and algo-2 were fed: every other object."""
    parts = np.array_split(rows_of(4000, 1), 4)
    return [np.concatenate(parts[0::2]), np.concatenate(parts[1::2])]


def test_a_host_that_fails_ends_the_job_that_waits_for_it(lab: SageMakerLab) -> None:
    put(lab, csv=False, shards=2)
    broken = io.BytesIO()
    write_dense(broken, np.full((10, 3), np.nan, np.float32))
    lab.s3.put_object(Bucket="lab", Key="data/train/part-00001", Body=broken.getvalue())
    resources = {"InstanceType": "ml.m5.large", "InstanceCount": 2, "VolumeSizeInGB": 5}
    job = lab.run(request(lab, "half", csv=False, mode="File", ResourceConfig=resources))
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: channel train: a value is not a finite")


def test_a_train_channel_that_is_not_sharded_is_refused(lab: SageMakerLab) -> None:
    put(lab, csv=False)
    job = lab.run(request(lab, "whole", csv=False, mode="Pipe", InputDataConfig=[channel("train")]))
    assert job["TrainingJobStatus"] == "Failed"
    assert "use ShardedByS3Key" in job["FailureReason"]


def trained(lab: SageMakerLab) -> dict[str, Any]:
    """The model `forest`, and the job that it comes from."""
    put(lab, csv=False)
    job = lab.run(request(lab, "forest", csv=False, mode="Pipe"))
    url = job["ModelArtifacts"]["S3ModelArtifacts"]
    lab.api.create_model(
        ModelName="forest",
        ExecutionRoleArn=lab.cloud.role_arn,
        PrimaryContainer={"Image": FOREST, "ModelDataUrl": url},
        EnableNetworkIsolation=True,
    )
    return job


def test_a_batch_transform_scores_each_row_of_a_recordio_part_in_order(
    lab: SageMakerLab, tmp_path: Any
) -> None:
    job = trained(lab)
    part = "s3://lab/data/train/part-00000"
    lab.api.create_transform_job(
        TransformJobName="scores",
        ModelName="forest",
        BatchStrategy="MultiRecord",
        TransformInput={
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": part}},
            "ContentType": RECORDIO,
            "SplitType": "RecordIO",
        },
        TransformOutput={
            "S3OutputPath": "s3://lab/scores/",
            "Accept": "application/jsonlines",
            "AssembleWith": "Line",
        },
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )

    def over() -> str | None:
        found = lab.api.describe_transform_job(TransformJobName="scores")
        status = str(found["TransformJobStatus"])
        return None if status == "InProgress" else status

    assert eventually(over, 60) == "Completed"
    written = lab.s3.get_object(Bucket="lab", Key="scores/part-00000.out")["Body"].read()
    scores = [json.loads(line)["score"] for line in written.splitlines()]
    first = np.array_split(rows_of(4000, 1), 2)[0]
    assert scores == pytest.approx(model_of(lab, job, tmp_path).scores(first).tolist())


def test_an_endpoint_scores_in_every_format(lab: SageMakerLab) -> None:
    trained(lab)
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": "forest",
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    lab.api.create_endpoint_config(EndpointConfigName="forest", ProductionVariants=[variant])
    lab.api.create_endpoint(EndpointName="forest", EndpointConfigName="forest")
    assert lab.settled("forest")["EndpointStatus"] == "InService"

    def ask(content_type: str, body: bytes, accept: str) -> bytes:
        answer = lab.runtime.invoke_endpoint(
            EndpointName="forest", ContentType=content_type, Accept=accept, Body=body
        )
        assert answer["ContentType"] == accept
        return bytes(answer["Body"].read())

    rows = [[0.0, 0.1, -0.1], [10.0, 10.0, 10.0]]
    file = io.BytesIO()
    write_dense(file, np.array(rows, np.float32))
    bodies = {
        "text/csv": b"0,0.1,-0.1\n10,10,10",
        "application/json": json.dumps({"instances": [{"features": r} for r in rows]}).encode(),
        RECORDIO: file.getvalue(),
    }
    seen = []
    for content_type, body in bodies.items():
        answer = json.loads(ask(content_type, body, "application/json"))
        seen.append([entry["score"] for entry in answer["scores"]])
    assert seen[0] == seen[1] == seen[2]
    assert seen[0][1] > 2 * seen[0][0]
    lines = ask("text/csv", bodies["text/csv"], "application/jsonlines").splitlines()
    assert [json.loads(line)["score"] for line in lines] == seen[0]
    records = list(Reader(io.BytesIO(ask(RECORDIO, bodies[RECORDIO], RECORDIO))))
    labels = [record.label["score"] for record in records]
    assert [float(x.values[0]) for x in labels if isinstance(x, Tensor)] == pytest.approx(seen[0])
