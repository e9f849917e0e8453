"""boto3 against `penstock up`: the stream, the lake, the endpoint, a training."""

from __future__ import annotations

import time

import pytest

from tests.clients.terminal import Terminal, example

pytestmark = [pytest.mark.offline, pytest.mark.runtime, pytest.mark.xdist_group("clients")]


def test_what_is_put_is_on_the_stream_among_the_sample_traffic(terminal: Terminal) -> None:
    stream = terminal.up.output("StreamName")
    answer = terminal.python(
        f"""
import boto3, json, time

kinesis = boto3.client("kinesis")
shard = kinesis.list_shards(StreamName={stream!r})["Shards"][0]["ShardId"]
latest = kinesis.get_shard_iterator(
    StreamName={stream!r}, ShardId=shard, ShardIteratorType="LATEST"
)["ShardIterator"]
mine = [json.dumps({{"mine": number}}) for number in range(3)]
put = kinesis.put_records(
    StreamName={stream!r}, Records=[{{"Data": text, "PartitionKey": text}} for text in mine]
)
found, until = [], time.monotonic() + 30
while not (set(mine) <= set(found) and len(found) > 5) and time.monotonic() < until:
    page = kinesis.get_records(ShardIterator=latest)
    found += [record["Data"].decode() for record in page["Records"]]
    latest = page["NextShardIterator"]
    time.sleep(0.2)
others = [json.loads(text)["id"] for text in found if text not in mine]
print(json.dumps([put["FailedRecordCount"], set(mine) <= set(found), others]))
"""
    )
    failed, all_there, others = answer
    assert failed == 0
    assert all_there
    # --record-rate keeps the pipeline's own samples coming
    assert len(others) >= 2
    assert all(name.startswith("digit-") for name in others)


def test_the_endpoint_answers_in_the_lake_lie_the_records(terminal: Terminal) -> None:
    lake = terminal.up.output("LakeBucketName")
    answer = terminal.python(
        example("boto3")
        + f"""
import json

objects = boto3.client("s3").list_objects_v2(Bucket={lake!r}, Prefix="records/")["Contents"]
body = boto3.client("s3").get_object(Bucket={lake!r}, Key=objects[0]["Key"])["Body"].read()
scores = json.loads(answer["Body"].read())["predictions"][0]["score"]
print(json.dumps([len(scores), sum(scores), body[:4].decode(), objects[0]["Size"], len(body)]))
"""
    )
    classes, total, magic, listed_bytes, read_bytes = answer
    assert classes == 10
    assert total == pytest.approx(1, abs=1e-5)
    assert magic == "PAR1"
    assert listed_bytes == read_bytes


def test_a_training_that_a_client_starts_succeeds(terminal: Terminal) -> None:
    machine = terminal.up.output("TrainingStateMachineArn")
    execution = terminal.python(
        f"""
import boto3, json

machines = boto3.client("stepfunctions")
print(json.dumps(machines.start_execution(stateMachineArn={machine!r})["executionArn"]))
"""
    )
    machines = terminal.up.client("stepfunctions")
    until = time.monotonic() + 120
    while (found := machines.describe_execution(executionArn=execution))["status"] == "RUNNING":
        assert time.monotonic() < until, "the training goes on for two minutes"
        time.sleep(0.5)
    assert found["status"] == "SUCCEEDED", found
