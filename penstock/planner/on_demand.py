"""An on-demand stream instead of shards: whether it bears the load, and from when on."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.catalog.facts import in_words
from penstock.catalog.limits import Limit, limit
from penstock.planner.figure import Figure
from penstock.planner.load import Load
from penstock.planner.regions import most, regional


@dataclass(frozen=True)
class OnDemandPlan:
    """How far a load goes towards the limits of an on-demand stream in a Region."""

    load: Load
    incoming: Limit
    outgoing: Limit

    @classmethod
    def of(cls, load: Load, region: str) -> OnDemandPlan:
        """The plan of a load in a Region."""
        return cls(
            load,
            regional("kinesis.on_demand_incoming_kb", region),
            regional("kinesis.on_demand_outgoing_kb", region),
        )

    @property
    def share(self) -> float:
        """The load as a share of what such a stream bears at most; above 1 it does not fit."""
        return max(
            self.load.incoming_kb / most(self.incoming), self.load.outgoing_kb / most(self.outgoing)
        )

    @property
    def fits(self) -> bool:
        """Whether one on-demand stream bears the load."""
        return self.share <= 1 + 1e-9

    @property
    def starts_warm(self) -> bool:
        """Whether a new stream bears it at once, before it has grown."""
        return self.load.incoming_kb <= most(limit("kinesis.on_demand_start_kb"))

    def figures(self) -> list[Figure]:
        """How much of an on-demand stream's limit the load takes."""
        start = limit("kinesis.on_demand_start_kb")
        by_reading = self.load.outgoing_kb / most(self.outgoing) >= self.share
        decisive = self.outgoing if by_reading else self.incoming
        demand = self.load.outgoing_kb if by_reading else self.load.incoming_kb
        verdict = "fits" if self.fits else "does not fit: use shards, or several streams"
        growth = (
            "a new stream bears it at once"
            if self.starts_warm
            else f"a new stream begins with {in_words(most(start))} KB/s and grows"
        )
        return [
            Figure.by(
                "stream.on_demand_share",
                round(self.share, 4),
                "of its limit",
                f"{verdict}; {'outgoing' if by_reading else 'incoming'} "
                f"{in_words(round(demand, 3))} KB/s / {in_words(most(decisive))} KB/s; {growth}",
                decisive,
                start,
            )
        ]
