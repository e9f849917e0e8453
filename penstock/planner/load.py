"""What flows: so many records of such a size each second, read by so many consumers."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Load:
    """`record_kb` is the mean record with its partition key, in KB of 1,000 bytes.

    `consumers` are the applications that read all of the stream and share its throughput, the
    delivery to the lake among them.
    """

    records_per_second: float
    record_kb: float
    consumers: int

    @property
    def incoming_kb(self) -> float:
        """KB written each second."""
        return self.records_per_second * self.record_kb

    @property
    def outgoing_kb(self) -> float:
        """KB read each second, by all consumers together."""
        return self.incoming_kb * self.consumers

    def at(self, records_per_second: float) -> Load:
        """The same records at another rate."""
        return replace(self, records_per_second=records_per_second)
