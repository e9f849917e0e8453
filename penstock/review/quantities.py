"""What the templates alone say of how much there will be; the load is not in them.

`quantities` is what a price is put on: each has a unit that a price has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from penstock.catalog.facts import UnknownFactError
from penstock.catalog.glue_workers import glue_worker
from penstock.catalog.limits import limit
from penstock.review.assembly import Assembly, Resource, as_list
from penstock.review.instances import Use, machines
from penstock.review.values import Values

HOURS_A_MONTH = 730  # 365 days of 24 hours, divided by 12
_DAYS_A_MONTH = HOURS_A_MONTH / 24
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_PER_DAY = {"minute": 24 * 60, "hour": 24, "day": 1}
# a use of machines -> how a price calls it; spare machines are billed at less, so at most
_PRICES: dict[Use, str] = {
    "endpoint": "hosting",
    "training": "training",
    "spot training": "training",
    "tuning": "training",
    "transform": "transform",
    "processing": "processing",
    "notebook": "notebook",
}


@dataclass(frozen=True)
class Quantity:
    """An amount of something that is paid for. `amount` is None where no template decides it.

    `price` is the unit's name in a price file, such as penstock.planner.prices reads. `is_idle`:
    it is there, and paid for, when nothing happens. `is_by_load`: what flows through the stream
    decides the amount. `is_endpoint`: it is the hours of an endpoint.
    """

    resource: str
    what: str
    amount: float | None
    unit: str
    price: str
    is_idle: bool = False
    is_by_load: bool = False
    is_endpoint: bool = False


def quantities(assembly: Assembly, values: Values) -> list[Quantity]:
    """Every quantity of the assembly, those that are there when nothing happens first."""
    delivered = _delivered(assembly, values)
    found = [
        *_machines(assembly, values),
        *[each for resource in assembly.resources.values() for each in _of(resource, delivered)],
    ]
    return sorted(found, key=lambda each: not each.is_idle)


def _machines(assembly: Assembly, values: Values) -> Iterator[Quantity]:
    for each in machines(assembly, values):
        price = f"sagemaker.{_PRICES[each.use]}.{each.type}"
        if each.is_standing:
            amount = None if each.count is None else float(each.count * HOURS_A_MONTH)
            yield Quantity(
                each.name,
                each.type,
                amount,
                "instance-hours a month",
                price,
                is_idle=True,
                is_endpoint=each.use == "endpoint",
            )
        else:
            known = each.count is not None and each.hours is not None
            amount = (each.count or 0) * (each.hours or 0) if known else None
            # a tuning runs many trainings, and the longest run is that of each
            run = "training of the tuning" if each.use == "tuning" else f"{each.use} run"
            unit = f"instance-hours a {run}, at most"
            yield Quantity(each.name, each.type, amount, unit, price)


def _of(resource: Resource, delivered: set[Resource]) -> Iterator[Quantity]:
    properties = resource.properties
    name = resource.name
    match resource.type:
        case "AWS::Kinesis::Stream":
            yield from _stream(resource)
        case "AWS::KinesisFirehose::DeliveryStream":
            yield from _delivery(resource)
        case "AWS::SageMaker::EndpointConfig":
            for variant in as_list(properties.get("ProductionVariants")):
                if "ServerlessConfig" in variant:
                    what = f"serverless {variant.get('VariantName', '')}".strip()
                    price = "sagemaker.serverless_gb_seconds"
                    yield Quantity(name, what, None, "GB-seconds", price, is_by_load=True)
        case "AWS::KMS::Key":
            yield Quantity(name, "key", 1, "keys a month", "kms.keys", is_idle=True)
        case "AWS::CloudWatch::Alarm":
            yield Quantity(name, "alarm", 1, "alarms a month", "cloudwatch.alarms", is_idle=True)
        case "AWS::SecretsManager::Secret":
            price = "secretsmanager.secrets"
            yield Quantity(name, "secret", 1, "secrets a month", price, is_idle=True)
        case "AWS::S3::Bucket":
            is_by_load = resource in delivered
            yield Quantity(
                name, "objects", None, "GB a month", "s3.gb_months", is_by_load=is_by_load
            )
        case "AWS::DynamoDB::Table" if properties.get("BillingMode") == "PAY_PER_REQUEST":
            for what in ("read", "write"):
                price = f"dynamodb.{what}_units"
                yield Quantity(name, f"{what}s", None, f"{what} units", price, is_by_load=True)
        case "AWS::Lambda::Function":
            memory = _number(properties.get("MemorySize", 128))
            seconds = _number(properties.get("Timeout", 3))
            amount = memory / 1024 * seconds if memory and seconds else None
            unit = "GB-seconds a call, at most"
            yield Quantity(name, "a call", amount, unit, "lambda.gb_seconds")
        case "AWS::Glue::Job":
            yield _glue(resource)
        case "AWS::Scheduler::Schedule" | "AWS::Events::Rule":
            expression = properties.get("ScheduleExpression")
            if isinstance(expression, str):
                runs = runs_a_month(expression)
                price = "eventbridge.starts"
                yield Quantity(name, expression, runs, "starts a month", price, is_idle=True)
        case _:
            return


def _stream(stream: Resource) -> Iterator[Quantity]:
    name, properties = stream.name, stream.properties
    mode = (properties.get("StreamModeDetails") or {}).get("StreamMode", "PROVISIONED")
    if mode == "ON_DEMAND":
        price = "kinesis.on_demand_stream_hours"
        unit = "stream-hours a month"
        yield Quantity(name, "stream on demand", HOURS_A_MONTH, unit, price, is_idle=True)
        for what, price in (
            ("records in", "kinesis.on_demand_incoming_gb"),
            ("records out", "kinesis.on_demand_outgoing_gb"),
        ):
            yield Quantity(name, what, None, "GB", price, is_by_load=True)
        return
    shards = _number(properties.get("ShardCount", 1))
    hours = None if shards is None else shards * HOURS_A_MONTH
    unit = "shard-hours a month"
    yield Quantity(name, "shards", hours, unit, "kinesis.shard_hours", is_idle=True)
    least_hours = limit("kinesis.retention_hours").minimum
    retention = _number(properties.get("RetentionPeriodHours", least_hours))
    if retention is None or retention > least_hours:
        price = "kinesis.extended_shard_hours"
        yield Quantity(name, "kept for longer than a day", hours, unit, price, is_idle=True)
    yield Quantity(name, "records in", None, "PUT units", "kinesis.put_units", is_by_load=True)


def _delivery(delivery: Resource) -> Iterator[Quantity]:
    source = delivery.properties.get("DeliveryStreamType", "DirectPut")
    price = "firehose.direct_put_gb" if source == "DirectPut" else "firehose.stream_source_gb"
    yield Quantity(delivery.name, "records delivered", None, "GB", price, is_by_load=True)
    destination = delivery.properties.get("ExtendedS3DestinationConfiguration") or {}
    converts = destination.get("DataFormatConversionConfiguration") or {}
    if converts.get("Enabled") is True:
        price = "firehose.converted_gb"
        yield Quantity(delivery.name, "records converted", None, "GB", price, is_by_load=True)


def _delivered(assembly: Assembly, values: Values) -> set[Resource]:
    """The buckets that delivery streams write to."""
    return {
        used
        for delivery in assembly.of_type("AWS::KinesisFirehose::DeliveryStream")
        for key in ("ExtendedS3DestinationConfiguration", "S3DestinationConfiguration")
        for used in values.uses(delivery, (delivery.properties.get(key) or {}).get("BucketARN"))
    }


def _glue(job: Resource) -> Quantity:
    workers = _number(job.properties.get("NumberOfWorkers"))
    minutes = _number(job.properties.get("Timeout"))
    kind = str(job.properties.get("WorkerType"))
    each: float | None = None
    price = "glue.dpu_hours"
    try:
        facts = glue_worker(kind)
        each = facts.dpus
        price = "glue.memory_dpu_hours" if facts.memory_optimized else price
    except UnknownFactError:
        # the smallest, for streaming jobs: botocore 1.44.5 glue model, WorkerType
        each = 0.25 if kind == "G.025X" else None
    amount = workers * each * minutes / 60 if workers and each and minutes else None
    return Quantity(job.name, "a run", amount, "DPU-hours a run, at most", price)


def runs_a_month(expression: str) -> float | None:
    """How often a schedule starts something in a month; None for what is not counted here."""
    rate = _RATE.fullmatch(expression)
    if rate:
        return _DAYS_A_MONTH * _PER_DAY[rate[2]] / int(rate[1])
    cron = re.fullmatch(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)", expression)
    if not cron or {*cron.groups()[2:]} - {"*", "?"}:
        return None
    minutes, hours = _times(cron[1], 60), _times(cron[2], 24)
    return None if minutes is None or hours is None else minutes * hours * _DAYS_A_MONTH


def _times(field: str, size: int) -> int | None:
    """How many values a field of a cron expression stands for."""
    if field == "*":
        return size
    if step := re.fullmatch(r"(\*|\d+)/(\d+)", field):
        first = 0 if step[1] == "*" else int(step[1])
        return len(range(first, size, int(step[2]))) if int(step[2]) else None
    parts = field.split(",")
    return len(parts) if all(part.isdigit() for part in parts) else None


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
