"""A delivery stream reads, transforms, buffers, converts and writes as its settings say."""

from __future__ import annotations

import base64
import gzip
import io
import itertools
import json
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from penstock.localcloud.clients import ClientFactory
from penstock.localcloud.clock import SkippingClock
from penstock.localcloud.context import CloudContext
from penstock.localcloud.ledger import Ledger
from penstock.localcloud.record_store.store import RecordStore
from penstock.localcloud.server import MotoServer
from penstock.localcloud.shims import firehose, functions, kinesis
from penstock.localcloud.shims.patches import Patches
from penstock.localcloud.workers.firehose import DeliveryWorker
from penstock.localcloud.workers.firehose.records import Account
from penstock.localcloud.workers.functions import FunctionsWorker

pytestmark = [pytest.mark.offline, pytest.mark.xdist_group("firehose-worker")]

TRANSFORM = Path(__file__).resolve().parents[2] / "lambda" / "transform" / "handler.py"
ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/delivery"
NUMBERS = itertools.count()
RECORD_SCHEMA = {
    "identity_fields": ["id"],
    "record_kb": 8,
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "pixels", "type": "number", "length": 64, "minimum": 0, "maximum": 16},
        {"name": "label", "type": "integer", "minimum": 0, "maximum": 9},
    ],
}


class NoEvents:
    def emit(self, **_event: Any) -> None:
        raise AssertionError("delivery emits no events")


@dataclass
class Cloud:
    """A moto server with functions and delivery, and short ways to what tests look at."""

    context: CloudContext
    worker: DeliveryWorker

    def client(self, service: str) -> Any:
        return self.context.clients.deployer(service)

    def bucket(self) -> str:
        name = f"lake-{next(NUMBERS)}"
        self.client("s3").create_bucket(Bucket=name)
        return name

    def objects(self, bucket: str) -> dict[str, bytes]:
        s3 = self.client("s3")
        listed = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        return {o["Key"]: s3.get_object(Bucket=bucket, Key=o["Key"])["Body"].read() for o in listed}

    def function(self, source: str, **options: Any) -> str:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("handler.py", source)
        answer = self.client("lambda").create_function(
            FunctionName=f"transform-{next(NUMBERS)}",
            Runtime="python3.13",
            Role=ROLE,
            Handler="handler.handler",
            Code={"ZipFile": buffer.getvalue()},
            **options,
        )
        return str(answer["FunctionArn"])

    def delivery_stream(self, bucket: str, source: str = "", **settings: Any) -> str:
        name = f"delivery-{next(NUMBERS)}"
        options: dict[str, Any] = {"DeliveryStreamType": "DirectPut"}
        if source:
            options = {
                "DeliveryStreamType": "KinesisStreamAsSource",
                "KinesisStreamSourceConfiguration": {"KinesisStreamARN": source, "RoleARN": ROLE},
            }
        self.client("firehose").create_delivery_stream(
            DeliveryStreamName=name,
            ExtendedS3DestinationConfiguration={
                "RoleARN": ROLE,
                "BucketARN": f"arn:aws:s3:::{bucket}",
                **settings,
            },
            **options,
        )
        return name

    def stream(self, shards: int = 2) -> tuple[str, str]:
        name = f"stream-{next(NUMBERS)}"
        kinesis = self.client("kinesis")
        kinesis.create_stream(StreamName=name, ShardCount=shards)
        return name, kinesis.describe_stream(StreamName=name)["StreamDescription"]["StreamARN"]

    def feed(self, stream: str, records: list[bytes]) -> None:
        for start in range(0, len(records), 500):
            self.client("kinesis").put_records(
                StreamName=stream,
                Records=[
                    {"Data": data or b"\n", "PartitionKey": str(start + index)}
                    for index, data in enumerate(records[start : start + 500])
                ],
            )

    def put(self, name: str, records: list[bytes]) -> list[str]:
        answer = self.client("firehose").put_record_batch(
            DeliveryStreamName=name, Records=[{"Data": data} for data in records]
        )
        assert answer["FailedPutCount"] == 0
        return [one["RecordId"] for one in answer["RequestResponses"]]

    def settled(self, name: str, received: int, seconds: float = 60) -> Account:
        """Wait until the stream has received that many records and holds none of them."""
        self.wait(
            lambda: (
                self.worker.account(name).received == received
                and self.worker.account(name).pending == 0
            ),
            seconds,
            lambda: self.worker.account(name),
        )
        return self.worker.account(name)

    def wait(
        self, done: Callable[[], bool], seconds: float = 60, state: Callable[[], Any] = str
    ) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < deadline, state()
            time.sleep(0.02)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    server = MotoServer(account_id=ACCOUNT)
    server.start()
    clock = SkippingClock()
    context = CloudContext(
        clients=ClientFactory(endpoint_url=server.endpoint_url, region="us-east-1"),
        clock=clock,
        ledger=Ledger(),
        events=NoEvents(),
        workdir=tmp_path_factory.mktemp("cloud"),
        account_id=ACCOUNT,
        region="us-east-1",
    )
    patches = Patches()
    functions_worker, delivery = FunctionsWorker(context), DeliveryWorker(context)
    functions.install(patches, invoker=functions_worker)
    firehose.install(patches, delivery=delivery)
    store = RecordStore(context.workdir / "streams")
    kinesis.install(patches, clock=clock, written=delivery.stream_written, store=store)
    functions_worker.start()
    delivery.start()
    context.clients.deployer("iam").create_role(RoleName="delivery", AssumeRolePolicyDocument="{}")
    yield Cloud(context, delivery)
    delivery.stop()
    functions_worker.stop()
    patches.undo()
    clock.close()
    server.stop()


