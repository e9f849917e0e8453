"""Scoring as points flow: refuses what it does not go together with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.catalog import instances
from pipelines.spec.base import refusal

if TYPE_CHECKING:
    from pipelines.spec.pipeline import Pipeline


def check_scoring(pipeline: Pipeline) -> None:
    """Check that there are series, kept long enough, and a machine for batch transforms.

    Raises:
        ValueError: the refusal of the first that does not fit.
    """
    _check_series(pipeline)
    _check_machine(pipeline)


def _check_series(pipeline: Pipeline) -> None:
    if pipeline.scoring is None:
        return
    schema = pipeline.record_schema
    if schema.series_field is None or len(schema.feature_columns) != 1:
        raise refusal(
            schema.feature_columns,
            rule="scoring: what is scored as it flows is a series with one value per point",
            source="pipelines.spec.Scoring",
            remedy="give record_schema.series_field, time_field and one number, "
            "or leave scoring out",
        )
    if pipeline.stream.partition_key_field != schema.series_field:
        raise refusal(
            pipeline.stream.partition_key_field,
            rule="stream.partition_key_field: only records with the same partition key stay "
            "in order, and a window needs a series' points in order",
            source="Kinesis developer guide, partition key; Lambda developer guide, "
            "parallelization factor",
            remedy=f'use "{schema.series_field}"',
        )
    kept_seconds = pipeline.stream.retention_hours * 3600
    if pipeline.scoring.max_record_age_seconds > kept_seconds:
        raise refusal(
            pipeline.scoring.max_record_age_seconds,
            rule="scoring.max_record_age_seconds: the stream keeps records for "
            f"{kept_seconds} s only, and what it forgets is in no dead-letter queue",
            source="Kinesis API reference, IncreaseStreamRetentionPeriod",
            remedy=f"use {kept_seconds} or less, or a longer stream.retention_hours",
        )


def _check_machine(pipeline: Pipeline) -> None:
    machine = instances.instance_type(pipeline.serving.instance_type)
    if pipeline.scoring is not None and not machine.transform:
        raise refusal(
            machine.name,
            rule="serving.instance_type: SageMaker has no batch transform on this type, and "
            "with scoring each new model scores training rows in one",
            source=instances.source(),
            remedy="use a type such as ml.m5.large, or leave scoring out",
        )
