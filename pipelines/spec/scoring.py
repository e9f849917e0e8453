"""Scores of a time series while it flows: what reads the stream, how patiently, what alerts."""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import field_validator, model_validator

from pipelines.spec.base import Spec, refusal, within

# three attempts at the endpoint, what lies around them, and a little time to say that they failed
LEAST_TIMEOUT_SECONDS = 15


class Scoring(Spec):
    """A function that reads the stream, asks the endpoint and writes each point's score.

    It gets up to `batch_records` at once, or those of `batch_window_seconds`, and so many batches
    of a shard in parallel (`parallelization`); points of one series stay in order. A batch that
    fails is tried again `retry_attempts` times (None: as long as its records are young enough)
    until its records are `max_record_age_seconds` old; then the dead-letter queue is told where
    they lie. A point alerts when its score is above `alert_at`; None stands for the mean of the
    training scores and three standard deviations. `buffer_mb` and `buffer_seconds` are those of
    the delivery of scores to the lake.
    """

    batch_records: Annotated[int, within("lambda.stream_batch_records")] = 100
    batch_window_seconds: Annotated[int, within("lambda.stream_window_seconds")] = 5
    parallelization: Annotated[int, within("lambda.stream_parallelization")] = 1
    retry_attempts: Annotated[int, within("lambda.stream_retry_attempts")] | None = None
    max_record_age_seconds: Annotated[int, within("lambda.stream_record_age_seconds")] = 21_600
    alert_at: float | None = None
    memory_mb: Annotated[int, within("lambda.memory_mb")] = 256
    timeout_seconds: Annotated[int, within("lambda.timeout_seconds")] = 60
    buffer_mb: Annotated[int, within("firehose.buffer_mb")] = 5
    buffer_seconds: Annotated[int, within("firehose.buffer_seconds")] = 60

    @field_validator("alert_at")
    @classmethod
    def _check_threshold(cls, value: float | None) -> float | None:
        if value is not None and not math.isfinite(value):
            raise refusal(
                value,
                rule="no score would ever be above it, or every one",
                source="pipelines.spec.Scoring",
                remedy="use a number such as 3.0, or None for mean + 3 sd of the training scores",
            )
        return value

    @field_validator("timeout_seconds")
    @classmethod
    def _check_timeout(cls, value: int) -> int:
        if value < LEAST_TIMEOUT_SECONDS:
            raise refusal(
                value,
                rule="the function asks the endpoint three times before it gives a batch up",
                source="pipelines.spec.Scoring",
                remedy=f"use {LEAST_TIMEOUT_SECONDS} or more",
            )
        return value

    @model_validator(mode="after")
    def _check_age(self) -> Scoring:
        least = self.batch_window_seconds + 2 * self.timeout_seconds
        if self.max_record_age_seconds < least:
            raise refusal(
                self.max_record_age_seconds,
                rule="max_record_age_seconds: records would be given up before a second attempt, "
                f"after {self.batch_window_seconds} s of waiting and {self.timeout_seconds} s each",
                source="Lambda developer guide, parameters of Kinesis event source mappings",
                remedy=f"use {least} or more, or a shorter batch_window_seconds or timeout_seconds",
            )
        return self