@pytest.fixture(scope="module")
def table(cloud: Cloud) -> dict[str, Any]:
    """A Glue table for the flat records, and the conversion that goes by it."""
    glue = cloud.client("glue")
    glue.create_database(DatabaseInput={"Name": "lake"})
    glue.create_table(
        DatabaseName="lake",
        TableInput={
            "Name": "digits",
            "StorageDescriptor": {
                "Columns": [
                    {"Name": "id", "Type": "string"},
                    *({"Name": f"pixels_{i}", "Type": "double"} for i in range(64)),
                    {"Name": "label", "Type": "int"},
                ]
            },
            "PartitionKeys": [{"Name": "year", "Type": "string"}],
        },
    )
    return {
        "SchemaConfiguration": {"DatabaseName": "lake", "TableName": "digits", "RoleARN": ROLE},
        "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
        "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}},
    }


@pytest.fixture(scope="module")
def transform(cloud: Cloud) -> str:
    """The project's own transform function."""
    return cloud.function(
        TRANSFORM.read_text(),
        Timeout=60,
        Environment={"Variables": {"RECORD_SCHEMA": json.dumps(RECORD_SCHEMA)}},
    )


def processor(function_arn: str, **parameters: str) -> dict[str, Any]:
    given = {"LambdaArn": function_arn, **parameters}
    return {
        "Enabled": True,
        "Processors": [
            {
                "Type": "Lambda",
                "Parameters": [{"ParameterName": k, "ParameterValue": v} for k, v in given.items()],
            }
        ],
    }


def digit(number: int, **changes: Any) -> bytes:
    return json.dumps(
        {"id": f"d{number}", "pixels": [number % 17] * 64, "label": number % 10} | changes
    ).encode()


def lines(body: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in body.splitlines()]


EXPRESSIONS = {
    "Prefix": "records/year=!{timestamp:yyyy}/month=!{timestamp:MM}/day=!{timestamp:dd}/",
    "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/year=!{timestamp:yyyy}/",
}


