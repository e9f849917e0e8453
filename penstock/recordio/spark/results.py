"""Results of tasks as text: a shard, or why there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from penstock.recordio.spark.errors import SparkWriteError
from penstock.recordio.spark.output import Output
from penstock.recordio.spark.output_file import Written

_REFUSED = "!"


def told(work: Callable[[], Written]) -> str:
    """What a task returns. A bad row is a result: trying again would not mend it."""
    try:
        return work().to_json()
    except SparkWriteError as error:
        return _REFUSED + str(error)


def hold(output: Output, results: Iterable[str]) -> int:
    """Hold the shards of all results; returns how many there are.

    Raises:
        SparkWriteError: what a task refused.
    """
    results = list(results)
    refused = sorted(text for text in results if text.startswith(_REFUSED))
    shards = [Written.from_json(text) for text in results if not text.startswith(_REFUSED)]
    output.hold(shards)
    if refused:
        more = f" ({len(refused) - 1} more tasks refused theirs)" if len(refused) > 1 else ""
        raise SparkWriteError(refused[0].removeprefix(_REFUSED) + more)
    return len(shards)
