"""jobs/reviews/train.py as a training job: on one host, on two, and taken away in the middle."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from penstock.recordio import write_dense
from stacks.script_package import archive
from tests.offline.bare_cloud import patched, running_server
from tests.offline.sagemaker_lab import SageMakerLab, channel
from tests.script_mode.scripts import artifact, metrics_of, request

pytestmark = pytest.mark.offline

TOKENS, WORDS = 12, 30  # of a row; in the vocabulary, the special ones included
ROWS = {"train": (40, 33), "validation": (24,), "test": (64,)}  # by file: hosts have unequal shares
METRICS = {
    "train:loss": r"train_loss=([0-9.]+)",
    "validation:accuracy": r"validation_accuracy=([0-9.]+)",
    "test:accuracy": r"test_accuracy=([0-9.]+)",
    "test:loss": r"test_loss=([0-9.]+)",
}
SMALL = {
    "epochs": "6",
    "patience": "6",
    "batch_size": "16",
    "learning_rate": "0.02",
    "layers": "1",
    "heads": "2",
    "hidden_size": "16",
    "dropout": "0.1",
}
# what adding up in another order may do to a loss in as many steps
TOLERANCE = 1e-3


def put_rows(lab: SageMakerLab) -> None:
    """Rows whose label is which of two words they have, more than once; and the vocabulary."""
    random = np.random.default_rng(3)
    for name, files in ROWS.items():
        for number, rows in enumerate(files):
            labels = random.integers(0, 2, rows)
            others = random.integers(7, WORDS, (rows, TOKENS))
            tells = random.random((rows, TOKENS)) < 0.4
            ids = np.where(tells, 5 + labels[:, None], others).astype(np.int32)
            ids[:, 0], ids[:, 1] = 2, 5 + labels
            ids[::3, TOKENS // 2 :] = 0
            file = io.BytesIO()
            write_dense(file, ids, labels.astype(np.float32))
            key = f"data/{name}/part-{number:05d}.rec"
            lab.s3.put_object(Bucket="lab", Key=key, Body=file.getvalue())
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "bad", "good"]
    words += [f"w{number}" for number in range(len(words), WORDS)]
    form = json.dumps({"max_tokens": TOKENS, "lower_case": True})
    for name, text in {"vocab.txt": "\n".join(words) + "\n", "tokenizer.json": form}.items():
        lab.s3.put_object(Bucket="lab", Key=f"data/tokenizer/{name}", Body=text.encode())


def reviews(lab: SageMakerLab, name: str, *, hosts: int = 1, **given: str) -> dict[str, Any]:
    """The job's description at its end."""
    put_rows(lab)
    train = channel("train")
    train["DataSource"]["S3DataSource"]["S3DataDistributionType"] = "ShardedByS3Key"
    lab.api.create_training_job(
        **request(
            lab,
            name,
            *(train, channel("validation"), channel("test"), channel("tokenizer")),
            code=archive("jobs/reviews", ["train.py"]),
            hosts=hosts,
            metrics=METRICS,
            hyperparameters={**SMALL, **given},
            EnableManagedSpotTraining=True,
            CheckpointConfig={"S3Uri": f"s3://lab/checkpoints/{name}/"},
            StoppingCondition={"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 900},
        )
    )
    return lab.ended(name, 240)


def losses(lab: SageMakerLab, job: str) -> list[str]:
    return [
        match[0]
        for line in lab.log_lines(job)
        if (match := re.match(r"epoch=\d+ train_loss=\S+", line))
    ]


@pytest.mark.xdist_group("script_mode_reviews")
def test_two_hosts_train_the_model_of_one(lab: SageMakerLab) -> None:
    one = reviews(lab, "one", lanes="2")
    assert one["TrainingJobStatus"] == "Completed", one.get("FailureReason")
    two = reviews(lab, "two", hosts=2)
    assert two["TrainingJobStatus"] == "Completed", lab.log_lines("two")[-60:]

    assert metrics_of(one).keys() == METRICS.keys()
    assert metrics_of(one)["test:accuracy"] >= 0.9
    assert metrics_of(two) == pytest.approx(metrics_of(one), abs=TOLERANCE)
    assert len(losses(lab, "two")) == len(losses(lab, "one")) == 6
    kept = artifact(lab, "two")
    assert {"config.json", "model.safetensors", "code/inference.py", "vocab.txt"} <= kept.keys()
    assert json.loads(kept["training.json"])["processes"] == 2
    assert kept.keys() == artifact(lab, "one").keys()


@pytest.mark.xdist_group("script_mode_reviews")
def test_a_training_that_is_taken_away_goes_on_where_it_was(tmp_path: Path) -> None:
    found = {}
    for name, faults in {"whole": [], "taken": ["spot-interruption"]}.items():
        with running_server(tmp_path / name, faults) as context, patched(context) as cloud:
            lab = SageMakerLab(cloud)
            try:
                job = reviews(lab, name, checkpoint_steps="1")
                assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
                steps = [step["Status"] for step in job["SecondaryStatusTransitions"]]
                found[name] = losses(lab, name), metrics_of(job), steps.count("Interrupted")
                lines = lab.log_lines(name)
            finally:
                lab.close()
    assert found["whole"][2] == 0
    assert found["taken"][2] == 1
    assert any(line.startswith("goes on from epoch") for line in lines)
    assert found["taken"][1] == pytest.approx(found["whole"][1], abs=TOLERANCE)
