"""What is known of a series between two batches: its window, its counts, what is yet to be told.

The item of a series in the table:

    series   the partition key
    version  rises by 1 with every write, which is conditional on the version that was read
    last     the time of the last point that was finished
    scored   how many points have a score
    skipped  how many points went by without one (the window was not full, no model, ...)
    refused  how many points the model would not score; they are in the dead-letter queue
    window   JSON: the last points, [time, value] each, the oldest first
    outbox   JSON: what the last write decided and nobody has been told yet
    expires  when DynamoDB forgets the item; not there while the outbox holds something
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from botocore.exceptions import ClientError
from points import Point, moment_of

KEYS_PER_READ = 100  # DynamoDB API reference, BatchGetItem
READS = 5


class TableError(Exception):
    """The table did not give or take an item, so the batch must be tried again."""


@dataclass(frozen=True)
class Outbox:
    """Decided, not delivered: scores in order, alerts, points that the model refused."""

    scores: tuple[dict[str, Any], ...] = ()
    alerts: tuple[dict[str, Any], ...] = ()
    refused: tuple[dict[str, Any], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.scores or self.alerts or self.refused)


@dataclass(frozen=True)
class Series:
    """A series as of one version; 0 is one that the table does not know yet."""

    name: str
    version: int = 0
    window: tuple[tuple[str, float], ...] = ()
    scored: int = 0
    skipped: int = 0
    refused: int = 0
    outbox: Outbox = field(default_factory=Outbox)

    def is_newer(self, point: Point) -> bool:
        """Whether the point comes after all that are finished; another is a duplicate or late."""
        return not self.window or moment_of(point.at) > moment_of(self.window[-1][0])

    def with_point(self, point: Point, window_points: int) -> Series:
        """The window moved on by one point."""
        window = (*self.window, (point.at, point.value))
        return replace(self, window=window[-window_points:])

    def with_last(self, point: Point) -> Series:
        """The window with another last point."""
        return replace(self, window=(*self.window[:-1], (point.at, point.value)))


class SeriesTable:
    """Series in DynamoDB. `keep_seconds` is how long a series without points is remembered.

    It must be longer than the stream keeps its records: a record that came again after its series
    was forgotten would be taken for a new one.
    """

    def __init__(
        self,
        client: Any,
        table: str,
        keep_seconds: int,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._table = table
        self._keep_seconds = keep_seconds
        self._clock = clock
        self._sleep = sleep

    def load(self, names: Iterable[str]) -> dict[str, Series]:
        """Each series as it is now. TableError if DynamoDB leaves some out again and again."""
        wanted = list(names)
        found = {name: Series(name) for name in wanted}
        for start in range(0, len(wanted), KEYS_PER_READ):
            for item in self._read(wanted[start : start + KEYS_PER_READ]):
                series = from_item(item)
                found[series.name] = series
        return found

    def _read(self, names: list[str]) -> Iterator[Mapping[str, Any]]:
        keys = [{"series": {"S": name}} for name in names]
        asked = {self._table: {"Keys": keys, "ConsistentRead": True}}
        for attempt in range(READS):
            answer = self._client.batch_get_item(RequestItems=asked)
            yield from answer["Responses"].get(self._table, [])
            asked = answer.get("UnprocessedKeys") or {}
            if not asked:
                return
            self._sleep(0.05 * 2**attempt)
        raise TableError(f"{self._table} left items out {READS} times: it is throttled")

    def save(self, series: Series) -> Series:
        """Write what became of the version that was read; the next version.

        TableError if somebody else has written meanwhile.
        """
        written = replace(series, version=series.version + 1)
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(version)"}
        if series.version:
            condition = {
                "ConditionExpression": "version = :read",
                "ExpressionAttributeValues": {":read": {"N": str(series.version)}},
            }
        item = to_item(written)
        if not written.outbox:
            item["expires"] = {"N": str(int(self._clock()) + self._keep_seconds)}
        try:
            self._client.put_item(TableName=self._table, Item=item, **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            raise TableError(f"{series.name!r} was written by somebody else meanwhile") from None
        return written


def to_item(series: Series) -> dict[str, Any]:
    """The item of a series, without its expiry."""
    outbox = {key: value for key, value in vars(series.outbox).items() if value}
    return {
        "series": {"S": series.name},
        "version": {"N": str(series.version)},
        "last": {"S": series.window[-1][0]},
        "scored": {"N": str(series.scored)},
        "skipped": {"N": str(series.skipped)},
        "refused": {"N": str(series.refused)},
        "window": {"S": json.dumps(series.window, separators=(",", ":"))},
        "outbox": {"S": json.dumps(outbox, separators=(",", ":"))},
    }


def from_item(item: Mapping[str, Any]) -> Series:
    """The series of an item."""
    outbox = json.loads(item["outbox"]["S"])
    return Series(
        name=item["series"]["S"],
        version=int(item["version"]["N"]),
        window=tuple((at, value) for at, value in json.loads(item["window"]["S"])),
        scored=int(item["scored"]["N"]),
        skipped=int(item["skipped"]["N"]),
        refused=int(item["refused"]["N"]),
        outbox=Outbox(**{key: tuple(entries) for key, entries in outbox.items()}),
    )
