"""Objects that a Firehose stream writes: how many an hour, how large, and what decides it."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.catalog.facts import in_words
from penstock.catalog.limits import limit
from penstock.planner.described import Buffer
from penstock.planner.figure import Figure
from penstock.planner.regions import most, regional

KB_PER_MIB = 1048.576
_ONE_BUFFER = (
    "one buffer for the whole stream: where Firehose splits a busy stream inside, objects are "
    "more and smaller"
)


@dataclass(frozen=True)
class ObjectPlan:
    """A buffer that is written when it is full or old enough, at a steady flow.

    `objects_per_hour` is None where `buffer_seconds` is 0: how soon Firehose writes then is not
    said.
    """

    flow_kb: float
    records_per_second: float
    buffer: Buffer

    @property
    def seconds_to_fill(self) -> float:
        """How long `buffer_mb` take to arrive."""
        return self.buffer.buffer_mb * KB_PER_MIB / self.flow_kb

    @property
    def by_size(self) -> bool:
        """Whether the buffer is full before it is old."""
        return self.seconds_to_fill <= self.buffer.buffer_seconds

    @property
    def objects_per_hour(self) -> float | None:
        """Objects an hour; a slow flow has an object for each record at most."""
        if self.by_size:
            return 3600 / self.seconds_to_fill
        if self.buffer.buffer_seconds == 0:
            return None
        return min(3600 / self.buffer.buffer_seconds, self.records_per_second * 3600)

    @property
    def object_mb(self) -> float | None:
        """MB of records in an object, as they were sent."""
        per_hour = self.objects_per_hour
        return None if per_hour is None else self.flow_kb * 3600 / per_hour / 1000

    def figures(self, prefix: str, *, parquet: bool) -> list[Figure]:
        """Objects of one delivery; `prefix` begins the figures' names."""
        buffer, facts = self.buffer, [limit("firehose.buffer_mb"), limit("firehose.buffer_seconds")]
        size = f"buffer_mb {buffer.buffer_mb}"
        if parquet:
            rule = limit("firehose.parquet_buffer_mb")
            facts[0] = rule
            size += f" ({rule.minimum:g} is the least for Parquet)"
        if self.objects_per_hour is None:
            because = "buffer_seconds 0: how soon Firehose writes is not documented"
        elif self.by_size:
            because = f"{size} decided: full after {in_words(round(self.seconds_to_fill, 2))} s"
        else:
            because = (
                f"buffer_seconds {buffer.buffer_seconds} decided: {size} would take "
                f"{in_words(round(self.seconds_to_fill))} s to fill"
            )
        per_hour, object_mb = self.objects_per_hour, self.object_mb
        as_sent = "as sent, before Parquet, which is smaller by what only the data say"
        return [
            Figure(
                f"{prefix}.objects_per_hour",
                None if per_hour is None else round(per_hour, 3),
                "objects/h",
                because,
                source=tuple(dict.fromkeys(fact.citation for fact in facts)),
                unconfirmed=(_ONE_BUFFER,),
            ),
            Figure(
                f"{prefix}.object_mb",
                None if object_mb is None else round(object_mb, 3),
                "MB",
                as_sent if parquet else "as sent",
                source=(facts[0].citation,),
            ),
        ]


@dataclass(frozen=True)
class DirectPutPlan:
    """What puts straight to a Firehose stream ask of its quota, the largest share of the three."""

    shares: dict[str, float]

    @classmethod
    def of(
        cls, *, records_per_second: float, requests_per_second: float, kb: float, region: str
    ) -> DirectPutPlan:
        """The plan of so many records, in so many requests, of so many KB a second."""
        return cls(
            {
                "records": records_per_second
                / most(regional("firehose.direct_put_records", region)),
                "requests": requests_per_second
                / most(regional("firehose.direct_put_requests", region)),
                "throughput": kb / KB_PER_MIB / most(regional("firehose.direct_put_mib", region)),
            }
        )

    @property
    def decisive(self) -> str:
        """Which of the three is nearest to its quota."""
        return max(self.shares, key=lambda name: self.shares[name])

    @property
    def share(self) -> float:
        """That one's share; above 1 Firehose throttles until it has grown."""
        return self.shares[self.decisive]
