"""Service limits: the bounds that AWS refuses to cross, each with its rule and source."""

from __future__ import annotations

from functools import cache

from penstock.catalog.facts import Fact, entry, in_words


class Limit(Fact):
    """Inclusive bounds of one setting; `maximum` is None where only a quota bounds it."""

    minimum: float
    maximum: float | None
    unit: str
    rule: str

    def allows(self, value: float) -> bool:
        """Whether AWS takes the value."""
        return self.minimum <= value and (self.maximum is None or value <= self.maximum)

    @property
    def bounds(self) -> str:
        """The bounds in words, for a remedy: '64 to 128 MB', '1 or more shards'."""
        if self.maximum is None:
            return f"{in_words(self.minimum)} or more {self.unit}"
        return f"{in_words(self.minimum)} to {in_words(self.maximum)} {self.unit}"


@cache
def limit(name: str) -> Limit:
    """The limit of that name, such as 'firehose.parquet_buffer_mb'.

    Raises:
        UnknownFactError: there is no such limit in the catalog.
    """
    return Limit.model_validate(entry("limits", name))
