"""Lambda executions of a Firehose transform: how many, and how long a batch may take."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.catalog.facts import counted, in_words
from penstock.catalog.limits import limit
from penstock.planner.delivery import KB_PER_MIB
from penstock.planner.described import Delivery
from penstock.planner.figure import Figure
from penstock.planner.load import Load
from penstock.planner.regions import most


@dataclass(frozen=True)
class TransformPlan:
    """Batches of a stream whose load lies evenly on its shards."""

    load: Load
    shards: int
    delivery: Delivery

    @property
    def batch_seconds(self) -> float:
        """How often a shard's batch is handed over: full, or old enough; never without a record."""
        fill = self.delivery.transform_buffer_mb * KB_PER_MIB * self.shards / self.load.incoming_kb
        by_record = self.shards / self.load.records_per_second
        return max(min(fill, max(self.delivery.transform_buffer_seconds, 0)), by_record)

    @property
    def invocations_per_second(self) -> float:
        """Invocations of all shards together."""
        return self.shards / self.batch_seconds

    @property
    def most_concurrent(self) -> int:
        """Firehose has no more outstanding than this."""
        return int(self.shards * most(limit("firehose.transform_outstanding")))

    @property
    def longest_ms(self) -> float:
        """A batch that takes longer than this makes the delivery fall behind."""
        keeps_up = 1000 * self.most_concurrent / self.invocations_per_second
        return min(keeps_up, 1000 * self.delivery.transform_timeout_seconds)

    def figures(self) -> list[Figure]:
        """Invocations and executions at once."""
        outstanding = limit("firehose.transform_outstanding")
        return [
            Figure.by(
                "transform.invocations_per_second",
                round(self.invocations_per_second, 4),
                "invocations/s",
                f"a shard's batch every {in_words(round(self.batch_seconds, 3))} s: "
                f"transform_buffer_mb {self.delivery.transform_buffer_mb:g} or "
                f"transform_buffer_seconds {self.delivery.transform_buffer_seconds}",
                limit("firehose.transform_buffer_mb"),
            ),
            Figure.by(
                "transform.most_concurrent",
                self.most_concurrent,
                "executions",
                f"{counted(self.shards, 'shard')} x {most(outstanding):g} outstanding; an account "
                f"has {in_words(most(limit('lambda.concurrency')))} by default",
                outstanding,
                limit("lambda.concurrency"),
            ),
            Figure.by(
                "transform.longest_batch_ms",
                round(self.longest_ms, 1),
                "ms",
                "a batch that takes longer makes the delivery fall behind, or runs out of time; "
                "how long yours takes is measured, not known",
                outstanding,
                limit("firehose.transform_timeout_seconds"),
            ),
        ]
