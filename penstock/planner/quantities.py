"""What a month of a pipeline is billed by: hours, GB, requests, at one load."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from penstock.catalog.facts import counted, in_words
from penstock.catalog.glue_workers import glue_worker
from penstock.catalog.limits import limit
from penstock.planner.fan_out import shards_with_fan_out
from penstock.planner.plan import HOURS, SCORE_KB, Plan
from penstock.planner.regions import most
from penstock.planner.rounding import whole

# what a bill has as well and no description says the amount of
NOT_COUNTED = (
    "Step Functions transitions, KMS and Parameter Store requests, logs, metrics and alarms, "
    "captured data, SNS and SQS messages, Glue catalog requests, data transfer, volumes of "
    "instances, free tiers"
)
_GB = 2**30 / 1000  # KB of 1,000 bytes in a GB as AWS counts it
TRANSFORM_HOURS = 1  # stacks/training_machine.py waits no longer for a batch transform
MONITOR_WORKER = "G.1X"  # stacks/monitor_job.py
MONITOR_INSTANCE = "ml.m5.xlarge"  # stacks/managed_monitor.py

Bound = Literal["exact", "at most", "at least"]


@dataclass(frozen=True)
class Quantity:
    """So much of something that has a price; `amount` None is unknown.

    `price` is its name in a price file. `bound` says whether the load gives the amount, or only
    what it is at most (a job's time limit) or at least. What is `idle` is billed without any load.
    `source` is that of a billing rule.
    """

    name: str
    amount: float | None
    unit: str
    because: str
    price: str
    bound: Bound = "exact"
    idle: bool = False
    source: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The quantity as JSON has it."""
        return {**vars(self), "source": list(self.source)}


def quantities(plan: Plan) -> list[Quantity]:
    """All quantities of a month of 730 hours at the plan's load, without a break."""
    return [
        *_stream(plan),
        *_delivery(plan),
        *_scoring(plan),
        *_lake(plan),
        *_training(plan),
        *_monitor(plan),
        *_endpoint(plan),
        Quantity("kms.keys", 1, "keys", "the pipeline's key", price="kms.keys", idle=True),
    ]


@dataclass(frozen=True)
class Alternative:
    """Another way to carry the same stream, by what it would be billed; `instead_of` names."""

    name: str
    instead_of: tuple[str, ...]
    quantities: tuple[Quantity, ...]


def alternatives(plan: Plan) -> list[Alternative]:
    """The stream's other capacity mode, and fan-out where it saves shards."""
    provisioned, on_demand = tuple(_provisioned(plan)), tuple(_on_demand(plan))
    is_on_demand = plan.pipeline.stream.shards is None
    now, other = (on_demand, provisioned) if is_on_demand else (provisioned, on_demand)
    names = tuple(quantity.name for quantity in now)
    found = [Alternative("provisioned" if is_on_demand else "on demand", names, other)]
    shards = shards_with_fan_out(plan.load)
    if shards is not None and shards < plan.shards and not is_on_demand:
        found.append(
            Alternative(
                "provisioned, with enhanced fan-out",
                names,
                (*_provisioned(plan, shards), *_fan_out(plan, shards)),
            )
        )
    return found


def trainings(plan: Plan) -> tuple[float, str]:
    """Trainings of a month, and what they follow from; alarms may ask for more."""
    retrain = plan.pipeline.retrain
    if retrain is None or retrain.every_days is None:
        return 1, "one training, as none is on schedule,"
    count = HOURS / 24 / retrain.every_days
    return count, f"retrain.every_days {retrain.every_days}: {in_words(round(count, 2))} trainings"


def _flow(plan: Plan) -> str:
    return f"{in_words(round(plan.load.records_per_second, 3))} records/s x {HOURS} h"


def _stream(plan: Plan) -> Iterator[Quantity]:
    if plan.pipeline.stream.shards is None:
        return _on_demand(plan)
    return _provisioned(plan)


def _on_demand(plan: Plan) -> Iterator[Quantity]:
    load = plan.load
    yield Quantity(
        "kinesis.on_demand_stream_hours",
        HOURS,
        "stream-hours",
        "one stream",
        price="kinesis.on_demand_stream_hours",
        idle=True,
    )
    rule = limit("kinesis.on_demand_billed_kb")
    kb = whole(load.record_kb / most(rule)) * most(rule)
    gb = plan.month_records * kb / _GB
    rounded = f"{_flow(plan)} x {kb:g} KB (each record to the next KB)"
    yield Quantity(
        "kinesis.on_demand_incoming_gb",
        gb,
        "GB",
        rounded,
        price="kinesis.on_demand_incoming_gb",
        source=rule.source,
    )
    yield Quantity(
        "kinesis.on_demand_outgoing_gb",
        gb * load.consumers,
        "GB",
        f"{rounded} x {counted(load.consumers, 'consumer')}",
        price="kinesis.on_demand_outgoing_gb",
        source=rule.source,
    )


def _provisioned(plan: Plan, shards: int | None = None) -> Iterator[Quantity]:
    shards = plan.shards if shards is None else shards
    hours = shards * HOURS
    yield Quantity(
        "kinesis.shard_hours",
        hours,
        "shard-hours",
        f"{counted(shards, 'shard')} x {HOURS} h",
        price="kinesis.shard_hours",
        idle=True,
    )
    unit_kb = most(limit("kinesis.put_unit_kb"))
    units = whole(plan.load.record_kb / unit_kb)
    yield Quantity(
        "kinesis.put_units",
        plan.month_records * units,
        "PUT units",
        f"{_flow(plan)} x {units} of {unit_kb:g} KB",
        price="kinesis.put_units",
        source=limit("kinesis.put_unit_kb").source,
    )
    retention = plan.pipeline.stream.retention_hours
    if retention > limit("kinesis.retention_hours").minimum:
        yield Quantity(
            "kinesis.extended_shard_hours",
            hours,
            "shard-hours",
            f"stream.retention_hours {retention}; what is kept beyond 7 days is another item",
            price="kinesis.extended_shard_hours",
            idle=True,
        )


def _fan_out(plan: Plan, shards: int) -> Iterator[Quantity]:
    consumers = plan.load.consumers
    yield Quantity(
        "kinesis.fan_out_consumer_hours",
        consumers * shards * HOURS,
        "consumer-shard-hours",
        f"{counted(consumers, 'consumer')} x {counted(shards, 'shard')} x {HOURS} h",
        price="kinesis.fan_out_consumer_hours",
        idle=True,
    )
    yield Quantity(
        "kinesis.fan_out_gb",
        plan.month_records * plan.load.record_kb * consumers / _GB,
        "GB",
        f"{_flow(plan)} x {counted(consumers, 'consumer')}",
        price="kinesis.fan_out_gb",
    )


def _delivery(plan: Plan) -> Iterator[Quantity]:
    step = most(limit("firehose.billed_record_kib")) * 1.024
    steps = whole(plan.load.record_kb / step)
    yield Quantity(
        "firehose.stream_source_gb",
        plan.month_records * steps * step / _GB,
        "GB",
        f"each record to the next 5 KiB: {steps * 5} KiB",
        price="firehose.stream_source_gb",
        source=limit("firehose.billed_record_kib").source,
    )
    yield Quantity(
        "firehose.converted_gb",
        plan.month_records * plan.load.record_kb / _GB,
        "GB",
        "to Parquet; as sent, what the transform makes of it may be more or less",
        price="firehose.converted_gb",
    )
    invocations = plan.transform.invocations_per_second * 3600 * HOURS
    yield Quantity(
        "transform.requests",
        invocations,
        "requests",
        "invocations of the transform",
        price="lambda.requests",
    )
    yield Quantity(
        "transform.gb_seconds",
        None,
        "GB-seconds",
        "unknown: how long a batch takes is measured, not known",
        price="lambda.gb_seconds",
    )


def _scoring(plan: Plan) -> Iterator[Quantity]:
    scorer, scoring = plan.scorer, plan.pipeline.scoring
    if scorer is None or scoring is None:
        return
    month = 3600 * HOURS
    yield Quantity(
        "scorer.requests",
        scorer.invocations_per_second * month,
        "requests",
        "invocations of the scorer",
        price="lambda.requests",
    )
    waiting = None
    if plan.latency_ms is not None:
        seconds = scorer.requests_per_second * month * plan.latency_ms / 1000
        waiting = seconds * scoring.memory_mb / 1024
    yield Quantity(
        "scorer.gb_seconds",
        waiting,
        "GB-seconds",
        "unknown: give --latency-ms"
        if waiting is None
        else f"waiting for the endpoint alone, with {scoring.memory_mb} MB",
        price="lambda.gb_seconds",
        bound="at least",
    )
    yield Quantity(
        "dynamodb.write_units",
        scorer.write_units_per_second * month,
        "write units",
        "windows of series: two writes for each series of a piece",
        price="dynamodb.write_units",
        bound="at most",
    )
    yield Quantity(
        "dynamodb.read_units",
        scorer.read_units_per_second * month,
        "read units",
        "windows of series: a consistent read for each series of a piece",
        price="dynamodb.read_units",
        bound="at most",
    )
    step = most(limit("firehose.billed_record_kib")) * 1.024
    steps = whole(SCORE_KB / step)
    yield Quantity(
        "scores.direct_put_gb",
        plan.month_records * steps * step / _GB,
        "GB",
        "a score for each record, each to the next 5 KiB",
        price="firehose.direct_put_gb",
        bound="at most",
        source=limit("firehose.billed_record_kib").source,
    )


def _lake(plan: Plan) -> Iterator[Quantity]:
    per_hour = plan.objects.objects_per_hour
    if plan.score_objects is not None and per_hour is not None:
        more = plan.score_objects.objects_per_hour
        per_hour = None if more is None else per_hour + more
    yield Quantity(
        "s3.puts",
        None if per_hour is None else per_hour * HOURS,
        "requests",
        "objects of the deliveries; those of jobs and capture are not known",
        price="s3.puts",
        bound="at least",
    )
    kb = plan.load.record_kb + (0 if plan.scorer is None else SCORE_KB)
    yield Quantity(
        "s3.gb_months",
        plan.month_records * kb / _GB,
        "GB-months",
        "what a month adds, as sent; Parquet has less, and nothing expires",
        price="s3.gb_months",
        bound="at most",
    )


def _training(plan: Plan) -> Iterator[Quantity]:
    pipeline, (count, why) = plan.pipeline, trainings(plan)
    prepare, training, compilation = pipeline.prepare, pipeline.training, pipeline.compilation
    workers = plan.fitting_workers
    dpu_hours = workers.workers * workers.facts.dpus * prepare.timeout_minutes / 60
    kind = "memory_dpu_hours" if workers.facts.memory_optimized else "dpu_hours"
    yield Quantity(
        "prepare.dpu_hours",
        count * dpu_hours,
        "DPU-hours",
        f"{why} x {workers.workers} {workers.worker_type} x {prepare.timeout_minutes} min",
        price=f"glue.{kind}",
        bound="at most",
    )
    yield Quantity(
        "training.instance_hours",
        count * plan.training_machines * training.max_runtime_minutes / 60,
        "instance-hours",
        f"{why} x {plan.training_machines} {training.instance_type} x "
        f"{training.max_runtime_minutes} min"
        + ("" if training.spot is None else ", at the full price: spare machines ask less"),
        price=f"sagemaker.training.{training.instance_type}",
        bound="at most",
    )
    if training.keep_alive_seconds:
        yield Quantity(
            "training.warm_pool_hours",
            count * plan.training_machines * training.keep_alive_seconds / 3600,
            "instance-hours",
            f"{why} x {plan.training_machines} {training.instance_type} kept for "
            f"{training.keep_alive_seconds} s, if no other job takes them",
            price=f"sagemaker.training.{training.instance_type}",
            bound="at most",
            source=("SageMaker API reference, WarmPoolStatus",),
        )
    if compilation is not None:
        yield Quantity(
            "compilation.instance_hours",
            count * compilation.max_runtime_minutes / 60,
            "instance-hours",
            f"{why} x 1 {compilation.instance_type} x {compilation.max_runtime_minutes} min",
            price=f"sagemaker.training.{compilation.instance_type}",
            bound="at most",
        )
    transforms = int(pipeline.gate.beats_serving) + int(pipeline.scoring is not None)
    if transforms:
        yield Quantity(
            "transform_job.instance_hours",
            count * transforms * TRANSFORM_HOURS,
            "instance-hours",
            f"{why} x {counted(transforms, 'batch transform')} on "
            f"{pipeline.comparison_instance_type} x "
            f"{TRANSFORM_HOURS} h",
            price=f"sagemaker.transform.{pipeline.comparison_instance_type}",
            bound="at most",
        )


def _monitor(plan: Plan) -> Iterator[Quantity]:
    monitor = plan.pipeline.monitor
    if monitor is None:
        return
    runs, limit_hours = HOURS / monitor.every_hours, monitor.timeout_minutes / 60
    often = f"{in_words(round(runs, 1))} checks x {monitor.timeout_minutes} min"
    if monitor.engine == "penstock":
        dpus = glue_worker(MONITOR_WORKER).dpus
        yield Quantity(
            "monitor.dpu_hours",
            runs * monitor.workers * dpus * limit_hours,
            "DPU-hours",
            f"{often} x {monitor.workers} {MONITOR_WORKER}",
            price="glue.dpu_hours",
            bound="at most",
            idle=True,
        )
        return
    yield Quantity(
        "monitor.instance_hours",
        runs * limit_hours,
        "instance-hours",
        f"{often} x 1 {MONITOR_INSTANCE}",
        price=f"sagemaker.processing.{MONITOR_INSTANCE}",
        bound="at most",
        idle=True,
    )


def _endpoint(plan: Plan) -> Iterator[Quantity]:
    serving, count = plan.pipeline.serving, plan.endpoint_instances
    if serving.serverless is not None:
        yield _serverless(plan, serving.serverless.memory_mb)
        return
    fleets = [("endpoint.instance_hours", serving.instance_type, count)]
    fleets += [
        (f"endpoint.{other.name}.instance_hours", other.instance_type, other.instance_count)
        for other in serving.others
    ]
    hours = round(HOURS * plan.served_share, 3)
    for name, machine, machines in fleets:
        yield Quantity(
            name,
            machines * hours,
            "instance-hours",
            f"{machines} {machine} x {in_words(hours)} h, with or without requests"
            if hours
            else "none: serving is switched off until somebody switches it on",
            price=f"sagemaker.hosting.{machine}",
            idle=True,
        )


def _serverless(plan: Plan, memory_mb: int) -> Quantity:
    """An endpoint that is paid for while it answers."""
    requests, latency_ms, amount = plan.endpoint_requests, plan.latency_ms, None
    because = "unknown: give --requests-per-second and --latency-ms"
    if requests is not None and latency_ms is not None:
        amount = requests * 3600 * HOURS * latency_ms / 1000 * memory_mb / 1024
        because = f"{in_words(round(requests, 3))} requests/s x {HOURS} h x {latency_ms:g} ms x "
        because += f"{memory_mb} MB"
    return Quantity(
        "endpoint.gb_seconds",
        amount,
        "GB-seconds",
        because,
        price="sagemaker.serverless_gb_seconds",
    )
