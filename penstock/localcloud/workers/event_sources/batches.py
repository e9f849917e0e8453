"""What becomes of a batch of stream records: splits, retries, expiry. Arithmetic, no clock.

Sources: Lambda developer guide, "Using Lambda to process records from Amazon Kinesis Data Streams"
(polling and batching), "Configuring partial batch response with Kinesis Data Streams and Lambda"
and "Retain discarded batch records for a Kinesis Data Streams event source in Lambda".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class Batch(Generic[Item]):
    """Records that go to the function together, in the order of the shard.

    `retries` counts against MaximumRetryAttempts, `invocations` is how often they were sent.
    """

    records: tuple[Item, ...]
    retries: int = 0
    invocations: int = 0


@dataclass(frozen=True)
class Verdict(Generic[Item]):
    """What comes of one invocation. Each record of the batch is in exactly one part."""

    done: tuple[Item, ...] = ()
    again: tuple[Batch[Item], ...] = ()
    discarded: Batch[Item] | None = None


def judge(
    batch: Batch[Item], first_failed: int | None, *, bisect: bool, maximum_retries: int | None
) -> Verdict[Item]:
    """The batch was sent once more; `first_failed` is where it failed, None if nowhere.

    What lies before a failure is done. With `bisect` a batch is split, at the failure or in the
    middle, and that does not count as a retry; a record that fails alone counts. Without it the
    rest of a batch is retried as a whole and counts, also when some of it succeeded: whether
    progress starts the count anew is unconfirmed. `maximum_retries` None: no limit.
    """
    sent = batch.invocations + 1
    if first_failed is None:
        return Verdict(done=batch.records)
    done, rest = batch.records[:first_failed], batch.records[first_failed:]
    if bisect and done:
        return Verdict(done, (Batch(rest, batch.retries, sent),))
    if bisect and len(rest) > 1:
        middle = len(rest) // 2
        halves = (rest[:middle], rest[middle:])
        return Verdict(done, tuple(Batch(half, batch.retries, sent) for half in halves))
    if maximum_retries is not None and batch.retries >= maximum_retries:
        return Verdict(done, discarded=Batch(rest, batch.retries, sent))
    return Verdict(done, (Batch(rest, batch.retries + 1, sent),))


def split_expired(
    batch: Batch[Item], oldest: datetime, arrival: Callable[[Item], datetime]
) -> tuple[Batch[Item] | None, Batch[Item] | None]:
    """The records that arrived before `oldest`, and the others; either may be missing.

    A shard's records arrive in order, so the old ones are the first ones.
    """
    count = next(
        (n for n, record in enumerate(batch.records) if arrival(record) >= oldest),
        len(batch.records),
    )

    def part(records: tuple[Item, ...]) -> Batch[Item] | None:
        return Batch(records, batch.retries, batch.invocations) if records else None

    return part(batch.records[:count]), part(batch.records[count:])
