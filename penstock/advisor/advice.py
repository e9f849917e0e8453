"""An answer of the advisor: the chosen type, the next ones, those that do not fit, and why."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from penstock.catalog.instances import InstanceType


class Candidate(BaseModel):
    """A type that fits, with what `machines` of it cost together.

    `usd_per_unit` is the price of one `unit` of what is needed: what a machine has beyond that
    counts for nothing. None is unknown.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    instance: InstanceType
    machines: int
    usd_per_hour: float | None
    usd_per_unit: float | None
    unit: str
    reason: str

    @property
    def name(self) -> str:
        """The name of the type."""
        return self.instance.name


class Misfit(BaseModel):
    """A type that does not fit, and the first thing that speaks against it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    reason: str


class Advice(BaseModel):
    """Candidates in the order of their price per unit, unknown prices last; the first is chosen.

    `closest` are the misfits that lack nothing but size or storage, those with the most room first.
    `notes` say what the order rests on, `unconfirmed` which facts behind it no source confirms.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    candidates: tuple[Candidate, ...]
    misfits: tuple[Misfit, ...]
    closest: tuple[Misfit, ...]
    notes: tuple[str, ...]
    unconfirmed: tuple[str, ...]

    @property
    def chosen(self) -> Candidate | None:
        """The first candidate; None if nothing fits."""
        return self.candidates[0] if self.candidates else None

    @property
    def reason(self) -> str:
        """Why the first was chosen, or why none was: one sentence."""
        if self.chosen is not None:
            return self.chosen.reason
        nearest = "; ".join(f"{misfit.name}: {misfit.reason}" for misfit in self.closest[:3])
        return f"No instance type fits{f': {nearest}' if nearest else ''}."

    def lines(self, next_ones: int = 4) -> tuple[str, ...]:
        """The reason, one sentence each for the next ones, the notes, what is unconfirmed."""
        return (
            self.reason,
            *(candidate.reason for candidate in self.candidates[1 : 1 + next_ones]),
            *(f"Note: {note}." for note in self.notes),
            *(f"Unconfirmed: {point}." for point in self.unconfirmed),
        )
