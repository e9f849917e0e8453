"""The stream that producers write to."""

from __future__ import annotations

from typing import Annotated

from pipelines.spec.base import Spec, within


class Stream(Spec):
    """A Kinesis stream; `shards` None means on-demand capacity."""

    shards: Annotated[int, within("kinesis.shards")] | None = None
    retention_hours: Annotated[int, within("kinesis.retention_hours")] = 24
