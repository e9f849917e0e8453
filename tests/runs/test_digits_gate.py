"""Labels shuffled against images: the gate holds, nothing is registered, nothing is served."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from pipelines import digits
from tests.runs.conftest import Done, Penstock

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("digits-gate")]

# what a user's shell may hold: none of it may reach the local cloud, nor the cloud them
SOMEBODYS = {
    "AWS_PROFILE": "nobody-has-this-profile",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_DEFAULT_REGION": "eu-west-3",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "http_proxy": "http://127.0.0.1:9",
    "MOTO_ACCOUNT_ID": "999999999999",
}


@pytest.fixture(scope="module")
def shuffled(penstock: Penstock, tmp_path_factory: pytest.TempPathFactory) -> Done:
    records = list(digits.sample().records)
    labels = [record["label"] for record in records]
    random.Random(7).shuffle(labels)
    data = tmp_path_factory.mktemp("data") / "shuffled.jsonl"
    lines = [
        json.dumps({**record, "label": label})
        for record, label in zip(records, labels, strict=True)
    ]
    data.write_text("\n".join(lines))
    copy = data.with_name("copy.json")
    done = penstock("run", "digits", "--data", str(data), "--json", str(copy), **SOMEBODYS)
    assert json.loads(copy.read_text()) == done.report
    return done


def test_the_run_fails_at_the_gate_and_says_why(shuffled: Done) -> None:
    assert shuffled.code == 1
    report = shuffled.report
    assert report["status"] == "failed"
    assert report["failed_step"] == "gate"
    assert "QualityGateMissed" in report["reason"]
    assert "test:multiclass_accuracy" in report["reason"]
    assert "step gate: QualityGateMissed" in shuffled.out
    assert "Traceback" not in shuffled.err


def test_the_users_own_aws_settings_reach_nothing(shuffled: Done) -> None:
    assert ".us-east-1." in shuffled.report["training"]["image"]  # the stage's region


def test_it_trained_to_chance_and_nothing_came_of_it(shuffled: Done) -> None:
    report = shuffled.report
    assert 0.02 < report["metrics"]["test:multiclass_accuracy"] < 0.2
    status = {step["name"]: step["status"] for step in report["steps"]}
    assert status["train"] == "succeeded"
    assert status["register"] == status["serve"] == status["invoke"] == "skipped"
    assert report["endpoint"] is None
    assert report["model"]["model_package_arn"] is None
    resources: list[dict[str, Any]] = report["ledger"]["entries"]
    assert not [entry for entry in resources if entry["type"] == "AWS::SageMaker::Endpoint"]


def test_the_records_still_balance(shuffled: Done) -> None:
    records = shuffled.report["records"]
    assert 1000 < records["unique"] < 1797  # the others come when a model is in service
    assert records["sent"] == records["delivered"] + sum(records["failed"].values())


def test_data_of_ones_own_is_read_and_named(shuffled: Done) -> None:
    first = shuffled.out.splitlines()[0]
    assert first.startswith("penstock run digits: 1822 records from /")
    assert first.endswith("shuffled.jsonl")
    assert Path(shuffled.folder, "runs/digits/latest").is_symlink()