def test_two_thousand_records_from_the_stream_to_parquet_and_the_account_balances(
    cloud: Cloud, table: dict[str, Any], transform: str
) -> None:
    """Good records, records that the transform fails, and some that do not fit the table."""
    bucket = cloud.bucket()
    stream, source = cloud.stream()
    cloud.feed(stream, [digit(0)])  # before the delivery stream: Firehose starts at LATEST
    name = cloud.delivery_stream(
        bucket,
        source,
        **EXPRESSIONS,
        ProcessingConfiguration=processor(transform),
        BufferingHints={"SizeInMBs": 64, "IntervalInSeconds": 300},
        DataFormatConversionConfiguration=table,
    )
    good = [digit(n) for n in range(1993)]
    bad = [
        b"not json",
        b'{"id": "x"}',
        digit(1, label="seven"),
        digit(1, label=10),
        digit(1, pixels=[0] * 65),
        b"\n",
        digit(1, id="x" * 9000),
    ]
    cloud.feed(stream, good[:1000] + bad + good[1000:])
    account = cloud.settled(name, 2000)
    assert account == Account(received=2000, delivered=1993, failed_transform=7)

    objects = cloud.objects(bucket)
    now = cloud.context.clock.now()
    (data_key,) = [key for key in objects if key.startswith("records/")]
    assert data_key.startswith(f"records/year={now:%Y}/month=")
    assert f"/{name}-1-{now:%Y}-" in data_key
    assert data_key.endswith(".parquet")
    rows = pq.read_table(io.BytesIO(objects[data_key])).to_pylist()
    assert len(rows) == 1993
    assert {row["id"] for row in rows} == {f"d{n}" for n in range(1993)}
    row = next(row for row in rows if row["id"] == "d33")
    assert (row["pixels_0"], row["pixels_63"], row["label"]) == (16.0, 16.0, 3)

    (error_key,) = [key for key in objects if key.startswith("errors/")]
    assert error_key.startswith(f"errors/processing-failed/year={now:%Y}/{name}-1-")
    failed = lines(objects[error_key])
    assert sorted(base64.b64decode(line["rawData"]) for line in failed) == sorted(bad)
    for line in failed:
        assert line.pop("rawData")
        assert line.pop("arrivalTimestamp") <= line.pop("attemptEndingTimestamp")
        assert line == {
            "attemptsMade": 1,
            "errorCode": "Lambda.ProcessingFailedStatus",
            "errorMessage": "ProcessingFailed status set for record",
            "lambdaArn": transform,
        }


def test_records_keep_their_order_within_a_shard(cloud: Cloud) -> None:
    bucket = cloud.bucket()
    stream, source = cloud.stream(shards=1)
    name = cloud.delivery_stream(bucket, source)
    cloud.feed(stream, [f"{n},".encode() for n in range(1200)])
    cloud.settled(name, 1200)
    (body,) = cloud.objects(bucket).values()
    assert body == b"".join(b"%d," % n for n in range(1200))


def test_a_split_shard_loses_and_repeats_nothing(cloud: Cloud) -> None:
    bucket = cloud.bucket()
    stream, source = cloud.stream(shards=1)
    name = cloud.delivery_stream(bucket, source)
    cloud.feed(stream, [b"%d," % n for n in range(50)])
    cloud.settled(name, 50)
    cloud.client("kinesis").split_shard(
        StreamName=stream, ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127)
    )
    cloud.feed(stream, [b"%d," % n for n in range(50, 100)])
    cloud.settled(name, 100)
    numbers = b"".join(cloud.objects(bucket).values()).split(b",")[:-1]
    assert sorted(int(n) for n in numbers) == list(range(100))


def test_values_that_do_not_fit_the_table_go_to_format_conversion_failed(
    cloud: Cloud, table: dict[str, Any]
) -> None:
    bucket = cloud.bucket()
    stream, source = cloud.stream(shards=1)
    name = cloud.delivery_stream(
        bucket, source, **EXPRESSIONS, DataFormatConversionConfiguration=table
    )
    misfit, garbage = b'{"id": "b", "label": "many"}', b"no json"
    cloud.feed(stream, [b'{"id": "a", "label": 1}', misfit, garbage])
    account = cloud.settled(name, 3)
    assert (account.delivered, account.failed_conversion) == (1, 2)
    objects = cloud.objects(bucket)
    (key,) = [key for key in objects if key.startswith("errors/format-conversion-failed/")]
    first, second = lines(objects[key])
    assert base64.b64decode(first["rawData"]) == misfit
    assert first["lastErrorCode"] == "DataFormatConversion.MalformedData"
    assert "column label" in first["lastErrorMessage"]
    assert (first["sequenceNumber"], first["subSequenceNumber"]) == ("2", 0)
    assert first["dataCatalogTable"] == {
        "catalogId": ACCOUNT,
        "databaseName": "lake",
        "tableName": "digits",
        "region": "us-east-1",
        "versionId": first["dataCatalogTable"]["versionId"],
        "catalogArn": f"arn:aws:glue:us-east-1:{ACCOUNT}:catalog",
    }
    assert base64.b64decode(second["rawData"]) == garbage
    assert second["lastErrorCode"] == "DataFormatConversion.ParseError"
    assert set(first) == {
        *("attemptsMade", "arrivalTimestamp", "lastErrorCode", "lastErrorMessage"),
        *("attemptEndingTimestamp", "rawData", "sequenceNumber", "subSequenceNumber"),
        "dataCatalogTable",
    }


