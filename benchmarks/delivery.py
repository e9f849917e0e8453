"""Delivery: records from a stream through the transform to Parquet, against the bare work."""

from __future__ import annotations

import base64
import contextlib
import importlib.util
import io
import itertools
import json
import os
import statistics
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pyarrow.json
import pyarrow.parquet

from benchmarks.cloud import BenchCloud, bench_cloud
from benchmarks.comparison import compare
from penstock.localcloud.record_store.store import RecordStore
from penstock.localcloud.shims import firehose, functions, kinesis
from penstock.localcloud.workers.firehose import DeliveryWorker
from penstock.localcloud.workers.functions import FunctionsWorker

HANDLER = Path(__file__).resolve().parents[1] / "lambda" / "transform" / "handler.py"
RECORDS = 4_000
PUT_RECORDS = 500  # the most that PutRecords takes
BATCH_RECORDS = 2_000  # about what a transform buffer of 1 MiB holds
PIXELS = 64
RUNS = 5
BUCKET = "lake"
SCHEMA = {
    "identity_fields": ["id"],
    "record_kb": 8,
    "fields": [
        {"name": "id", "type": "string"},
        {"name": "pixels", "type": "number", "length": PIXELS, "minimum": 0, "maximum": 16},
        {"name": "label", "type": "integer", "minimum": 0, "maximum": 9},
    ],
}
COLUMNS = pa.schema(
    [
        ("id", pa.string()),
        *((f"pixels_{n}", pa.float64()) for n in range(PIXELS)),
        ("label", pa.int32()),
    ]
)


def main() -> None:
    """Print the comparisons delivery_transform and delivery."""
    records = [
        json.dumps({"id": f"d{n}", "pixels": [n % 17] * PIXELS, "label": n % 10}).encode()
        for n in range(RECORDS)
    ]
    handler = _handler()
    flat = list(_transformed(handler, records))
    with bench_cloud() as cloud, ExitStack() as workers:
        run_functions, delivery = FunctionsWorker(cloud.context), DeliveryWorker(cloud.context)
        functions.install(cloud.patches, invoker=run_functions)
        firehose.install(cloud.patches, delivery=delivery)
        kinesis.install(
            cloud.patches,
            clock=cloud.context.clock,
            written=delivery.stream_written,
            store=RecordStore(cloud.context.workdir / "streams"),
        )
        for worker in (run_functions, delivery):
            worker.start()
            workers.callback(worker.stop)
        transform = _prepare(cloud)
        numbers = itertools.count()

        def deliver() -> float:
            return _deliver(cloud, delivery, transform, f"bench-{next(numbers)}", records)

        def bare() -> float:
            started = time.perf_counter()
            _bare(handler, records)
            return time.perf_counter() - started

        def deliver_flat() -> float:
            return _deliver(cloud, delivery, None, f"bench-{next(numbers)}", flat)

        comparison = compare(
            "delivery_transform",
            what="the same delivery with its transform function",
            baseline="without it: the same records, flat already",
            subject=deliver,
            against=deliver_flat,
            runs=RUNS,
            details={"records": RECORDS},
        )
        rates = {
            name: round(RECORDS / statistics.median(pair[side] for pair in comparison.pairs))
            for side, name in enumerate(("with_function", "without_function"))
        }
        details = {**comparison.details, "records_per_second": rates}
        replace(comparison, details=details).print()
        compare(
            "delivery",
            what="PutRecords on a Kinesis stream until the Parquet object is in S3, through "
            "Firehose and the transform function in its own process",
            baseline="the transform's handler in this process and pyarrow, on the same records",
            subject=deliver,
            against=bare,
            runs=RUNS,
            details={
                "records": RECORDS,
                "bytes": sum(map(len, records)),
                "shards": 1,
                "includes": "0.25 s of quiet before the clock skips the buffer's interval",
            },
        ).print()


