"""Enhanced fan-out: each consumer reads with a throughput of its own."""

from __future__ import annotations

from penstock.catalog.facts import counted
from penstock.catalog.limits import limit
from penstock.planner.figure import Figure
from penstock.planner.load import Load
from penstock.planner.regions import most
from penstock.planner.rounding import whole
from penstock.planner.shards import ShardPlan


def shards_with_fan_out(load: Load) -> int | None:
    """The shards if every consumer registers; None if they are too many to register.

    What a consumer of its own reads of a shard (2 MB/s) is more than a shard takes (1 MB/s), so
    reading no longer decides.
    """
    if load.consumers > most(limit("kinesis.fan_out_consumers")):
        return None
    writing = [bound for bound in ShardPlan.of(load).bounds if bound.name != "outgoing"]
    return max(1, *(whole(bound.shards) for bound in writing))


def figures(load: Load) -> list[Figure]:
    """What fan-out saves, and whether shared readers ask a shard too often."""
    consumers, reads = limit("kinesis.fan_out_consumers"), limit("kinesis.shard_reads")
    shared, alone = ShardPlan.of(load).shards, shards_with_fan_out(load)
    if alone is None:
        because = f"{counted(load.consumers, 'consumer')} are more than a stream registers"
    elif alone < shared:
        because = (
            f"saves {counted(shared - alone, 'shard')} and costs "
            f"{counted(load.consumers, 'consumer')} x {counted(alone, 'shard')} in "
            "consumer-shard-hours; whether Firehose can register is unconfirmed"
        )
    else:
        because = "saves nothing: reading does not decide"
    per_shard = load.consumers * most(limit("lambda.stream_polls"))
    return [
        Figure.by(
            "stream.shards_with_fan_out",
            alone,
            "shards",
            because,
            limit("kinesis.fan_out_consumer_kb"),
            consumers,
        ),
        Figure.by(
            "stream.reads_per_shard",
            per_shard,
            "reads/s",
            f"each consumer looks once a second; a shard answers {most(reads):g}"
            + ("" if per_shard <= most(reads) else ": let some register for fan-out"),
            reads,
            limit("lambda.stream_polls"),
        ),
    ]
