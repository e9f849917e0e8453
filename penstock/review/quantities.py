"""What the templates alone say of how much there will be; the load is not in them.

`quantities` is what a price is put on: each has a unit that a price has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from penstock.review.assembly import Assembly, Resource
from penstock.review.blocks import Block, Cell, Paragraph, Section, Table
from penstock.review.instances import machines
from penstock.review.values import Values

HOURS_A_MONTH = 730  # 365 days of 24 hours, divided by 12
_DAYS_A_MONTH = HOURS_A_MONTH / 24
_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_PER_DAY = {"minute": 24 * 60, "hour": 24, "day": 1}


@dataclass(frozen=True)
class Quantity:
    """An amount of something that is paid for. `amount` is None where the load decides.

    `is_idle`: it is there, and paid for, when nothing happens.
    """

    resource: str
    what: str
    amount: float | None
    unit: str
    is_idle: bool = False


def quantities(assembly: Assembly, values: Values) -> list[Quantity]:
    """Every quantity of the assembly, those that are there when nothing happens first."""
    found = [
        *_endpoints(assembly, values),
        *[each for resource in assembly.resources.values() for each in _of(resource)],
        *_jobs(assembly, values),
    ]
    return sorted(found, key=lambda each: not each.is_idle)


def quantities_section(assembly: Assembly, values: Values) -> Section:
    """The quantities, idle ones apart."""
    found = quantities(assembly, values)
    idle = [_row(each) for each in found if each.is_idle]
    used = [_row(each) for each in found if not each.is_idle]
    blocks: list[Block] = []
    headings = ["resource", "what", "amount", "unit"]
    if idle:
        blocks += [Paragraph("There when nothing happens:"), Table(headings, idle)]
    if used:
        blocks += [Paragraph("By use:"), Table(headings, used)]
    if not blocks:
        blocks.append(Paragraph("Nothing in the templates has an amount."))
    return Section("quantities", "Quantities", blocks)


def _row(each: Quantity) -> list[Cell]:
    if each.amount is None:
        return [each.resource, each.what, "by the load", each.unit]
    amount = f"{each.amount:,.2f}".rstrip("0").rstrip(".")
    return [each.resource, each.what, amount, each.unit]


def _endpoints(assembly: Assembly, values: Values) -> Iterator[Quantity]:
    for each in machines(assembly, values):
        if each.is_standing:
            amount = None if each.count is None else float(each.count * HOURS_A_MONTH)
            yield Quantity(each.name, each.type, amount, "instance-hours a month", is_idle=True)


def _jobs(assembly: Assembly, values: Values) -> Iterator[Quantity]:
    for each in machines(assembly, values):
        if not each.is_standing:
            known = each.count is not None and each.hours is not None
            amount = (each.count or 0) * (each.hours or 0) if known else None
            yield Quantity(
                each.name, each.type, amount, f"instance-hours a {each.use} run, at most"
            )


def _of(resource: Resource) -> Iterator[Quantity]:
    properties = resource.properties
    name = resource.name
    match resource.type:
        case "AWS::Kinesis::Stream":
            mode = (properties.get("StreamModeDetails") or {}).get("StreamMode", "PROVISIONED")
            if mode == "ON_DEMAND":
                yield Quantity(
                    name, "stream on demand", HOURS_A_MONTH, "stream-hours a month", True
                )
            else:
                shards = _number(properties.get("ShardCount", 1))
                hours = None if shards is None else shards * HOURS_A_MONTH
                yield Quantity(name, "shards", hours, "shard-hours a month", is_idle=True)
            yield Quantity(name, "records in", None, "GB")
        case "AWS::KinesisFirehose::DeliveryStream":
            yield Quantity(name, "records delivered", None, "GB")
        case "AWS::KMS::Key":
            yield Quantity(name, "key", 1, "keys a month", is_idle=True)
        case "AWS::CloudWatch::Alarm":
            yield Quantity(name, "alarm", 1, "alarms a month", is_idle=True)
        case "AWS::SecretsManager::Secret":
            yield Quantity(name, "secret", 1, "secrets a month", is_idle=True)
        case "AWS::S3::Bucket":
            yield Quantity(name, "objects", None, "GB a month")
        case "AWS::DynamoDB::Table" if properties.get("BillingMode") == "PAY_PER_REQUEST":
            yield Quantity(name, "reads and writes", None, "requests")
        case "AWS::Lambda::Function":
            memory = _number(properties.get("MemorySize", 128))
            seconds = _number(properties.get("Timeout", 3))
            amount = memory / 1024 * seconds if memory and seconds else None
            yield Quantity(name, "a call", amount, "GB-seconds a call, at most")
        case "AWS::Glue::Job":
            yield from _glue(resource)
        case "AWS::Scheduler::Schedule" | "AWS::Events::Rule":
            expression = properties.get("ScheduleExpression")
            if isinstance(expression, str):
                runs = runs_a_month(expression)
                yield Quantity(name, expression, runs, "starts a month", is_idle=True)
        case _:
            return


def _glue(job: Resource) -> Iterator[Quantity]:
    # DPU of a worker: botocore 1.44.5 glue model, WorkerType
    units = {"G.025X": 0.25, "G.1X": 1, "G.2X": 2, "G.4X": 4, "G.8X": 8}
    workers = _number(job.properties.get("NumberOfWorkers"))
    minutes = _number(job.properties.get("Timeout"))
    each = units.get(str(job.properties.get("WorkerType")))
    amount = workers * each * minutes / 60 if workers and each and minutes else None
    yield Quantity(job.name, "a run", amount, "DPU-hours a run, at most")


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