def test_a_changed_table_counts_from_the_next_object_on(cloud: Cloud) -> None:
    glue = cloud.client("glue")
    glue.create_database(DatabaseInput={"Name": "moving"})

    def table_input(kind: str) -> dict[str, Any]:
        return {"Name": "t", "StorageDescriptor": {"Columns": [{"Name": "n", "Type": kind}]}}

    glue.create_table(DatabaseName="moving", TableInput=table_input("int"))
    bucket = cloud.bucket()
    name = cloud.delivery_stream(
        bucket,
        DataFormatConversionConfiguration={
            "SchemaConfiguration": {"DatabaseName": "moving", "TableName": "t", "RoleARN": ROLE},
            "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
            "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}},
        },
    )
    cloud.put(name, [b'{"n": 1}'])
    cloud.settled(name, 1)
    glue.update_table(DatabaseName="moving", TableInput=table_input("string"))
    cloud.put(name, [b'{"n": 1}'])
    cloud.settled(name, 2)
    values = [
        pq.read_table(io.BytesIO(body)).to_pylist()[0]["n"]
        for body in cloud.objects(bucket).values()
    ]
    assert sorted(values, key=str) == [1, "1"]
    assert {type(value) for value in values} == {int, str}


def test_buffered_by_size_there_are_several_objects_by_time_one(cloud: Cloud) -> None:
    by_size, by_time = cloud.bucket(), cloud.bucket()
    small = cloud.delivery_stream(
        by_size, BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 900}
    )
    large = cloud.delivery_stream(
        by_time, BufferingHints={"SizeInMBs": 128, "IntervalInSeconds": 60}
    )
    before = cloud.context.clock.now()
    for name in (small, large):
        for _ in range(7):
            cloud.put(name, [b"x" * 100_000] * 5)
        cloud.settled(name, 35)
    # 11 records of 100,000 bytes fill 1 MiB: three full objects and the rest
    assert sorted(len(body) // 100_000 for body in cloud.objects(by_size).values()) == [
        2,
        11,
        11,
        11,
    ]
    assert [len(body) for body in cloud.objects(by_time).values()] == [3_500_000]
    passed = (cloud.context.clock.now() - before).total_seconds()
    assert passed >= 900, "the rest of the small buffer waited for its interval"


def test_a_changed_prefix_is_a_new_version_of_the_names(cloud: Cloud) -> None:
    bucket = cloud.bucket()
    name = cloud.delivery_stream(bucket, Prefix="one/")
    firehose_api = cloud.client("firehose")
    cloud.put(name, [b"a"])
    firehose_api.update_destination(
        DeliveryStreamName=name,
        CurrentDeliveryStreamVersionId="1",
        DestinationId="destinationId-000000000001",
        ExtendedS3DestinationUpdate={"Prefix": "two/", "FileExtension": ".txt"},
    )
    cloud.put(name, [b"b"])
    cloud.settled(name, 2)
    (first, a), (second, b) = sorted(cloud.objects(bucket).items())
    assert (a, b) == (b"a", b"b")
    assert first.startswith(f"one/{cloud.context.clock.now():%Y}/")
    assert f"/{name}-1-" in first
    assert second.startswith("two/")
    assert f"/{name}-2-" in second
    assert second.endswith(".txt")


