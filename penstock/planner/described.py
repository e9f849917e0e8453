"""What a plan reads of a pipeline's description; pipelines.spec.Pipeline has all of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Stream(Protocol):
    """`shards` None means on demand; `partition_key_field` None, a digest of each record."""

    @property
    def shards(self) -> int | None: ...
    @property
    def partition_key_field(self) -> str | None: ...
    @property
    def retention_hours(self) -> int: ...


class Buffer(Protocol):
    """What is written when so much has arrived or so long has passed."""

    @property
    def buffer_mb(self) -> int: ...
    @property
    def buffer_seconds(self) -> int: ...


class Delivery(Buffer, Protocol):
    """The delivery of records, and its transform."""

    @property
    def transform_buffer_mb(self) -> float: ...
    @property
    def transform_buffer_seconds(self) -> int: ...
    @property
    def transform_timeout_seconds(self) -> int: ...
    @property
    def transform_memory_mb(self) -> int: ...


class Scoring(Buffer, Protocol):
    """The scorer of the stream, and the delivery of its scores."""

    @property
    def batch_records(self) -> int: ...
    @property
    def batch_window_seconds(self) -> int: ...
    @property
    def parallelization(self) -> int: ...
    @property
    def memory_mb(self) -> int: ...
    @property
    def timeout_seconds(self) -> int: ...


class Prepare(Protocol):
    """The Glue job before a training."""

    @property
    def window_points(self) -> int: ...
    @property
    def worker_type(self) -> str: ...
    @property
    def workers(self) -> int: ...
    @property
    def timeout_minutes(self) -> int: ...


class Algorithm(Protocol):
    """What the catalog knows of the algorithm; `multi_machine` None is unknown."""

    @property
    def multi_machine(self) -> bool | None: ...


class Training(Protocol):
    """The training job; on spare machines unless `spot` is None.

    `keep_alive_seconds` is how long its machines stay in a warm pool.
    """

    @property
    def program(self) -> str: ...
    @property
    def instance_type(self) -> str: ...
    @property
    def instance_count(self) -> int: ...
    @property
    def volume_gb(self) -> int: ...
    @property
    def input_mode(self) -> str: ...
    @property
    def content_type(self) -> str: ...
    @property
    def max_runtime_minutes(self) -> int: ...
    @property
    def keep_alive_seconds(self) -> int: ...
    @property
    def spot(self) -> object | None: ...
    def distribution_of(self, channel: str) -> str: ...
    @property
    def facts(self) -> Algorithm: ...


class Compilation(Protocol):
    """The job that compiles a trained model for the chips that it answers on."""

    @property
    def instance_type(self) -> str: ...
    @property
    def max_runtime_minutes(self) -> int: ...


class Gate(Protocol):
    """The quality gate; with `beats_serving` the served model answers the test rows as well."""

    @property
    def beats_serving(self) -> bool: ...


class Serverless(Protocol):
    """An endpoint without instances."""

    @property
    def memory_mb(self) -> int: ...
    @property
    def max_concurrency(self) -> int: ...


class Variant(Protocol):
    """A further production variant."""

    @property
    def name(self) -> str: ...
    @property
    def instance_type(self) -> str: ...
    @property
    def instance_count(self) -> int: ...


class Serving(Protocol):
    """The endpoint; with `serverless` the type is that of batch transforms alone."""

    @property
    def instance_type(self) -> str: ...
    @property
    def instance_count(self) -> int: ...
    @property
    def others(self) -> Sequence[Variant]: ...
    @property
    def serverless(self) -> Serverless | None: ...


class Monitor(Protocol):
    """The check of captured requests."""

    @property
    def engine(self) -> str: ...
    @property
    def every_hours(self) -> int: ...
    @property
    def workers(self) -> int: ...
    @property
    def timeout_minutes(self) -> int: ...


class Retrain(Protocol):
    """Trainings that nobody asks for."""

    @property
    def every_days(self) -> int | None: ...


class Described(Protocol):
    """A whole pipeline.

    `row_tokens` is None where its rows are no texts. Batch transforms that judge or score a model
    run on `comparison_instance_type`.
    """

    @property
    def name(self) -> str: ...
    @property
    def stream(self) -> Stream: ...
    @property
    def delivery(self) -> Delivery: ...
    @property
    def prepare(self) -> Prepare: ...
    @property
    def training(self) -> Training: ...
    @property
    def compilation(self) -> Compilation | None: ...
    @property
    def comparison_instance_type(self) -> str: ...
    @property
    def gate(self) -> Gate: ...
    @property
    def serving(self) -> Serving: ...
    @property
    def scoring(self) -> Scoring | None: ...
    @property
    def monitor(self) -> Monitor | None: ...
    @property
    def retrain(self) -> Retrain | None: ...
    @property
    def row_columns(self) -> tuple[str, ...]: ...
    @property
    def row_tokens(self) -> int | None: ...
