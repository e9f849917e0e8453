"""Delivery from the stream to the lake: buffering, the transform, compression."""

from __future__ import annotations

from typing import Annotated, Literal

from pipelines.spec.base import Spec, within


class Delivery(Spec):
    """A Firehose stream that transforms records and writes Parquet.

    A file is written when `buffer_mb` have arrived or `buffer_seconds` have passed,
    whichever comes first. The transform gets smaller batches: its answer, flattened and in
    base64, must stay below the 6 MB of a synchronous Lambda answer.
    """

    buffer_mb: Annotated[int, within("firehose.parquet_buffer_mb")] = 64
    buffer_seconds: Annotated[int, within("firehose.buffer_seconds")] = 300
    compression: Literal["SNAPPY", "GZIP", "UNCOMPRESSED"] = "SNAPPY"
    transform_buffer_mb: Annotated[float, within("firehose.transform_buffer_mb")] = 0.5
    transform_buffer_seconds: Annotated[int, within("firehose.transform_buffer_seconds")] = 60
    transform_timeout_seconds: Annotated[int, within("firehose.transform_timeout_seconds")] = 60
    transform_memory_mb: Annotated[int, within("lambda.memory_mb")] = 256