def unzip(body: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        (name,) = archive.namelist()
        return archive.read(name)


@pytest.mark.parametrize(
    ("compression", "suffix", "unpack"),
    [
        ("GZIP", ".gz", gzip.decompress),
        ("ZIP", ".zip", unzip),
    ],
)
def test_compression_and_delimiters(
    cloud: Cloud, compression: str, suffix: str, unpack: Callable[[bytes], bytes]
) -> None:
    bucket = cloud.bucket()
    name = cloud.delivery_stream(
        bucket,
        CompressionFormat=compression,
        ProcessingConfiguration={
            "Enabled": True,
            "Processors": [
                {
                    "Type": "AppendDelimiterToRecord",
                    "Parameters": [{"ParameterName": "Delimiter", "ParameterValue": "\\n"}],
                }
            ],
        },
    )
    cloud.put(name, [b"a", b"b"])
    cloud.settled(name, 2)
    ((key, body),) = cloud.objects(bucket).items()
    assert key.endswith(suffix)
    assert unpack(body) == b"a\nb\n"


def test_the_key_of_the_destination_encrypts_objects(cloud: Cloud) -> None:
    bucket = cloud.bucket()
    key = cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    name = cloud.delivery_stream(
        bucket, EncryptionConfiguration={"KMSEncryptionConfig": {"AWSKMSKeyARN": key}}
    )
    cloud.put(name, [b"a"])
    cloud.settled(name, 1)
    (object_key,) = cloud.objects(bucket)
    head = cloud.client("s3").head_object(Bucket=bucket, Key=object_key)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)


ANSWERS = """
import base64, json
def handler(event, context):
    print(json.dumps({k: v for k, v in event.items() if k != "records"}), flush=True)
    answers = []
    for record in event["records"]:
        what = base64.b64decode(record["data"]).decode()
        answer = {"recordId": record["recordId"], "result": "Ok", "data": record["data"]}
        if what == "drop":
            answer["result"] = "Dropped"
        if what == "unknown":
            answer["result"] = "Fine"
        if what == "not base64":
            answer["data"] = "%%%"
        if what == "no data":
            del answer["data"]
        if what == "forget":
            continue
        if what == "twice":
            answers.append(dict(answer))
        if what == "raise":
            raise RuntimeError("on purpose")
        answers.append(answer)
    answers.append({"recordId": "nobody asked", "result": "Ok", "data": ""})
    return {"records": answers}
"""


def test_every_answer_is_judged_and_the_account_balances(cloud: Cloud) -> None:
    bucket = cloud.bucket()
    function = cloud.function(ANSWERS) + ":$LATEST"  # as the console writes it
    name = cloud.delivery_stream(bucket, ProcessingConfiguration=processor(function))
    cloud.put(name, [b"good", b"drop", b"unknown", b"not base64", b"no data", b"forget", b"twice"])
    account = cloud.settled(name, 7)
    assert account == Account(received=7, delivered=1, dropped=1, failed_transform=5)
    objects = cloud.objects(bucket)
    (key,) = [key for key in objects if key.startswith("processing-failed/")]
    codes = {base64.b64decode(e["rawData"]).decode(): e["errorCode"] for e in lines(objects[key])}
    assert codes == {
        "unknown": "Lambda.JsonProcessingException",
        "not base64": "Lambda.JsonProcessingException",
        "no data": "Lambda.JsonProcessingException",
        "forget": "Lambda.MissingRecordId",
        "twice": "Lambda.DuplicatedRecordId",
    }
    assert [b for k, b in objects.items() if k != key] == [b"good"]


def test_a_failing_function_is_retried_and_then_all_its_records_fail(cloud: Cloud) -> None:
    bucket = cloud.bucket()
    logs = cloud.client("logs")
    logs.create_log_group(logGroupName="/delivery")
    logs.create_log_stream(logGroupName="/delivery", logStreamName="errors")
    function = cloud.function(ANSWERS)
    name = cloud.delivery_stream(
        bucket,
        ProcessingConfiguration=processor(function, NumberOfRetries="2"),
        CloudWatchLoggingOptions={
            "Enabled": True,
            "LogGroupName": "/delivery",
            "LogStreamName": "errors",
        },
    )
    cloud.put(name, [b"good", b"raise"])
    account = cloud.settled(name, 2)
    assert account.failed_transform == 2
    (body,) = cloud.objects(bucket).values()
    for line in lines(body):
        assert (line["attemptsMade"], line["errorCode"]) == (3, "Lambda.FunctionError")
    events = logs.get_log_events(logGroupName="/delivery", logStreamName="errors")["events"]
    messages = [json.loads(event["message"]) for event in events]
    assert [m["errorCode"] for m in messages] == ["Lambda.FunctionError"] * 3
    assert messages[0]["processor"] == function
    name_of = function.rsplit(":", 1)[-1]
    starts = logs.filter_log_events(logGroupName=f"/aws/lambda/{name_of}", filterPattern="START")[
        "events"
    ]
    assert len([e for e in starts if e["message"].startswith("START")]) == 3


