"""Quotas that a pipeline needs at a load, by the names that Service Quotas has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from penstock.catalog.account_quotas import AccountQuota, account_quota
from penstock.catalog.glue_workers import glue_worker
from penstock.planner.plan import Plan
from penstock.planner.quantities import MONITOR_INSTANCE, MONITOR_WORKER
from penstock.planner.regions import most, regional

Moment = Literal["deploy", "update", "run"]


@dataclass(frozen=True)
class QuotaNeed:
    """So much of a quota, beside what the account uses already.

    `moment` says what fails without it: a deploy of `stack`, an update that replaces what is there,
    or, once all is there, a run of it. `default` None is unknown.
    """

    key: str
    name: str
    needed: float
    default: float | None
    stack: str
    moment: Moment
    because: str
    facts: AccountQuota

    @property
    def what_fails(self) -> str:
        """In words: 'a deploy of digits-dev-serving with so many'."""
        return {
            "deploy": f"a deploy of {self.stack} with so many",
            "update": f"an update of {self.stack} with so many",
            "run": f"a run of what {self.stack} has made, with so many",
        }[self.moment]

    def document(self) -> dict[str, Any]:
        """The need as JSON has it."""
        return {
            "service_code": self.facts.service_code,
            "name": self.name,
            "code": self.facts.code,
            "needed": self.needed,
            "unit": self.facts.unit,
            "default": self.default,
            "stack": self.stack,
            "moment": self.moment,
            "because": self.because,
            "source": list(self.facts.source),
            "unconfirmed": list(self.facts.unconfirmed),
        }


def needs(plan: Plan, environment: str) -> list[QuotaNeed]:
    """The quotas of a pipeline in an environment, in the order of the data's way."""
    prefix = f"{plan.pipeline.name}-{environment}"
    return [*_streaming(plan, prefix), *_training(plan, prefix), *_serving(plan, prefix)]


def _need(
    key: str,
    needed: float,
    stack: str,
    moment: Moment,
    because: str,
    *,
    instance_type: str = "",
    default: float | None = None,
) -> QuotaNeed:
    facts = account_quota(key)
    return QuotaNeed(
        key=key,
        name=facts.name.format(instance_type=instance_type),
        needed=needed,
        default=facts.default if default is None else default,
        stack=stack,
        moment=moment,
        because=because,
        facts=facts,
    )


def _streaming(plan: Plan, prefix: str) -> Iterator[QuotaNeed]:
    stack, described = f"{prefix}-ingestion", plan.pipeline.stream.shards
    if described is None:
        yield _need("kinesis.on_demand_streams", 1, stack, "deploy", "one stream, on demand")
    else:
        yield _need(
            "kinesis.shards",
            max(described, plan.shards),
            stack,
            "deploy",
            f"stream.shards {described}, planned {plan.shards}",
            default=most(regional("kinesis.account_shards", plan.region)),
        )
    scorer = plan.scorer
    yield _need(
        "firehose.streams",
        1 if scorer is None else 2,
        stack,
        "deploy",
        "records" if scorer is None else "records and scores",
    )
    yield _need(
        "lambda.concurrency",
        plan.transform.most_concurrent + (0 if scorer is None else scorer.lanes),
        stack,
        "run",
        "at most: the transform" + ("" if scorer is None else " and the scorer"),
    )
    if scorer is not None:
        yield _need(
            "dynamodb.table_writes",
            scorer.write_units_per_second,
            f"{prefix}-scoring",
            "run",
            "at most: windows of series",
        )


def _training(plan: Plan, prefix: str) -> Iterator[QuotaNeed]:
    pipeline, workers = plan.pipeline, plan.fitting_workers
    training, monitor = pipeline.training, pipeline.monitor
    stack = f"{prefix}-training"
    dpus = workers.workers * workers.facts.dpus
    said = f"{workers.workers} {workers.worker_type} for a month's records"
    if monitor is not None:
        dpus += monitor.workers * glue_worker(MONITOR_WORKER).dpus
        said += f", {monitor.workers} {MONITOR_WORKER} of the monitor"
    yield _need("glue.task_dpus", dpus, stack, "run", said)
    machines = plan.training_machines
    said = f"training.instance_count {training.instance_count}, planned {plan.hosts.hosts}"
    machine = training.instance_type
    key = "sagemaker.training" if training.spot is None else "sagemaker.spot_training"
    yield _need(key, machines, stack, "run", said, instance_type=machine)
    if training.keep_alive_seconds:
        yield _need(
            "sagemaker.warm_pool",
            machines,
            stack,
            "run",
            f"{said}, kept for {training.keep_alive_seconds} s; with less a job runs and nothing "
            "is kept",
            instance_type=machine,
        )
    compilation = pipeline.compilation
    is_another_quota = training.spot is not None or (
        compilation is not None and compilation.instance_type != machine
    )
    if compilation is not None and is_another_quota:
        yield _need(
            "sagemaker.training",
            1,
            stack,
            "run",
            "the compilation, after a training",
            instance_type=compilation.instance_type,
        )
    if pipeline.gate.beats_serving or pipeline.scoring is not None:
        yield _need(
            "sagemaker.transform",
            1,
            stack,
            "run",
            "batch transforms that judge or score a new model, one after the other",
            instance_type=pipeline.comparison_instance_type,
        )
    if monitor is not None and monitor.engine == "model-monitor":
        yield _need(
            "sagemaker.processing",
            1,
            f"{prefix}-serving",
            "run",
            "Model Monitor's checks",
            instance_type=MONITOR_INSTANCE,
        )


def _serving(plan: Plan, prefix: str) -> Iterator[QuotaNeed]:
    serving, stack = plan.pipeline.serving, f"{prefix}-serving"
    if serving.serverless is not None:
        return
    first = serving.instance_type
    machines = {first: max(serving.instance_count, plan.endpoint_instances)}
    said = {
        first: f"serving.instance_count {serving.instance_count}, planned {plan.endpoint_instances}"
    }
    for other in serving.others:
        name, count = other.instance_type, other.instance_count
        machines[name] = machines.get(name, 0) + count
        said[name] = "; ".join(filter(None, (said.get(name), f"variant {other.name} {count}")))
    for name, count in machines.items():
        yield _need("sagemaker.endpoint", count, stack, "deploy", said[name], instance_type=name)
        yield _need(
            "sagemaker.endpoint",
            2 * count,
            stack,
            "update",
            f"{said[name]}, twice: the new fleet is there before the old one goes",
            instance_type=name,
        )
