"""What has to be known of a record to make it from a row: pipelines.spec.RecordSchema has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class SeriesSchema(Protocol):
    """The names of a time series' columns, and how a row of text becomes a record."""

    @property
    def series_field(self) -> str | None:
        """The name of the series."""

    @property
    def time_field(self) -> str | None:
        """The time of a point."""

    @property
    def label_field(self) -> str | None:
        """1 for an anomaly, 0 for none."""

    @property
    def feature_columns(self) -> tuple[str, ...]:
        """The values of a point."""

    def record_from_row(self, row: Mapping[str, str]) -> dict[str, Any]:
        """ValueError if a column is missing or is no number."""


class TextSchema(Protocol):
    """The names of the columns of texts with a label."""

    @property
    def id_field(self) -> str | None:
        """What a text is known by."""

    @property
    def text_field(self) -> str | None:
        """The text."""

    @property
    def label_field(self) -> str | None:
        """The text's class, from 0."""