def test_the_functions_timeout_reaches_delivery(cloud: Cloud) -> None:
    bucket = cloud.bucket()
    slow = cloud.function("import time\ndef handler(e, c): time.sleep(30)", Timeout=1)
    name = cloud.delivery_stream(
        bucket, ProcessingConfiguration=processor(slow, NumberOfRetries="0")
    )
    cloud.put(name, [b"a"])
    assert cloud.settled(name, 1).failed_transform == 1
    (body,) = cloud.objects(bucket).values()
    assert lines(body)[0]["attemptsMade"] == 1


def test_the_processors_buffer_decides_the_batches(cloud: Cloud) -> None:
    sizes = []
    for megabytes in ("0.2", "3"):
        function = cloud.function(ANSWERS)
        name = cloud.delivery_stream(
            cloud.bucket(), ProcessingConfiguration=processor(function, BufferSizeInMBs=megabytes)
        )
        cloud.put(name, [b"x" * 50_000] * 20)
        cloud.settled(name, 20)
        events = cloud.client("logs").filter_log_events(
            logGroupName=f"/aws/lambda/{function.rsplit(':', 1)[-1]}"
        )["events"]
        sizes.append(len([e for e in events if e["message"].startswith("START")]))
    assert sizes == [4, 1]


def test_partition_keys_from_the_function_split_objects(cloud: Cloud) -> None:
    source = (
        "import base64\n"
        "def handler(event, context):\n"
        "    answers = []\n"
        "    for record in event['records']:\n"
        "        data = base64.b64decode(record['data']).decode()\n"
        "        keys = {} if data == 'none' else {'first': data[:1]}\n"
        "        answers.append({'recordId': record['recordId'], 'result': 'Ok',\n"
        "            'data': record['data'], 'metadata': {'partitionKeys': keys}})\n"
        "    return {'records': answers}\n"
    )
    bucket = cloud.bucket()
    name = cloud.delivery_stream(
        bucket,
        Prefix="by/!{partitionKeyFromLambda:first}/!{timestamp:yyyy}/",
        ErrorOutputPrefix="errors/!{firehose:error-output-type}/",
        DynamicPartitioningConfiguration={"Enabled": True},
        ProcessingConfiguration=processor(cloud.function(source)),
    )
    cloud.put(name, [b"a1", b"b1", b"a2", b"none"])
    account = cloud.settled(name, 4)
    assert (account.delivered, account.failed_transform) == (3, 1)
    bodies = {key.split("/")[1]: body for key, body in cloud.objects(bucket).items()}
    assert bodies["a"] == b"a1a2"
    assert bodies["b"] == b"b1"


def test_source_records_are_backed_up_untransformed(cloud: Cloud) -> None:
    bucket, backup = cloud.bucket(), cloud.bucket()
    name = cloud.delivery_stream(
        bucket,
        ProcessingConfiguration=processor(cloud.function(ANSWERS)),
        S3BackupMode="Enabled",
        S3BackupConfiguration={
            "RoleARN": ROLE,
            "BucketARN": f"arn:aws:s3:::{backup}",
            "Prefix": "raw/",
        },
    )
    cloud.put(name, [b"good", b"drop"])
    cloud.settled(name, 2)
    cloud.wait(lambda: bool(cloud.objects(backup)))
    ((key, body),) = cloud.objects(backup).items()
    assert key.startswith("raw/")
    assert body == b"gooddrop"


