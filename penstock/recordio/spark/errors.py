"""What ends a conversion: one line that tells what to mend."""

from __future__ import annotations


class SparkWriteError(ValueError):
    """A source that cannot become shards, an output that they cannot go to, or damaged shards."""
