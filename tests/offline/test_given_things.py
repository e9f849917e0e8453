"""A stage in a network, with a key and buckets that are there already, in the local cloud."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow.parquet as pq
import pytest

from app import CONFIGURATION, build_app
from penstock.cli.data import records_to_send
from penstock.localcloud.cloud import LocalCloud
from penstock.localcloud.ledger import Life
from pipelines.registry import load
from tests.waiting import eventually

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("given-things")]

BUCKETS = {"lake": "company-lake", "artifacts": "company-models", "access_logs": "company-logs"}
NETWORK = {
    "vpc_id": "vpc-0123456789abcdef0",
    "subnets": {
        "subnet-0123456789abcdef0": "us-east-1a",
        "subnet-0123456789abcdef1": "us-east-1b",
    },
    "security_group_ids": ["sg-0123456789abcdef0"],
}

# what the owner of a key has to let AWS do with it
KEY_POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": principal}
            for principal in (
                {"AWS": "arn:aws:iam::123456789012:root"},
                {"Service": ["logs.us-east-1.amazonaws.com", "cloudwatch.amazonaws.com"]},
            )
        ],
    }
)


@dataclass
class Given:
    """Digits in dev, deployed where key and buckets were before."""

    cloud: LocalCloud
    key_arn: str
    outputs: dict[str, str]

    def client(self, service: str) -> Any:
        """A client of whoever owns the account."""
        return self.cloud.context.clients.deployer(service)


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Given]:
    out = tmp_path_factory.mktemp("assembly")
    with LocalCloud(workdir=tmp_path_factory.mktemp("cloud")) as cloud:
        owner = cloud.context.clients.deployer
        for name in BUCKETS.values():
            owner("s3").create_bucket(Bucket=name)
        key_arn: str = owner("kms").create_key(Policy=KEY_POLICY)["KeyMetadata"]["Arn"]
        context = json.loads(CONFIGURATION.read_text())["context"]
        context["environments"]["dev"] |= {
            "network": NETWORK,
            "key_arn": key_arn,
            "buckets": {"digits": BUCKETS},
        }
        build_app({**context, "pipeline": "digits"}, out=out, validate=False).synth()
        deployed = cloud.deploy(out / "assembly-digits-dev")
        outputs = {name: value for found in deployed.values() for name, value in found.items()}
        yield Given(cloud, key_arn, outputs)


def test_nothing_of_its_kind_is_made_beside_it(given: Given) -> None:
    buckets = {bucket["Name"] for bucket in given.client("s3").list_buckets()["Buckets"]}
    assert {name for name in buckets if not name.startswith("cdk-")} == set(BUCKETS.values())
    keys = given.client("kms").list_keys()["Keys"]
    assert [key["KeyArn"] for key in keys] == [given.key_arn]


def test_each_glue_job_names_a_connection_into_the_network(given: Given) -> None:
    glue = given.client("glue")
    jobs = [glue.get_job(JobName=name)["Job"] for name in glue.list_jobs()["JobNames"]]
    assert len(jobs) == 2
    for job in jobs:
        (name,) = job["Connections"]["Connections"]
        connection = glue.get_connection(Name=name)["Connection"]
        assert connection["ConnectionType"] == "NETWORK"
        assert connection["PhysicalConnectionRequirements"] == {
            "AvailabilityZone": "us-east-1a",
            "SecurityGroupIdList": NETWORK["security_group_ids"],
            "SubnetId": "subnet-0123456789abcdef0",
        }


def test_the_ledger_says_that_there_is_no_network_here(given: Given) -> None:
    said = {"AWS::Glue::Connection": "ConnectionInput: ", "AWS::Glue::Job": "Connections: "}
    said["AWS::Lambda::Function"] = "VpcConfig: "
    entries = [entry for entry in given.cloud.context.ledger.entries() if entry.type in said]
    assert {entry.type for entry in entries} == set(said)
    for entry in entries:
        assert any(note.startswith(said[entry.type]) for note in entry.notes), entry
    assert all(entry.life is Life.API_ONLY for entry in entries if "Connection" in entry.type)


def test_records_arrive_in_the_given_lake(given: Given) -> None:
    sample = records_to_send(load()["digits"], data=None, count=20, broken_count=0).records
    sent = given.client("kinesis").put_records(
        StreamName=given.outputs["StreamName"],
        Records=[{"Data": record, "PartitionKey": str(n)} for n, record in enumerate(sample)],
    )
    assert sent["FailedRecordCount"] == 0
    s3 = given.client("s3")

    def rows() -> int:
        found = s3.list_objects_v2(Bucket="company-lake", Prefix="records/").get("Contents", [])
        bodies = [s3.get_object(Bucket="company-lake", Key=one["Key"])["Body"] for one in found]
        return sum(pq.read_table(io.BytesIO(body.read())).num_rows for body in bodies)

    assert eventually(lambda: rows() >= len(sample) or None, 60)
    assert rows() == len(sample)
