"""From 10 to 10 million records a second: the limits that are met, and what takes over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from penstock.catalog.facts import in_words
from penstock.catalog.limits import Limit, limit
from penstock.planner.plan import Plan
from penstock.planner.regions import most, regional

RATES = (10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)


@dataclass(frozen=True)
class LimitMet:
    """A demand above a limit, and what takes over."""

    name: str
    demand: float
    maximum: float
    unit: str
    takes_over: str
    source: str

    @classmethod
    def of(cls, name: str, demand: float, bound: Limit, takes_over: str) -> LimitMet | None:
        """None where the demand is within the limit."""
        if demand <= most(bound) * (1 + 1e-9):
            return None
        return cls(name, demand, most(bound), bound.unit, takes_over, bound.citation)

    def in_words(self) -> str:
        """One line: what is asked for, what there is, what takes over."""
        return (
            f"{self.name}: {in_words(round(self.demand, 2))} of {in_words(self.maximum)} "
            f"{self.unit}: {self.takes_over}"
        )


@dataclass(frozen=True)
class Step:
    """One row of the table: what the pipeline needs at a rate, and the limits that it meets."""

    plan: Plan

    @property
    def records_per_second(self) -> float:
        """The row's rate."""
        return self.plan.load.records_per_second

    @property
    def figures(self) -> dict[str, float | None]:
        """The row's figures by their stable names."""
        plan, scorer = self.plan, self.plan.scorer
        per_hour = plan.objects.objects_per_hour
        object_mb = plan.objects.object_mb
        return {
            "stream.shards": plan.shards,
            "stream.on_demand_share": round(plan.on_demand.share, 6),
            "delivery.objects_per_hour": None if per_hour is None else round(per_hour, 3),
            "delivery.object_mb": None if object_mb is None else round(object_mb, 3),
            "transform.most_concurrent": plan.transform.most_concurrent,
            "scorer.most_concurrent": None if scorer is None else scorer.lanes,
            "prepare.workers": plan.workers.workers,
            # what the scorer asks of it grows with the rate, and what it bears is not known
            "endpoint.instances": None
            if plan.pipeline.serving.serverless is not None
            or (scorer is not None and plan.latency_ms is None)
            else plan.endpoint_instances,
        }

    def limits_met(self) -> list[LimitMet]:
        """The limits that this rate goes beyond."""
        return [met for met in self._checks() if met is not None]

    def _checks(self) -> Iterator[LimitMet | None]:
        plan, region, incoming = self.plan, self.plan.region, self.plan.load.incoming_kb
        yield LimitMet.of(
            "Kinesis shards",
            plan.shards,
            regional("kinesis.account_shards", region),
            "a larger quota (Service Quotas), or streams in several accounts or Regions",
        )
        yield LimitMet.of(
            "Kinesis on demand, at once",
            incoming,
            limit("kinesis.on_demand_start_kb"),
            "shards, or a stream that has grown: it is throttled until then",
        )
        yield LimitMet.of(
            "Kinesis on demand, written",
            incoming,
            plan.on_demand.incoming,
            "shards, or several streams",
        )
        yield LimitMet.of(
            "Kinesis on demand, read",
            plan.load.outgoing_kb,
            plan.on_demand.outgoing,
            "enhanced fan-out, shards, or several streams",
        )
        yield LimitMet.of(
            "Lambda, transform",
            plan.transform.most_concurrent,
            limit("lambda.concurrency"),
            "a larger quota of concurrent executions, or reserved ones; it may take all of them",
        )
        yield LimitMet.of(
            "S3 PUT in one prefix",
            (plan.objects.objects_per_hour or 0) / 3600,
            limit("s3.prefix_puts"),
            "larger buffers, or several prefixes",
        )
        yield from self._scoring()
        yield self._workers()

    def _scoring(self) -> Iterator[LimitMet | None]:
        plan, scorer = self.plan, self.plan.scorer
        if scorer is None or plan.score_puts is None:
            return
        yield LimitMet.of(
            "Lambda, scorer",
            scorer.lanes,
            limit("lambda.concurrency"),
            "a larger quota of concurrent executions, or several accounts",
        )
        if scorer.needed_lanes is not None:
            parallel = limit("lambda.stream_parallelization")
            yield LimitMet.of(
                "Lambda, batches of a shard",
                scorer.needed_lanes / plan.shards,
                parallel,
                "more shards, or larger batches",
            )
        yield LimitMet.of(
            "DynamoDB writes of windows, at once",
            scorer.write_units_per_second,
            limit("dynamodb.new_table_write_units"),
            "a table that has grown: it throttles until then, and the scorer comes again",
        )
        yield LimitMet.of(
            "DynamoDB writes of windows",
            scorer.write_units_per_second,
            limit("dynamodb.table_write_units"),
            "a larger quota of the table, or larger batches of fewer series",
        )
        name = {"records": "records", "requests": "requests", "throughput": "mib"}
        for kind, share in plan.score_puts.shares.items():
            bound = regional(f"firehose.direct_put_{name[kind]}", plan.region)
            yield LimitMet.of(
                f"Firehose direct put of scores, {kind}",
                share * most(bound),
                bound,
                "Firehose grows while it throttles; a larger quota, or several delivery streams",
            )

    def _workers(self) -> LimitMet | None:
        plan = self.plan.workers
        if plan.fits:
            return None
        other = self.plan.fitting_workers
        return LimitMet(
            f"Glue {plan.worker_type} workers for a month's records",
            plan.workers,
            plan.facts.most_workers or 0,
            "workers",
            f"{other.worker_type} x {other.workers}, or fewer hours of records in a run",
            plan.facts.source[-1],
        )

    def document(self) -> dict[str, Any]:
        """The row as JSON has it."""
        return {
            "records_per_second": self.records_per_second,
            "figures": self.figures,
            "limits_met": [vars(met) for met in self.limits_met()],
        }


def steps(plan: Plan) -> list[Step]:
    """The rows, from the smallest rate to the largest."""
    return [Step(plan.at(rate)) for rate in RATES]
