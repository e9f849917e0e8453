"""Training jobs of small scripts: what they are given, and every way in which they end."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from tests.offline.bare_cloud import patched, running_server
from tests.offline.sagemaker_lab import SageMakerLab, channel
from tests.script_mode.scripts import artifact, metrics_of, packed, request
from tests.waiting import eventually

pytestmark = pytest.mark.offline

LEARNS = """
import argparse, json, os, pathlib, sys
import helper
parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float)
parser.add_argument("--name")
found = parser.parse_args()
text = pathlib.Path(os.environ["SM_CHANNEL_TRAIN"], "a.txt").read_text()
print("GIVEN", json.dumps([found.rate, found.name, text, helper.WORD]))
print("ENVIRONMENT", json.dumps(dict(os.environ)))
for epoch in range(3):
    print(f"epoch={epoch} loss={found.rate / (epoch + 1)}")
pathlib.Path(os.environ["SM_MODEL_DIR"], "model.json").write_text(json.dumps(found.rate))
pathlib.Path(os.environ["SM_OUTPUT_DATA_DIR"], "more.txt").write_text("more")
"""
# two hosts that count each other: without torch's own launcher, by what the toolkit says
MEETS = """
import os, json, torch, torch.distributed as dist
hosts = json.loads(os.environ["SM_HOSTS"])
rank = hosts.index(os.environ["SM_CURRENT_HOST"])
dist.init_process_group("gloo", rank=rank, world_size=len(hosts))
number = torch.tensor(10.0 ** rank)
dist.all_reduce(number)
files = os.listdir(os.environ["SM_CHANNEL_TRAIN"])
open(os.path.join(os.environ["SM_MODEL_DIR"], f"{rank}.json"), "w").write(json.dumps(files))
print(f"sum={float(number)} threads={torch.get_num_threads()}")
"""
TOLD_TO_END = """
import signal, sys, time
came = []
signal.signal(signal.SIGTERM, lambda *_: came.append(1))
print("begins")
while not came:
    time.sleep(0.05)
time.sleep(0.3)
print(f"came {len(came)} times")
"""
FOR_EVER = "import time\nprint('begins')\nwhile True: time.sleep(0.1)\n"


def has_begun(lab: SageMakerLab, job: str) -> bool:
    """Whether its script has printed its first line."""
    with suppress(ClientError):  # there is no log yet
        return "begins" in lab.log_lines(job)
    return False


def test_a_script_is_given_its_data_and_leaves_a_model_and_metrics(lab: SageMakerLab) -> None:
    lab.s3.put_object(Bucket="lab", Key="data/train/a.txt", Body=b"hello")
    job = lab.run(
        request(
            lab,
            "learns",
            channel("train"),
            code=packed(train=LEARNS, helper="WORD = 'found'"),
            metrics={"train:loss": r"loss=([0-9.]+)"},
            hyperparameters={"rate": "0.6", "name": '"a b"'},
            Environment={"MOOD": "good"},
        )
    )
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert metrics_of(job) == {"train:loss": pytest.approx(0.2)}
    assert artifact(lab, "learns") == {"model.json": b"0.6"}
    lines = lab.log_lines("learns")
    assert 'GIVEN [0.6, "a b", "hello", "found"]' in lines
    (said,) = [line for line in lines if line.startswith("ENVIRONMENT ")]
    environment = json.loads(said.partition(" ")[2])
    assert environment["MOOD"] == "good"
    assert environment["OMP_WAIT_POLICY"] == "passive"  # others work on this machine as well
    assert environment["SM_HPS"] == '{"name":"a b","rate":0.6}'
    assert Path(environment["PYTHONPATH"]).name == "code"
    assert not {"BETWEEN_HOSTS", "PENSTOCK_TROUBLE"} & environment.keys()
    (entry,) = [
        entry
        for entry in lab.cloud.context.ledger.report()["entries"]
        if "huggingface-pytorch-training" in entry["resource"]
    ]
    assert "a CPU stands in for its GPUs" in entry["by"]
    assert any("model hubs" in note for note in entry["notes"])


def test_hosts_meet_and_each_has_its_own_data(lab: SageMakerLab) -> None:
    for name in "ab":
        lab.s3.put_object(Bucket="lab", Key=f"data/train/{name}.txt", Body=name.encode())
    shared = channel("train")
    shared["DataSource"]["S3DataSource"]["S3DataDistributionType"] = "ShardedByS3Key"
    job = lab.run(request(lab, "meets", shared, code=packed(train=MEETS), hosts=2))
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    found = artifact(lab, "meets")
    assert {name: json.loads(text) for name, text in found.items()} == {
        "0.json": ["a.txt"],
        "1.json": ["b.txt"],
    }
    for host in ("algo-1", "algo-2"):
        assert any("sum=11.0" in line for line in lab.log_lines("meets", host))


def test_a_scripts_error_is_the_jobs_failure_reason(lab: SageMakerLab) -> None:
    broken = "print('begins')\nraise RuntimeError('no such thing')\n"
    job = lab.run(request(lab, "breaks", code=packed(train=broken)))
    assert job["TrainingJobStatus"] == "Failed"
    reason = job["FailureReason"]
    assert reason.startswith("AlgorithmError: ExecuteUserScriptError: ExitCode 1 ErrorMessage ")
    assert "RuntimeError: no such thing" in reason
    assert reason.endswith("exit code: 1")
    assert any("Traceback" in line for line in lab.log_lines("breaks"))


def test_a_job_without_its_script_says_so(lab: SageMakerLab) -> None:
    job = lab.run(request(lab, "empty", code=packed(other="")))
    assert job["FailureReason"].startswith(
        "ClientError: sagemaker_program train.py: there is no such file in the script's code"
    )


def test_a_script_that_is_to_stop_gets_one_sigterm(lab: SageMakerLab) -> None:
    lab.api.create_training_job(**request(lab, "stops", code=packed(train=TOLD_TO_END)))
    eventually(lambda: has_begun(lab, "stops"))
    lab.api.stop_training_job(TrainingJobName="stops")
    assert lab.ended("stops")["TrainingJobStatus"] == "Stopped"
    assert "came 1 times" in lab.log_lines("stops")


def test_a_script_that_does_not_listen_is_killed(lab: SageMakerLab) -> None:
    deaf = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + FOR_EVER
    lab.api.create_training_job(**request(lab, "deaf", code=packed(train=deaf)))
    eventually(lambda: has_begun(lab, "deaf"))
    lab.api.stop_training_job(TrainingJobName="deaf")
    assert lab.ended("deaf")["TrainingJobStatus"] == "Stopped"


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        ("training-exits", "Failed", r"AlgorithmError: TroubleError: .*, exit code: 1"),
        ("training-out-of-memory", "Failed", r"ClientError: Please use an instance type with .*"),
        ("training-hangs=2", "Stopped", ""),
    ],
)
def test_the_faults_of_a_training_come_to_scripts(
    fault: str, status: str, reason: str, tmp_path: Path
) -> None:
    with running_server(tmp_path, [fault]) as context, patched(context) as cloud:
        lab = SageMakerLab(cloud)
        try:
            job = lab.run(request(lab, "trouble", code=packed(train=FOR_EVER)))
            (met,) = context.faults.entries()
        finally:
            lab.close()
    assert job["TrainingJobStatus"] == status
    assert re.fullmatch(reason, job.get("FailureReason", ""))
    assert met["happened"]