def _deliver(
    cloud: BenchCloud,
    delivery: DeliveryWorker,
    transform: str | None,
    name: str,
    records: list[bytes],
) -> float:
    kinesis = cloud.client("kinesis")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    stream = kinesis.describe_stream(StreamName=name)["StreamDescription"]["StreamARN"]
    cloud.client("firehose").create_delivery_stream(
        DeliveryStreamName=name,
        DeliveryStreamType="KinesisStreamAsSource",
        KinesisStreamSourceConfiguration={"KinesisStreamARN": stream, "RoleARN": cloud.role_arn},
        ExtendedS3DestinationConfiguration=_destination(cloud, transform, name),
    )
    started = time.perf_counter()
    for start in range(0, len(records), PUT_RECORDS):
        kinesis.put_records(
            StreamName=name,
            Records=[
                {"Data": data, "PartitionKey": str(number)}
                for number, data in enumerate(records[start : start + PUT_RECORDS])
            ],
        )
    while (account := delivery.account(name)).received < RECORDS or account.pending:
        time.sleep(0.01)
    taken = time.perf_counter() - started
    if account.delivered != RECORDS:
        raise RuntimeError(f"not everything was delivered: {account}")
    cloud.client("firehose").delete_delivery_stream(DeliveryStreamName=name)
    return taken


def _destination(cloud: BenchCloud, transform: str | None, name: str) -> dict[str, Any]:
    processing = {} if transform is None else {"ProcessingConfiguration": _processing(transform)}
    return {
        "RoleARN": cloud.role_arn,
        "BucketARN": f"arn:aws:s3:::{BUCKET}",
        "Prefix": f"{name}/",
        "ErrorOutputPrefix": "errors/!{firehose:error-output-type}/",
        "BufferingHints": {"SizeInMBs": 128, "IntervalInSeconds": 60},
        **processing,
        "DataFormatConversionConfiguration": {
            "SchemaConfiguration": {
                "DatabaseName": "lake",
                "TableName": "records",
                "RoleARN": cloud.role_arn,
            },
            "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}},
            "OutputFormatConfiguration": {"Serializer": {"ParquetSerDe": {}}},
        },
    }


def _processing(transform: str) -> dict[str, Any]:
    return {
        "Enabled": True,
        "Processors": [
            {
                "Type": "Lambda",
                "Parameters": [
                    {"ParameterName": "LambdaArn", "ParameterValue": transform},
                    {"ParameterName": "BufferSizeInMBs", "ParameterValue": "1"},
                ],
            }
        ],
    }


def _prepare(cloud: BenchCloud) -> str:
    """Bucket, table and transform function; returns the function's ARN."""
    cloud.client("s3").create_bucket(Bucket=BUCKET)
    glue = cloud.client("glue")
    glue.create_database(DatabaseInput={"Name": "lake"})
    columns = [
        {"Name": "id", "Type": "string"},
        *({"Name": f"pixels_{n}", "Type": "double"} for n in range(PIXELS)),
        {"Name": "label", "Type": "int"},
    ]
    glue.create_table(
        DatabaseName="lake",
        TableInput={"Name": "records", "StorageDescriptor": {"Columns": columns}},
    )
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.write(HANDLER, "handler.py")
    function = cloud.client("lambda").create_function(
        FunctionName="transform",
        Runtime="python3.13",
        Role=cloud.role_arn,
        Handler="handler.handler",
        Code={"ZipFile": code.getvalue()},
        Timeout=60,
        Environment={"Variables": {"RECORD_SCHEMA": json.dumps(SCHEMA)}},
    )
    return str(function["FunctionArn"])


def _handler() -> ModuleType:
    """The transform's module with this benchmark's schema."""
    spec = importlib.util.spec_from_file_location("transform_handler", HANDLER)
    if spec is None or spec.loader is None:
        raise RuntimeError(f"{HANDLER} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    os.environ["RECORD_SCHEMA"] = json.dumps(SCHEMA)
    spec.loader.exec_module(module)
    return module


def _bare(handler: ModuleType, records: list[bytes]) -> None:
    lines = b"".join(_transformed(handler, records))
    table = pa.json.read_json(
        io.BytesIO(lines), parse_options=pa.json.ParseOptions(explicit_schema=COLUMNS)
    )
    if table.num_rows != RECORDS:
        raise RuntimeError(f"{table.num_rows} rows instead of {RECORDS}")
    pa.parquet.write_table(table, io.BytesIO())


def _transformed(handler: ModuleType, records: list[bytes]) -> Iterator[bytes]:
    for start in range(0, len(records), BATCH_RECORDS):
        event = {
            "records": [
                {"recordId": str(number), "data": base64.b64encode(data).decode("ascii")}
                for number, data in enumerate(records[start : start + BATCH_RECORDS])
            ]
        }
        with contextlib.redirect_stdout(io.StringIO()):  # the handler logs by printing
            answer = handler.handler(event, None)
        for record in answer["records"]:
            yield base64.b64decode(record["data"])


if __name__ == "__main__":
    main()