def test_delivery_waits_for_a_bucket_that_is_not_there_yet(cloud: Cloud) -> None:
    bucket = f"late-{next(NUMBERS)}"
    name = cloud.delivery_stream(bucket, BufferingHints={"SizeInMBs": 1, "IntervalInSeconds": 0})
    cloud.put(name, [b"a"])
    cloud.wait(lambda: cloud.worker.account(name).received == 1)
    time.sleep(0.2)
    assert cloud.worker.account(name).pending == 1
    cloud.client("s3").create_bucket(Bucket=bucket)
    assert cloud.settled(name, 1).delivered == 1
    assert list(cloud.objects(bucket).values()) == [b"a"]


def test_deleting_a_delivery_stream_delivers_what_it_holds(cloud: Cloud) -> None:
    bucket = cloud.bucket()
    name = cloud.delivery_stream(bucket, BufferingHints={"SizeInMBs": 5, "IntervalInSeconds": 900})
    cloud.put(name, [b"a"])
    cloud.client("firehose").delete_delivery_stream(DeliveryStreamName=name)
    assert list(cloud.objects(bucket).values()) == [b"a"]
    assert cloud.worker.account(name) == Account(received=1, delivered=1)


def test_metrics_of_delivery(cloud: Cloud) -> None:
    name = cloud.delivery_stream(cloud.bucket())
    cloud.put(name, [b"abc"] * 4)
    cloud.settled(name, 4)
    now = cloud.context.clock.now()

    def total(metric: str) -> float:
        points = cloud.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Firehose",
            MetricName=metric,
            Dimensions=[{"Name": "DeliveryStreamName", "Value": name}],
            StartTime=now.replace(year=now.year - 1),
            EndTime=now.replace(year=now.year + 1),
            Period=60,
            Statistics=["Sum"],
        )["Datapoints"]
        return float(sum(point["Sum"] for point in points))

    cloud.wait(lambda: total("DeliveryToS3.Success") > 0)
    assert total("IncomingRecords") == 4
    assert total("IncomingBytes") == 12
    assert total("DeliveryToS3.Records") == 4
    assert total("DeliveryToS3.Bytes") == 12


@pytest.mark.parametrize(
    ("records", "reason"),
    [
        ([b"x" * 1_024_001], "1024000"),
        ([b"x"] * 501, "500"),
        ([b"x" * 1_000_000] * 5, "4 MB"),
    ],
)
def test_puts_over_the_limits_are_refused(cloud: Cloud, records: list[bytes], reason: str) -> None:
    name = cloud.delivery_stream(cloud.bucket())
    with pytest.raises(ClientError, match=reason):
        cloud.put(name, records)
    assert cloud.worker.account(name).received == 0


def test_a_stream_with_a_kinesis_source_takes_no_puts(cloud: Cloud) -> None:
    _, source = cloud.stream()
    name = cloud.delivery_stream(cloud.bucket(), source)
    with pytest.raises(ClientError, match="not permitted on KinesisStreamAsSource"):
        cloud.put(name, [b"x"])


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"Prefix": "a/!{timestamp:yyyy}/"}, "ErrorOutputPrefix cannot be null"),
        ({"CompressionFormat": "Snappy"}, "Snappy is not implemented"),
        (
            {
                "ProcessingConfiguration": {
                    "Enabled": True,
                    "Processors": [{"Type": "MetadataExtraction"}],
                }
            },
            "MetadataExtraction is not implemented",
        ),
    ],
)
def test_what_cannot_be_is_refused_at_creation_by_name(
    cloud: Cloud, settings: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ClientError, match=reason):
        cloud.delivery_stream(cloud.bucket(), **settings)


def test_a_refused_update_leaves_the_stream_as_it_was(cloud: Cloud) -> None:
    bucket = cloud.bucket()
    name = cloud.delivery_stream(bucket, Prefix="kept/")
    with pytest.raises(ClientError, match="ErrorOutputPrefix cannot be null"):
        cloud.client("firehose").update_destination(
            DeliveryStreamName=name,
            CurrentDeliveryStreamVersionId="1",
            DestinationId="destinationId-000000000001",
            ExtendedS3DestinationUpdate={"Prefix": "!{timestamp:yyyy}"},
        )
    cloud.put(name, [b"a"])
    cloud.settled(name, 1)
    (key,) = cloud.objects(bucket)
    assert key.startswith("kept/")
    assert f"/{name}-1-" in key
