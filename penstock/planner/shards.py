"""Shards of a provisioned stream: three bounds, and the one that decides."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.catalog.facts import in_words
from penstock.catalog.limits import Limit, limit
from penstock.planner.figure import Figure
from penstock.planner.load import Load
from penstock.planner.rounding import whole


@dataclass(frozen=True)
class Bound:
    """What a load demands of a shard's limit; `shards` is the quotient, not yet rounded."""

    name: str
    demand: float
    limit: Limit

    @property
    def shards(self) -> float:
        """How many shards this bound alone asks for."""
        return self.demand / (self.limit.maximum or 1)

    def in_words(self) -> str:
        """The demand beside what one shard bears: 'incoming 40,000 KB/s / 1,000 KB/s'."""
        unit = self.limit.unit
        return (
            f"{self.name} {in_words(self.demand)} {unit} / "
            f"{in_words(self.limit.maximum or 0)} {unit} a shard"
        )


@dataclass(frozen=True)
class ShardPlan:
    """The shards that a load needs when its keys spread evenly.

    Shards = max(incoming KB / 1,000, outgoing KB / 2,000, records / 1,000), rounded up (Kinesis
    developer guide, working with streams: what one shard takes and gives).
    """

    bounds: tuple[Bound, ...]

    @classmethod
    def of(cls, load: Load) -> ShardPlan:
        """The plan of a load whose consumers share the stream's throughput."""
        return cls(
            (
                Bound("incoming", load.incoming_kb, limit("kinesis.shard_incoming_kb")),
                Bound("outgoing", load.outgoing_kb, limit("kinesis.shard_outgoing_kb")),
                Bound("records", load.records_per_second, limit("kinesis.shard_incoming_records")),
            )
        )

    @property
    def decisive(self) -> Bound:
        """The bound that asks for most; of equals the first."""
        return max(self.bounds, key=lambda bound: bound.shards)

    @property
    def shards(self) -> int:
        """How many shards are enough; one less is not. A stream has one at least."""
        return max(1, whole(self.decisive.shards))

    def figures(self, *, described: int | None) -> list[Figure]:
        """The shards, and what each bound asks for; `described` None is on demand."""
        decisive = self.decisive
        said = "none, AWS chooses (on demand)" if described is None else str(described)
        others = ", ".join(
            f"{bound.name} {in_words(round(bound.shards, 2))}"
            for bound in self.bounds
            if bound is not decisive
        )
        return [
            Figure.by(
                "stream.shards",
                self.shards,
                "shards",
                f"{decisive.name} decided: {decisive.in_words()}; the others ask for {others}; "
                f"the description has {said}",
                decisive.limit,
            ),
            *(
                Figure.by(
                    f"stream.shards_by_{bound.name}",
                    round(bound.shards, 4),
                    "shards",
                    bound.in_words(),
                    bound.limit,
                )
                for bound in self.bounds
            ),
        ]
