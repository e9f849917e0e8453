"""Serving switched off at first, network, key and buckets given: what is left, and why."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.runs.conftest import ROOT, Done, Penstock

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("digits-switched-off")]

BUCKETS = {"lake": "company-lake", "artifacts": "company-models", "access_logs": "company-logs"}
KEY = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
ENVIRONMENT = {
    "region": "us-east-1",
    "approval": "automatic",
    "removable": True,
    "serving_switch": {"at_first": "off"},
    "network": {
        "vpc_id": "vpc-0123456789abcdef0",
        "subnets": {
            "subnet-0123456789abcdef0": "us-east-1a",
            "subnet-0123456789abcdef1": "us-east-1b",
        },
        "security_group_ids": ["sg-0123456789abcdef0"],
    },
    "key_arn": KEY,
    "buckets": {"digits": BUCKETS},
}


@pytest.fixture(scope="module")
def unserved(penstock: Penstock) -> Done:
    folder = penstock("list").folder
    configuration = json.loads((ROOT / "cdk.json").read_text())
    configuration["context"]["environments"]["off"] = ENVIRONMENT
    Path(folder, "cdk.json").unlink()  # a link into the checkout
    Path(folder, "cdk.json").write_text(json.dumps(configuration))
    return penstock("run", "digits", "--environment", "off", "--records", "900")


def test_everything_else_is_done_and_the_run_succeeds(unserved: Done) -> None:
    assert unserved.code == 0, unserved.out + unserved.err
    report = unserved.report
    status = {step["name"]: step["status"] for step in report["steps"]}
    assert {status[step] for step in ("prepare", "train", "gate", "register", "serve")} == {
        "succeeded"
    }
    assert {status[step] for step in ("invoke", "capture", "monitor", "retrain")} == {"skipped"}
    assert report["endpoint"] is None
    assert report["records"]["unique"] == 900  # none are kept back for a second training


def test_one_line_says_why_there_is_no_endpoint_and_what_to_set(unserved: Done) -> None:
    (line,) = [line for line in unserved.out.splitlines() if line.startswith("serving of")]
    assert line == unserved.report["not_served"]
    assert "digits-off is switched off (/penstock/digits/off/serving)" in line
    assert "serving_switch.at_first" in line
    page = (unserved.latest / "report.html").read_text()
    assert "waits until serving is switched on" in page


def test_the_ledger_says_of_jobs_that_they_ran_outside_of_the_network(unserved: Done) -> None:
    entries = unserved.report["ledger"]["entries"]
    assert not [entry for entry in entries if entry["type"] == "AWS::SageMaker::Endpoint"]
    jobs = [entry for entry in entries if entry["type"] == "AWS::Glue::Job"]
    assert jobs
    for job in jobs:
        assert "Connections: the job runs on this machine's network" in job["notes"]
    assert any("VpcConfig" in note for e in entries for note in e["notes"] if "image" in e["type"])


def test_what_is_given_stands_here_as_the_ledger_says(unserved: Done) -> None:
    report = unserved.report
    assert report["model"]["artifact"].startswith("s3://company-models/models/")
    kinds = ("AWS::S3::Bucket", "AWS::KMS::Key")
    found = {e["resource"]: e for e in report["ledger"]["entries"] if e["type"] in kinds}
    assert set(found) == {
        *(f"given bucket {name}" for name in BUCKETS.values()),
        f"given key {KEY}",
    }
    for entry in found.values():
        assert entry["life"] == "substituted"
        assert "the owner's" in entry["by"]
