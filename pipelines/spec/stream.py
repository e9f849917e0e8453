"""The stream that producers write to."""

from __future__ import annotations

from typing import Annotated

from pipelines.spec.base import Spec, within


class Stream(Spec):
    """A Kinesis stream; `shards` None means on-demand capacity.

    Records with the same value of `partition_key_field` stay in order, for producers give it as
    the partition key. Without one they spread over the shards by a digest of the record.
    """

    shards: Annotated[int, within("kinesis.shards")] | None = None
    partition_key_field: str | None = None
    retention_hours: Annotated[int, within("kinesis.retention_hours")] = 24
